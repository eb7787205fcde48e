import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunnerClient } from '../../../extension/runner-client/client.types.ts';
import { writeNifti } from '../../../runner/image/nifti.ts';
import { groupPaths } from '../../../runner/pipeline/group/groupPaths.ts';
import { imagePaths, sidecarOf, templatePaths } from '../../../runner/pipeline/paths.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { doublesOf, wholeTable, type OutputsRef } from '../../../runner/protocol/outputs.ts';
import { LocalStore } from '../../../runner/storage/local/localStore.ts';
import { writeParquet } from '../../../runner/tables/parquet.ts';
import { numbers, tableOf, texts } from '../../../runner/tables/table.ts';
import { writeTsv } from '../../../runner/tables/tsv.ts';
import { startAzurite, type Azurite } from '../../servers/azurite.ts';
import { defaultAccount, keyFile, startGcsServer, type GcsServer } from '../../servers/gcsServer.ts';
import { defaultCredential, startS3Server, type S3Server } from '../../servers/s3Server.ts';
import { RunnerBench } from '../server/runnerBench.ts';

const method = 'otsu+k3i2';
const labels = ['01', '02', '10'];

/** Region tables, figures, maps and a group's statistics under the names that the pipeline gives them. */
async function writeOutputs(dataset: LocalStore, root: string): Promise<void> {
  const put = (path: string, content: Uint8Array | string): Promise<unknown> => dataset.write(`${root}/${path}`, content);
  await dataset.write('participants.tsv', 'participant_id\tage\ttreatment\nsub-01\t3\tdrug\nsub-02\t4\tcontrol\nsub-10\t5\tdrug\n');
  await put('dataset_description.json', JSON.stringify({ Name: 'results', BIDSVersion: '1.9.0', GeneratedBy: [{ Name: 'SPIMquant', Version: '0.1.0' }] }));
  const picture = Uint8Array.of(0x89, 0x50);
  const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const image = writeNifti({ data: new Uint8Array(8), size: [2, 2, 2], affine });
  for (const [at, label] of labels.entries()) {
    const paths = imagePaths({ sub: label, sample: 'brain' }, 'phantom');
    const table = paths.mergedSegStats('all', method);
    await put(table, writeTsv(tableOf([
      numbers('index', [0, 1, 2]), texts('name', ['outside', 'Cortex', 'Thalamus']),
      numbers('Abeta+count', [9, 10 + at, 20 + at]), numbers('Abeta+fieldfrac', [0, at === 1 ? NaN : 0.5 * (at + 1), 4 - at]),
    ])));
    await put(sidecarOf(table), JSON.stringify({ 'Abeta+fieldfrac': { Description: 'Share of the region.', Units: '%' } }));
    await put(paths.qc({ stain: 'Abeta', method }, 'segslices'), picture);
    await put(paths.fieldFractionInTemplate('Abeta', 1, method), image);
    await put(`sub-${label}/seg/sub-${label}_stain-Abeta_desc-x_mask.ome.zarr/0/c/0`, 'chunk');
    await put(paths.report(), '<!DOCTYPE html>');
  }
  const count = 30_000;
  await put(imagePaths({ sub: '01', sample: 'brain' }, 'phantom').regionProps(method), writeParquet(tableOf([
    numbers('nvoxels', Array.from({ length: count }, (_, i) => (i * 7919) % count)), texts('stain', Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 'Iba1' : 'Abeta'))),
  ])));
  await put(templatePaths('phantom').anat(), image);
  const group = groupPaths('1', { seg: 'all', template: 'phantom', method }, 'treatment+drugvscontrol');
  await put(group.groupStats('tsv'), writeTsv(tableOf([numbers('index', [1, 2]), texts('name', ['Cortex', 'Thalamus']), numbers('Abeta+count_tstat', [-1.5, 2.5])])));
  await put('group/1/report.html', '<!DOCTYPE html>');
}

function fails(code: string, pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof SpimquantError && error.code === code && pattern.test(error.message);
}

