import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { viewOf } from '../../../extension/explorer/datasets/datasetItems.ts';
import type { DatasetNode, DatasetRow } from '../../../extension/explorer/datasets/datasetNodes.ts';
import { DatasetTree } from '../../../extension/explorer/datasets/datasetTree.ts';
import type { RunnerClient } from '../../../extension/runner-client/client.types.ts';
import type { DatasetRef } from '../../../runner/protocol/datasets.ts';
import { DatasetService } from '../../../runner/server/datasets.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { LoggedRequest, S3Server } from '../../servers/s3Server.ts';
import { VirtualDataset } from '../../servers/s3/virtualDataset.ts';
import { AwsHome } from '../storage/awsHome.ts';

const signal = new AbortController().signal;
const isLaterPage = ({ query }: LoggedRequest): boolean => query['continuation-token'] !== undefined;

/** The rows of the Datasets view, asked from a runner's service without an editor in between. */
describe('the tree of datasets', function () {
  this.timeout(60_000);
  const home = new AwsHome();
  let folder: string;
  let server: S3Server;
  let data: VirtualDataset;
  let dataset: DatasetRef;
  let service: DatasetService;
  let tree: DatasetTree;
  let now = 0;
  /** Ids of rows that the tree has told to be shown anew. */
  const told: string[] = [];
  let onTold = (): void => undefined;

  const start = (): void => {
    service = new DatasetService({
      stateFolder: join(folder, 'state'), cacheFolder: join(folder, 'cache'), clock: () => now, log: () => undefined,
      changed: (datasets) => { tree.setList(datasets); },
      progress: (ref, counted, done) => { tree.progress(ref, counted, done); },
      updated: (ref, change) => { tree.changed(ref, change); },
    });
    // What the line to a runner does, but for the line.
    const ask: RunnerClient['request'] = (name, params) => (service.handlers as unknown as Record<string, (given: unknown, abort: AbortSignal) => Promise<never>>)[name](params, signal);
    tree = new DatasetTree(ask, () => now);
    tree.onChange((node) => {
      told.push(node?.id ?? 'all');
      onTold();
    });
  };
  const root = async (): Promise<DatasetRow> => (await tree.roots())[0] as DatasetRow;
  const labelsOf = (rows: readonly DatasetNode[]): readonly string[] => rows.map((row) => viewOf(row, tree).label);
  const descriptionOf = (row: DatasetNode): string | undefined => viewOf(row, tree).description;
  /** Waits until it is so, looked at whenever the tree tells something. */
  const until = async (so: () => boolean): Promise<void> => {
    if (so()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = setTimeout(() => { reject(new Error('Waited in vain')); }, 10_000);
    onTold = () => { if (so()) resolve(); };
    await promise.finally(() => { clearTimeout(late); });
  };
  const counted = async (): Promise<DatasetRow> => {
    const row = await root();
    await tree.children(row);
    await until(() => tree.summary(dataset.uri)?.counting !== true && (tree.summary(dataset.uri)?.participants ?? 0) > 0);
    return row;
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
    folder = await mkdtemp(join(tmpdir(), 'spimquant-tree-'));
    data = new VirtualDataset({ participants: 3000, sessions: 1, derivatives: true });
    server.createBucket('lab', { backend: data.bucket('bids') });
    server.clearFaults();
    dataset = { uri: 's3://lab/bids', storage: { s3Endpoint: server.endpoint } };
    now = 1_800_000_000_000;
    start();
    await service.handlers['datasets.add']({ dataset }, signal);
    told.splice(0);
  });
  afterEach(async () => {
    service.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('shows few participants one by one, and many in pieces that hold them', async () => {
    let row = await counted();
    const rows = await tree.children(row);
    assert.deepEqual(labelsOf(rows.slice(0, 3)), ['Derivatives', 'sub-0001 … 0200', 'sub-0201 … 0400']);
    assert.equal(rows.length, 16);
    assert.equal(descriptionOf(row), '3,000 participants');
    const piece = await tree.children(rows[15]);
    assert.deepEqual([piece.length, labelsOf(piece)[199]], [200, 'sub-3000']);
    data.labels.splice(400);
    await tree.refresh();
    row = await root();
    await until(() => tree.summary(dataset.uri)?.participants === 400);
    assert.equal((await tree.children(row)).length, 401);
    assert.equal((await tree.children(row)).at(-1)?.kind, 'participant');
  });

  it('gives the same row for the same thing, so that the editor keeps what is unfolded and selected', async () => {
    const row = await counted();
    const [, first, second] = await tree.children(row);
    const [, one] = await tree.children(first);
    data.labels.push('3001');
    await tree.check(dataset);
    await until(() => tree.summary(dataset.uri)?.participants === 3001);
    const after = await tree.children(row);
    assert.equal(after[1], first);
    assert.equal((await tree.children(first))[1], one);
    assert.notEqual(after.at(-1), second);
    assert.equal((await tree.participantRow(dataset, '0002')), one);
  });

  it('tells no row when a comparison finds nothing new, and only what has changed when it does', async () => {
    const row = await counted();
    const [, first] = await tree.children(row);
    const [one, two] = await tree.children(first);
    for (const participant of [one, two]) await tree.children(participant);
    // A quarter of an hour later nothing is fresh any more.
    now += 900_000;
    told.splice(0);
    await tree.children(row);
    await service.handlers['datasets.check']({ dataset }, signal);
    assert.deepEqual(told, []);
    data.restained.add('0002');
    tree.changed(dataset, { labels: ['0001', '0002'] });
    told.splice(0);
    now += 900_000;
    for (const participant of [one, two]) await tree.children(participant);
    await until(() => told.length > 0);
    assert.deepEqual(told, [two.id]);
    assert.deepEqual((await tree.children(two)).map((session) => (session.kind === 'session' ? session.images[0].stains : [])), [['PI', 'Iba1']]);
  });

  it('shows those that fit a filter, how many they are, and one that does not fit on top when it is found', async () => {
    const row = await counted();
    tree.setFilter(' age>68 ');
    assert.deepEqual(told.slice(-1), ['all']);
    const fitting = await tree.children(row);
    assert.deepEqual(labelsOf(fitting.slice(0, 2)), ['Derivatives', 'sub-0050']);
    assert.equal(descriptionOf(row), '60 of 3,000 participants');
    const found = await tree.participantRow(dataset, '0003');
    assert.equal((await tree.children(row))[1], found);
    tree.setFilter('treatment=drug');
    assert.deepEqual(labelsOf((await tree.children(row)).slice(0, 2)), ['Derivatives', 'sub-0001 … 0399']);
    const inside = await tree.participantRow(dataset, '0401');
    assert.equal(inside?.parent, (await tree.children(row))[2]);
    tree.setFilter('nobody');
    const nobody = await tree.children(row);
    assert.deepEqual(labelsOf(nobody), ['Derivatives', 'No participant fits nobody', 'Show all participants']);
    tree.setFilter('');
    assert.equal((await tree.children(row)).length, 16);
  });

  it('shows what is counted so far, stops and goes on', async () => {
    const row = await counted();
    let release = (): void => undefined;
    server.inject({ fault: { kind: 'wait', until: new Promise<void>((resolve) => { release = resolve; }) }, match: isLaterPage, times: 99 });
    void tree.refresh();
    await until(() => tree.summary(dataset.uri)?.counting === true);
    assert.deepEqual(labelsOf(await tree.children(row)), ['Derivatives', 'sub-0001 … 0200', 'sub-0201 … 0400', 'sub-0401 … 0600', 'sub-0601 … 0800', 'sub-0801 … 0997', 'Counting…']);
    assert.deepEqual(tree.counted.map(({ counted: many }) => many), [997]);
    await tree.count(dataset, false);
    assert.deepEqual([tree.counted, descriptionOf(row)], [[], '997 or more participants']);
    const stopped = (await tree.children(row)).at(-1) as DatasetNode;
    assert.deepEqual([labelsOf([stopped])[0], descriptionOf(stopped)], ['Go on counting', 'stopped at 997']);
    release();
    server.clearFaults();
    await tree.count(dataset, true);
    await until(() => tree.summary(dataset.uri)?.participants === 3000);
    assert.equal((await tree.children(row)).length, 16);
  });

  it('keeps its rows when they cannot be compared, says why above them, and mends it', async () => {
    await counted();
    service.dispose();
    now += 86_400_000;
    server.inject({ fault: { kind: 'status', status: 403, code: 'ExpiredToken' }, times: 99 });
    start();
    const row = await root();
    await until(() => tree.summary(dataset.uri)?.trouble !== undefined);
    const rows = await tree.children(row);
    assert.match(labelsOf(rows)[0], /sign-in has expired/);
    assert.deepEqual(labelsOf(rows).slice(1, 7), ['Sign in again', 'Compare again', 'Check credentials', 'Change how it is reached…', 'Derivatives', 'sub-0001 … 0200']);
    assert.equal(descriptionOf(row), '3,000 participants, not compared');
    assert.match(viewOf(row, tree, now).tooltip ?? '', /24 hours ago; it could not be compared since/);
    await tree.check(dataset);
    assert.equal(labelsOf(await tree.children(row))[1], 'Sign in again');
    server.clearFaults();
    await tree.check(dataset);
    assert.equal(labelsOf(await tree.children(row))[0], 'Derivatives');
  });

  it('asks anew for one participant, and leaves the others', async () => {
    const row = await counted();
    const [, first] = await tree.children(row);
    const [one] = await tree.children(first);
    await tree.children(one);
    data.restained.add('0001');
    server.requests.splice(0);
    await tree.refresh(one);
    assert.ok(server.requests.every(({ key, query }) => `${key}${query.prefix ?? ''}`.includes('sub-0001')), 'nothing else is asked');
    assert.deepEqual((await tree.children(one)).map((session) => (session.kind === 'session' ? session.images[0].stains : [])), [['PI', 'Iba1']]);
  });
});
