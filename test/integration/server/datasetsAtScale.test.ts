import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatasetChange, DatasetRef } from '../../../runner/protocol/datasets.ts';
import type { ErrorReport } from '../../../runner/protocol/errors.ts';
import { DatasetService } from '../../../runner/server/datasets.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { LoggedRequest, S3Server } from '../../servers/s3Server.ts';
import { VirtualDataset } from '../../servers/s3/virtualDataset.ts';
import { AwsHome } from '../storage/awsHome.ts';
import { fails } from '../explore/support.ts';

const signal = new AbortController().signal;

/** A promise and who settles it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** What a service tells, and waiting for it. */
class Heard {
  readonly progress: { readonly counted: number; readonly done: boolean; readonly error?: ErrorReport }[] = [];
  readonly changes: DatasetChange[] = [];
  readonly #waiting = new Set<() => void>();

  add(into: unknown[], value: unknown): void {
    into.push(value);
    for (const look of this.#waiting) look();
  }

  /** Resolves when something that is so was told; rejects after ten seconds. */
  async until(what: string, so: () => boolean): Promise<void> {
    if (so()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = setTimeout(() => { reject(new Error(`Waited in vain for ${what}: ${JSON.stringify([this.progress.at(-1), this.changes])}`)); }, 10_000);
    const look = (): void => { if (so()) resolve(); };
    this.#waiting.add(look);
    try {
      await promise;
    } finally {
      clearTimeout(late);
      this.#waiting.delete(look);
    }
  }
}

describe('a dataset of ten thousand participants and a million keys', function () {
  this.timeout(60_000);
  const home = new AwsHome();
  let folder: string;
  let server: S3Server;
  let data: VirtualDataset;
  let dataset: DatasetRef;
  let now: number;
  const services: DatasetService[] = [];
  const logged: string[] = [];

  interface Service {
    readonly ask: DatasetService['handlers'];
    readonly heard: Heard;
    readonly end: () => void;
  }
  const service = (cacheLimit?: number): Service => {
    const heard = new Heard();
    const made = new DatasetService({
      stateFolder: join(folder, 'state'), cacheFolder: join(folder, 'cache'), clock: () => now, log: (_level, message) => logged.push(message), cacheLimit,
      changed: () => undefined,
      progress: (_dataset, counted, done, error) => { heard.add(heard.progress, { counted, done, ...(error === undefined ? {} : { error }) }); },
      updated: (_dataset, change) => { heard.add(heard.changes, change); },
    });
    services.push(made);
    return { ask: made.handlers, heard, end: () => { made.dispose(); } };
  };
  const counted = async ({ ask, heard }: Service): Promise<void> => {
    await ask['datasets.describe']({ dataset }, signal);
    await heard.until('the end of counting', () => heard.progress.at(-1)?.done === true);
  };
  const isListing = ({ key, query }: LoggedRequest): boolean => key === '' && query['list-type'] === '2';
  const rootListings = (): readonly LoggedRequest[] => server.requests.filter((request) => isListing(request) && request.query.prefix === 'bids/');
  const isLaterPage = (request: LoggedRequest): boolean => isListing(request) && request.query['continuation-token'] !== undefined;

  before(async () => {
    server = await startS3Server();
    await home.enter({ keys: defaultCredential });
  });
  after(async () => {
    await server.close();
    await home.leave();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-scale-'));
    now = 1_800_000_000_000;
    data = new VirtualDataset({ participants: 10_000, sessions: 2, chunks: 43, derivatives: true });
    server.createBucket('large', { backend: data.bucket('bids') });
    dataset = { uri: 's3://large/bids', storage: { s3Endpoint: server.endpoint } };
    server.requests.splice(0);
    server.clearFaults();
    logged.splice(0);
  });
  afterEach(async () => {
    for (const each of services.splice(0)) each.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  describe('met for the first time', () => {
    it('answers the first page and the summary after one page of its listing, while the rest is on its way', async () => {
      const rest = gate();
      server.inject({ fault: { kind: 'wait', until: rest.opened }, match: isLaterPage });
      const { ask, heard } = service();
      const [summary, page] = await Promise.all([ask['datasets.describe']({ dataset }, signal), ask['datasets.participants']({ dataset, offset: 0, limit: 200 }, signal)]);
      assert.deepEqual({ ...page, labels: page.labels.length }, { labels: 200, total: 997, counting: true });
      assert.deepEqual([page.labels[0], page.labels[199]], ['00001', '00200']);
      assert.deepEqual(summary, { uri: dataset.uri, name: 'Ten thousand brains', bidsVersion: '1.10.0', participants: 997, counting: true, derivatives: 1, warnings: [] });
      assert.equal(rootListings().filter((request) => !isLaterPage(request)).length, 1);
      assert.ok(rootListings().filter(isLaterPage).length <= 1, 'the second page is asked for, and nothing beyond');
      rest.open();
      await heard.until('the end', () => heard.progress.at(-1)?.done === true);
      assert.equal(heard.progress.at(-1)?.counted, 10_000);
    });

    it('lists the whole in a request for each thousand, reads two small files, and nothing inside', async () => {
      const { ask, heard } = service();
      await counted({ ask, heard, end: () => undefined });
      assert.equal((await ask['datasets.describe']({ dataset }, signal)).participants, 10_000);
      const last = await ask['datasets.participants']({ dataset, offset: 9_950, limit: 100 }, signal);
      assert.deepEqual([last.labels.length, last.labels.at(-1), last.total, last.counting], [50, '10000', 10_000, undefined]);
      const { ranges, total } = await ask['datasets.ranges']({ dataset, size: 200 }, signal);
      assert.deepEqual([ranges.length, ranges[0], ranges[49], total], [50, { first: '00001', last: '00200', count: 200 }, { first: '09801', last: '10000', count: 200 }, 10_000]);
      // Participants, and derivatives/, dataset_description.json and participants.tsv: eleven pages.
      assert.equal(rootListings().length, 11);
      assert.deepEqual(server.requests.filter((request) => request.query.prefix !== 'bids/').map(({ key, query }) => key || query.prefix).sort(), ['bids/dataset_description.json', 'bids/derivatives/', 'bids/participants.tsv']);
      assert.ok(server.requests.every((request) => !isListing(request) || request.query.delimiter === '/'));
    });

    it('looks into a participant and opens an image before all are counted', async () => {
      const rest = gate();
      server.inject({ fault: { kind: 'wait', until: rest.opened }, match: isLaterPage });
      const { ask } = service();
      // Far beyond the first page.
      const contents = await ask['datasets.participant']({ dataset, label: 'sub-07777' }, signal);
      assert.deepEqual(contents.sessions.map(({ label, images }) => [label, images[0].title, images[0].stains]), [['01', 'sample-brain', ['PI', 'Abeta']], ['02', 'sample-brain', ['PI', 'Abeta']]]);
      assert.deepEqual(contents.columns[0], { name: 'treatment', value: 'drug' });
      const image = await ask['datasets.image']({ dataset, path: contents.sessions[0].images[0].path }, signal);
      assert.deepEqual(image.levels[0].size, [2048, 2048, 1024]);
      await assert.rejects(ask['datasets.participant']({ dataset, label: '7777' }, signal), fails('not-found', /no participant 7777/));
      rest.open();
    });

    it('stops counting when it is told to, and goes on when it is told to', async () => {
      const rest = gate();
      server.inject({ fault: { kind: 'wait', until: rest.opened }, match: isLaterPage });
      const { ask, heard } = service();
      await ask['datasets.describe']({ dataset }, signal);
      await ask['datasets.counting']({ dataset, on: false }, signal);
      assert.deepEqual(heard.progress.at(-1), { counted: 997, done: true });
      const summary = await ask['datasets.describe']({ dataset }, signal);
      assert.deepEqual([summary.participants, summary.counting, summary.incomplete, summary.warnings], [997, undefined, true, []]);
      assert.deepEqual((await ask['datasets.participants']({ dataset, offset: 900, limit: 200 }, signal)).labels.length, 97);
      rest.open();
      server.clearFaults();
      await ask['datasets.counting']({ dataset, on: true }, signal);
      await heard.until('the end', () => heard.progress.at(-1)?.counted === 10_000);
      assert.equal((await ask['datasets.describe']({ dataset }, signal)).incomplete, undefined);
    });

    it('keeps what is counted when the network fails, says why, and goes on from the view', async () => {
      server.inject({ fault: { kind: 'status', status: 403, code: 'ExpiredToken' }, match: isLaterPage, times: 99 });
      const { ask, heard } = service();
      await counted({ ask, heard, end: () => undefined });
      const summary = await ask['datasets.describe']({ dataset }, signal);
      assert.deepEqual([summary.participants, summary.incomplete, summary.trouble?.code], [997, true, 'auth-expired']);
      server.clearFaults();
      await ask['datasets.counting']({ dataset, on: true }, signal);
      assert.equal((await ask['datasets.participants']({ dataset, offset: 9_999, limit: 1 }, signal)).labels[0], '10000');
      assert.equal((await ask['datasets.describe']({ dataset }, signal)).trouble, undefined);
    });

    it('is given up when whoever asked has gone, and not when another still waits', async () => {
      const first = gate();
      server.inject({ fault: { kind: 'wait', until: first.opened }, match: isListing, times: 2 });
      const { ask, heard } = service();
      const [one, other] = [new AbortController(), new AbortController()];
      const both = [ask['datasets.describe']({ dataset }, one.signal), ask['datasets.describe']({ dataset }, other.signal)];
      one.abort();
      await assert.rejects(both[0], fails('cancelled', /./));
      other.abort();
      await assert.rejects(both[1], fails('cancelled', /./));
      const again = ask['datasets.describe']({ dataset }, signal);
      first.open();
      assert.equal((await again).name, 'Ten thousand brains');
      await heard.until('the end', () => heard.progress.at(-1)?.counted === 10_000);
    });
  });

  describe('among hundreds of thousands of files that belong to nothing', () => {
    beforeEach(() => {
      data = new VirtualDataset({ participants: 3000, strays: { before: 300_000, after: 300_000 } });
      server.createBucket('crowded', { backend: data.bucket('bids') });
      dataset = { uri: 's3://crowded/bids', storage: { s3Endpoint: server.endpoint } };
    });

    it('finds participants and the files that a dataset has by name, and leaves the rest', async () => {
      const { ask, heard } = service();
      await counted({ ask, heard, end: () => undefined });
      const summary = await ask['datasets.describe']({ dataset }, signal);
      assert.deepEqual([summary.participants, summary.name], [3000, 'Ten thousand brains']);
      assert.match(summary.warnings.join(), /thousands of other files/);
      assert.equal((await ask['datasets.participant']({ dataset, label: '0042' }, signal)).columns[0].value, 'control');
      assert.ok(server.requests.length < 40, `${server.requests.length} requests`);
    });
  });

  describe('met again after a restart', () => {
    const path = 'sub-00002/ses-01/micr/sub-00002_ses-01_sample-brain_SPIM.ome.zarr';

    /** A first life that has counted all, looked into two participants, and opened an image of one. */
    beforeEach(async () => {
      const first = service();
      await counted(first);
      await first.ask['datasets.participant']({ dataset, label: '00002' }, signal);
      await first.ask['datasets.participant']({ dataset, label: '00003' }, signal);
      await first.ask['datasets.image']({ dataset, path }, signal);
      first.end();
      server.requests.splice(0);
      now += 86_400_000;
    });

    it('answers from what was kept without a word to the storage, and then compares: a listing and no file, when nothing has changed', async () => {
      const all = gate();
      server.inject({ fault: { kind: 'wait', until: all.opened }, times: 99 });
      const { ask, heard } = service();
      const summary = await ask['datasets.describe']({ dataset }, signal);
      assert.deepEqual(summary, {
        uri: dataset.uri, name: 'Ten thousand brains', bidsVersion: '1.10.0', participants: 10_000, derivatives: 1, warnings: [], checked: now - 86_400_000, remembered: true,
      });
      assert.equal((await ask['datasets.participants']({ dataset, offset: 5000, limit: 1 }, signal)).labels[0], '05001');
      assert.deepEqual((await ask['datasets.participants']({ dataset, offset: 0, limit: 2, search: 'treatment=control age>60' }, signal)).labels, ['00042', '00044']);
      const contents = await ask['datasets.participant']({ dataset, label: '00002' }, signal);
      assert.deepEqual([contents.sessions.length, contents.columns[0].value], [2, 'control']);
      assert.deepEqual((await ask['datasets.image']({ dataset, path }, signal)).levels[0].size, [2048, 2048, 1024]);
      all.open();
      server.clearFaults();
      await heard.until('a comparison', () => heard.changes.some(({ summary: told }) => told === true));
      await heard.until('all of it', () => server.requests.filter(({ method }) => method === 'HEAD').length >= 3);
      assert.deepEqual(heard.changes, [{ summary: true }]);
      assert.equal(rootListings().length, 11);
      assert.deepEqual(server.requests.filter(({ method, key }) => method === 'GET' && key !== ''), [], 'no file was read');
      const after = await ask['datasets.describe']({ dataset }, signal);
      assert.deepEqual([after.checked, after.remembered], [now, undefined]);
    });

    it('tells what was added, removed and changed, and nothing else', async () => {
      data.labels = [...data.labels.filter((label) => label !== '00003' && label !== '09999'), '10001'];
      data.restained.add('00002');
      data.resized.add('00002');
      const { ask, heard } = service();
      assert.equal((await ask['datasets.describe']({ dataset }, signal)).participants, 10_000);
      await heard.until('the participants', () => heard.changes.some(({ participants }) => participants !== undefined));
      const change = heard.changes.find(({ participants }) => participants !== undefined);
      // The table has changed with them, and what it says of every participant may be otherwise.
      assert.deepEqual(change, { summary: true, participants: { added: 1, removed: 2 }, everything: true });
      assert.equal((await ask['datasets.participants']({ dataset, offset: 9998, limit: 5 }, signal)).labels.join(), '10001');
      await assert.rejects(ask['datasets.participant']({ dataset, label: '00003' }, signal), fails('not-found', /no participant 00003/));
    });

    it('notices other stains, and an image that was written anew, of what is looked at', async () => {
      data.restained.add('00002');
      data.resized.add('00002');
      const { ask, heard } = service();
      assert.deepEqual((await ask['datasets.participant']({ dataset, label: '00002' }, signal)).sessions[0].images[0].stains, ['PI', 'Abeta']);
      await heard.until('the participant', () => heard.changes.some(({ labels }) => labels?.[0] === '00002'));
      assert.deepEqual((await ask['datasets.participant']({ dataset, label: '00002' }, signal)).sessions[0].images[0].stains, ['PI', 'Iba1']);
      const image = await ask['datasets.image']({ dataset, path }, signal);
      assert.deepEqual([image.stains, image.levels[0].size], [['PI', 'Iba1'], [1024, 1024, 512]]);
    });

    it('notices an image that was written anew by its metadata', async () => {
      data.resized.add('00002');
      const { ask, heard } = service();
      assert.deepEqual((await ask['datasets.image']({ dataset, path }, signal)).levels[0].size, [2048, 2048, 1024]);
      await heard.until('the image', () => heard.changes.some(({ images }) => images?.[0] === path));
      assert.deepEqual((await ask['datasets.image']({ dataset, path }, signal)).levels[0].size, [1024, 1024, 512]);
    });

    it('shows what was kept when nothing can be reached, says so, and compares when it can', async () => {
      server.inject({ fault: { kind: 'status', status: 403, code: 'ExpiredToken' }, times: 99 });
      const { ask, heard } = service();
      await ask['datasets.describe']({ dataset }, signal);
      await heard.until('the failure', () => heard.changes.length > 0);
      const summary = await ask['datasets.describe']({ dataset }, signal);
      assert.deepEqual([summary.participants, summary.remembered, summary.trouble?.code], [10_000, true, 'auth-expired']);
      server.clearFaults();
      services.at(-1)?.retry();
      await heard.until('the comparison', () => heard.changes.length > 1);
      assert.equal((await ask['datasets.describe']({ dataset }, signal)).trouble, undefined);
    });

    it('forgets a dataset that is gone, and says that it is', async () => {
      server.createBucket('large', { backend: new VirtualDataset({ participants: 0 }).bucket('elsewhere') });
      const { ask, heard } = service();
      assert.equal((await ask['datasets.describe']({ dataset }, signal)).participants, 10_000);
      await heard.until('its end', () => heard.changes.some(({ everything }) => everything === true));
      await assert.rejects(ask['datasets.describe']({ dataset }, signal), fails('not-found', /no dataset at/));
    });

    it('bypasses what was kept when it is told to look again', async () => {
      const rest = gate();
      server.inject({ fault: { kind: 'wait', until: rest.opened }, match: isLaterPage });
      const { ask } = service();
      const summary = await ask['datasets.describe']({ dataset, refresh: true }, signal);
      assert.deepEqual([summary.participants, summary.counting, summary.remembered], [997, true, undefined]);
      rest.open();
    });

    it('drops what is damaged, cut off, or of another version, and begins anew', async () => {
      const cache = join(folder, 'cache', 'datasets');
      const [name] = await readdir(cache);
      const whole = await readFile(join(cache, name));
      assert.ok(whole.length < 1_000_000, `${whole.length} bytes`);
      const spoilt = [whole.subarray(0, whole.length - 40), Buffer.from(whole.toString('latin1').replace('"00042"', '"00024"'), 'latin1'), Buffer.from(whole.toString('latin1').replace('spimquant-index 1', 'spimquant-index 0'), 'latin1'), Buffer.alloc(0)];
      for (const bytes of spoilt) {
        await writeFile(join(cache, name), bytes);
        logged.splice(0);
        const { ask, heard, end } = service();
        const summary = await ask['datasets.describe']({ dataset }, signal);
        assert.equal(summary.remembered, undefined);
        assert.match(logged.join(), /damaged, or of another version/);
        await heard.until('the end', () => heard.progress.at(-1)?.done === true);
        end();
        assert.deepEqual(await readFile(join(cache, name)).then((kept) => kept.subarray(0, 17).toString()), 'spimquant-index 1');
      }
    });

    it('keeps nothing of a dataset that is taken off the list, and no more than it may in all', async () => {
      const cache = join(folder, 'cache', 'datasets');
      const kept = (await stat(join(cache, (await readdir(cache))[0]))).size;
      const { ask, heard, end } = service(kept * 1.5);
      server.createBucket('other', { backend: data.bucket() });
      const other: DatasetRef = { uri: 's3://other', storage: dataset.storage };
      await ask['datasets.add']({ dataset: other }, signal);
      await heard.until('the end', () => heard.progress.at(-1)?.counted === 10_000);
      const first = (await readdir(cache))[0];
      await until(async () => !(await readdir(cache)).includes(first));
      assert.equal((await readdir(cache)).length, 1);
      await ask['datasets.remove']({ uri: other.uri }, signal);
      end();
      assert.deepEqual(await readdir(cache), []);
    });
  });

  describe('searched', () => {
    it('finds labels, values, and comparisons, with what made each fit', async () => {
      const { ask, heard } = service();
      await counted({ ask, heard, end: () => undefined });
      const search = async (text: string, limit = 2): Promise<unknown> => {
        const { labels, total, matched, problem } = await ask['datasets.participants']({ dataset, offset: 0, limit, search: text }, signal);
        return problem ?? [labels.join(' '), total, (matched ?? []).map((values) => values.map(({ name, value }) => `${name}=${value}`).join(' ')).join('; ')];
      };
      assert.deepEqual(await search('SUB-0999'), ['09990 09991', 10, '; ']);
      assert.deepEqual(await search('drug'), ['00001 00003', 5000, 'treatment=drug; treatment=drug']);
      assert.deepEqual(await search('treatment=Drug batch=2026-0*', 1), ['00001', 4167, 'treatment=drug batch=2026-01']);
      assert.deepEqual(await search('age>=69 treatment!=drug'), ['00050 00100', 200, 'age=69 treatment=control; age=69 treatment=control']);
      assert.equal(await search('treatmnt=drug'), 'participants.tsv has no column treatmnt. Did you mean treatment?');
      const { ranges, total } = await ask['datasets.ranges']({ dataset, size: 200, search: 'treatment=drug' }, signal);
      assert.deepEqual([ranges.length, ranges[0].last, total], [25, '00399', 5000]);
      assert.equal((await ask['datasets.participants']({ dataset, offset: 0, limit: 2, search: 'drug', labelsOnly: true }, signal)).total, 0);
    });

    it('answers while it is still counted, and says so', async () => {
      const rest = gate();
      server.inject({ fault: { kind: 'wait', until: rest.opened }, match: isLaterPage });
      const { ask, heard } = service();
      const early = await ask['datasets.participants']({ dataset, offset: 0, limit: 10, search: 'treatment=drug' }, signal);
      assert.deepEqual([early.total, early.counting], [499, true]);
      rest.open();
      await heard.until('the end', () => heard.progress.at(-1)?.done === true);
      const late = await ask['datasets.participants']({ dataset, offset: 0, limit: 10, search: 'treatment=drug' }, signal);
      assert.deepEqual([late.total, late.counting], [5000, undefined]);
    });
  });

  it('is as quick in a local folder, and keeps its order', async () => {
    const root = join(folder, 'local');
    const labels = Array.from({ length: 10_000 }, (_, i) => String(i));
    for (let from = 0; from < labels.length; from += 500) await Promise.all(labels.slice(from, from + 500).map(async (label) => mkdir(join(root, `sub-${label}`), { recursive: true })));
    await writeFile(join(root, 'dataset_description.json'), JSON.stringify({ Name: 'Local', BIDSVersion: '1.10.0' }));
    dataset = { uri: root, storage: {} };
    const first = service();
    await counted(first);
    const page = await first.ask['datasets.participants']({ dataset, offset: 0, limit: 5 }, signal);
    assert.deepEqual([page.labels, page.total], [['0', '1', '10', '100', '1000'], 10_000]);
    first.end();
    await rm(join(root, 'sub-1000'), { recursive: true });
    const { ask, heard } = service();
    assert.deepEqual((await ask['datasets.participants']({ dataset, offset: 0, limit: 5 }, signal)).labels, page.labels);
    await heard.until('a change', () => heard.changes.some(({ participants }) => participants?.removed === 1));
    assert.deepEqual((await ask['datasets.participants']({ dataset, offset: 0, limit: 5 }, signal)).labels, ['0', '1', '10', '100', '1001']);
  });
});

/** Looks until it is so; rejects after ten seconds. */
async function until(so: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 20))) if (await so()) return;
  throw new Error('Waited in vain');
}
