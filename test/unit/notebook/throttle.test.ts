import { strict as assert } from 'node:assert';
import { Throttle } from '../../../extension/notebook/execution/throttle.ts';
import type { ThrottleTime } from '../../../extension/notebook/execution/throttle.ts';

/** Time that passes when it is told to. */
class SetTime implements ThrottleTime {
  #now = 0;
  #timers: { readonly at: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.push(timer);
    return () => { this.#timers = this.#timers.filter((each) => each !== timer); };
  }

  async pass(ms: number): Promise<void> {
    this.#now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { callback } of due) callback();
    await settled();
  }
}

/** Lets promises that are due go on. */
const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

describe('updates of a cell', () => {
  it('show the first at once and later ones at most every 250 ms, the latest each time', async () => {
    const time = new SetTime(), shown: number[] = [];
    const throttle = new Throttle<number>(250, time, async (value) => { shown.push(value); });
    for (let value = 0; value < 10; value++) {
      throttle.push(value);
      await time.pass(50);
    }
    assert.deepEqual(shown, [0, 4, 9]);
    await time.pass(250);
    assert.deepEqual(shown, [0, 4, 9]);
  });

  it('are never two at a time, however long one takes', async () => {
    const time = new SetTime(), shown: number[] = [];
    let finish: (() => void) | undefined, atOnce = 0;
    const throttle = new Throttle<number>(250, time, async (value) => {
      atOnce += 1;
      assert.equal(atOnce, 1);
      shown.push(value);
      await new Promise<void>((resolve) => { finish = resolve; });
      atOnce -= 1;
    });
    throttle.push(1);
    throttle.push(2);
    await time.pass(1000);
    throttle.push(3);
    assert.deepEqual(shown, [1]);
    finish?.();
    await settled();
    assert.deepEqual(shown, [1, 3]);
    finish?.();
  });

  it('end with the last one, without waiting for its time', async () => {
    const time = new SetTime(), shown: number[] = [];
    const throttle = new Throttle<number>(250, time, async (value) => { shown.push(value); });
    throttle.push(1);
    throttle.push(2);
    await throttle.flush();
    assert.deepEqual(shown, [1, 2]);
    await time.pass(1000);
    assert.deepEqual(shown, [1, 2]);
  });

  it('forget what waits when the cell is left', async () => {
    const time = new SetTime(), shown: number[] = [];
    const throttle = new Throttle<number>(250, time, async (value) => { shown.push(value); });
    throttle.push(1);
    throttle.push(2);
    throttle.dispose();
    await time.pass(1000);
    assert.deepEqual(shown, [1]);
  });
});
