import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { indexDataset } from '../../../runner/bids/dataset.ts';
import type { DatasetIndex } from '../../../runner/bids/bids.types.ts';
import { openStore } from '../../../runner/storage/open.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import { AwsHome } from '../storage/awsHome.ts';

/** A dataset whose images have so many chunks that listing one of them would show. */
function files(): ReadonlyMap<string, string> {
  const all = new Map([
    ['dataset_description.json', JSON.stringify({ Name: 'Mice', BIDSVersion: '1.9.0' })],
    ['participants.tsv', 'participant_id\tgroup\nsub-01\tA\nsub-02\tB\nsub-03\tA\n'],
  ]);
  for (const label of ['01', '02', '03']) {
    const image = `sub-${label}/micr/sub-${label}_sample-brain_SPIM`;
    all.set(`${image}.json`, JSON.stringify({ SampleStaining: ['Abeta', 'PI'] }));
    all.set(`${image}.ome.zarr/.zattrs`, '{}');
    for (let chunk = 0; chunk < 40; chunk++) all.set(`${image}.ome.zarr/0/0/${chunk}/0/0`, 'x');
  }
  return all;
}

function check(index: DatasetIndex, uri: string): void {
  assert.equal(index.uri, uri);
  assert.deepEqual(index.participants, ['01', '02', '03']);
  assert.deepEqual(index.images.map(({ path, sampleStaining }) => [path, sampleStaining]), ['01', '02', '03'].map((label) =>
    [`sub-${label}/micr/sub-${label}_sample-brain_SPIM.ome.zarr`, ['Abeta', 'PI']]));
  assert.equal(index.participantRows.get('02')?.group, 'B');
  assert.deepEqual(index.skipped, []);
}

describe('indexing a dataset where it lies', () => {
  it('in a local folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spimquant-bids-'));
    try {
      for (const [key, text] of files()) {
        await mkdir(dirname(join(folder, key)), { recursive: true });
        await writeFile(join(folder, key), text);
      }
      check(await indexDataset(openStore(folder)), folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('in a bucket, with two listings and one read for each participant', async () => {
    const home = new AwsHome();
    await home.enter({ keys: defaultCredential });
    const server = await startS3Server({ buckets: { lab: {} } });
    try {
      for (const [key, text] of files()) await server.put('lab', `mice/${key}`, text);
      check(await indexDataset(openStore('s3://lab/mice', { s3Endpoint: server.endpoint })), 's3://lab/mice');
      const expected = { listings: 1 + 2 * 3, reads: 2 + 3 };
      const listings = server.requests.filter(({ query }) => query['list-type'] === '2').length;
      assert.deepEqual({ listings, reads: server.requests.length - listings }, expected);
    } finally {
      await server.close();
      await home.leave();
    }
  });
});
