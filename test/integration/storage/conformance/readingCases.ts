import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../../../../runner/storage/digest.ts';
import type { ByteRange, Checksums } from '../../../../runner/storage/objectStore.ts';
import { assertBytes, isError, listAll, pattern, text } from './assertions.ts';
import type { Bench, CaseGroup } from './case.ts';

async function digits(bench: Bench): Promise<(range: ByteRange) => Promise<string | undefined>> {
  await bench.store.write('range/digits', '0123456789');
  return async (range) => text(await bench.store.read('range/digits', { range }));
}

export const readingCases: CaseGroup = {
  title: 'Reading',
  cases: [
    {
      id: 'read-absent',
      title: 'an absent object (404) is none, and no error; an absent folder is empty',
      run: async ({ store }) => {
        assert.equal(await store.stat('nothing.txt'), undefined);
        assert.equal(await store.read('nothing.txt'), undefined);
        assert.equal(await store.read('no/thing.txt', { range: { suffix: 4 } }), undefined);
        assert.equal(await store.read('no/thing.txt', { range: { offset: 2, length: 0 } }), undefined);
        assert.deepEqual(await listAll(store, 'no/such/folder'), []);
        assert.deepEqual(await listAll(store, 'no/such/folder', { recursive: true }), []);
        await store.delete('nothing.txt');
      },
    },
    {
      id: 'read-back',
      title: 'what was written comes back, with its size, and a version that changes with the content',
      run: async ({ store }) => {
        const first = await store.write('basic/a.txt', 'alpha');
        assert.equal(first.key, 'basic/a.txt');
        assert.equal(first.size, 5);
        assert.equal(text(await store.read('basic/a.txt')), 'alpha');
        const stat = await store.stat('basic/a.txt');
        assert.equal(stat?.size, 5);
        assert.equal(stat?.version, first.version);
        const listed = await listAll(store, 'basic');
        assert.deepEqual(listed.map((entry) => (entry.kind === 'object' ? [entry.key, entry.size, entry.version] : [])), [['basic/a.txt', 5, first.version]]);
        const second = await store.write('basic/a.txt', new TextEncoder().encode('ALPHA BETA'));
        assert.notEqual(second.version, first.version);
        assert.equal(text(await store.read('basic/a.txt')), 'ALPHA BETA');
      },
    },
    {
      id: 'read-version',
      title: 'one version of an object is read and no other; where there is another, that is an error of its own',
      run: async ({ store }) => {
        const first = await store.write('version/object', 'the first');
        assert.equal(text(await store.read('version/object', { ifVersion: first.version })), 'the first');
        const [listed] = await listAll(store, 'version');
        assert.ok(listed.kind === 'object');
        assert.equal(text(await store.read('version/object', { ifVersion: listed.version, range: { offset: 4 } })), 'first');
        const second = await store.write('version/object', 'THE OTHER');
        const ranges: readonly (ByteRange | undefined)[] = [undefined, { offset: 4, length: 2 }, { suffix: 3 }, { offset: 2, length: 0 }];
        for (const range of ranges) await assert.rejects(store.read('version/object', { ifVersion: first.version, range }), isError('changed', `${store.uri}/version/object`));
        assert.equal(text(await store.read('version/object', { ifVersion: second.version })), 'THE OTHER');
        await store.delete('version/object');
        assert.equal(await store.read('version/object', { ifVersion: second.version }), undefined);
      },
    },
    {
      id: 'read-checksums',
      title: 'checksums, where the service tells them, are those of the content',
      run: async ({ store }) => {
        const content = 'voxels';
        await store.write('sums/object', content);
        const [listed] = await listAll(store, 'sums');
        const told = [(await store.stat('sums/object', { checksums: true }))?.checksums ?? {}, listed.kind === 'object' ? listed.checksums ?? {} : {}];
        for (const [kind, value] of told.flatMap((each) => Object.entries(each) as [keyof Checksums, string][])) {
          assert.equal(value, digestOf(kind === 'maybeMd5' ? 'md5' : kind, new TextEncoder().encode(content)), kind);
        }
      },
    },
    {
      id: 'read-modified',
      title: 'objects tell when they were written',
      run: async ({ store }) => {
        await store.write('time/a', 'x');
        const modified = (await store.stat('time/a'))?.modified ?? 0;
        assert.ok(Math.abs(modified - Date.now()) < 600_000, `written at ${modified}`);
        const [listed] = await listAll(store, 'time');
        // Some services tell whole seconds in one answer and milliseconds in another.
        assert.ok(listed.kind === 'object' && Math.abs((listed.modified ?? 0) - modified) <= 1000);
      },
    },
    {
      id: 'read-empty',
      title: 'empty objects, whole and by ranges',
      run: async ({ store }) => {
        await store.write('basic/empty', '');
        assert.equal((await store.stat('basic/empty'))?.size, 0);
        assert.equal((await store.read('basic/empty'))?.length, 0);
        assert.equal((await store.read('basic/empty', { range: { suffix: 8 } }))?.length, 0);
        assert.equal((await store.read('basic/empty', { range: { offset: 0, length: 8 } }))?.length, 0);
      },
    },
    {
      id: 'read-own-bytes',
      title: 'bytes given or received are the caller\'s own',
      run: async ({ store }) => {
        const bytes = pattern(64);
        await store.write('own/bytes', bytes);
        bytes.fill(0);
        const read = await store.read('own/bytes');
        assert.deepEqual(read, pattern(64));
        read?.fill(1);
        assert.deepEqual(await store.read('own/bytes'), pattern(64));
      },
    },
    {
      id: 'read-range',
      title: 'ranges, with and without an end',
      run: async (bench) => {
        const read = await digits(bench);
        assert.equal(await read({ offset: 2, length: 3 }), '234');
        assert.equal(await read({ offset: 0, length: 1 }), '0');
        assert.equal(await read({ offset: 7 }), '789');
        assert.equal(await read({ offset: 3, length: 0 }), '');
      },
    },
    {
      id: 'read-suffix',
      title: 'suffix ranges: the last bytes',
      run: async (bench) => {
        const read = await digits(bench);
        assert.equal(await read({ suffix: 4 }), '6789');
        assert.equal(await read({ suffix: 40 }), '0123456789');
        assert.equal(await read({ suffix: 0 }), '');
      },
    },
    {
      id: 'read-past-end',
      title: 'ranges that reach past the end are cut, those beyond it (416) are empty',
      run: async (bench) => {
        const read = await digits(bench);
        assert.equal(await read({ offset: 8, length: 10 }), '89');
        assert.equal(await read({ offset: 10, length: 5 }), '');
        assert.equal(await read({ offset: 1000 }), '');
        await assert.rejects(bench.store.read('range/digits', { range: { offset: -1 } }), RangeError);
      },
    },
    {
      id: 'read-large',
      title: 'a large object, whole and in part, at once from many sides',
      run: async ({ store, scratch }) => {
        const bytes = pattern(20 * 1024 * 1024 + 17);
        const path = join(scratch, 'read-large.bin');
        await writeFile(path, bytes);
        await store.writeFile('read/large.bin', path);
        assertBytes(await store.read('read/large.bin'), bytes);
        const step = Math.floor(bytes.length / 24);
        await Promise.all(Array.from({ length: 24 }, async (_, index) => {
          const offset = index * step;
          assertBytes(await store.read('read/large.bin', { range: { offset, length: 5000 } }), bytes.subarray(offset, offset + 5000), `range at ${offset}`);
        }));
      },
    },
    {
      id: 'read-replaced',
      title: 'a read that goes on after an interruption never mixes two versions of an object',
      run: async (bench) => {
        await bench.put('replaced/big.bin', new Uint8Array(2_000_000).fill(1));
        let replaced = false;
        const store = await bench.open({
          surroundings: {
            sleep: async () => {
              if (!replaced) await bench.put('replaced/big.bin', new Uint8Array(1_500_000).fill(2));
              replaced = true;
            },
          },
        });
        bench.faults.inject({ kind: 'reset', afterBytes: 700_000 }, 'read');
        assertBytes(await store.read('replaced/big.bin'), new Uint8Array(1_500_000).fill(2));
        assert.ok(replaced);
      },
    },
  ],
};

