import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareKeys } from '../../../runner/storage/keyOrder.ts';
import { digestOf } from '../../../runner/storage/digest.ts';
import { Budget } from '../../../runner/transfer/budget.ts';
import { checkDeletion } from '../../../runner/transfer/deletion.ts';
import { addToRate, perSecond, secondsLeft, startRate } from '../../../runner/transfer/rate.ts';
import { joinByKey } from '../../../runner/transfer/sides.ts';
import { sortByKey } from '../../../runner/transfer/sorting.ts';
import { startWhole } from '../../../runner/transfer/verify.ts';
import { isError } from '../../integration/storage/objectStoreSuite.ts';
import { all } from '../../integration/transfer/support.ts';
import { Random } from './random.ts';

describe('sorting more than fits into memory', () => {
  let folder: string;
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'spimquant-sort-')); });
  after(() => rm(folder, { recursive: true, force: true }));

  it('gives the order of keys, equal ones as they came, and leaves no files', async () => {
    const random = new Random(7);
    const rows = Array.from({ length: 5000 }, (_, at) => ({ key: String.fromCodePoint(random.pick([0x61, 0x7a, 0x2f, 0xe9, 0xffe0, 0x1f9e0]), 0x30 + random.below(10)).repeat(1 + random.below(2)), at }));
    async function* given(): AsyncGenerator<(typeof rows)[number]> { yield* rows; }
    for (const held of [64, 4999, 5000, 100_000]) {
      const sorted = await all(sortByKey(given(), folder, held));
      assert.deepEqual(sorted, [...rows].sort((a, b) => compareKeys(a.key, b.key) || a.at - b.at));
    }
    assert.deepEqual(await readdir(folder), []);
  });

  it('leaves no files when its reader stops', async () => {
    async function* given(): AsyncGenerator<{ readonly key: string }> { for (let at = 0; at < 100; at++) yield { key: String(99 - at) }; }
    for await (const { key } of sortByKey(given(), folder, 10)) if (key === '5') break;
    assert.deepEqual(await readdir(folder), []);
  });
});

describe('walking three lists side by side', () => {
  it('says of every key which of them have it', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed);
      const list = (): string[] => [...new Set(Array.from({ length: random.below(20) }, () => random.pick(['a', 'b', 'é', '\u{1f9e0}', '\uffe0']) + random.below(6)))].sort(compareKeys);
      const [a, b, c] = [list(), list(), list()];
      const rows = async function* (keys: readonly string[]): AsyncGenerator<{ readonly key: string }> { for (const key of keys) yield { key }; };
      const joined = await all(joinByKey(rows(a), rows(b), rows(c)));
      assert.deepEqual(joined.map(({ key }) => key), [...new Set([...a, ...b, ...c])].sort(compareKeys));
      for (const { key, source, destination, record } of joined) {
        assert.deepEqual([source, destination, record].map((row) => row !== undefined), [a, b, c].map((keys) => keys.includes(key)));
      }
    }
  });
});

describe('the rate of a transfer', () => {
  it('is the plain mean at first, and follows changes', () => {
    let rate = startRate(0);
    assert.equal(perSecond(rate, 0), 0);
    for (let now = 100; now <= 2000; now += 100) rate = addToRate(rate, 10, now);
    assert.ok(Math.abs(perSecond(rate, 2000) - 100) < 1);
    // Ten times as fast for a minute: what was before is forgotten.
    for (let now = 2100; now <= 62_000; now += 100) rate = addToRate(rate, 100, now);
    assert.ok(Math.abs(perSecond(rate, 62_000) - 1000) < 5);
    // Nothing comes: it falls.
    assert.ok(perSecond(rate, 70_000) < 500);
    assert.ok(perSecond(rate, 70_000) > 100);
  });

  it('counts what comes at the same moment, and stands a clock that is set back', () => {
    let rate = startRate(1000);
    rate = addToRate(rate, 50, 1000);
    rate = addToRate(rate, 50, 1000);
    rate = addToRate(rate, 0, 500);
    assert.ok(Number.isFinite(perSecond(rate, 2000)));
    assert.ok(perSecond(rate, 2000) > 50 && perSecond(rate, 2000) < 200);
  });

  it('tells the time left by whichever is slower, files or bytes', () => {
    assert.equal(secondsLeft({ files: 10, bytes: 1000 }, { filesPerSecond: 10, bytesPerSecond: 10 }), 100);
    assert.equal(secondsLeft({ files: 1000, bytes: 1000 }, { filesPerSecond: 10, bytesPerSecond: 1000 }), 100);
    assert.equal(secondsLeft({ files: 0, bytes: 0 }, { filesPerSecond: 0, bytesPerSecond: 0 }), 0);
    assert.equal(secondsLeft({ files: 5, bytes: 5 }, { filesPerSecond: 0, bytesPerSecond: 0 }), undefined);
  });
});

