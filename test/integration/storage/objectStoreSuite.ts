import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorCode } from '../../../runner/protocol/errors.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { ListEntry, ListOptions, ObjectStore } from '../../../runner/storage/objectStore.ts';
import { childStore } from '../../../runner/storage/open.ts';

/** A store to test, empty, and what to do when the tests are through with it. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** Adds an object in a quicker way than by `write`, if there is one. */
  readonly put?: (key: string, content: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Bytes that differ from block to block, so that a mix-up of parts shows. */
export function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

export function isError(code: ErrorCode, ...texts: readonly (string | RegExp)[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof SpimquantError, `expected a SpimquantError, got ${String(error)}`);
    assert.equal(error.code, code, `${error.message} (${String(error.cause)})`);
    const text = `${error.message}\n${error.hint ?? ''}\n${error.where ?? ''}`;
    for (const expected of texts) assert.ok(typeof expected === 'string' ? text.includes(expected) : expected.test(text), `${JSON.stringify(text)} does not mention ${String(expected)}`);
    return true;
  };
}

export async function listAll(store: ObjectStore, folder: string, options?: ListOptions): Promise<ListEntry[]> {
  const entries: ListEntry[] = [];
  for await (const entry of store.list(folder, options)) entries.push(entry);
  return entries;
}

export function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

