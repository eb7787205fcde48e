import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertBytes, isError, listAll, pattern, text } from './assertions.ts';
import type { Bench, CaseGroup } from './case.ts';

/** Large enough for several parts in every service. */
const largeSize = 20 * 1024 * 1024 + 17;

async function largeFile({ scratch }: Bench, name: string): Promise<{ readonly path: string; readonly bytes: Uint8Array }> {
  const bytes = pattern(largeSize);
  const path = join(scratch, name);
  await writeFile(path, bytes);
  return { path, bytes };
}

async function oneWinner(key: string, write: (index: number) => Promise<unknown>, writers: number, refusal: 'already-exists' | 'changed' = 'already-exists'): Promise<number> {
  const outcomes = await Promise.allSettled(Array.from({ length: writers }, (_, index) => write(index)));
  const won = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [index] : []));
  for (const outcome of outcomes) if (outcome.status === 'rejected') isError(refusal, key)(outcome.reason);
  assert.equal(won.length, 1, `${won.length} writers were told that they were the first`);
  return won[0];
}

export const writingCases: CaseGroup = {
  title: 'Writing',
  cases: [
    {
      id: 'write-whole',
      title: 'readers see the old content or the new, never a part',
      run: async ({ store }) => {
        const size = 300_000;
        await store.write('whole/object', new Uint8Array(size).fill(1));
        let writing = true;
        const writer = (async () => {
          for (let round = 2; round < 12; round++) await store.write('whole/object', new Uint8Array(size + round).fill(round));
          writing = false;
        })();
        let reads = 0;
        while (writing) {
          const bytes = await store.read('whole/object');
          assert.ok(bytes && bytes.length === (bytes[0] === 1 ? size : size + bytes[0]), 'length and content belong together');
          assert.ok(bytes.every((value) => value === bytes[0]));
          reads += 1;
        }
        await writer;
        assert.ok(reads > 0);
        assert.deepEqual((await listAll(store, 'whole')).map((entry) => entry.key), ['whole/object']);
      },
    },
    {
      id: 'write-large',
      title: 'large files (multipart, resumable, or blocks)',
      run: async (bench) => {
        const { store } = bench;
        const { path, bytes } = await largeFile(bench, 'large.bin');
        const written = await store.writeFile('large/file.bin', path);
        assert.equal(written.size, bytes.length);
        assertBytes(await store.read('large/file.bin'), bytes);
        const stat = await store.stat('large/file.bin');
        assert.deepEqual([stat?.version, stat?.size], [written.version, bytes.length]);
        const replaced = await store.writeFile('large/file.bin', path);
        assert.equal((await store.stat('large/file.bin'))?.version, replaced.version);
        await assert.rejects(store.writeFile('large/other.bin', join(bench.scratch, 'absent.bin')), isError('not-found', 'absent.bin'));
        assert.equal(await store.stat('large/other.bin'), undefined);
      },
    },
    {
      id: 'write-large-cancel',
      title: 'a large write that is cancelled leaves no trace',
      run: async (bench) => {
        const { path } = await largeFile(bench, 'cancelled.bin');
        const controller = new AbortController();
        const writing = bench.store.writeFile('cancelled/file.bin', path, { signal: controller.signal });
        controller.abort();
        await assert.rejects(writing, isError('cancelled'));
        assert.deepEqual(await listAll(bench.store, 'cancelled', { recursive: true }), []);
      },
    },
    {
      id: 'write-large-withdrawn',
      title: 'a large write that fails, or is cancelled on the way, is withdrawn at the service too',
      run: async (bench) => {
        const { path } = await largeFile(bench, 'withdrawn.bin');
        bench.faults.inject({ kind: 'status', status: 403 }, 'part');
        await bench.refuses(() => bench.store.writeFile('withdrawn/a.bin', path), 'access-denied', 'withdrawn/a.bin');
        bench.faults.clear();
        assert.equal(await bench.unfinishedUploads(), 0);

        const controller = new AbortController();
        bench.faults.inject({ kind: 'hang' }, 'part', 100);
        const { running } = await bench.arrivalOf(() => bench.store.writeFile('withdrawn/b.bin', path, { signal: controller.signal }), 'part');
        controller.abort();
        await assert.rejects(running, isError('cancelled', 'withdrawn/b.bin'));
        bench.faults.clear();
        assert.equal(await bench.unfinishedUploads(), 0);
        assert.deepEqual(await listAll(bench.store, 'withdrawn', { recursive: true }), []);
      },
    },
    {
      id: 'write-large-repeat',
      title: 'single parts of a large write are repeated, not the whole',
      run: async (bench) => {
        const { path, bytes } = await largeFile(bench, 'repeated.bin');
        const before = bench.faults.seen();
        await bench.store.writeFile('repeated/plain.bin', path);
        const usual = bench.faults.seen() - before;
        bench.faults.inject({ kind: 'status', status: 503 }, 'part');
        bench.faults.inject({ kind: 'reset' }, 'part');
        const begun = bench.faults.seen();
        await bench.store.writeFile('repeated/file.bin', path);
        // Two parts again, and a question each about what has arrived where services are asked.
        assert.ok(bench.faults.seen() - begun <= usual + 4, `${bench.faults.seen() - begun} requests instead of ${usual}`);
        assertBytes(await bench.store.read('repeated/file.bin'), bytes);
      },
    },
    {
      id: 'write-if-absent',
      title: 'conditional create (412): an existing object is not replaced, small or large',
      run: async (bench) => {
        const { store } = bench;
        const { path } = await largeFile(bench, 'conditional.bin');
        await store.write('once/small', 'first', { ifAbsent: true });
        await assert.rejects(store.write('once/small', 'second', { ifAbsent: true }), isError('already-exists', `${store.uri}/once/small`));
        assert.equal(text(await store.read('once/small')), 'first');
        await assert.rejects(store.writeFile('once/small', path, { ifAbsent: true }), isError('already-exists'));
        await store.writeFile('once/large', path, { ifAbsent: true });
        await assert.rejects(store.writeFile('once/large', path, { ifAbsent: true }), isError('already-exists'));
        assert.deepEqual((await listAll(store, 'once')).map((entry) => entry.key), ['once/large', 'once/small']);
      },
    },
    {
      id: 'write-if-absent-race',
      title: 'of many simultaneous first writers one gets through',
      run: async (bench) => {
        const { store } = bench;
        const winner = await oneWinner('race/lock', (index) => store.write('race/lock', `writer ${index}`, { ifAbsent: true }), 8);
        assert.equal(text(await store.read('race/lock')), `writer ${winner}`);
      },
    },
    {
      id: 'write-if-absent-race-large',
      title: 'of simultaneous first writers of a large object one gets through, whole',
      run: async (bench) => {
        const { store } = bench;
        const content = (index: number): Uint8Array => new Uint8Array(10_000_000).fill(index + 1);
        const winner = await oneWinner('race/large', (index) => store.write('race/large', content(index), { ifAbsent: true }), 3);
        assertBytes(await store.read('race/large'), content(winner));
      },
    },
    {
      id: 'write-if-version',
      title: 'conditional replace (412): what somebody else has changed meanwhile is not overwritten',
      run: async ({ store }) => {
        const first = await store.write('edited/table.tsv', 'one');
        const second = await store.write('edited/table.tsv', 'two, by me', { ifVersion: first.version });
        assert.equal((await store.stat('edited/table.tsv'))?.version, second.version);
        await assert.rejects(store.write('edited/table.tsv', 'three', { ifVersion: first.version }), isError('changed', `${store.uri}/edited/table.tsv`));
        assert.equal(text(await store.read('edited/table.tsv')), 'two, by me');
        await assert.rejects(store.write('edited/none.tsv', 'x', { ifVersion: first.version }), isError('changed'));
        assert.equal(await store.stat('edited/none.tsv'), undefined);
        await store.delete('edited/table.tsv');
        await assert.rejects(store.write('edited/table.tsv', 'x', { ifVersion: second.version }), isError('changed'));
      },
    },
    {
      id: 'write-if-version-race',
      title: 'of simultaneous editors of one version one gets through',
      run: async ({ store }) => {
        const { version } = await store.write('race/table', 'before');
        const winner = await oneWinner('race/table', (index) => store.write('race/table', `editor ${index}`, { ifVersion: version }), 6, 'changed');
        assert.equal(text(await store.read('race/table')), `editor ${winner}`);
      },
    },
    {
      id: 'write-if-version-lost-answer',
      title: 'a conditional replace whose answer is lost is not taken for somebody else\'s',
      run: async (bench) => {
        const { store } = bench;
        const { version } = await store.write('lost/table', 'before');
        bench.faults.inject({ kind: 'lose-answer' }, 'finish');
        const written = await store.write('lost/table', 'mine', { ifVersion: version });
        assert.equal((await store.stat('lost/table'))?.version, written.version);
        assert.equal(text(await store.read('lost/table')), 'mine');
      },
    },
    {
      id: 'write-lost-answer',
      title: 'a write whose answer is lost is recognised: a conditional create is not taken for another\'s',
      run: async (bench) => {
        const { store } = bench;
        bench.faults.inject({ kind: 'lose-answer' }, 'finish');
        const written = await store.write('lost/small', 'mine', { ifAbsent: true });
        assert.equal((await store.stat('lost/small'))?.version, written.version);
        bench.faults.inject({ kind: 'lose-answer' }, 'finish');
        const large = await store.write('lost/large', pattern(9_000_000), { ifAbsent: true });
        assert.equal(large.size, 9_000_000);
        assertBytes(await store.read('lost/large'), pattern(9_000_000));
        bench.faults.inject({ kind: 'lose-answer' }, 'finish');
        assert.equal((await store.write('lost/large', pattern(9_000_001))).size, 9_000_001, 'an unconditional one');
        assertBytes(await store.read('lost/large'), pattern(9_000_001));
        bench.faults.inject({ kind: 'lose-answer' }, 'finish');
        await assert.rejects(store.write('lost/small', 'other', { ifAbsent: true }), isError('already-exists'));
        bench.faults.clear();
        assert.equal(text(await store.read('lost/small')), 'mine');
      },
    },
    {
      id: 'write-delete',
      title: 'deleted objects are gone; deleting an absent one is no error',
      run: async ({ store }) => {
        await store.write('gone/one', '1');
        await store.delete('gone/one');
        assert.equal(await store.stat('gone/one'), undefined);
        assert.equal(await store.read('gone/one'), undefined);
        assert.deepEqual(await listAll(store, 'gone', { recursive: true }), []);
        await store.delete('gone/one');
      },
    },
    {
      id: 'write-storage-class',
      title: 'written objects have the storage class that was asked for, small and large',
      run: async (bench) => {
        const storageClass = bench.choice('storageClass');
        const store = await bench.open({ storage: { storageClass } });
        await store.write('class/small', 'x');
        await store.write('class/large', pattern(9_000_000));
        await bench.store.write('class/plain', 'x');
        assert.equal((await bench.attributes('class/small')).storageClass, storageClass);
        assert.equal((await bench.attributes('class/large')).storageClass, storageClass);
        assert.notEqual((await bench.attributes('class/plain')).storageClass, storageClass);
      },
    },
    {
      id: 'write-encryption',
      title: 'written objects are encrypted by the provider where that was asked for',
      run: async (bench) => {
        const store = await bench.open({ storage: { encryption: 'provider' } });
        await store.write('encrypted/small', 'x');
        await store.write('encrypted/large', pattern(9_000_000));
        assert.equal((await bench.attributes('encrypted/small')).encryption, 'provider');
        assert.equal((await bench.attributes('encrypted/large')).encryption, 'provider');
        assert.equal(text(await store.read('encrypted/small')), 'x');
      },
    },
    {
      id: 'write-encryption-key',
      title: 'written objects are encrypted by the key of the key management that was named',
      run: async (bench) => {
        const encryptionKey = bench.choice('encryptionKey');
        const store = await bench.open({ storage: { encryption: 'kms', encryptionKey } });
        await store.write('kms/small', 'x');
        await store.write('kms/large', pattern(9_000_000));
        for (const key of ['kms/small', 'kms/large']) {
          const { encryption, encryptionKey: used } = await bench.attributes(key);
          assert.deepEqual([encryption, used], ['kms', encryptionKey]);
        }
        assert.equal(text(await store.read('kms/small')), 'x');
      },
    },
  ],
};
