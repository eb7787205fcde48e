import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../../runner/protocol/errors.ts';
import type { ObjectStore } from '../../../../runner/storage/objectStore.ts';
import { listAll, pattern, text } from './assertions.ts';
import type { Bench, CaseGroup } from './case.ts';

/** Every kind of request of `store`, which is at the place of the bench's own store, is refused in the same way, and nothing is changed. */
async function allRefused(bench: Bench, store: ObjectStore, code: ErrorCode, ...texts: readonly (string | RegExp)[]): Promise<void> {
  await bench.store.write('access/a.txt', 'alpha');
  await bench.refuses(() => store.read('access/a.txt'), code, ...texts);
  await bench.refuses(() => store.read('access/a.txt', { range: { offset: 1, length: 2 } }), code, ...texts);
  await bench.refuses(() => store.read('access/absent.txt'), code, ...texts);
  await bench.refuses(() => store.stat('access/a.txt'), code, ...texts);
  await bench.refuses(() => listAll(store, 'access'), code, ...texts);
  await bench.refuses(() => store.write('access/b.txt', 'beta'), code, ...texts);
  await bench.refuses(() => store.write('access/b.txt', 'beta', { ifAbsent: true }), code, ...texts);
  await bench.refuses(() => store.write('access/large', pattern(9_000_000)), code, ...texts);
  await bench.refuses(() => store.delete('access/a.txt'), code, ...texts);
  assert.deepEqual((await listAll(bench.store, 'access')).map((entry) => entry.key), ['access/a.txt']);
}