/** What every {@link ObjectStore} does, whatever is behind it. */
export function objectStoreSuite(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`ObjectStore: ${name}`, () => {
    let under: StoreUnderTest;
    let store: ObjectStore;
    let scratch: string;

    before(async () => {
      under = await open();
      store = under.store;
      scratch = await mkdtemp(join(tmpdir(), 'spimquant-suite-'));
    });
    after(async () => {
      await under.close();
      await rm(scratch, { recursive: true, force: true });
    });

    it('has nothing before anything is written', async () => {
      assert.equal(await store.stat('nothing.txt'), undefined);
      assert.equal(await store.read('nothing.txt'), undefined);
      assert.equal(await store.read('no/thing.txt', { range: { suffix: 4 } }), undefined);
      assert.deepEqual(await listAll(store, ''), []);
      assert.deepEqual(await listAll(store, 'no/such/folder', { recursive: true }), []);
      await store.delete('nothing.txt');
    });

    it('gives back what was written, with its size, and a version that changes with the content', async () => {
      const first = await store.write('basic/a.txt', 'alpha');
      assert.equal(first.key, 'basic/a.txt');
      assert.equal(first.size, 5);
      assert.equal(text(await store.read('basic/a.txt')), 'alpha');
      const stat = await store.stat('basic/a.txt');
      assert.equal(stat?.size, 5);
      assert.equal(stat?.version, first.version);
      const second = await store.write('basic/a.txt', new TextEncoder().encode('ALPHA BETA'));
      assert.notEqual(second.version, first.version);
      assert.equal(text(await store.read('basic/a.txt')), 'ALPHA BETA');
      await store.write('basic/empty', '');
      assert.equal((await store.stat('basic/empty'))?.size, 0);
      assert.equal((await store.read('basic/empty'))?.length, 0);
      assert.equal((await store.read('basic/empty', { range: { suffix: 8 } }))?.length, 0);
    });

    it('is not changed by what the caller does to the bytes afterwards', async () => {
      const bytes = pattern(64);
      await store.write('own/bytes', bytes);
      bytes.fill(0);
      const read = await store.read('own/bytes');
      assert.deepEqual(read, pattern(64));
      read?.fill(1);
      assert.deepEqual(await store.read('own/bytes'), pattern(64));
    });

    it('reads ranges, suffixes, and less where the object ends', async () => {
      await store.write('range/digits', '0123456789');
      const read = async (range: Parameters<ObjectStore['read']>[1]): Promise<string | undefined> => text(await store.read('range/digits', range));
      assert.equal(await read({ range: { offset: 2, length: 3 } }), '234');
      assert.equal(await read({ range: { offset: 7 } }), '789');
      assert.equal(await read({ range: { offset: 8, length: 10 } }), '89');
      assert.equal(await read({ range: { offset: 10, length: 5 } }), '');
      assert.equal(await read({ range: { offset: 1000 } }), '');
      assert.equal(await read({ range: { offset: 3, length: 0 } }), '');
      assert.equal(await read({ range: { suffix: 4 } }), '6789');
      assert.equal(await read({ range: { suffix: 40 } }), '0123456789');
      assert.equal(await read({ range: { suffix: 0 } }), '');
    });

    it('keeps names with spaces, accents and signs that mean something in URLs', async () => {
      const keys = ['odd/with space.txt', 'odd/a+b=c&d.txt', 'odd/50%25.txt', 'odd/what?#hash.txt', 'odd/Größe-β-脳.txt', "odd/(it's)!*~.txt", 'odd/a@b,c;$.txt', 'odd/.hidden', 'odd/emoji-\u{1f9e0}/x'];
      for (const key of keys) await store.write(key, key);
      for (const key of keys) {
        assert.equal(text(await store.read(key)), key);
        assert.equal((await store.stat(key))?.size, new TextEncoder().encode(key).length);
      }
      const listed = await listAll(store, 'odd', { recursive: true });
      assert.deepEqual(listed.map((entry) => entry.key).sort(), [...keys].sort());
      for (const key of keys) await store.delete(key);
      assert.deepEqual(await listAll(store, 'odd', { recursive: true }), []);
    });

    it('lists thousands of objects over many pages, whole or by level', async () => {
      const entries = new Map<string, string>();
      for (let index = 0; index < 2500; index++) entries.set(`many/sub-${String(index % 5).padStart(2, '0')}/c/${String(index).padStart(4, '0')}`, '{}');
      for (let index = 0; index < 20; index++) entries.set(`many/${index < 10 ? 'file' : 'table'}-${String(index).padStart(2, '0')}.json`, '{}');
      const put = under.put ?? ((key, content) => store.write(key, content));
      const rows = [...entries];
      for (let from = 0; from < rows.length; from += 100) await Promise.all(rows.slice(from, from + 100).map(([key, content]) => put(key, content)));

      const all = await listAll(store, 'many', { recursive: true });
      assert.deepEqual(all.map((entry) => entry.key), [...entries.keys()].sort());
      for (const entry of all) assert.ok(entry.kind === 'object' && entry.size === 2 && entry.version !== '');

      const level = await listAll(store, 'many/');
      // Also where a service tells folders and objects apart.
      assert.deepEqual(level.map((entry) => entry.key), level.map((entry) => entry.key).sort());
      assert.deepEqual(level.filter((entry) => entry.kind === 'folder').map((entry) => entry.key), ['00', '01', '02', '03', '04'].map((label) => `many/sub-${label}/`));
      assert.equal(level.filter((entry) => entry.kind === 'object').length, 20);
      assert.equal((await listAll(store, 'many/sub-03/c')).length, 500);
      const after = async (name: string, namePrefix?: string): Promise<readonly string[]> => (await listAll(store, 'many', { startAfter: name, namePrefix })).map((entry) => entry.key);
      assert.deepEqual((await after('sub-02/')).slice(0, 3), ['many/sub-03/', 'many/sub-04/', 'many/table-10.json']);
      assert.deepEqual(await after('sub-02', 'sub-'), ['many/sub-02/', 'many/sub-03/', 'many/sub-04/']);
      assert.deepEqual(await after('file-08.json', 'file'), ['many/file-09.json']);
      assert.deepEqual(await after('zz'), []);
      assert.deepEqual(await listAll(store, 'man'), []);
      assert.equal((await listAll(childStore(store, 'many/sub-01'), 'c', { recursive: true }))[0].key, 'c/0001');
    });

    it('stops listing when the reader does', async () => {
      await store.write('stop/a', '1');
      await store.write('stop/b', '2');
      for await (const entry of store.list('stop')) {
        assert.equal(entry.key, 'stop/a');
        break;
      }
    });

    it('lets one of many simultaneous first writers through', async () => {
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => store.write('race/lock', `writer ${index}`, { ifAbsent: true })));
      const won = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [index] : []));
      assert.equal(won.length, 1);
      for (const outcome of outcomes) if (outcome.status === 'rejected') isError('already-exists', 'race/lock')(outcome.reason);
      assert.equal(text(await store.read('race/lock')), `writer ${won[0]}`);
      await assert.rejects(store.write('race/lock', 'late', { ifAbsent: true }), isError('already-exists', `${store.uri}/race/lock`));
    });

    it('shows readers the old content or the new, never a part', async () => {
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
    });

    it('takes large files and reads parts of them', async () => {
      const bytes = pattern(20 * 1024 * 1024 + 17);
      const path = join(scratch, 'large.bin');
      await writeFile(path, bytes);
      const written = await store.writeFile('large/file.bin', path);
      assert.equal(written.size, bytes.length);
      const read = await store.read('large/file.bin');
      assert.ok(read && Buffer.compare(read, bytes) === 0);
      const border = 8 * 1024 * 1024;
      assert.deepEqual(await store.read('large/file.bin', { range: { offset: border - 5, length: 10 } }), bytes.slice(border - 5, border + 5));
      assert.equal((await store.stat('large/file.bin'))?.version, written.version);
      await assert.rejects(store.writeFile('large/file.bin', path, { ifAbsent: true }), isError('already-exists'));
      await assert.rejects(store.writeFile('large/other.bin', join(scratch, 'absent.bin')), isError('not-found', 'absent.bin'));
      assert.equal(await store.stat('large/other.bin'), undefined);
    });

    it('deletes objects, and folders vanish with the last of theirs', async () => {
      await store.write('gone/one', '1');
      await store.delete('gone/one');
      assert.equal(await store.stat('gone/one'), undefined);
      assert.deepEqual(await listAll(store, 'gone', { recursive: true }), []);
    });

    it('refuses names that leave the store or mean nothing', async () => {
      for (const key of ['', '/etc/passwd', '../up', 'a/../../up', 'a//b', 'a/', './a', 'a\0b', 'line\nbreak']) {
        await assert.rejects(store.read(key), isError('bad-option', store.uri));
        await assert.rejects(store.write(key, 'x'), isError('bad-option'));
        await assert.rejects(store.stat(key), isError('bad-option'));
        await assert.rejects(store.delete(key), isError('bad-option'));
      }
      await assert.rejects(listAll(store, '../up'), isError('bad-option'));
      await assert.rejects(childStore(store, 'below').read('../race/lock'), isError('bad-option'));
    });

    it('does nothing once its signal is aborted', async () => {
      await store.write('abort/here', 'x');
      const signal = AbortSignal.abort();
      await assert.rejects(store.read('abort/here', { signal }), isError('cancelled', 'abort/here'));
      await assert.rejects(store.stat('abort/here', { signal }), isError('cancelled'));
      await assert.rejects(listAll(store, 'abort', { signal }), isError('cancelled'));
      await assert.rejects(store.write('abort/there', 'y', { signal }), isError('cancelled'));
      assert.equal(await store.stat('abort/there'), undefined);
    });

    it('cancels a large write without a trace', async () => {
      const controller = new AbortController();
      const path = join(scratch, 'cancelled.bin');
      await writeFile(path, pattern(20 * 1024 * 1024));
      const writing = store.writeFile('cancelled/file.bin', path, { signal: controller.signal });
      controller.abort();
      await assert.rejects(writing, isError('cancelled'));
      assert.deepEqual(await listAll(store, 'cancelled', { recursive: true }), []);
    });
  });
}
