import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { differingTables, filesBelow } from '../../scripts/demo/results.ts';
import { startHybridLab, type HybridLab } from './support/hybridLab.ts';
import { twoStainFlags } from './support/phantoms.ts';
import { digestOf, resultDigests } from './support/results.ts';
import { succeed, tasksOf, watch, type WatchedRun } from './support/runs.ts';

const s3Key = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const gcsKey = 'projects/lab/locations/europe-west3/keyRings/lab/cryptoKeys/data';

describe('a dataset in one place and its results in another', function () {
  this.timeout(400_000);
  let lab: HybridLab;
  let whole: WatchedRun;
  /** Every result of a run from a folder into a folder. */
  let local: ReadonlyMap<string, string>;
  const run = (from: string, to: string, ...flags: readonly string[]): Promise<unknown> => succeed([from, to, 'participant', ...twoStainFlags, ...lab.flags, ...flags], { env: lab.env });
  const path = (...parts: readonly string[]): string => join(lab.folder.path, ...parts);

  /** Results in a bucket as digests, read by the services' own servers and not by the store that wrote them. */
  async function digestsOf(keys: readonly string[], prefix: string, read: (key: string) => Promise<Uint8Array>): Promise<ReadonlyMap<string, string>> {
    const digests = new Map<string, string>();
    for (const key of keys) if (key.startsWith(prefix) && /^(sub|tpl)-/.test(key.slice(prefix.length))) digests.set(key.slice(prefix.length), digestOf(await read(key)));
    return digests;
  }
  const assertSame = (digests: ReadonlyMap<string, string>): void => { assert.deepEqual(differingTables(local, digests), []); };
  /** Temporary files of runs into buckets: this home's cache is the tests' own. */
  const leftovers = async (): Promise<readonly string[]> => {
    const work = join(process.env['SPIMQUANT_CACHE_DIR'] ?? '', 'work');
    const register = join(process.env['SPIMQUANT_STATE_DIR'] ?? '', 'work');
    return [...await readdir(work).catch(() => []), ...await readdir(register).catch(() => [])];
  };

  before(async () => {
    lab = await startHybridLab();
    whole = await watch([lab.bids, path('local'), 'participant', ...twoStainFlags]);
    assert.equal(whole.code, 0, whole.stderr.slice(-3000));
    local = await resultDigests(path('local'));
    assert.ok([...local.keys()].filter((name) => /\.(tsv|parquet)$/.test(name)).length >= 3 && local.size > 40, [...local.keys()].join('\n'));
  });
  after(() => lab[Symbol.asyncDispose]());
  afterEach(async () => { assert.deepEqual(await leftovers(), [], 'temporary files are left'); });

  it('leaves no temporary file in a folder of results', async () => {
    assert.deepEqual((await filesBelow(path('local', '.spimquant'), /./)).filter((name) => !/receipts\/\w+\.json$/.test(name)), ['output.json']);
  });

  it('from S3 into a folder', async () => {
    await run(lab.places.s3, path('from-s3'));
    assertSame(await resultDigests(path('from-s3')));
    assert.deepEqual(lab.denied, []);
  });

  it('from a folder into S3, with storage class and encryption of every object, by the rights that the documentation names', async () => {
    await run(lab.bids, lab.places.s3Results, '--storage-class', 'STANDARD_IA', '--encryption', 'kms', '--encryption-key', s3Key);
    const read = async (key: string): Promise<Uint8Array> => {
      const object = await lab.s3.bucket('lab-results').backend.get(key);
      return object?.read(0, object.size) ?? new Uint8Array();
    };
    const keys = await lab.s3.keys('lab-results');
    assertSame(await digestsOf(keys, 'spimquant/', read));
    assert.deepEqual(lab.denied, []);
    for (const key of keys) assert.deepEqual(await lab.s3.attributes('lab-results', key), { storageClass: 'STANDARD_IA', encryption: 'kms', encryptionKey: s3Key }, key);
    assert.deepEqual(keys.filter((key) => /lock|takeover|work|tmp/.test(key)), []);
    assert.equal(lab.s3.openUploads('lab-results'), 0);
  });

  it('from S3 into Google Cloud Storage, killed in the middle and gone on with', async () => {
    const words = [lab.places.s3, lab.places.gsResults, 'participant', ...twoStainFlags, ...lab.flags, '--storage-class', 'NEARLINE', '--encryption', 'kms', '--encryption-key', gcsKey];
    const killed = await watch(words, { afterEvents: Math.ceil(whole.events.length / 2), signal: 'SIGKILL' }, lab.env);
    assert.equal(killed.signal, 'SIGKILL', killed.stderr.slice(-3000));
    assert.ok((await leftovers()).length > 0, 'what was made is kept to go on with');
    const goneOn = await watch(words, undefined, lab.env);
    assert.equal(goneOn.code, 0, goneOn.stderr.slice(-3000));
    const finished = new Set(tasksOf(killed, 'task-finished'));
    assert.ok(finished.size > 0);
    assert.deepEqual(tasksOf(goneOn, 'task-started').filter((task) => finished.has(task)), []);
    const bucket = lab.gcs.bucket('lab-results');
    const read = async (name: string): Promise<Uint8Array> => {
      const object = await bucket.get(name);
      return object?.read(0, object.size) ?? new Uint8Array();
    };
    const names = await lab.gcs.names('lab-results');
    assertSame(await digestsOf(names, 'study/out/', read));
    for (const name of names) {
      const object = await bucket.get(name);
      assert.deepEqual([object?.storageClass, object?.kmsKeyName], ['NEARLINE', gcsKey], name);
    }
    assert.deepEqual(names.filter((name) => /lock|takeover|work|tmp/.test(name)), []);
    assert.equal(lab.gcs.openUploads('lab-results'), 0);
    assert.deepEqual(lab.denied, []);
  });

  it('from Google Cloud Storage into Azure, and nothing a second time', async () => {
    await run(lab.places.gs, lab.places.azResults, '--storage-class', 'Cool');
    const container = lab.azure.container('results');
    const [names, tiers]: [string[], Set<string | undefined>] = [[], new Set()];
    for await (const blob of container.listBlobsFlat()) {
      names.push(blob.name);
      tiers.add(blob.properties.accessTier);
    }
    assertSame(await digestsOf(names, 'out/', (name) => container.getBlobClient(name).downloadToBuffer()));
    assert.deepEqual([...tiers], ['Cool']);
    assert.deepEqual(names.filter((name) => /lock|takeover|work|tmp/.test(name)), []);
    const again = await watch([lab.places.gs, lab.places.azResults, 'participant', ...twoStainFlags, ...lab.flags], undefined, lab.env);
    assert.equal(again.code, 0, again.stderr.slice(-3000));
    assert.deepEqual(tasksOf(again, 'task-started'), []);
  });
});
