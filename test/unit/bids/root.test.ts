import assert from 'node:assert/strict';
import { findParticipant } from '../../../runner/bids/browse.ts';
import { glanceAtRoot, hasParticipant, hasParticipants, listLabels, readRoot, walkRoot } from '../../../runner/bids/root.ts';
import { compareLabels } from '../../../runner/protocol/participantOrder.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import type { ListEntry, ListOptions, ObjectStore } from '../../../runner/storage/objectStore.ts';

const empty = (): Uint8Array => new Uint8Array(0);

function dataset(keys: readonly string[], uri = 's3://lab/bids'): MemoryStore {
  const store = new MemoryStore(uri);
  for (const key of keys) store.setVirtual(key, 0, empty);
  return store;
}

function participants(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `sub-${String(i).padStart(5, '0')}/micr/x`);
}

/** Counts what is read of listings. */
class CountingStore extends MemoryStore {
  rows = 0;

  override async *list(folder: string, options?: ListOptions): AsyncGenerator<ListEntry> {
    for await (const entry of super.list(folder, options)) {
      this.rows += 1;
      yield entry;
    }
  }
}

/** Lists in no order, as directory buckets do. */
class UnorderedStore extends MemoryStore {
  override async *list(folder: string, options?: ListOptions): AsyncGenerator<ListEntry> {
    const rows = [];
    for await (const entry of super.list(folder, options)) rows.push(entry);
    yield* rows.reverse();
  }
}

describe('the root of a dataset', () => {
  it('is told in the order of keys: what lies beside the participants, then these', async () => {
    const store = dataset(['README', 'derivatives/a/x', 'participants.tsv', 'sub-1+/x', 'sub-10/x', 'sub-1/x', 'sub-2/x', 'sub-0_3/x', 'sub-1_SPIM.json', 'sub-stray.tif', 'task-x.json']);
    const told: string[] = [];
    for await (const event of walkRoot(store)) {
      told.push(event.kind === 'head' ? `${event.head.files.join(' ')} | ${event.head.folders.join(' ')}` : event.kind === 'participant' ? event.label : event.skipped.path);
    }
    assert.deepEqual(told, ['README participants.tsv | derivatives', '1+', '1', '10', '2', 'README participants.tsv sub-1_SPIM.json task-x.json | derivatives'].toSpliced(1, 0, 'sub-0_3'));
    assert.deepEqual(['2', '10', '1+', '1'].sort(compareLabels), ['1+', '1', '10', '2']);
  });

  it('is put in order where the service lists in none', async () => {
    const keys = ['dataset_description.json', 'sub-b/x', 'sub-a/x', 'sub-c/x', 'zarr.json'];
    for (const uri of ['s3://lab--use1-az4--x-s3/bids', 's3://lab/bids']) {
      const store = new UnorderedStore(uri);
      for (const key of keys) store.setVirtual(key, 0, empty);
      const root = await readRoot(store);
      assert.deepEqual([root.labels, root.files], [['a', 'b', 'c'], ['dataset_description.json', 'zarr.json']]);
    }
  });

  it('is looked through for what a dataset has by name where there are thousands of other files', async () => {
    const strays = ['a', 'm', 'z'].flatMap((letter) => Array.from({ length: 3000 }, (_, i) => `${letter}_${i}.tif`));
    const keys = ['dataset_description.json', 'participants.tsv', 'acq-4x_SPIM.json', 'SPIM.json', 'derivatives/spimquant/x', ...participants(30), ...strays];
    const store = new CountingStore('s3://lab/bids');
    for (const key of keys) store.setVirtual(key, 0, empty);
    const root = await readRoot(store);
    assert.equal(root.labels.length, 30);
    assert.equal(root.crowded, true);
    for (const name of ['dataset_description.json', 'participants.tsv', 'acq-4x_SPIM.json', 'SPIM.json']) assert.ok(root.files.includes(name), name);
    assert.ok(root.folders.includes('derivatives'));
    assert.ok(store.rows < 2500, `${store.rows} rows`);
    // Only behind the participants: these are whole by then, and need no second look.
    const behind = new CountingStore('s3://lab/bids');
    for (const key of [...participants(30), ...strays.filter((name) => name.startsWith('z')), 'participants.tsv']) behind.setVirtual(key, 0, empty);
    assert.equal((await readRoot(behind)).labels.length, 30);
    assert.ok(behind.rows < 2100, `${behind.rows} rows`);
  });

  it('is glanced at without going through thousands of participants', async () => {
    const store = new CountingStore('s3://lab/bids');
    for (const key of ['dataset_description.json', ...participants(20_000), 'voi-x_SPIM.json']) store.setVirtual(key, 0, empty);
    const glance = await glanceAtRoot(store);
    assert.deepEqual([glance.whole, glance.labels.length, glance.files], [false, 999, ['dataset_description.json', 'voi-x_SPIM.json']]);
    assert.ok(store.rows < 1100, `${store.rows} rows`);
    const small = await glanceAtRoot(dataset(['participants.tsv', ...participants(50)]));
    assert.deepEqual([small.whole, small.labels.length], [true, 50]);
    await assert.rejects(glanceAtRoot(dataset([])), /no dataset at/);
  });

  it('is asked for one participant without a look at the others', async () => {
    const store = new CountingStore('s3://lab/bids');
    for (const key of [...participants(20_000), 'sub-1+/x', 'sub-1/x', 'sub-12345_SPIM.json']) store.setVirtual(key, 0, empty);
    assert.deepEqual([await hasParticipant(store, '1'), await hasParticipant(store, '12345'), await hasParticipant(store, '1234'), await hasParticipant(store, '99999')], [true, true, false, false]);
    assert.ok(store.rows < 50, `${store.rows} rows`);
    await assert.rejects(findParticipant(store, '99999', {}), /no participant 99999/);
    const some: string[] = [];
    for await (const label of listLabels(store, '19997')) some.push(label);
    assert.deepEqual(some, ['19998', '19999']);
  });

  it('is no dataset for names that only begin like a participant', async () => {
    assert.equal(await hasParticipants(dataset(['sub-01_SPIM.ome.zarr/x', 'sub-01.json'])), false);
    assert.equal(await hasParticipants(dataset(['sub-01/x'])), true);
    const many: ObjectStore = dataset(Array.from({ length: 5000 }, (_, i) => `sub-${i}.tif`));
    assert.equal(await hasParticipants(many), false);
  });
});
