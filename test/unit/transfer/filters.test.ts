import assert from 'node:assert/strict';
import { chooser, listedPrefixes } from '../../../runner/transfer/filters.ts';
import { isError } from '../../integration/storage/objectStoreSuite.ts';
import { Random } from './random.ts';

/** `+pattern` includes, `-pattern` excludes. */
function chosen(patterns: readonly string[], keys: readonly string[]): readonly string[] {
  return keys.filter(chooser(patterns.map((text) => ({ include: text.startsWith('+'), pattern: text.slice(1) }))));
}

const keys = [
  'README', 'participants.tsv', 'sub-01/micr/sub-01_SPIM.ome.zarr/0/c/0/0', 'sub-01/micr/sub-01_SPIM.ome.zarr/zarr.json', 'sub-01/micr/sub-01_SPIM.json',
  'sub-02/micr/sub-02_SPIM.json', 'derivatives/sub-01/report.html', 'derivatives/sub-01/table.tsv', '.bidsignore', 'x/.hidden/y',
];

describe('include and exclude', () => {
  it('let everything take part when there are none', () => {
    assert.deepEqual(chosen([], keys), keys);
  });

  it('leave out by name at any depth', () => {
    assert.deepEqual(chosen(['-*.tsv'], keys), keys.filter((key) => !key.endsWith('.tsv')));
    assert.deepEqual(chosen(['-*.ome.zarr'], keys), keys.filter((key) => !key.includes('.ome.zarr/')));
    assert.deepEqual(chosen(['-.*'], keys), keys.filter((key) => !key.includes('.bidsignore') && !key.includes('.hidden')));
  });

  it('begin at the source when they have a slash', () => {
    assert.deepEqual(chosen(['-/sub-01'], keys), keys.filter((key) => !key.startsWith('sub-01/')));
    assert.deepEqual(chosen(['-sub-01/micr'], keys), keys.filter((key) => !key.startsWith('sub-01/micr/')));
    assert.deepEqual(chosen(['-sub-01'], keys), keys.filter((key) => !key.includes('sub-01/')));
    assert.deepEqual(chosen(['-./README'], keys), keys.slice(1));
  });

  it('copy only what is included when an include comes first', () => {
    assert.deepEqual(chosen(['+participants.tsv', '+sub-02/'], keys), ['participants.tsv', 'sub-02/micr/sub-02_SPIM.json']);
  });

  it('are decided by the last that fits', () => {
    assert.deepEqual(chosen(['-*', '+*.tsv', '-derivatives'], keys), ['participants.tsv']);
    assert.deepEqual(chosen(['-derivatives', '-*', '+*.tsv'], keys), ['participants.tsv', 'derivatives/sub-01/table.tsv']);
    assert.deepEqual(chosen(['-sub-*/**', '+sub-0[2-9]'], ['sub-01/a', 'sub-02/a', 'sub-10/a']), ['sub-02/a']);
  });

  const fits: readonly (readonly [pattern: string, key: string, fits: boolean])[] = [
    ['a/**/z', 'a/z', true], ['a/**/z', 'a/b/c/z', true], ['a/**/z', 'a/bz', false],
    ['**/z', 'z', true], ['**/z', 'a/b/z', true], ['a/**', 'a/b/c', true], ['a/**', 'ab/c', false],
    ['a*z', 'a/z', false], ['a?z', 'abz', true], ['a?z', 'a/z', false], ['a?z', 'a\u{1f9e0}z', true],
    ['[ab].txt', 'b.txt', true], ['[!ab].txt', 'b.txt', false], ['[!ab].txt', 'c.txt', true], ['[^a].txt', 'c.txt', true], ['[]x].txt', '].txt', true], ['a[!b]c', 'a/c', false],
    ['a.b', 'axb', false], ['a+(b)', 'a+(b)', true], ['a|b', 'a', false], ['$x^', '$x^', true], ['a\\b', 'a\\b', true], ['[a', '[a', true],
    ['folder/', 'folder/file', true], ['folder/', 'x/folder/file', true], ['folder/', 'folder', false], ['Ä*', 'Äpfel', true], ['A*', 'apple', false],
  ];
  for (const [pattern, key, expected] of fits) {
    it(`${pattern} ${expected ? 'fits' : 'does not fit'} ${key}`, () => {
      assert.deepEqual(chosen([`+${pattern}`], [key]), expected ? [key] : []);
    });
  }

  it('refuse what is no pattern', () => {
    for (const pattern of ['', '/', './', '[z-a]']) assert.throws(() => chooser([{ include: true, pattern }]), isError('bad-option', JSON.stringify(pattern)));
  });
});

describe('what has to be listed for filters', () => {
  const prefixes = (...patterns: readonly string[]): readonly string[] | undefined => listedPrefixes(patterns.map((text) => ({ include: text.startsWith('+'), pattern: text.slice(1) })));

  it('is everything, unless includes that begin at the source come first', () => {
    assert.equal(prefixes(), undefined);
    assert.equal(prefixes('-*.tsv', '+/sub-01'), undefined);
    assert.equal(prefixes('+sub-01'), undefined, 'fits at any depth');
    assert.equal(prefixes('+/*/micr'), undefined);
    assert.equal(prefixes('+/a//b'), undefined);
    assert.equal(prefixes('+/a/../b'), undefined);
  });

  it('is what all keys that fit begin with, in order, each once', () => {
    assert.deepEqual(prefixes('+/sub-02', '-*.tmp', '+/sub-01', '+sub-01/micr/**', '+/sub-02/'), ['sub-01', 'sub-02']);
    assert.deepEqual(prefixes('+/sub-0[1-3]/micr', '+/participants.tsv'), ['participants.tsv', 'sub-0']);
  });

  it('has every key that filters choose', () => {
    const random = new Random(7);
    const path = (words: readonly string[]): string => Array.from({ length: 1 + random.below(3) }, () => random.pick(words)).join('/');
    for (let round = 0; round < 500; round++) {
      const filters = Array.from({ length: 1 + random.below(3) }, (_, at) => ({ include: at === 0 || random.chance(0.7), pattern: (random.chance(0.5) ? '/' : '') + path(['a', 'b', 'ab', 'a-b', '[a]', 'a*', '?', '**', '.']) }));
      const keys = Array.from({ length: 20 }, () => path(['a', 'b', 'ab', 'a-b', 'ba', '.']));
      const listed = listedPrefixes(filters);
      const fits = chooser(filters);
      assert.deepEqual(keys.filter((key) => fits(key) && listed !== undefined && !listed.some((prefix) => key.startsWith(prefix))), [], JSON.stringify(filters));
    }
  });
});
