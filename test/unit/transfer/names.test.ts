import assert from 'node:assert/strict';
import { compareKeys } from '../../../runner/storage/keyOrder.ts';
import { clashes } from '../../../runner/transfer/caseClashes.ts';
import type { PlannedName } from '../../../runner/transfer/caseClashes.ts';
import { FolderConflicts, imageOf, isImageRoot, isProtected, localNameProblem } from '../../../runner/transfer/names.ts';
import { all } from '../../integration/transfer/support.ts';
import { Random } from './random.ts';

describe('names that a disk cannot hold', () => {
  const problem = (key: string, platform: NodeJS.Platform = 'linux'): string | undefined => localNameProblem(key, '/data', platform);

  it('are those that are too long for it', () => {
    assert.equal(problem('a'.repeat(255)), undefined);
    assert.match(problem('a'.repeat(256)) ?? '', /longer than 255 bytes/);
    // Bytes, not letters.
    assert.match(problem('脳'.repeat(86)) ?? '', /255/);
    assert.match(problem(Array.from({ length: 30 }, () => 'a'.repeat(200)).join('/')) ?? '', /path would be longer/);
  });

  it('are those with control characters', () => {
    assert.match(problem('a\tb') ?? '', /control character/);
  });

  it('are many more on Windows, and are those of other systems there only', () => {
    for (const key of ['a:b', 'a\\b', 'x/con', 'NUL.txt', 'a.', 'a ', 'what?', 'COM1']) {
      assert.match(problem(key, 'win32') ?? '', /Windows cannot have/, key);
      assert.equal(problem(key), undefined, key);
    }
    for (const key of ['console', 'a.b c', 'comet/nul1']) assert.equal(problem(key, 'win32'), undefined, key);
  });
});

describe('keys that are both an object and a folder', () => {
  function conflicting(keys: readonly string[]): readonly string[] {
    const conflicts = new FolderConflicts<{ readonly key: string }>();
    const settled = [...keys].sort(compareKeys).flatMap((key) => conflicts.next({ key }));
    settled.push(...conflicts.end());
    // Every key comes back, once.
    assert.deepEqual(settled.map(({ item }) => item.key).sort(), [...keys].sort());
    return settled.filter(({ isFolder }) => isFolder).map(({ item }) => item.key).sort();
  }

  it('are found, also with others between the two', () => {
    assert.deepEqual(conflicting(['a', 'a b', 'a-1', 'a.txt', 'a/b', 'ab', 'b']), ['a']);
    assert.deepEqual(conflicting(['a', 'a-', 'a-/x', 'a/b', 'a/b/c']), ['a', 'a-', 'a/b']);
    assert.deepEqual(conflicting(['a', 'a!', 'a.', 'ab/c']), []);
  });

  it('are just those that a search over all pairs finds', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = new Random(seed);
      const keys = [...new Set(Array.from({ length: 30 }, () => Array.from({ length: 1 + random.below(4) }, () => Array.from({ length: 1 + random.below(2) }, () => random.pick(['a', '-', '!', '0', 'é'])).join('')).join('/')))];
      assert.deepEqual(conflicting(keys), keys.filter((key) => keys.some((each) => each.startsWith(`${key}/`))).sort(), `seed ${seed}`);
    }
  });
});

describe('names on a disk that does not tell capitals from small letters', () => {
  async function clashing(names: readonly PlannedName[]): Promise<readonly string[]> {
    async function* given(): AsyncGenerator<PlannedName> { yield* names; }
    return (await all(clashes(given(), '/nowhere'))).map(({ key, kind, other }) => `${kind} ${key} ${other}`);
  }

  it('clash with those that stay, and with each other', async () => {
    assert.deepEqual(await clashing([{ key: 'A.txt', kind: 'copy' }, { key: 'a.txt', kind: 'skip' }, { key: 'b', kind: 'copy' }, { key: 'B', kind: 'copy' }, { key: 'c', kind: 'copy' }]), ['copy A.txt a.txt', 'copy b B']);
    assert.deepEqual(await clashing([{ key: 'e\u0301', kind: 'copy' }, { key: 'É', kind: 'copy' }]), ['copy É e\u0301']);
  });

  it('keep a file of the destination from being deleted that is the one just copied', async () => {
    assert.deepEqual(await clashing([{ key: 'A', kind: 'copy' }, { key: 'a', kind: 'extra' }, { key: 'x', kind: 'extra' }, { key: 'X', kind: 'extra' }]), ['extra a A']);
  });
});

describe('what a key belongs to', () => {
  it('knows the metadata by which an image is known', () => {
    for (const key of ['a.ome.zarr/zarr.json', 'x/a.zarr/.zattrs', 'x/A.ZARR/.zgroup']) assert.ok(isImageRoot(key), key);
    for (const key of ['a.ome.zarr/0/zarr.json', 'zarr.json', 'a.ozx', 'a.ome.zarr/0/.zarray']) assert.ok(!isImageRoot(key), key);
    assert.equal(imageOf('x/a.ome.zarr/0/c/1'), 'x/a.ome.zarr/');
    assert.equal(imageOf('x/a.nii.gz'), undefined);
  });

  it('leaves alone what belongs to a run at work', () => {
    for (const key of ['.spimquant/lock.json', 'derivatives/x/.spimquant/work/a', '.spimquant/takeover-12.json']) assert.ok(isProtected(key), key);
    for (const key of ['.spimquant/output.json', '.spimquant/receipts/a.json', 'lock.json']) assert.ok(!isProtected(key), key);
  });
});
