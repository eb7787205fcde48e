import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryPrefix } from '../../../runner/storage/local/localFiles.ts';
import { LocalStore, removeStaleTemporaries } from '../../../runner/storage/local/localStore.ts';
import { isError, listAll, text } from './objectStoreSuite.ts';

describe('LocalStore', () => {
  let folder: string;
  let store: LocalStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-local-'));
    store = new LocalStore(folder);
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  it('takes a folder for what it is, not for an object', async () => {
    await store.write('a/b/c', 'x');
    assert.equal(await store.read('a/b'), undefined);
    assert.equal(await store.stat('a/b'), undefined);
    assert.equal(await store.read('a/b/c/d'), undefined);
    assert.deepEqual(await listAll(store, 'a/b/c'), []);
    await assert.rejects(store.write('a/b', 'y'), isError('bad-option', join(folder, 'a/b')));
    await assert.rejects(store.write('a/b/c/d', 'y'), isError('bad-option'));
  });

  it('hides what interrupted writes left behind, and clears it away by age', async () => {
    await mkdir(join(folder, 'sub'));
    const old = join(folder, 'sub', `${temporaryPrefix}1-old`);
    await writeFile(old, 'half');
    await writeFile(join(folder, `${temporaryPrefix}2-new`), 'half');
    await utimes(old, 1000, 1000);
    await store.write('sub/good', 'x');
    assert.deepEqual((await listAll(store, '', { recursive: true })).map((entry) => entry.key), ['sub/good']);
    assert.equal(await removeStaleTemporaries(folder, 2_000_000), 1);
    assert.deepEqual((await readdir(folder)).sort(), [`${temporaryPrefix}2-new`, 'sub']);
    assert.deepEqual(await readdir(join(folder, 'sub')), ['good']);
    assert.equal(await removeStaleTemporaries(join(folder, 'absent'), 1), 0);
  });

  it('follows links, but not in circles, and does not list those that lead nowhere', async () => {
    await store.write('real/file', 'content');
    await symlink(join(folder, 'real'), join(folder, 'alias'));
    await symlink('..', join(folder, 'real', 'up'));
    await symlink(join(folder, 'missing'), join(folder, 'broken'));
    assert.equal(text(await store.read('alias/file')), 'content');
    assert.deepEqual((await listAll(store, '', { recursive: true })).map((entry) => entry.key), ['alias/file', 'real/file']);
    assert.deepEqual((await listAll(store, '')).map((entry) => entry.key), ['alias/', 'real/']);
  });

  it('lists in the order of whole keys', async () => {
    for (const key of ['a/z', 'a.txt', 'a-b/x', 'b', 'a0']) await store.write(key, '');
    assert.deepEqual((await listAll(store, '', { recursive: true })).map((entry) => entry.key), ['a-b/x', 'a.txt', 'a/z', 'a0', 'b']);
  });
});
