import assert from 'node:assert/strict';
import { defaultRetryPolicy } from '../../../../runner/storage/retry.ts';
import { assertBytes, isError, listAll, pattern, text } from './assertions.ts';
import type { Bench, CaseGroup } from './case.ts';

/** A store whose waits between attempts are recorded, in milliseconds, and not waited for. */
async function recording(bench: Bench, silenceMs: number = 20_000): Promise<{ readonly store: Awaited<ReturnType<Bench['open']>>; readonly waits: number[] }> {
  const waits: number[] = [];
  const surroundings = { sleep: async (ms: number) => void waits.push(ms), random: () => 0.5, timeouts: { connectMs: 20_000, silenceMs } };
  return { store: await bench.open({ surroundings }), waits };
}

export const faultCases: CaseGroup = {
  title: 'When things go wrong',
  cases: [
    {
      id: 'fault-429',
      title: 'asked for fewer requests (429): waits, as long as the service asks for, and succeeds',
      run: async (bench) => {
        await bench.store.write('throttled/a.txt', 'alpha');
        const { store, waits } = await recording(bench);
        bench.faults.inject({ kind: 'status', status: 429 }, 'read', 2);
        bench.faults.inject({ kind: 'status', status: 429, retryAfterSeconds: 3 }, 'read');
        assert.equal(text(await store.read('throttled/a.txt')), 'alpha');
        assert.deepEqual(waits, [250, 500, 3000]);
        bench.faults.inject({ kind: 'status', status: 429 }, 'list');
        assert.equal((await listAll(store, 'throttled')).length, 1);
        bench.faults.inject({ kind: 'status', status: 429 }, 'finish');
        await store.write('throttled/b.txt', 'beta', { ifAbsent: true });
      },
    },
    {
      id: 'fault-503',
      title: 'a service that is too busy (503): waits and succeeds',
      run: async (bench) => {
        await bench.store.write('busy/a.txt', 'alpha');
        const { store, waits } = await recording(bench);
        for (const on of ['read', 'stat', 'list', 'finish', 'delete'] as const) bench.faults.inject({ kind: 'status', status: 503 }, on);
        assert.equal(text(await store.read('busy/a.txt')), 'alpha');
        assert.equal((await store.stat('busy/a.txt'))?.size, 5);
        assert.equal((await listAll(store, 'busy')).length, 1);
        await store.write('busy/b.txt', 'beta');
        await store.delete('busy/a.txt');
        assert.equal(waits.length, 5);
        assert.deepEqual((await listAll(bench.store, 'busy')).map((entry) => entry.key), ['busy/b.txt']);
      },
    },
    {
      id: 'fault-throttled',
      title: 'a service that never stops asking for fewer requests is given up, and that is told',
      run: async (bench) => {
        bench.faults.inject({ kind: 'status', status: 503 }, 'any', 100);
        const { store, waits } = await recording(bench);
        await bench.refuses(() => store.write('given-up/b.txt', 'x'), 'throttled', `${store.uri}/given-up/b.txt`);
        assert.equal(waits.length, defaultRetryPolicy.attempts.throttled - 1);
        bench.faults.clear();
        assert.deepEqual(await listAll(bench.store, 'given-up'), []);
      },
    },
    {
      id: 'fault-500',
      title: 'faults of the service (500) while reading, listing, writing, deleting',
      run: async (bench) => {
        await bench.store.write('fault/a.txt', 'alpha');
        const { store, waits } = await recording(bench);
        for (const on of ['read', 'stat', 'list', 'finish', 'delete'] as const) bench.faults.inject({ kind: 'status', status: 500 }, on);
        assert.equal(text(await store.read('fault/a.txt')), 'alpha');
        assert.equal((await store.stat('fault/a.txt'))?.size, 5);
        assert.equal((await listAll(store, 'fault')).length, 1);
        await store.write('fault/b.txt', 'beta');
        await store.delete('fault/a.txt');
        assert.equal(waits.length, 5);
      },
    },
    {
      id: 'fault-reset',
      title: 'connections that are reset before the answer',
      run: async (bench) => {
        await bench.store.write('reset/a.txt', 'alpha');
        const { store, waits } = await recording(bench);
        bench.faults.inject({ kind: 'reset' }, 'any', 3);
        assert.equal(text(await store.read('reset/a.txt')), 'alpha');
        assert.equal(waits.length, 3);
      },
    },
    ...(['reset', 'truncate'] as const).map((kind) => ({
      id: `fault-body-${kind}`,
      title: kind === 'reset' ? 'bodies in which the connection is reset: goes on where it was' : 'bodies that end too early: goes on where it was',
      run: async (bench: Bench) => {
        const bytes = pattern(3_000_000);
        await bench.put('body/big.bin', bytes);
        const { store } = await recording(bench);
        const before = bench.faults.seen();
        bench.faults.inject({ kind, afterBytes: 1_000_000 }, 'read');
        bench.faults.inject({ kind, afterBytes: 500_000 }, 'read');
        assertBytes(await store.read('body/big.bin'), bytes);
        assert.equal(bench.faults.seen() - before, 3);
        bench.faults.inject({ kind, afterBytes: 100_000 }, 'read');
        assertBytes(await store.read('body/big.bin', { range: { offset: 1000, length: 400_000 } }), bytes.subarray(1000, 401_000), 'range');
        bench.faults.inject({ kind, afterBytes: 100_000 }, 'read');
        assertBytes(await store.read('body/big.bin', { range: { suffix: 300_000 } }), bytes.subarray(2_700_000), 'suffix');
      },
    })),
    {
      id: 'fault-list-cut',
      title: 'listings that are cut off in mid-answer',
      run: async (bench) => {
        for (let index = 0; index < 50; index++) await bench.put(`cut/${index}`, '');
        for (const kind of ['reset', 'truncate'] as const) bench.faults.inject({ kind, afterBytes: 2000 }, 'list');
        const { store, waits } = await recording(bench);
        assert.equal((await listAll(store, 'cut')).length, 50);
        assert.equal(waits.length, 2);
      },
    },
    {
      id: 'fault-silence',
      title: 'silence instead of an answer, or in mid-body, is given up and tried again',
      run: async (bench) => {
        await bench.put('silent/big.bin', pattern(300_000));
        bench.faults.inject({ kind: 'hang' }, 'read');
        bench.faults.inject({ kind: 'hang', afterBytes: 100_000 }, 'read');
        const { store, waits } = await recording(bench, 500);
        assertBytes(await store.read('silent/big.bin'), pattern(300_000));
        assert.ok(waits.length >= 2);
      },
    },
    {
      id: 'fault-unreachable',
      title: 'an endpoint where nothing listens',
      run: async (bench) => {
        const store = await bench.open({ place: 'unreachable' });
        await bench.refuses(() => store.read('a.txt'), 'network', 'cannot be reached');
        await bench.refuses(() => listAll(store, ''), 'network', 'cannot be reached');
        await bench.refuses(() => store.write('a.txt', 'x'), 'network', 'cannot be reached');
      },
    },
  ],
};

