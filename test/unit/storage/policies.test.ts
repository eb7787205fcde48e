import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentType } from '../../../runner/storage/contentType.ts';
import { localError } from '../../../runner/storage/local/localErrors.ts';
import { nameIfAbsent } from '../../../runner/storage/local/localStore.ts';
import { compareKeys } from '../../../runner/storage/keyOrder.ts';
import { partSize } from '../../../runner/storage/partSize.ts';
import { resolveRange } from '../../../runner/storage/range.ts';
import { defaultRetryPolicy, retryDelay } from '../../../runner/storage/retry.ts';
import { Semaphore } from '../../../runner/storage/semaphore.ts';
import { isError } from '../../integration/storage/objectStoreSuite.ts';

describe('retry policy', () => {
  it('waits anywhere between nothing and a bound that doubles up to a limit', () => {
    const bounds = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) => retryDelay('throttled', attempt, 1));
    assert.deepEqual(bounds, [500, 1000, 2000, 4000, 8000, 16000, 20000, 20000, 20000]);
    assert.equal(retryDelay('throttled', 3, 0), 0);
    assert.equal(retryDelay('transient', 2, 0.25), 50);
  });

  it('ends after the attempts that a kind of fault deserves', () => {
    assert.equal(retryDelay('final', 1, 0.5), undefined);
    assert.notEqual(retryDelay('clock', 1, 0.5), undefined);
    assert.equal(retryDelay('clock', 2, 0.5), undefined);
    assert.equal(retryDelay('transient', defaultRetryPolicy.attempts.transient, 0.5), undefined);
  });

  it('waits at least as long as the service asks, within the limit', () => {
    assert.equal(retryDelay('throttled', 1, 0, defaultRetryPolicy, 3000), 3000);
    assert.equal(retryDelay('throttled', 1, 0, defaultRetryPolicy, 3_600_000), defaultRetryPolicy.capMs);
  });
});

describe('byte ranges', () => {
  it('are cut to the object', () => {
    assert.deepEqual(resolveRange(undefined, 10), { begin: 0, end: 10 });
    assert.deepEqual(resolveRange({ offset: 4, length: 100 }, 10), { begin: 4, end: 10 });
    assert.deepEqual(resolveRange({ offset: 40 }, 10), { begin: 10, end: 10 });
    assert.deepEqual(resolveRange({ suffix: 3 }, 10), { begin: 7, end: 10 });
    assert.deepEqual(resolveRange({ suffix: 30 }, 10), { begin: 0, end: 10 });
  });

  it('of negative or broken numbers are a defect', () => {
    assert.throws(() => resolveRange({ offset: -1 }, 10), RangeError);
    assert.throws(() => resolveRange({ offset: 0, length: 1.5 }, 10), RangeError);
    assert.throws(() => resolveRange({ suffix: Number.NaN }, 10), RangeError);
  });
});

describe('parts of an upload', () => {
  it('are never more than 10,000, and whole MiB', () => {
    assert.equal(partSize(9_000_000), 8 * 1024 * 1024);
    for (const size of [100e9, 1e12, 5e12]) {
      assert.ok(size / partSize(size) <= 10_000);
      assert.equal(partSize(size) % (1024 * 1024), 0);
    }
  });
});

describe('Semaphore', () => {
  it('lets only so many run, in the order of arrival', async () => {
    const semaphore = new Semaphore(2);
    const started: number[] = [];
    const finish: (() => void)[] = [];
    const all = [0, 1, 2, 3].map((index) => semaphore.use(() => new Promise<void>((resolve) => {
      started.push(index);
      finish[index] = resolve;
    }), undefined, 'test'));
    await Promise.resolve();
    assert.deepEqual(started, [0, 1]);
    finish[1]();
    await all[1];
    await Promise.resolve();
    assert.deepEqual(started, [0, 1, 2]);
    finish[0]();
    finish[2]();
    await all[2];
    await Promise.resolve();
    finish[3]();
    await Promise.all(all);
  });

  it('gives back the place of work that failed', async () => {
    const semaphore = new Semaphore(1);
    await assert.rejects(semaphore.use(async () => Promise.reject(new Error('no')), undefined, 'test'), /no/);
    assert.equal(await semaphore.use(async () => 7, undefined, 'test'), 7);
  });

  it('lets go of those whose signal is aborted while they wait', async () => {
    const semaphore = new Semaphore(1);
    let finish: () => void = () => undefined;
    const first = semaphore.use(() => new Promise<void>((resolve) => (finish = resolve)), undefined, 'test');
    const controller = new AbortController();
    const second = semaphore.use(async () => 2, controller.signal, 'second');
    const third = semaphore.use(async () => 3, undefined, 'third');
    controller.abort();
    await assert.rejects(second, isError('cancelled', 'second'));
    finish();
    await first;
    assert.equal(await third, 3);
  });
});

describe('file errors in words', () => {
  const systemError = (code: string): Error => Object.assign(new Error(`${code}: something`), { code });

  it('have the code that tells what to do', () => {
    const codes = [['ENOSPC', 'disk-full'], ['EDQUOT', 'disk-full'], ['EACCES', 'access-denied'], ['EPERM', 'access-denied'], ['EROFS', 'access-denied'], ['ENOENT', 'not-found'], ['EIO', 'network']] as const;
    for (const [system, code] of codes) isError(code, '/data/file')(localError(systemError(system), 'write', '/data/file'));
    isError('cancelled')(localError(Object.assign(new Error('aborted'), { name: 'AbortError' }), 'write', '/data/file'));
  });
});

describe('naming a file unless the name is taken', () => {
  it('works on disks without hard links too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spimquant-name-'));
    const noLinks = async (): Promise<never> => Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
    try {
      await writeFile(join(folder, 'one'), '1');
      await writeFile(join(folder, 'two'), '2');
      await nameIfAbsent(join(folder, 'one'), join(folder, 'target'), noLinks);
      assert.equal(await readFile(join(folder, 'target'), 'utf8'), '1');
      await assert.rejects(nameIfAbsent(join(folder, 'two'), join(folder, 'target'), noLinks), isError('already-exists', 'target'));
      assert.equal(await readFile(join(folder, 'target'), 'utf8'), '1');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('media types', () => {
  it('let reports open in a browser', () => {
    assert.equal(contentType('sub-01/report.html'), 'text/html; charset=utf-8');
    assert.equal(contentType('a.nii.gz'), 'application/gzip');
    assert.equal(contentType('img.zarr/0/0/0'), 'application/octet-stream');
  });
});

describe('order of keys', () => {
  it('is that of the bytes of UTF-8, as services list', () => {
    const letters = ['', '!', '-', '.', '/', 'A', 'a', 'z', '\u007f', 'é', 'ß', '\u0301', '脳', '\ud7ff', '\ue000', '\uff5e', '\uffff', '\u{10000}', '\u{1f9e0}', '\u{10ffff}'];
    const keys = letters.flatMap((a) => letters.flatMap((b) => [`${a}${b}`, `x/${b}${a}`]));
    const bytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual([...keys].sort(compareKeys), bytes);
    // JavaScript's own is another, or this test would prove nothing.
    assert.notDeepEqual([...keys].sort(), bytes);
  });
});