export const namingCases: CaseGroup = {
  title: 'Names',
  cases: [
    {
      id: 'names-odd',
      title: 'spaces, accents, emoji, and signs that mean something in URLs (#?%+&=)',
      run: async ({ store }) => {
        const keys = ['odd/with space.txt', 'odd/a+b=c&d.txt', 'odd/50%25.txt', 'odd/what?#hash.txt', 'odd/Größe-β-脳.txt', "odd/(it's)!*~.txt", 'odd/a@b,c;$.txt', 'odd/.hidden', 'odd/emoji-\u{1f9e0}/x', 'odd/100%/x y', 'odd/[sub]{1}|^`"<>.txt'];
        for (const key of keys) await store.write(key, key);
        for (const key of keys) {
          assert.equal(text(await store.read(key)), key);
          assert.equal((await store.stat(key))?.size, new TextEncoder().encode(key).length);
          assert.equal(text(await store.read(key, { range: { suffix: 3 } })), text(new TextEncoder().encode(key).slice(-3)));
        }
        const listed = await listAll(store, 'odd', { recursive: true });
        assert.deepEqual(listed.map((entry) => entry.key).sort(), [...keys].sort());
        assert.deepEqual((await listAll(store, 'odd')).filter((entry) => entry.kind === 'folder').map((entry) => entry.key).sort(), ['odd/100%/', 'odd/emoji-\u{1f9e0}/']);
        assert.deepEqual((await listAll(store, 'odd/100%')).map((entry) => entry.key), ['odd/100%/x y']);
        for (const key of keys) await store.delete(key);
        assert.deepEqual(await listAll(store, 'odd', { recursive: true }), []);
      },
    },
    {
      id: 'names-refused',
      title: 'names that leave the store or mean nothing are refused (.., absolute, trailing slash, //, control characters)',
      run: async ({ store }) => {
        for (const key of ['', '/etc/passwd', '..', '../up', 'a/../../up', 'a//b', 'a/', './a', 'a\0b', 'line\nbreak']) {
          await assert.rejects(store.read(key), isError('bad-option', store.uri));
          await assert.rejects(store.write(key, 'x'), isError('bad-option'));
          await assert.rejects(store.writeFile(key, '/dev/null'), isError('bad-option'));
          await assert.rejects(store.stat(key), isError('bad-option'));
          await assert.rejects(store.delete(key), isError('bad-option'));
        }
        await assert.rejects(listAll(store, '../up'), isError('bad-option'));
      },
    },
    {
      id: 'names-unusable',
      title: 'objects that no usable name leads to (ending in a slash, with // or ..) are not listed, but told of to who asks',
      run: async (bench) => {
        const { store } = bench;
        await store.write('unusable/a', '');
        const odd = ['unusable/', 'unusable/../c', 'unusable//b', 'unusable/marker/'];
        for (const key of odd) await bench.putOdd(key, '');
        const told: string[] = [];
        assert.deepEqual((await listAll(store, 'unusable', { recursive: true, unusable: ({ name }) => { told.push(name); } })).map((entry) => entry.key), ['unusable/a']);
        assert.deepEqual(told.sort(), [...odd].sort());
        assert.deepEqual((await listAll(store, 'unusable')).map((entry) => entry.key).sort(), ['unusable/a', 'unusable/marker/']);
      },
    },
  ],
};