describe('the budget of a transfer', () => {
  const never = new AbortController().signal;

  it('keeps within places and bytes, in the order in which they were asked for', async () => {
    const budget = new Budget(3, 100);
    let [running, held, most, mostHeld] = [0, 0, 0, 0];
    const order: number[] = [];
    await Promise.all(Array.from({ length: 40 }, (_, at) => {
      const bytes = at === 5 ? 500 : 10 + (at % 4) * 10;
      return budget.use(bytes, never, 'x', async () => {
        order.push(at);
        running += 1;
        held += bytes;
        most = Math.max(most, running);
        if (bytes < 100) mostHeld = Math.max(mostHeld, held);
        else assert.equal(running, 1, 'a piece larger than all runs alone');
        await new Promise(setImmediate);
        running -= 1;
        held -= bytes;
      });
    }));
    assert.equal(most, 3);
    assert.ok(mostHeld <= 100);
    assert.deepEqual(order, Array.from({ length: 40 }, (_, at) => at));
  });

  it('lets go of who stops waiting, and of those behind', async () => {
    const budget = new Budget(1, 100);
    const abort = new AbortController();
    let end: () => void = () => undefined;
    const first = budget.use(1, never, 'x', () => new Promise<void>((resolve) => (end = resolve)));
    const second = budget.use(1, abort.signal, 'second', async () => undefined);
    const third = budget.use(1, never, 'x', async () => 'ran');
    abort.abort();
    await assert.rejects(second, isError('cancelled', 'second'));
    end();
    await first;
    assert.equal(await third, 'ran');
    await assert.rejects(budget.use(1, abort.signal, 'late', async () => undefined), isError('cancelled'));
  });
});

describe('the digest of a whole that comes in parts', () => {
  const bytes = Uint8Array.from({ length: 1050 }, (_, at) => at * 7);
  const parts = Array.from({ length: 11 }, (_, at) => bytes.subarray(at * 100, (at + 1) * 100));

  for (const kind of ['crc32', 'crc32c', 'md5', 'sha256'] as const) {
    it(`is that of the whole in whatever order they come: ${kind}`, async () => {
      for (const order of [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], [3, 0, 10, 1, 2, 7, 5, 4, 9, 6, 8]]) {
        const whole = startWhole(kind, bytes.length, 100);
        await Promise.all(order.map((at) => whole.add(at, parts[at])));
        assert.equal(whole.done(), digestOf(kind, bytes));
      }
    });
  }

  it('knows parts of an earlier process by their CRC, and cannot tell an MD5 without them', async () => {
    const first = startWhole('crc32c', bytes.length, 100);
    const { crc } = await first.add(4, parts[4]);
    const second = startWhole('crc32c', bytes.length, 100);
    second.had(4, crc);
    await Promise.all(parts.flatMap((part, at) => (at === 4 ? [] : [second.add(at, part)])));
    assert.equal(second.done(), digestOf('crc32c', bytes));
    const third = startWhole('md5', bytes.length, 100);
    third.had(4, undefined);
    await Promise.all(parts.flatMap((part, at) => (at === 4 ? [] : [third.add(at, part)])));
    assert.equal(third.done(), undefined);
  });

  it('does not keep parts waiting for one that will not come', async () => {
    const whole = startWhole('md5', bytes.length, 100);
    const waiting = whole.add(1, parts[1]);
    whole.stop();
    await waiting;
    await whole.add(2, parts[2]);
    assert.equal(whole.done(), undefined);
    assert.equal(createHash('md5').update(bytes).digest('hex'), digestOf('md5', bytes));
  });
});

describe('deleting what the source does not have', () => {
  const plan = (files: number, sourceFiles = 100, destinationFiles = 1000): Parameters<typeof checkDeletion>[0] => ({ delete: { files, bytes: files }, sourceFiles, destinationFiles });
  const check = (files: number, destination = 's3://lab/x', maxDelete?: number, sourceFiles?: number, destinationFiles?: number): void => {
    checkDeletion(plan(files, sourceFiles, destinationFiles), destination, { maxDelete }, '/home/me');
  };

  it('is done when it is a small part of what there is', () => {
    check(0);
    check(400);
    check(15, 's3://lab/x', undefined, 5, 16);
    check(0, '/', undefined, 0, 0);
  });

  it('is refused when the source is empty, whatever is allowed', () => {
    assert.throws(() => { check(1, 's3://lab/x', undefined, 0); }, isError('bad-option', 'source is empty', 'Nothing was changed'));
    assert.throws(() => { check(1, 's3://lab/x', 5, 0); }, isError('bad-option', 'source is empty'));
  });

  it('is refused when it is very much or most of what there is, unless so many are allowed', () => {
    assert.throws(() => { check(1001, 's3://lab/x', undefined, 100, 50_000); }, isError('bad-option', 'more than 1000', '--max_delete 1001'));
    assert.throws(() => { check(501, 's3://lab/x', undefined, 100, 1000); }, isError('bad-option', 'more than half of the 1000'));
    check(1001, 's3://lab/x', 1001, 100, 50_000);
    check(501, 's3://lab/x', 600);
    assert.throws(() => { check(501, 's3://lab/x', 500); }, isError('bad-option', '--max_delete allows 500', '501'));
  });

  it('is refused in a whole bucket, disk or home folder, unless so many are allowed', () => {
    for (const destination of ['s3://lab', 'gs://lab', 'az://acc/cont', '/', '/home/me', '/home']) {
      assert.throws(() => { check(3, destination); }, isError('bad-option', 'whole bucket, disk or home folder'), destination);
      check(3, destination, 3);
    }
    check(3, '/home/me/data');
  });
});