export const cancellationCases: CaseGroup = {
  title: 'Cancelling',
  cases: [
    {
      id: 'cancel-before',
      title: 'nothing is done once cancelled',
      run: async ({ store }) => {
        await store.write('abort/here', 'x');
        const signal = AbortSignal.abort();
        await assert.rejects(store.read('abort/here', { signal }), isError('cancelled', 'abort/here'));
        await assert.rejects(store.stat('abort/here', { signal }), isError('cancelled'));
        await assert.rejects(listAll(store, 'abort', { signal }), isError('cancelled'));
        await assert.rejects(store.write('abort/there', 'y', { signal }), isError('cancelled'));
        assert.equal(await store.stat('abort/there'), undefined);
      },
    },
    {
      id: 'cancel-read',
      title: 'a read is cancelled at once, while the service is silent or in mid-body',
      run: async (bench) => {
        await bench.put('hang/big.bin', pattern(300_000));
        for (const fault of [{ kind: 'hang' }, { kind: 'hang', afterBytes: 1000 }] as const) {
          bench.faults.inject(fault, 'read');
          const controller = new AbortController();
          const { running } = await bench.arrivalOf(() => bench.store.read('hang/big.bin', { signal: controller.signal }));
          controller.abort();
          await assert.rejects(running, isError('cancelled', `${bench.store.uri}/hang/big.bin`));
        }
      },
    },
    {
      id: 'cancel-list',
      title: 'a listing is cancelled at once, while the service is silent or in mid-answer',
      run: async (bench) => {
        for (let index = 0; index < 20; index++) await bench.put(`hang-list/${index}`, '');
        for (const fault of [{ kind: 'hang' }, { kind: 'hang', afterBytes: 500 }] as const) {
          bench.faults.inject(fault, 'list');
          const controller = new AbortController();
          const { running } = await bench.arrivalOf(() => listAll(bench.store, 'hang-list', { signal: controller.signal }));
          controller.abort();
          await assert.rejects(running, isError('cancelled'));
        }
      },
    },
    {
      id: 'cancel-write',
      title: 'a write is cancelled at once while the service is silent',
      run: async (bench) => {
        bench.faults.inject({ kind: 'hang' }, 'finish');
        const controller = new AbortController();
        const { running } = await bench.arrivalOf(() => bench.store.write('hang-write/a.txt', 'x', { signal: controller.signal }));
        controller.abort();
        await assert.rejects(running, isError('cancelled', 'hang-write/a.txt'));
        bench.faults.clear();
        assert.deepEqual(await listAll(bench.store, 'hang-write'), []);
      },
    },
    {
      id: 'cancel-places',
      title: 'cancelled requests make room for others; there are never more at once than allowed',
      run: async (bench) => {
        await bench.store.write('places/a.txt', 'alpha');
        const store = await bench.open({ storage: { concurrency: 2 } });
        bench.faults.inject({ kind: 'hang' }, 'read', 2);
        const before = bench.faults.seen();
        const controller = new AbortController();
        const stuck = [1, 2, 3].map(() => store.read('places/a.txt', { signal: controller.signal }));
        while (bench.faults.seen() < before + 2) await new Promise(setImmediate);
        const waiting = store.read('places/a.txt');
        assert.equal(bench.faults.seen(), before + 2, 'no more than two requests at once');
        controller.abort();
        for (const one of await Promise.allSettled(stuck)) assert.ok(one.status === 'rejected');
        assert.equal(text(await waiting), 'alpha');
      },
    },
  ],
};
