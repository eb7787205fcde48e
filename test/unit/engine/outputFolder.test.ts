import assert from 'node:assert/strict';
import { checkOutput, markerKey, prepareOutput } from '../../../runner/engine/outputFolder.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';

const description = { version: '1.2.3', source: 's3://lab/bids', configuration: { template: 'ABAv3', seg_method: ['th5'] } };

async function text(store: MemoryStore, key: string): Promise<string> {
  const bytes = await store.read(key);
  assert.ok(bytes, key);
  return new TextDecoder().decode(bytes);
}

describe('output folder', () => {
  it('may be new, empty, or SPIMquant\'s own', async () => {
    const store = new MemoryStore();
    await checkOutput(store, { forceOutput: false });
    await store.write('.spimquant/lock.json', '{}');
    await checkOutput(store, { forceOutput: false });
    await prepareOutput(store, description);
    await store.write('sub-01/x.tsv', '');
    await checkOutput(store, { forceOutput: false });
  });

  it('is refused when it holds something else, unless forced', async () => {
    const store = new MemoryStore();
    await store.write('holiday/photo.jpg', '');
    await assert.rejects(checkOutput(store, { forceOutput: false }), (error) => error instanceof SpimquantError && error.code === 'already-exists' && /holiday/.test(error.message) && /--force-output/.test(error.hint ?? ''));
    await checkOutput(store, { forceOutput: true });
  });

  it('tells results of the Python program apart', async () => {
    const store = new MemoryStore();
    await store.write('.snakebids', '{"mode": "bidsapp"}');
    await assert.rejects(checkOutput(store, { forceOutput: false }), /Python SPIMquant/);
  });

  it('becomes a BIDS derivative that names its maker and source', async () => {
    const store = new MemoryStore();
    await prepareOutput(store, description);
    const about = JSON.parse(await text(store, 'dataset_description.json')) as { DatasetType: string; GeneratedBy: { Name: string; Version: string }[]; SourceDatasets: { URL: string }[] };
    assert.equal(about.DatasetType, 'derivative');
    assert.deepEqual([about.GeneratedBy[0].Name, about.GeneratedBy[0].Version], ['SPIMquant', '1.2.3']);
    assert.equal(about.SourceDatasets[0].URL, 's3://lab/bids');
    assert.match(await text(store, 'config/spimquant.yml'), /seg_method:\n {2}- th5\n/);
    assert.ok(await store.stat(markerKey));
  });

  it('keeps a description that somebody wrote', async () => {
    const store = new MemoryStore();
    await store.write('dataset_description.json', '{"Name": "Our study"}');
    await prepareOutput(store, description);
    assert.equal(await text(store, 'dataset_description.json'), '{"Name": "Our study"}');
  });
});
