import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isAlive } from '../../../runner/monitor/process.ts';
import { seededRandom } from '../../../runner/phantom/random.ts';
import type { RunEvent } from '../../../runner/protocol/events.ts';
import { toyCohort } from '../../fixtures/engine/toyTasks.ts';
import { kill, RunnerBench, toyServer, until } from './runnerBench.ts';

const windowProgram = fileURLToPath(new URL('../../fixtures/server/toyWindow.ts', import.meta.url));
const kills = 50;

/** What a window wrote down, by run; the half line of one that was killed left out. */
function heardBy(file: string): Map<string, RunEvent[]> {
  const heard = new Map<string, RunEvent[]>();
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return heard;
  }
  for (const line of text.split('\n')) {
    let said: { readonly run: string; readonly event: RunEvent };
    try {
      said = JSON.parse(line) as typeof said;
    } catch {
      continue;
    }
    heard.set(said.run, [...(heard.get(said.run) ?? []), said.event]);
  }
  return heard;
}

describe('50 kills at random moments', function () {
  this.timeout(240_000);

  it('of the runner, of windows and of runs: no event is lost or doubled, and no run stays "running"', async () => {
    const bench = new RunnerBench(toyCohort(['01', '02'], { steps: 4, pause: 15 }));
    const random = seededRandom(20261123);
    const files = ['window-a.ndjson', 'window-b.ndjson'].map((name) => join(bench.folder, name));
    const windows: ChildProcess[] = [];
    const open = (at: number): void => {
      windows[at] = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', windowProgram, files[at], toyServer], { stdio: 'ignore', env: bench.env });
    };
    const asked: string[] = [];
    const client = bench.client();
    try {
      open(0);
      open(1);
      const counts = { runner: 0, window: 0, run: 0 };
      while (counts.runner + counts.window + counts.run < kills) {
        if (asked.length === 0 || asked.every((id) => bench.events(id).at(-1)?.type === 'run-finished')) {
          asked.push((await bench.start(client, `out-${asked.length}`)).id);
        }
        await wait(random() * 200);
        const dice = random();
        if (dice < 0.5) {
          const pid = await until(() => (bench.address !== undefined && isAlive(bench.address.pid) ? bench.address.pid : undefined), 'there is a runner to kill');
          await wait(random() * 150);
          kill(pid);
          counts.runner += 1;
        } else if (dice < 0.85) {
          const at = random() < 0.5 ? 0 : 1;
          assert.ok(windows[at].exitCode === null && windows[at].signalCode === null, 'a window has ended by itself');
          const gone = once(windows[at], 'exit');
          windows[at].kill('SIGKILL');
          await gone;
          open(at);
          counts.window += 1;
        } else {
          const id = asked[asked.length - 1];
          const pid = await until(() => bench.intent(id)?.pid || undefined, 'the run has a process');
          if (bench.events(id).at(-1)?.type !== 'run-finished' && isAlive(pid)) {
            kill(pid);
            counts.run += 1;
          }
        }
      }
      assert.ok(Object.values(counts).every((count) => count >= 3), JSON.stringify(counts));

      for (const id of asked) {
        const record = await bench.over(client, id);
        assert.ok(['succeeded', 'interrupted'].includes(record.status), `${id} is ${record.status}: ${record.error?.message ?? ''}`);
        const events = bench.events(id);
        assert.deepEqual(events.map(({ seq }) => seq), events.map((_, at) => at + 1));
        assert.equal(events.filter(({ type }) => type === 'run-finished').length, 1);
      }
      assert.deepEqual(bench.runIds, [...asked].sort(), 'a run was started twice, or is missing');
      for (const file of files) {
        await until(() => {
          const heard = heardBy(file);
          return asked.every((id) => heard.get(id)?.at(-1)?.type === 'run-finished');
        }, `${file} has heard the end of every run`, 30_000);
        const heard = heardBy(file);
        for (const id of asked) assert.deepEqual(heard.get(id), bench.events(id), `${file} heard ${id} otherwise`);
      }
    } finally {
      for (const window of windows) window.kill('SIGKILL');
      await bench.remove();
    }
  });
});