describe('A runner that is asked for outputs', function () {
  this.timeout(60_000);
  let bench: RunnerBench;
  let client: RunnerClient;
  let server: S3Server;
  let google: GcsServer;
  let azure: Azurite;
  let dataset: LocalStore;
  let places: readonly { readonly folder: OutputsRef; readonly dataset: OutputsRef }[];

  before(async () => {
    azure = await startAzurite();
    google = await startGcsServer({ buckets: { lab: {} } });
    bench = new RunnerBench([], {
      AZURE_STORAGE_KEY: azure.key(),
      AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_REGION: 'us-east-1', AWS_SESSION_TOKEN: '',
    });
    const folder = join(bench.folder, 'brains');
    dataset = new LocalStore(folder);
    await writeOutputs(dataset, 'derivatives/spimquant');
    server = await startS3Server({ buckets: { lab: { folder } } });
    const key = join(bench.folder, 'key.json');
    await writeFile(key, JSON.stringify(keyFile(defaultAccount, google.endpoint)));
    await azure.container('brains').create();
    for await (const entry of dataset.list('', { recursive: true })) {
      if (entry.kind !== 'object') continue;
      const bytes = await dataset.read(entry.key) ?? new Uint8Array(0);
      await google.put('lab', entry.key, bytes);
      await azure.put('brains', entry.key, bytes);
    }
    client = bench.client({ serverFile: fileURLToPath(new URL('../../../runner/server.ts', import.meta.url)) });
    const storage = { s3Endpoint: server.endpoint };
    places = [
      { folder: { uri: join(folder, 'derivatives', 'spimquant'), storage: {} }, dataset: { uri: folder, storage: {} } },
      { folder: { uri: 's3://lab/derivatives/spimquant', storage }, dataset: { uri: 's3://lab', storage } },
      ...[
        { uri: 'gs://lab', storage: { gcsEndpoint: google.endpoint, gcsCredentials: key } },
        { uri: 'az://lab/brains', storage: { azureEndpoint: azure.endpoint() } },
      ].map((root) => ({ folder: { ...root, uri: `${root.uri}/derivatives/spimquant` }, dataset: root })),
    ];
  });
  after(async () => {
    await bench.remove();
    await server.close();
    await google.close();
    await azure.close();
  });

  it('tells what a folder and a bucket hold, by whom and kind, without looking into image stores', async () => {
    for (const { folder } of places) {
      server.requests.length = 0;
      const listing = await client.request('outputs.list', { folder });
      assert.deepEqual([listing.uri, listing.generatedBy, listing.participants, listing.more], [folder.uri, 'SPIMquant 0.1.0', labels, false]);
      // Found above `derivatives`, though nobody has said where the dataset is; age makes no group of its own less than treatment.
      assert.deepEqual(listing.groupColumns.find(({ name }) => name === 'treatment')?.values, { '01': 'drug', '02': 'control', '10': 'drug' });
      assert.deepEqual(listing.files.map(({ scope, kind }) => `${scope} ${kind}`), ['group/1 report', 'group/1 table', 'tpl-phantom image', ' other']);
      const { files } = await client.request('outputs.participants', { folder, labels: ['10', '01'] });
      assert.deepEqual([...new Set(files.map(({ scope }) => scope))], ['sub-01', 'sub-10']);
      assert.deepEqual(files.filter(({ scope }) => scope === 'sub-10').map(({ kind, title }) => `${kind} ${title}`), [
        'report Report', `figure Segmentation, slices: Abeta, ${method}`, `table Regions: atlas all, ${method}`, `map Field fraction: Abeta, ${method}, level 1, in phantom`, 'image Mask: Abeta, x',
      ]);
      assert.ok(!server.requests.some(({ key, query }) => /zarr\//.test(`${key} ${query['prefix'] ?? ''}`)), 'Nothing inside of an image store is listed.');
    }
  });

  it('answers rows of TSV and parquet files, reading each of them once', async () => {
    const paths = imagePaths({ sub: '01', sample: 'brain' }, 'phantom');
    for (const { folder } of places) {
      const path = paths.regionProps(method);
      const query = { search: '', filters: [{ column: 'stain', test: 'eq', value: 'iba1' }], sort: [{ column: 'nvoxels', descending: true }] } as const;
      const first = await client.request('outputs.rows', { folder, path, query, from: 0, count: 5 });
      assert.deepEqual([first.total, first.matched, first.columns.map(({ kind }) => kind)], [30_000, 10_000, ['number', 'text']]);
      const expected = Array.from({ length: 30_000 }, (_, i) => i).filter((i) => i % 3 === 0).map((i) => (i * 7919) % 30_000).sort((a, b) => b - a);
      assert.deepEqual(first.rows, expected.slice(0, 5).map((value) => [value, 'Iba1']));
      server.requests.length = 0;
      const later = await client.request('outputs.rows', { folder, path, version: first.version, query, from: 9_998, count: 100 });
      assert.deepEqual(later.rows, expected.slice(9_998).map((value) => [value, 'Iba1']));
      const exported = await client.request('outputs.export', { folder, path, version: first.version, query, delimiter: ',' });
      assert.equal(new TextDecoder().decode(exported.bytes), `nvoxels,stain\n${expected.map((value) => `${value},Iba1\n`).join('')}`);
      assert.equal(server.requests.length, 0, 'What was read is kept.');

      const regions = await client.request('outputs.rows', { folder, path: paths.mergedSegStats('all', method), query: wholeTable, from: 0, count: 10 });
      assert.deepEqual(regions.columns.find(({ name }) => name === 'Abeta+fieldfrac'), { name: 'Abeta+fieldfrac', kind: 'number', width: 3, range: [0, 4], description: 'Share of the region.', units: '%' });
      assert.deepEqual(regions.rows[1], [1, 'Cortex', 10, 0.5]);
    }
  });

  it('reads a table anew when it has changed', async () => {
    const [{ folder }] = places;
    const path = 'sub-01/tabular/sub-01_changing.tsv';
    await dataset.write(`derivatives/spimquant/${path}`, 'a\n1\n');
    const ask = { folder, path, query: wholeTable, from: 0, count: 5 };
    const before = await client.request('outputs.rows', ask);
    await dataset.write(`derivatives/spimquant/${path}`, 'a\n1\n2\n');
    const { files } = await client.request('outputs.participants', { folder, labels: ['01'] });
    const version = files.find((file) => file.path === path)?.version;
    assert.notEqual(version, before.version);
    assert.equal((await client.request('outputs.rows', { ...ask, version })).total, 2);
  });

  it('puts regions of participants side by side', async () => {
    for (const { folder } of places) {
      const paths = labels.map((label) => ({ path: imagePaths({ sub: label, sample: 'brain' }, 'phantom').mergedSegStats('all', method) }));
      const values = await client.request('outputs.regions', { folder, paths: [...paths, { path: 'sub-99/nothing.tsv' }] });
      assert.deepEqual([values.regions, values.columns, values.column], [[{ index: 1, name: 'Cortex' }, { index: 2, name: 'Thalamus' }], ['Abeta+count', 'Abeta+fieldfrac'], 'Abeta+fieldfrac']);
      assert.deepEqual([...doublesOf(values.bytes)], [0.5, 4, NaN, 3, 1.5, 2, NaN, NaN]);
      assert.deepEqual(values.failed.map(({ path }) => path), ['sub-99/nothing.tsv']);
      const counts = await client.request('outputs.regions', { folder, paths, column: 'Abeta+count' });
      assert.deepEqual([...doublesOf(counts.bytes)], [10, 20, 11, 21, 12, 22]);
    }
  });

  it('finds nothing in a folder that is not there, and says what is wrong with requests and storage', async () => {
    const [{ folder }, { folder: bucket }] = places;
    const listing = await client.request('outputs.list', { folder: { uri: join(bench.folder, 'nothing'), storage: {} } });
    assert.deepEqual([listing.participants, listing.files], [[], []]);
    await assert.rejects(client.request('outputs.rows', { folder, path: '../../../etc/passwd', query: wholeTable, from: 0, count: 1 }), fails('bad-option', /\.\./));
    await assert.rejects(client.request('outputs.rows', { folder, path: 'group/1/report.html', query: wholeTable, from: 0, count: 1 }), fails('bad-table', /no table/));
    await assert.rejects(client.request('outputs.rows', { folder, path: 'none.tsv', query: wholeTable, from: 0, count: 1 }), fails('not-found', /none\.tsv/));
    await assert.rejects(client.request('outputs.rows', { folder, path: 'none.tsv', query: { ...wholeTable, sort: [{ column: 'a', descending: 1 as unknown as boolean }] }, from: 0, count: 1 }), fails('bad-option', /query\.sort/));
    await assert.rejects(client.request('outputs.list', { folder: { uri: 's3://no-such-bucket/out', storage: bucket.storage } }), (error) => error instanceof SpimquantError && error.code !== 'internal');
  });
});
