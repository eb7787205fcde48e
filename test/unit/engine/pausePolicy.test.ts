import assert from 'node:assert/strict';
import { beginWaiting, hasRoomAgain, mostRepeats, pauseKindOf, pauseLimit, stepWaiting, unattendedPauseLimit, usualPauseLimit } from '../../../runner/engine/pausePolicy.ts';
import type { Elapsed, PauseStep, Waiting } from '../../../runner/engine/pausePolicy.ts';
import type { ErrorCode } from '../../../runner/protocol/errors.ts';

const quiet = { changed: false, asked: false };

/** Steps of one second until a number of milliseconds has passed: the times at which something was to be done. */
function follow(waiting: Waiting, ms: number, at: (time: number) => Partial<Elapsed> = () => ({})): { readonly doings: readonly (readonly [time: number, step: PauseStep])[]; readonly waiting: Waiting } {
  const doings: (readonly [number, PauseStep])[] = [];
  let now = waiting;
  for (let time = 1000; time <= ms; time += 1000) {
    const { waiting: next, step } = stepWaiting(now, { ms: 1000, ...quiet, ...at(time) });
    now = next;
    if (step !== 'wait') doings.push([time, step]);
    if (step === 'give-up') break;
  }
  return { doings, waiting: now };
}

describe('pause policy', () => {
  it('waits for what passes, and for nothing else', () => {
    const kind = (code: ErrorCode, reached: boolean, renewable = true, repeats = 0): string => pauseKindOf({ code, message: '' }, { reached, renewable, repeats }) ?? 'fails';
    assert.equal(kind('auth-expired', false), 'sign-in');
    assert.equal(kind('auth-expired', true, false), 'fails');
    assert.equal(kind('auth-missing', true), 'sign-in');
    assert.equal(kind('auth-missing', false), 'fails');
    assert.equal(kind('auth-missing', true, false), 'fails');
    assert.equal(kind('network', true), 'network');
    assert.equal(kind('network', false), 'fails');
    assert.equal(kind('throttled', true), 'network');
    assert.equal(kind('network', true, true, mostRepeats - 1), 'network');
    assert.equal(kind('network', true, true, mostRepeats), 'fails');
    assert.equal(kind('auth-expired', true, true, 100), 'sign-in');
    assert.equal(kind('disk-full', false), 'disk');
    for (const code of ['access-denied', 'not-found', 'no-signal', 'internal', 'bad-zarr', 'cancelled', 'out-of-memory'] as const) assert.equal(kind(code, true), 'fails');
  });

  it('tries soon and then more and more rarely', () => {
    const { doings } = follow(beginWaiting('sign-in', Infinity), 1_500_000);
    const times = doings.map(([time]) => time / 1000);
    assert.deepEqual(times.slice(0, 8), [2, 6, 14, 30, 62, 126, 254, 510]);
    assert.ok(times.slice(8).every((time, i) => time - times[7 + i] === 300));
    const network = follow(beginWaiting('network', Infinity), 600_000).doings.map(([time]) => time / 1000);
    assert.deepEqual(network.slice(0, 8), [2, 6, 14, 30, 62, 122, 182, 242]);
  });

  it('tries at once when asked, which does not make later tries rarer', () => {
    const { doings } = follow(beginWaiting('sign-in', Infinity), 9000, (time) => ({ asked: time === 3000 }));
    assert.deepEqual(doings, [[2000, 'try'], [3000, 'try'], [7000, 'try']]);
  });

  it('tries at once when credentials change, but is not kept busy by changes that trying itself makes', () => {
    const once = follow(beginWaiting('sign-in', Infinity, 5), 30_000, (time) => ({ changed: time === 10_000 }));
    assert.deepEqual(once.doings, [[10_000, 'try']]);
    const always = follow(beginWaiting('sign-in', Infinity, 20), 300_000, () => ({ changed: true }));
    assert.deepEqual(always.doings.map(([time]) => time / 1000), [1, 3, 7, 15, 31, 63, 123, 183, 243]);
  });

  it('gives up after the limit, and does not count the time that the machine sleeps', () => {
    const { doings } = follow(beginWaiting('network', 200_000), 1e6);
    assert.deepEqual(doings.at(-1), [200_000, 'give-up']);
    const begun = beginWaiting('network', 60_000);
    const weekend = stepWaiting(begun, { ms: 60 * 3_600_000, ...quiet });
    // Looks whether the network is back, as soon as the lid is open.
    assert.equal(weekend.step, 'try');
    assert.ok(weekend.waiting.awakeMs <= 10_000);
    assert.equal(stepWaiting(weekend.waiting, { ms: 1000, ...quiet }).step, 'wait');
    assert.ok(follow(beginWaiting('disk', Infinity), 10_000_000).doings.every(([, step]) => step === 'try'));
  });

  it('begins with longer waits when the pause before helped nothing', () => {
    assert.deepEqual(follow(beginWaiting('network', Infinity, 3), 60_000).doings, [[16_000, 'try'], [48_000, 'try']]);
  });

  it('has a limit that the command, or else the surroundings decide', () => {
    assert.equal(pauseLimit(undefined, {}), usualPauseLimit);
    assert.equal(pauseLimit(undefined, { CI: 'true' }), unattendedPauseLimit);
    assert.equal(pauseLimit(undefined, { CI: 'false' }), usualPauseLimit);
    assert.equal(pauseLimit(0, { CI: 'true' }), 0);
    assert.equal(pauseLimit(Infinity, { CI: 'true' }), Infinity);
  });

  it('takes a disk for one with room again when somebody made some', () => {
    const disk = (freeBytes: number, totalBytes = 1e12) => ({ freeBytes, totalBytes });
    assert.equal(hasRoomAgain(disk(0), disk(5e8)), false);
    assert.equal(hasRoomAgain(disk(0), disk(2 ** 30)), true);
    assert.equal(hasRoomAgain(disk(3e9), disk(3.5e9)), false);
    // A twentieth of a small disk.
    assert.equal(hasRoomAgain(disk(0, 1e8), disk(4e6, 1e8)), false);
    assert.equal(hasRoomAgain(disk(0, 1e8), disk(6e6, 1e8)), true);
    // It was not full: by a quota, say.
    assert.equal(hasRoomAgain(disk(5e11), disk(5e11)), false);
  });
});
