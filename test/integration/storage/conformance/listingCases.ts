import assert from 'node:assert/strict';
import type { ListOptions } from '../../../../runner/storage/objectStore.ts';
import { childStore } from '../../../../runner/storage/open.ts';
import { listAll } from './assertions.ts';
import type { Bench, CaseGroup } from './case.ts';

const folders = 10_001;
const deepObjects = 1_200;
const files = 10;

const folderOf = (index: number): string => `many/sub-${String(index).padStart(5, '0')}`;

const filesOf = (name: string): readonly string[] => Array.from({ length: files }, (_, index) => `many/${name}-${String(index + 10)}.json`);

/** Benches whose store holds the many objects already: putting them takes a while. */
const filled = new WeakSet<object>();

/** 10,001 folders of one object each, ten objects before and ten behind them, and 1,200 in one folder. */
async function fill(bench: Bench): Promise<readonly string[]> {
  const keys = [
    ...Array.from({ length: folders }, (_, index) => `${folderOf(index)}/x`),
    ...Array.from({ length: deepObjects }, (_, index) => `many/deep/c/${String(index).padStart(4, '0')}`),
    ...filesOf('file'),
    ...filesOf('table'),
  ];
  if (!filled.has(bench.under)) {
    for (let from = 0; from < keys.length; from += 100) await Promise.all(keys.slice(from, from + 100).map((key) => bench.put(key, '{}')));
    filled.add(bench.under);
  }
  return keys;
}

export const listingCases: CaseGroup = {
  title: 'Listing',
  cases: [
    {
      id: 'list-level',
      title: 'one level (delimiter) of more than 10,000 folders and objects, in one order',
      run: async (bench) => {
        await fill(bench);
        const level = await listAll(bench.store, 'many/');
        const folderKeys = Array.from({ length: folders }, (_, index) => `${folderOf(index)}/`);
        assert.deepEqual(level.map((entry) => entry.key), ['many/deep/', ...filesOf('file'), ...folderKeys, ...filesOf('table')]);
        for (const entry of level) assert.equal(entry.kind, entry.key.endsWith('/') ? 'folder' : 'object');
        assert.equal((await listAll(bench.store, 'many/deep/c')).length, deepObjects);
        assert.deepEqual(await listAll(bench.store, 'man'), [], 'a folder is not a prefix');
      },
    },
    {
      id: 'list-recursive',
      title: 'everything below a folder of more than 10,000 objects, in order, each once',
      run: async (bench) => {
        const keys = await fill(bench);
        const all = await listAll(bench.store, 'many', { recursive: true });
        assert.deepEqual(all.map((entry) => entry.key), [...keys].sort());
        for (const entry of all) assert.ok(entry.kind === 'object' && entry.size === 2 && entry.version !== '');
      },
    },
    {
      id: 'list-prefix',
      title: 'only the names of a folder that begin as asked',
      run: async (bench) => {
        await fill(bench);
        const found = await listAll(bench.store, 'many', { namePrefix: 'sub-0999' });
        assert.deepEqual(found, Array.from({ length: 10 }, (_, index) => ({ kind: 'folder', key: `${folderOf(9990 + index)}/` })));
        assert.deepEqual((await listAll(bench.store, 'many', { namePrefix: 'file-1' })).length, 10);
        assert.deepEqual((await listAll(bench.store, 'many', { namePrefix: 'deep', recursive: true })).length, deepObjects);
        assert.deepEqual(await listAll(bench.store, 'many', { namePrefix: 'none' }), []);
      },
    },
    {
      id: 'list-after',
      title: 'only what comes after a name, by itself and with names that begin as asked',
      run: async (bench) => {
        await fill(bench);
        const names = async (options: ListOptions): Promise<string[]> => (await listAll(bench.store, 'many', options)).map((entry) => entry.key.slice('many/'.length));
        assert.deepEqual(await names({ startAfter: 'sub-09998/', namePrefix: 'sub-' }), ['sub-09999/', 'sub-10000/']);
        assert.deepEqual(await names({ startAfter: 'file-18.json', namePrefix: 'file-' }), ['file-19.json']);
        assert.equal((await names({ startAfter: 'file-19.json' })).length, folders + files);
        assert.deepEqual((await names({ startAfter: 'sub-10000' })).slice(0, 2), ['sub-10000/', 'table-10.json']);
        assert.deepEqual(await names({ startAfter: 'file-19.json', namePrefix: 'file-' }), []);
        assert.equal((await names({ startAfter: 'deep' })).at(0), 'deep/', 'a folder counts with its slash');
        assert.equal((await names({ startAfter: 'deep/' })).at(0), 'file-10.json');
        assert.deepEqual(await names({ startAfter: 'zzz' }), []);
      },
    },
    {
      id: 'list-child',
      title: 'a folder as a store of its own lists and reads by its own names',
      run: async (bench) => {
        await fill(bench);
        const child = childStore(bench.store, 'many/deep');
        assert.equal((await listAll(child, 'c', { recursive: true }))[0].key, 'c/0000');
        assert.equal((await child.read('c/0000'))?.length, 2);
        await assert.rejects(child.read('../file-10.json'));
      },
    },
    {
      id: 'list-stop',
      title: 'stops when the reader does: no page is fetched that nobody wants',
      run: async (bench) => {
        await fill(bench);
        const before = bench.under.faults?.seen() ?? 0;
        for await (const entry of bench.store.list('many', { recursive: true })) {
          assert.equal(entry.key, 'many/deep/c/0000');
          break;
        }
        assert.ok((bench.under.faults?.seen() ?? 0) - before <= 1);
      },
    },
  ],
};