export const accessCases: CaseGroup = {
  title: 'Access',
  cases: [
    {
      id: 'access-nobody',
      title: 'without any credentials: told so, with the ways to have some; nothing is sent unsigned',
      run: async (bench) => {
        const store = await bench.open({ who: 'nobody' });
        const before = bench.under.faults?.seen();
        await bench.refuses(() => store.read('a.txt'), 'auth-missing', '--anonymous');
        await bench.refuses(() => listAll(store, ''), 'auth-missing', '--anonymous');
        assert.equal(bench.under.faults?.seen(), before);
        await allRefused(bench, store, 'auth-missing', '--anonymous');
      },
    },
    {
      id: 'access-wrong',
      title: 'credentials that the service does not accept',
      run: async (bench) => allRefused(bench, await bench.open({ who: 'wrong' }), 'access-denied'),
    },
    {
      id: 'access-expired',
      title: 'credentials that have expired (401): told so, and how to sign in again',
      run: async (bench) => allRefused(bench, await bench.open({ who: 'expired' }), 'auth-expired', /again/i),
    },
    {
      id: 'access-renewed',
      title: 'a sign-in that is refused once (401) is renewed without a failure',
      run: async (bench) => {
        await bench.store.write('renewed/a.txt', 'alpha');
        bench.faults.inject({ kind: 'status', status: 401 }, 'read');
        assert.equal(text(await bench.store.read('renewed/a.txt')), 'alpha');
        bench.faults.inject({ kind: 'status', status: 401 }, 'list');
        assert.equal((await listAll(bench.store, 'renewed')).length, 1);
        bench.faults.inject({ kind: 'status', status: 401 }, 'finish');
        await bench.store.write('renewed/b.txt', 'beta');
        bench.faults.inject({ kind: 'status', status: 401 }, 'any', 100);
        await bench.refuses(() => bench.store.read('renewed/a.txt'), 'auth-expired', 'renewed/a.txt');
        bench.faults.clear();
        assert.equal(text(await bench.store.read('renewed/a.txt')), 'alpha');
      },
    },
    {
      id: 'access-denied',
      title: 'credentials without the right to it (403): never taken for an absent object',
      run: async (bench) => allRefused(bench, await bench.open({ who: 'stranger' }), 'access-denied', bench.store.uri),
    },
    {
      id: 'access-denied-once',
      title: 'a denial (403) is told at once, not tried again',
      run: async (bench) => {
        await bench.store.write('denied/a.txt', 'alpha');
        bench.faults.inject({ kind: 'status', status: 403 }, 'read');
        await bench.refuses(() => bench.store.read('denied/a.txt'), 'access-denied', `${bench.store.uri}/denied/a.txt`);
        bench.faults.inject({ kind: 'status', status: 403 }, 'list');
        await bench.refuses(() => listAll(bench.store, 'denied'), 'access-denied', `${bench.store.uri}/denied`);
      },
    },
    {
      id: 'access-anonymous-private',
      title: 'anonymous at a bucket that is not public',
      run: async (bench) => allRefused(bench, await bench.open({ who: 'anonymous' }), 'access-denied', '--anonymous'),
    },
    {
      id: 'access-anonymous-public',
      title: 'anonymous at a public bucket: reads and lists, and may not write',
      run: async (bench) => {
        const store = await bench.open({ who: 'anonymous', place: 'public-bucket' });
        assert.equal(text(await store.read('a.txt')), 'alpha');
        assert.equal(text(await store.read('a.txt', { range: { suffix: 2 } })), 'ha');
        assert.equal((await store.stat('a.txt'))?.size, 5);
        assert.deepEqual((await listAll(store, '')).map((entry) => entry.key), ['a.txt']);
        assert.equal(await store.stat('absent.txt'), undefined);
        await bench.refuses(() => store.write('b.txt', 'x'), 'access-denied', '--anonymous');
      },
    },
    {
      id: 'access-requester-pays',
      title: 'requester pays: told so, and every kind of request works once the reader pays',
      run: async (bench) => {
        const free = await bench.open({ place: 'requester-pays-bucket' });
        await bench.refuses(() => free.read('a.txt'), ['requester-pays', 'access-denied'], '--requester-pays');
        await bench.refuses(() => free.stat('a.txt'), ['requester-pays', 'access-denied'], '--requester-pays');
        await bench.refuses(() => listAll(free, ''), ['requester-pays', 'access-denied'], '--requester-pays');
        const store = await bench.open({ place: 'requester-pays-bucket', storage: { requesterPays: true } });
        assert.equal(text(await store.read('a.txt')), 'alpha');
        assert.equal(text(await store.read('a.txt', { range: { offset: 1, length: 2 } })), 'lp');
        assert.equal((await store.stat('a.txt'))?.size, 5);
        assert.equal((await listAll(store, '')).length, 1);
        await store.write('small', 'x', { ifAbsent: true });
        await store.write('large', pattern(9_000_000));
        await store.delete('small');
        await store.delete('large');
      },
    },
    {
      id: 'access-requester-pays-write',
      title: 'requester pays: who writes without paying is told so, and nothing is written',
      run: async (bench) => {
        const free = await bench.open({ place: 'requester-pays-bucket' });
        await bench.refuses(() => free.write('free.txt', 'x'), ['requester-pays', 'access-denied'], '--requester-pays');
        const store = await bench.open({ place: 'requester-pays-bucket', storage: { requesterPays: true } });
        assert.equal(await store.stat('free.txt'), undefined);
      },
    },
    {
      id: 'access-region',
      title: 'a bucket in another region than the settings say is followed there',
      run: async (bench) => {
        const store = await bench.open({ place: 'other-region' });
        const reads = await Promise.all(Array.from({ length: 6 }, () => store.read('a.txt')));
        assert.ok(reads.every((bytes) => text(bytes) === 'alpha'));
        for (const first of [
          async (fresh: ObjectStore) => assert.equal((await listAll(fresh, '')).some((entry) => entry.key === 'a.txt'), true),
          async (fresh: ObjectStore) => assert.equal((await fresh.stat('a.txt'))?.size, 5),
          async (fresh: ObjectStore) => fresh.write('b.txt', 'beta'),
          async (fresh: ObjectStore) => fresh.write('large', pattern(9_000_000)),
          async (fresh: ObjectStore) => fresh.delete('large'),
        ]) await first(await bench.open({ place: 'other-region' }));
      },
    },
    {
      id: 'access-missing-bucket',
      title: 'a bucket that does not exist (404) is told, whatever the request',
      run: async (bench) => {
        const store = await bench.open({ place: 'missing-bucket' });
        await bench.refuses(() => store.stat('a.txt'), 'not-found', /bucket|container/i);
        await bench.refuses(() => store.read('a.txt'), 'not-found', /bucket|container/i);
        await bench.refuses(() => listAll(store, ''), 'not-found', /bucket|container/i);
        await bench.refuses(() => store.write('a.txt', 'x'), 'not-found', /bucket|container/i);
        await bench.refuses(() => store.write('a.txt', 'x', { ifAbsent: true }), 'not-found', /bucket|container/i);
        await bench.refuses(() => store.write('a.txt', pattern(9_000_000)), 'not-found', /bucket|container/i);
      },
    },
  ],
};
