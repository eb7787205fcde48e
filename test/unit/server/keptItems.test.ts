import assert from 'node:assert/strict';
import { KeptItems } from '../../../runner/server/indexes/keptItems.ts';
import type { IndexSnapshot, KeptPlace } from '../../../runner/server/indexes/indexCache.ts';
import { formatIndex, parseIndex, placeOfEnvironment } from '../../../runner/server/indexes/indexCache.ts';
import { Waiters } from '../../../runner/server/indexes/waiters.ts';

const item = (json: string): { readonly json: string; readonly mark: string; readonly checked: number } => ({ json, mark: 'm', checked: 1 });

describe('what was looked into', () => {
  it('is kept within bytes; what was not used for longest goes first', () => {
    const kept = new KeptItems(3 * 1300);
    for (const name of ['a', 'b', 'c']) kept.set(name, item('x'.repeat(1000)));
    kept.get('a');
    kept.set('d', item('x'.repeat(1000)));
    assert.deepEqual([...kept.entries()].map(([name]) => name), ['c', 'a', 'd']);
    kept.set('a', item('short'));
    assert.ok(kept.bytes < 3000, String(kept.bytes));
    kept.set('e', item('x'.repeat(10_000)));
    assert.equal(kept.get('e'), undefined, 'what is larger than all is not kept');
    kept.clear();
    assert.equal(kept.bytes, 0);
  });
});

describe('the file of what is known of a dataset', () => {
  const place: KeptPlace = { uri: 's3://lab/bids', storage: { awsProfile: 'lab' }, seenFrom: 'here' };
  const snapshot: IndexSnapshot = {
    root: {
      root: { labels: ['01', '1+', '2'], skipped: [{ path: 'sub-0_1', reason: 'odd' }], files: ['participants.tsv'], folders: ['derivatives'], versions: new Map([['participants.tsv', 'v1']]), crowded: false },
      facts: { name: 'Mäuse\n', derivatives: ['a'], fileProblems: [], table: { columns: ['sex', 'age'], rows: new Map([['01', { sex: 'F', age: '3' }], ['2', { sex: 'F', age: undefined }]]) } },
      checked: 7,
    },
    participants: [['01', { json: '{"images":[],"skipped":[]}', mark: 'm1', checked: 5 }]],
    images: [['sub-01/micr/x.ozx', { json: '{"a":"\\n"}', mark: 'm2', checked: 5 }]],
  };

  it('holds all of it, and says that it was not compared since', () => {
    const text = formatIndex(place, snapshot);
    const back = parseIndex(text, place);
    assert.deepEqual(back?.root, snapshot.root);
    assert.deepEqual(back?.participants, [['01', { ...snapshot.participants[0][1], checked: -Infinity }]]);
    assert.deepEqual(back?.images, [['sub-01/micr/x.ozx', { ...snapshot.images[0][1], checked: -Infinity }]]);
  });

  it('is nothing when a byte is another, when it is cut off, or about another place', () => {
    const text = formatIndex(place, snapshot);
    for (let at = 0; at < text.length; at += 7) {
      const spoilt = `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`;
      assert.equal(parseIndex(spoilt, place), undefined, `byte ${at}`);
      assert.equal(parseIndex(text.slice(0, at), place), undefined, `cut at ${at}`);
    }
    assert.equal(parseIndex(text, { ...place, uri: 's3://lab/other' }), undefined);
    assert.equal(parseIndex(text, { ...place, seenFrom: 'there' }), undefined);
  });

  it('is another for another profile, and the same after a new sign-in', () => {
    const here = placeOfEnvironment({ AWS_PROFILE: 'lab', AWS_SESSION_TOKEN: 'old', PATH: '/bin' });
    assert.equal(placeOfEnvironment({ AWS_SESSION_TOKEN: 'new', AWS_PROFILE: 'lab', PATH: '/usr/bin' }), here);
    assert.notEqual(placeOfEnvironment({ AWS_PROFILE: 'other' }), here);
    assert.notEqual(placeOfEnvironment({ AWS_PROFILE: 'lab', AWS_ENDPOINT_URL_S3: 'http://minio' }), here);
  });
});

describe('those who wait', () => {
  it('go on when it is far enough for them, leave when they are told to, and hear of a failure', async () => {
    const waiters = new Waiters();
    let grown = 0;
    const left: string[] = [];
    const leave = new AbortController();
    const few = waiters.until(() => grown >= 1, undefined, () => left.push('few'));
    const many = waiters.until(() => grown >= 2, undefined, () => left.push('many'));
    const gone = waiters.until(() => false, leave.signal, () => left.push('gone'));
    leave.abort();
    await assert.rejects(gone, /Cancelled/);
    grown = 1;
    waiters.look();
    await few;
    assert.deepEqual([waiters.size, left], [1, ['gone']]);
    waiters.fail(new Error('no more'));
    await assert.rejects(many, /no more/);
    await assert.rejects(waiters.until(() => true, AbortSignal.abort(), () => undefined), /Cancelled/);
  });
});
