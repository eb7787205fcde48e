import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunnerClient } from '../../../extension/runner-client/client.types.ts';
import { writeNifti } from '../../../runner/image/nifti.ts';
import { imagePath } from '../../../runner/phantom/dataset.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { ImageRef } from '../../../runner/protocol/imageView.ts';
import { LocalStore } from '../../../runner/storage/local/localStore.ts';
import { defaultCredential, startS3Server, type S3Server } from '../../servers/s3Server.ts';
import { RunnerBench, until } from '../server/runnerBench.ts';
import { channelOf, expectedPiece, writeBrain } from './support.ts';

const path = imagePath('01');

describe('A runner that is asked for images', function () {
  this.timeout(60_000);
  let bench: RunnerBench;
  let client: RunnerClient;
  let server: S3Server;
  let store: LocalStore;
  let local: ImageRef;
  let bucket: ImageRef;

  before(async () => {
    bench = new RunnerBench([], {
      AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_REGION: 'us-east-1', AWS_SESSION_TOKEN: '',
    });
    const brains = join(bench.folder, 'brains');
    await mkdir(brains);
    store = new LocalStore(brains);
    // What the store itself does not say: the sidecar does.
    await writeBrain(store, { sidecar: true, ngff: '0.4' }, 'LPS');
    server = await startS3Server({ buckets: { lab: { folder: brains } } });
    client = bench.client({ serverFile: fileURLToPath(new URL('../../../runner/server.ts', import.meta.url)) });
    local = { uri: join(brains, path), storage: {} };
    bucket = { uri: `s3://lab/${path}`, storage: { s3Endpoint: server.endpoint } };
  });
  after(async () => {
    await bench.remove();
    await server.close();
  });

  it('answers the same voxels of a folder and of a bucket, with what the dataset says', async () => {
    for (const image of [local, bucket]) {
      const opened = await client.request('image.open', { image, pixels: 64, channels: 2 });
      assert.deepEqual([opened.image.orientation, opened.image.oriented], ['LPS', true]);
      assert.deepEqual(opened.image.channels.map(({ label }) => label), ['YoPro', 'Abeta', 'Iba1']);
      assert.ok(opened.pieces.length >= 3 && opened.bytes.length > 0);
      const piece = { level: 0, axis: 1, index: 31, x: 0, y: 0, slab: 3 } as const;
      const answer = await client.request('image.piece', { image, piece, channels: [1, 2] });
      for (const [place, channel] of [1, 2].entries()) assert.deepEqual([...channelOf(answer, place)], await expectedPiece(store, path, opened.image, piece, channel));
    }
  });

  it('opens an image of a bucket in few round trips', async () => {
    const other = { uri: bucket.uri, storage: { ...bucket.storage, s3Region: 'us-east-1' } };
    server.requests.length = 0;
    await client.request('image.open', { image: other, pixels: 64, channels: 1 });
    const keys = server.requests.filter(({ method }) => method === 'GET').map(({ key }) => key).filter((key) => key.startsWith(path));
    // Metadata in either form, of the image and of as many levels as it may have, at once; then the chunks of the three planes; nothing twice.
    assert.equal(new Set(keys).size, keys.length, keys.join('\n'));
    const chunks = keys.filter((key) => /\/\d+$/.test(key));
    assert.ok(chunks.length >= 1 && chunks.length <= 16 && keys.length - chunks.length <= 14, keys.join('\n'));
  });

  it('goes on answering while it reads, and stops reading what nobody waits for', async () => {
    let free: () => void = () => undefined;
    const held = new Promise<void>((resolve) => { free = resolve; });
    server.inject({ fault: { kind: 'wait', until: held }, match: ({ key }) => /\/0\/2\/\d+\/\d+\/\d+$/.test(key), times: 100 });
    server.requests.length = 0;
    const abort = new AbortController();
    const piece = { level: 0, axis: 0, index: 3, x: 0, y: 0, slab: 1 } as const;
    const waiting = client.request('image.piece', { image: bucket, piece, channels: [2] }, { signal: abort.signal });
    waiting.catch(() => undefined);
    await until(() => server.requests.some(({ key }) => /\/0\/2\//.test(key)), 'a chunk is asked for');
    await client.request('datasets.list', {});
    await client.request('image.piece', { image: local, piece, channels: [2] });
    abort.abort();
    await assert.rejects(waiting, (error) => error instanceof SpimquantError && error.code === 'cancelled');
    server.clearFaults();
    // A new request reads anew, and does not wait for what was given up: that is still held back.
    const asked = server.requests.length;
    const answer = await client.request('image.piece', { image: bucket, piece, channels: [2] });
    assert.ok(answer.bytes.length > 0 && server.requests.length > asked);
    free();
  });

  it('finds what can be laid over an image, where derivatives and runs have put it', async () => {
    const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const file = writeNifti({ data: new Uint8Array(8), size: [2, 2, 2], affine });
    const id = 'sub-01_sample-brain_acq-phantom';
    for (const name of [
      `sub-01/parc/${id}_seg-all_from-phantom_level-2_dseg.nii.gz`, `sub-01/seg/${id}_stain-Abeta_level-0_desc-th900_mask.nii.gz`,
      `sub-01/seg/${id}_stain-Abeta_space-phantom_level-2_desc-th900_fieldfrac.nii.gz`, `sub-01/seg/sub-01_sample-other_stain-Abeta_level-2_desc-th900_fieldfrac.nii.gz`,
      `sub-01/seg/${id}_stain-Abeta_level-2_desc-th900_fieldfrac.nii.gz`, 'tpl-phantom/tpl-phantom_seg-all_dseg.nii.gz',
    ]) await store.write(`derivatives/spimquant/${name}`, file);
    await store.write('derivatives/spimquant/tpl-phantom/tpl-phantom_seg-all_dseg.tsv', 'index\tname\tcolor\n1\tCortex\t#112233\n2\tThalamus\t#445566\n');
    for (const image of [local, bucket]) {
      const { overlays } = await client.request('image.related', { image });
      assert.deepEqual(overlays.map(({ title, kind, source }) => `${kind} ${title} (${source})`), [
        'labels Regions: all, level 2 (spimquant)', 'mask Mask: Abeta, th900, level 0 (spimquant)', 'map Field fraction: Abeta, th900, level 2 (spimquant)',
      ]);
      const [regions] = overlays;
      assert.ok(regions.table?.endsWith('tpl-phantom_seg-all_dseg.tsv'));
      const opened = await client.request('image.open', { image: { uri: regions.uri, storage: regions.storage }, pixels: 1, channels: 1, table: regions.table });
      assert.deepEqual(opened.regions, [{ index: 1, name: 'Cortex', color: '#112233' }, { index: 2, name: 'Thalamus', color: '#445566' }]);
    }
    // In the space of the template, its own regions.
    const space = local.uri.slice(0, -path.length) + `derivatives/spimquant/sub-01/seg/${id}_stain-Abeta_space-phantom_level-2_desc-th900_fieldfrac.nii.gz`;
    const { overlays } = await client.request('image.related', { image: { uri: space, storage: {} } });
    assert.deepEqual(overlays.map(({ title }) => title), ['Regions: all']);
  });

  it('says what is wrong with a request, and with an image', async () => {
    const wrong = client.request('image.piece', { image: local, piece: { level: -1, axis: 0, index: 0, x: 0, y: 0, slab: 1 }, channels: [0] });
    await assert.rejects(wrong, (error) => error instanceof SpimquantError && error.code === 'bad-option' && error.message.includes('image.piece.piece.level'));
    await writeFile(join(bench.folder, 'broken.nii.gz'), 'no image');
    const broken = client.request('image.open', { image: { uri: join(bench.folder, 'broken.nii.gz'), storage: {} }, pixels: 64, channels: 1 });
    await assert.rejects(broken, (error) => error instanceof SpimquantError && error.code === 'bad-nifti' && error.message.includes('broken.nii.gz'));
  });
});
