import assert from 'node:assert/strict';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { Memo } from '../../../runner/server/memo.ts';

const never = new AbortController().signal;

/** A load that ends when it is told to, and knows whether it was aborted. */
function slowLoad(): { readonly load: (signal: AbortSignal) => Promise<string>; readonly finish: (value: string) => void; readonly begun: () => number; readonly aborted: () => boolean } {
  let finish: (value: string) => void = () => undefined;
  let begun = 0;
  let signal: AbortSignal | undefined;
  const done = new Promise<string>((resolve) => (finish = resolve));
  return {
    load: async (given) => {
      begun += 1;
      signal = given;
      return done;
    },
    finish, begun: () => begun, aborted: () => signal?.aborted === true,
  };
}

describe('what is remembered', () => {
  it('is loaded once for all who ask at the same time, and afterwards', async () => {
    const memo = new Memo<string>({ limit: 10, maxAgeMs: 1000, clock: () => 0 });
    const slow = slowLoad();
    const both = Promise.all([memo.get('a', '', slow.load, never), memo.get('a', '', slow.load, never)]);
    slow.finish('one');
    assert.deepEqual(await both, ['one', 'one']);
    assert.equal(await memo.get('a', '', slow.load, never), 'one');
    assert.equal(slow.begun(), 1);
  });

  it('goes on loading for one who waits when another gives up, and is aborted when all have', async () => {
    const memo = new Memo<string>({ limit: 10, maxAgeMs: 1000, clock: () => 0 });
    const slow = slowLoad();
    const impatient = new AbortController();
    const patient = new AbortController();
    const first = memo.get('a', '', slow.load, impatient.signal);
    const second = memo.get('a', '', slow.load, patient.signal);
    impatient.abort();
    await assert.rejects(first, (error) => error instanceof SpimquantError && error.code === 'cancelled');
    assert.equal(slow.aborted(), false);
    patient.abort();
    await assert.rejects(second);
    assert.equal(slow.aborted(), true);
  });

  it('holds no failures', async () => {
    const memo = new Memo<string>({ limit: 10, maxAgeMs: 1000, clock: () => 0 });
    await assert.rejects(memo.get('a', '', () => Promise.reject(new Error('down')), never), /down/);
    assert.equal(await memo.get('a', '', async () => 'up', never), 'up');
  });

  it('is not what was being loaded before it was forgotten', async () => {
    const memo = new Memo<string>({ limit: 10, maxAgeMs: 1000, clock: () => 0 });
    const slow = slowLoad();
    const old = memo.get('a', '', slow.load, never);
    memo.forget('a');
    assert.equal(await memo.get('a', '', async () => 'new', never), 'new');
    slow.finish('old');
    assert.equal(await old, 'old');
    assert.equal(await memo.get('a', '', async () => 'newer', never), 'new');
  });

  it('is dropped by age, and the least used first when there is too much', async () => {
    let now = 0;
    const memo = new Memo<number>({ limit: 2, maxAgeMs: 1000, clock: () => now });
    let loads = 0;
    const get = (item: string): Promise<number> => memo.get('a', item, async () => ++loads, never);
    await get('x');
    await get('y');
    await get('x');
    await get('z');
    assert.equal(await get('x'), 1);
    assert.equal(await get('y'), 4);
    now = 1000;
    assert.equal(await get('y'), 5);
  });
});
