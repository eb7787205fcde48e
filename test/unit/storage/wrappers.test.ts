import assert from 'node:assert/strict';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import { childStore, CountingStore, openStore } from '../../../runner/storage/open.ts';
import { readJson, readText } from '../../../runner/storage/read.ts';
import { isError, listAll, text } from '../../integration/storage/objectStoreSuite.ts';

describe('stores around stores', () => {
  it('make a folder look like a store of its own', async () => {
    const store = new MemoryStore('memory://lab');
    await store.write('a/b/c', 'deep');
    await store.write('top', 'top');
    const child = childStore(childStore(store, 'a'), 'b/');
    assert.equal(child.uri, 'memory://lab/a/b');
    assert.equal(text(await child.read('c')), 'deep');
    assert.equal((await child.stat('c'))?.key, 'c');
    assert.equal((await child.write('d', 'new')).key, 'd');
    assert.deepEqual((await listAll(child, '')).map((entry) => entry.key), ['c', 'd']);
    await child.delete('c');
    assert.deepEqual((await listAll(store, '', { recursive: true })).map((entry) => entry.key), ['a/b/d', 'top']);
    assert.equal(childStore(store, ''), store);
    assert.throws(() => childStore(store, '../x'), isError('bad-option'));
  });

  it('count what goes through', async () => {
    const counting = new CountingStore(new MemoryStore());
    await counting.write('a', '0123456789');
    await counting.read('a', { range: { offset: 2, length: 3 } });
    await counting.read('a');
    await counting.read('absent');
    assert.deepEqual(counting.counts, { bytesRead: 13, bytesWritten: 10, reads: 3, writes: 1 });
  });

  it('make virtual objects when they are read', async () => {
    const store = new MemoryStore();
    let made = 0;
    store.setVirtual('image/0', 4, () => {
      made += 1;
      return Uint8Array.of(1, 2, 3, 4);
    });
    assert.equal((await store.stat('image/0'))?.size, 4);
    assert.equal((await listAll(store, 'image')).length, 1);
    assert.equal(made, 0);
    assert.deepEqual(await store.read('image/0', { range: { suffix: 2 } }), Uint8Array.of(3, 4));
    assert.equal(made, 1);
  });

  it('read text and JSON, and name the file that is not', async () => {
    const store = new MemoryStore('memory://lab');
    await store.write('bom.json', '\ufeff{"a": 1}');
    await store.write('bad.json', '{"a": ');
    assert.equal(await readText(store, 'bom.json'), '{"a": 1}');
    assert.deepEqual(await readJson(store, 'bom.json'), { a: 1 });
    assert.equal(await readJson(store, 'absent.json'), undefined);
    await assert.rejects(readJson(store, 'bad.json'), isError('bad-dataset', 'memory://lab/bad.json'));
  });

  it('are opened by URI without touching anything', () => {
    assert.equal(openStore('s3://lab/a/').uri, 's3://lab/a');
    assert.equal(openStore('/data/x/').uri, '/data/x');
    assert.equal(openStore('gs://lab').uri, 'gs://lab');
    assert.equal(openStore('az://labaccount/brains/a').uri, 'az://labaccount/brains/a');
    assert.throws(() => openStore('ftp://lab'), isError('bad-option', 'ftp://'));
  });
});
