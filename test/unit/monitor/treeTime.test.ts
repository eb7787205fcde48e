import assert from 'node:assert/strict';
import { TreeTime } from '../../../runner/monitor/treeTime.ts';
import type { Snapshot } from '../../../runner/monitor/snapshot.ts';

describe('time that a process and all below it take', () => {
  it('counts what those take that come and go, and nothing from before the first look', async () => {
    const looks: readonly (readonly (readonly [number, number])[])[] = [[[1, 5]], [[1, 6], [2, 3]], [[1, 6], [2, 9]], [[1, 7]]];
    let at = 0;
    const time = new TreeTime(1, async () => ({ processes: new Map(looks[at++].map(([pid, cpuSeconds]) => [pid, { cpuSeconds }])) }) as unknown as Snapshot);
    const seen: number[] = [];
    while (at < looks.length) {
      await time.look();
      seen.push(time.milliseconds);
    }
    assert.deepEqual(seen, [0, 4000, 10_000, 11_000]);
  });
});
