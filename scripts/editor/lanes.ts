// Runs scenarios side by side, each in a process of its own.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Scenario } from '../../test/editor/scenarios.ts';

/** How scenarios went. */
export interface Outcomes {
  readonly red: readonly string[];
  /** Green, or red, at their second attempt. */
  readonly unsteady: readonly string[];
}

interface LaneOptions {
  /** Scenarios at once. Those that measure run alone, after the others. */
  readonly lanes: number;
  /** Scenarios that may be run once more when they are red. */
  readonly secondAttempts: number;
  readonly passOn: readonly string[];
}

/**
 * Runs scenarios, as many at once as there are lanes: an editor waits for its page half of the time. What a scenario prints comes
 * as a whole when it is over, and what red ones printed at the very end.
 */
export async function runInLanes(scenarios: readonly Scenario[], { lanes, secondAttempts, passOn }: LaneOptions): Promise<Outcomes> {
  const red: string[] = [];
  const unsteady: string[] = [];
  const wrong: string[] = [];
  const started = performance.now();
  const lane = async (waiting: Scenario[]): Promise<void> => {
    for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
      const { name } = scenario;
      const first = await runAlone(name, passOn);
      console.log(`${first.output}\n  ${name}: over after ${Math.round((performance.now() - started) / 1000)} s of all\n`);
      if (first.green) continue;
      wrong.push(first.output);
      if (unsteady.length < secondAttempts) {
        unsteady.push(name);
        console.log(`${name} is run once more, in a new editor.\n`);
        const second = await runAlone(name, passOn);
        console.log(second.output);
        if (second.green) continue;
        wrong.push(second.output);
      }
      red.push(name);
    }
  };
  const measuring = scenarios.filter(({ alone }) => alone === true);
  const others = scenarios.filter(({ alone }) => alone !== true);
  await Promise.all(Array.from({ length: lanes }, () => lane(others)));
  await lane(measuring);
  for (const output of wrong) console.log(`\nRed at an attempt:\n${output}`);
  return { red, unsteady };
}

/** Runs one scenario in its process. */
async function runAlone(name: string, passOn: readonly string[]): Promise<{ readonly green: boolean; readonly output: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('run.ts', import.meta.url)), name, ...passOn], { stdio: ['ignore', 'pipe', 'pipe'] });
  const over = Promise.withResolvers<number | null>();
  child.once('error', over.reject);
  child.once('close', over.resolve);
  const [output, problems, code] = await Promise.all([text(child.stdout), text(child.stderr), over.promise]);
  return { green: code === 0, output: problems.trim() === '' ? output.trimEnd() : `${output.trimEnd()}\n${problems.trimEnd()}` };
}
