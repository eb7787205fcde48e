import assert from 'node:assert/strict';
import type { Checksums, ObjectStat } from '../../../runner/storage/objectStore.ts';
import { decide, sameChecksums } from '../../../runner/transfer/policy.ts';
import type { Evidence } from '../../../runner/transfer/policy.ts';
import { Random } from './random.ts';

const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
const other = '900150983cd24fb0d6963f7d28e17f72';

function stat(change: Partial<ObjectStat> = {}): ObjectStat {
  return { key: 'a', size: 10, version: 'v1', modified: 1_000_000, ...change };
}

function evidence(change: Partial<Evidence> = {}): Evidence {
  return { source: stat(), destination: stat({ version: 'd1' }), record: undefined, forced: false, byContent: false, ...change };
}

describe('what becomes of an object', () => {
  const record = { key: 'a', size: 10, source: 'v1', destination: 'd1' };
  const cases: readonly [string, Partial<Evidence>, string, string?][] = [
    ['is copied when the destination has none', { destination: undefined }, 'copy', 'new'],
    ['is deleted, or not, when the source has none', { source: undefined }, 'delete'],
    ['is copied when sizes differ, also when it is older', { source: stat({ size: 11, modified: 1 }) }, 'copy', 'size-differs'],
    ['is left when both sides tell equal checksums, also when it is newer', { source: stat({ modified: 9e9, checksums: { md5 } }), destination: stat({ checksums: { md5 } }) }, 'skip', 'same-content'],
    ['is copied when both sides tell different ones, also when it is older', { source: stat({ modified: 1, checksums: { crc32c: '01' } }), destination: stat({ checksums: { crc32c: '02' } }) }, 'copy', 'content-differs'],
    ['is left when the tag of one is the MD5 of the other', { source: stat({ modified: 9e9, checksums: { maybeMd5: md5 } }), destination: stat({ checksums: { md5 } }) }, 'skip', 'same-content'],
    ['is judged by time when tags differ that may be no MD5s', { source: stat({ checksums: { maybeMd5: other } }), destination: stat({ checksums: { md5 } }) }, 'skip', 'not-newer'],
    ['is left when it is known to have been copied, also when it is newer', { record, source: stat({ modified: 9e9 }) }, 'skip', 'copied-before'],
    ['is copied when the source has another version than was copied, also when that is older', { record, source: stat({ version: 'v0', modified: 1 }) }, 'copy', 'source-changed'],
    ['is copied when somebody has changed the destination', { record, destination: stat({ version: 'd2', modified: 9e9 }) }, 'copy', 'destination-changed'],
    ['is copied when the source is newer', { source: stat({ modified: 1_002_000 }) }, 'copy', 'source-newer'],
    ['is left within the second that services round by', { source: stat({ modified: 1_000_900 }) }, 'skip', 'not-newer'],
    ['is copied when no time is told', { source: { key: 'a', size: 10, version: 'v1' } }, 'copy', 'age-unknown'],
    ['is copied when everything is', { forced: true, record }, 'copy', 'forced'],
    ['is left when both are empty', { source: stat({ size: 0, modified: 9e9 }), destination: stat({ size: 0 }) }, 'skip', 'same-content'],
    ['is compared by content when that is asked for and nothing tells', { byContent: true, record }, 'compare'],
    ['is not read when sizes differ', { byContent: true, source: stat({ size: 1 }) }, 'copy', 'size-differs'],
    ['is copied when reading shows a difference', { byContent: true, sameContent: false, record }, 'copy', 'content-differs'],
    ['is left when reading shows none', { byContent: true, sameContent: true, source: stat({ modified: 9e9 }) }, 'skip', 'same-content'],
  ];
  for (const [title, change, what, why] of cases) {
    it(title, () => {
      const decision = decide(evidence(change));
      assert.equal(decision.do, what);
      if (why !== undefined) assert.equal('why' in decision && decision.why, why);
    });
  }

  /** A world in which versions tell contents apart, seen through listings that tell more or less. */
  it('never leaves an older content in place, whatever is told, once a copy was made and noted', () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const random = new Random(seed);
      const contents = ['aa', 'bb', 'cc'];
      const told = random.pick(['none', 'md5', 'maybe', 'mixed'] as const);
      const sums = (content: string, side: 'source' | 'destination'): Checksums | undefined => {
        if (told === 'none' || (told === 'mixed' && side === 'source')) return undefined;
        return told === 'maybe' ? { maybeMd5: content.repeat(16) } : { md5: content.repeat(16) };
      };
      let clock = 1_000_000;
      let version = 0;
      const make = (content: string): { content: string; version: string; modified: number } => ({ content, version: `v${++version}`, modified: (clock += random.below(5000) * (random.chance(0.2) ? -1 : 1)) });
      let source = make(random.pick(contents));
      let destination: typeof source | undefined;
      let record: Evidence['record'];
      for (let step = 0; step < 8; step++) {
        const decision = decide({
          source: stat({ version: source.version, modified: source.modified, ...optionally(sums(source.content, 'source')) }),
          destination: destination && stat({ version: destination.version, modified: destination.modified, ...optionally(sums(destination.content, 'destination')) }),
          record, forced: false, byContent: false,
        });
        if (decision.do === 'copy') {
          destination = make(source.content);
          record = { key: 'a', size: 10, source: source.version, destination: destination.version };
        }
        assert.equal(destination?.content, source.content, `seed ${seed}, step ${step}: ${JSON.stringify({ decision, source, destination, record, told })}`);
        // What is left is left the next time too.
        if (random.chance(0.4)) source = make(random.pick(contents));
        else if (random.chance(0.2)) destination = make(random.pick(contents));
      }
    }
  });
});

function optionally(checksums: Checksums | undefined): { readonly checksums?: Checksums } {
  return checksums === undefined ? {} : { checksums };
}

describe('checksums of two sides', () => {
  it('are compared by a kind that both tell', () => {
    assert.equal(sameChecksums({ md5, crc32c: '1' }, { crc32c: '1' }), true);
    assert.equal(sameChecksums({ md5, crc32c: '1' }, { crc32c: '2', sha256: '3' }), false);
    assert.equal(sameChecksums({ md5 }, { sha256: '3' }), undefined);
    assert.equal(sameChecksums(undefined, { md5 }), undefined);
  });

  it('tell nothing by tags that differ and are perhaps no MD5s', () => {
    assert.equal(sameChecksums({ maybeMd5: md5 }, { maybeMd5: other }), undefined);
    assert.equal(sameChecksums({ maybeMd5: md5 }, { maybeMd5: md5 }), true);
  });
});
