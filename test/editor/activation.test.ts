import { strict as assert } from 'node:assert';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import { callDriver } from './support/driver.ts';
import { extension } from './support/extension.ts';
import { currentPhase } from './support/phase.ts';
import { until } from './support/until.ts';

const limitMs = 50;

/** Milliseconds of work that this thread has done; where that is not known, milliseconds that have passed. */
function threadTime(): number {
  if (typeof process.threadCpuUsage !== 'function') return performance.now();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Whether the extension host has had little to do for a while: what others load at the same time would be measured too. */
async function isAtRest(): Promise<boolean> {
  const before = performance.eventLoopUtilization();
  await delay(500);
  return performance.eventLoopUtilization(before).utilization < 0.05;
}

describe(`activation in ${currentPhase().phase}`, () => {
  it('does not happen at the start of the editor', async () => {
    await vscode.commands.executeCommand('workbench.view.explorer');
    // Among those that the editor wakes up last at its start.
    await until('the start is over', () => vscode.extensions.getExtension('vscode.merge-conflict')?.isActive);
    assert.equal(extension().isActive, false);
  });

  it('takes less time than anybody would notice', async () => {
    await until('the other extensions are at rest', isAtRest, 60_000);
    // Work, not time that passes: what else the machine does is none of the extension's.
    const before = threadTime();
    await extension().activate();
    const time = threadTime() - before;
    const { phase, kept } = currentPhase();
    const times = [...Object.values(kept).map(Number), time];
    await callDriver('keep', { name: phase, value: time });
    if (phase === 'window 3') assert.ok(Math.min(...times) < limitMs, `It took ${times.map((each) => each.toFixed(0)).join(', ')} ms.`);
  });
});
