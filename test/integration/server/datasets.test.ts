import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writePhantomDataset } from '../../../runner/phantom/dataset.ts';
import type { DatasetRef } from '../../../runner/protocol/datasets.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { ErrorCode } from '../../../runner/protocol/errors.ts';
import { DatasetService } from '../../../runner/server/datasets.ts';
import { openStore } from '../../../runner/storage/open.ts';
import { tinyBrain } from '../../e2e/support/phantoms.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from '../storage/awsHome.ts';

const signal = new AbortController().signal;
const description = JSON.stringify({ Name: 'Mice', BIDSVersion: '1.9.0' });

function fails(code: ErrorCode, pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SpimquantError, String(error));
    assert.equal(error.code, code);
    assert.match(`${error.message} ${error.hint ?? ''}`, pattern);
    return true;
  };
}

describe('what the runner answers about datasets', () => {
  const home = new AwsHome();
  let folder: string;
  let server: S3Server;
  let now = 0;
  let told: (readonly DatasetRef[])[];

  const services: DatasetService[] = [];
  const service = (): DatasetService['handlers'] => {
    const made = new DatasetService({
      stateFolder: join(folder, 'state'), cacheFolder: join(folder, 'cache'), clock: () => now, log: () => undefined,
      changed: (datasets) => told.push(datasets), progress: () => undefined, updated: () => undefined,
    });
    services.push(made);
    return made.handlers;
  };
  const inBucket = (path: string): DatasetRef => ({ uri: `s3://${path}`, storage: { s3Endpoint: server.endpoint } });
  const write = async (files: Readonly<Record<string, string>>): Promise<DatasetRef> => {
    for (const [key, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, 'data', key)), { recursive: true });
      await writeFile(join(folder, 'data', key), text);
    }
    return { uri: join(folder, 'data'), storage: {} };
  };

  before(async () => {
    server = await startS3Server();
    await home.enter({ keys: defaultCredential });
  });
  after(async () => {
    await server.close();
    await home.leave();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-datasets-'));
    told = [];
    now = 0;
    server.requests.splice(0);
    server.clearFaults();
  });
  afterEach(async () => {
    for (const made of services.splice(0)) made.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('remembers until it is asked to look again', async () => {
    const ask = service();
    const dataset = await write({ 'dataset_description.json': description, 'participants.tsv': 'participant_id\nsub-01\n', 'sub-01/micr/x.txt': '' });
    assert.equal((await ask['datasets.describe']({ dataset }, signal)).participants, 1);
    await write({ 'participants.tsv': 'participant_id\nsub-01\nsub-02\n', 'sub-02/micr/x.txt': '' });
    assert.equal((await ask['datasets.describe']({ dataset }, signal)).participants, 1);
    assert.equal((await ask['datasets.describe']({ dataset, refresh: true }, signal)).participants, 2);
    assert.deepEqual((await ask['datasets.participants']({ dataset, offset: 0, limit: 9 }, signal)).labels, ['01', '02']);
  });

  it('warns of what does not fit together, and looks on', async () => {
    const ask = service();
    const dataset = await write({
      'participants.tsv': 'participant_id\tage\nsub-01\t3\nsub-77\t4\n', 'sub-01/micr/sub-01_SPIM.ims': '', 'sub-02/ses-a/micr/sub-02_ses-a_SPIM.ome.zarr/.zattrs': '{}',
      'sub-02/ses-a/micr/sub-02_ses-a_SPIM.json': '{', 'sub-0_3/x.txt': '',
    });
    const { warnings } = await ask['datasets.describe']({ dataset }, signal);
    assert.equal(warnings.length, 4);
    for (const [i, pattern] of [/no dataset_description\.json/, /sub-0_3: its name/, /without a folder: sub-77/, /Without a row in participants\.tsv: sub-02/].entries()) assert.match(warnings[i], pattern);
    const first = await ask['datasets.participant']({ dataset, label: '01' }, signal);
    assert.match(first.skipped[0].reason, /Imaris/);
    const second = await ask['datasets.participant']({ dataset, label: '02' }, signal);
    assert.deepEqual(second.sessions.map(({ label, images }) => [label, images.length]), [['a', 1]]);
    assert.deepEqual(second.skipped.map(({ path }) => path), ['sub-02/ses-a/micr/sub-02_ses-a_SPIM.json']);
    await assert.rejects(ask['datasets.participant']({ dataset, label: '03' }, signal), fails('not-found', /no participant 03.*refresh/));
  });

  it('adds what is a dataset, and with force what cannot be read now; tells all windows', async () => {
    const ask = service();
    const dataset = await write({ 'dataset_description.json': description, 'sub-01/x.txt': '' });
    assert.equal((await ask['datasets.add']({ dataset: { ...dataset, uri: `${dataset.uri}/` } }, signal)).name, 'Mice');
    await assert.rejects(ask['datasets.add']({ dataset: { uri: join(folder, 'nowhere'), storage: {} } }, signal), fails('not-found', /no dataset at/));
    await assert.rejects(ask['datasets.add']({ dataset: { uri: folder, storage: {} } }, signal), fails('bad-dataset', /is not a BIDS dataset/));
    await assert.rejects(ask['datasets.add']({ dataset: inBucket('no-such-bucket') }, signal), fails('not-found', /no bucket named "no-such-bucket"/));
    await assert.rejects(ask['datasets.add']({ dataset: { uri: 's3://lab', storage: { s3Endpoint: 'https://key:hush@host' } }, force: true }, signal), fails('bad-option', /endpoint/));
    assert.equal(told.length, 1);
    const forced = await ask['datasets.add']({ dataset: inBucket('no-such-bucket'), force: true }, signal);
    assert.match(forced.warnings.join(), /no bucket named/);
    assert.deepEqual(told.at(-1)?.map(({ uri }) => uri), [dataset.uri, 's3://no-such-bucket']);
    await ask['datasets.remove']({ uri: 's3://no-such-bucket' }, signal);
    const listed = await service()['datasets.list']({}, signal);
    assert.deepEqual([listed.datasets.map(({ uri }) => uri), listed.recent.map(({ uri }) => uri)], [[dataset.uri], ['s3://no-such-bucket']]);
  });

  it('says who may not, and that a bucket has gone; neither is remembered', async () => {
    const ask = service();
    let denied = true;
    server.createBucket('shut', { deny: () => denied });
    await server.put('shut', 'dataset_description.json', description);
    await assert.rejects(ask['datasets.describe']({ dataset: inBucket('shut') }, signal), fails('access-denied', /s3:ListBucket/));
    denied = false;
    assert.equal((await ask['datasets.describe']({ dataset: inBucket('shut') }, signal)).name, 'Mice');

    await server.put('shut', 'sub-01/micr/sub-01_SPIM.ome.zarr/.zattrs', '{}');
    await ask['datasets.describe']({ dataset: inBucket('shut'), refresh: true }, signal);
    server.inject({ fault: { kind: 'status', status: 404, code: 'NoSuchBucket' } });
    await assert.rejects(ask['datasets.participant']({ dataset: inBucket('shut'), label: '01' }, signal), fails('not-found', /no bucket named "shut"/));
    assert.equal((await ask['datasets.participant']({ dataset: inBucket('shut'), label: '01' }, signal)).sessions.length, 1);
  });

  it('opens an image, with the stains of its sidecar, or its own', async () => {
    const brain = tinyBrain('01', 5, 'drug');
    const dataset: DatasetRef = { uri: join(folder, 'phantom'), storage: {} };
    await writePhantomDataset(openStore(dataset.uri), [{ ...brain, sidecar: false }]);
    const ask = service();
    const { sessions: [{ images: [image] }] } = await ask['datasets.participant']({ dataset, label: '01' }, signal);
    assert.equal(image.title, 'sample-brain acq-phantom');
    const summary = await ask['datasets.image']({ dataset, path: image.path }, signal);
    assert.deepEqual([summary.uri, summary.stains, summary.voxelType, summary.orientation, summary.warnings], [join(dataset.uri, image.path), ['YoPro', 'Abeta'], 'uint16', 'RAS', undefined]);
    assert.deepEqual(summary.levels[0].size, [74, 86, 60]);
    assert.deepEqual(summary.levels[1].voxelSize, [0.32, 0.32, 0.32]);
    assert.equal(summary.levels[0].bytes, 74 * 86 * 60 * 2 * 2);

    await writeFile(join(dataset.uri, image.path.replace('.ome.zarr', '.json')), JSON.stringify({ SampleStaining: ['PI', 'NeuN'], OrientationStringXYZ: 'LPS' }));
    await ask['datasets.describe']({ dataset, refresh: true }, signal);
    const relabelled = await ask['datasets.image']({ dataset, path: image.path }, signal);
    assert.deepEqual([relabelled.stains, relabelled.orientation], [['PI', 'NeuN'], 'LPS']);
    await writeFile(join(dataset.uri, image.path.replace('.ome.zarr', '.json')), JSON.stringify({ SampleStaining: 'PI' }));
    await ask['datasets.describe']({ dataset, refresh: true }, signal);
    const odd = await ask['datasets.image']({ dataset, path: image.path }, signal);
    assert.deepEqual(odd.stains, ['YoPro', 'Abeta']);
    assert.match(odd.warnings?.join() ?? '', /names 1 stain, but the image has 2 channels/);
    await assert.rejects(ask['datasets.image']({ dataset, path: 'sub-01/micr/none.ome.zarr' }, signal), fails('not-found', /no image at/));
  });

  it('finds results and their reports, also those made after the dataset was described', async () => {
    const ask = service();
    const dataset = await write({ 'dataset_description.json': description, 'sub-01/x.txt': '' });
    assert.equal((await ask['datasets.describe']({ dataset }, signal)).derivatives, 0);
    await write({
      'derivatives/spimquant/dataset_description.json': JSON.stringify({ DatasetType: 'derivative', GeneratedBy: [{ Name: 'SPIMquant', Version: '0.1.0' }] }),
      'derivatives/spimquant/sub-01/qc/sub-01_sample-brain_report.html': 'x',
      'derivatives/spimquant/sub-01/qc/sub-01_sample-brain_stain-PI_n4tunereport.html': 'x',
      'derivatives/spimquant/sub-02/ses-a/qc/sub-02_ses-a_report.html': 'x',
      'derivatives/spimquant/group/1/report.html': 'x',
      'derivatives/other/notes.txt': 'x',
    });
    const { derivatives } = await ask['datasets.derivatives']({ dataset }, signal);
    assert.deepEqual(derivatives.map(({ name, generatedBy }) => [name, generatedBy]), [['other', undefined], ['spimquant', 'SPIMquant 0.1.0']]);
    assert.deepEqual(derivatives[1].reports.map(({ title }) => title), ['Group 1', 'sub-01 sample-brain', 'sub-01 sample-brain stain-PI, N4 settings', 'sub-02 ses-a']);
    assert.equal(derivatives[1].reports[0].uri, join(dataset.uri, 'derivatives/spimquant/group/1/report.html'));
    const own = await ask['datasets.derivatives']({ dataset: { uri: join(dataset.uri, 'derivatives/spimquant'), storage: {} } }, signal);
    assert.deepEqual(own.derivatives.map(({ name, reports }) => [name, reports.length]), [['spimquant', 4]]);
  });
});
