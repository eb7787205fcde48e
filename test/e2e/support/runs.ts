import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spimquant, type CommandOptions, type CommandResult } from '../../../scripts/demo/command.ts';
import type { RunEvent } from '../../../runner/protocol/events.ts';

export { spimquant };

// Journals and temporary files of bucket outputs belong to the tests, not to whoever runs them.
const home = mkdtempSync(join(tmpdir(), 'spimquant-e2e-home-'));
process.env['SPIMQUANT_STATE_DIR'] = join(home, 'state');
process.env['SPIMQUANT_CACHE_DIR'] = join(home, 'cache');
after(() => rm(home, { recursive: true, force: true, maxRetries: 3 }));

/** Runs the command and expects success. */
export async function succeed(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const result = await spimquant(words, options);
  assert.equal(result.code, 0, `spimquant ${words.join(' ')}\nended with ${result.code ?? result.signal ?? ''}:\n${result.stdout.slice(-4000)}\n${result.stderr.slice(-4000)}`);
  return result;
}

/** What a run with `--json` said. */
export interface WatchedRun extends CommandResult {
  readonly events: readonly RunEvent[];
}

/** Ends a run by a signal right after its n-th event. */
export interface Interruption {
  readonly afterEvents: number;
  readonly signal: 'SIGKILL' | 'SIGINT';
}

/** Runs the command with `--json`, and with an interruption ends it on the way. A half-written last line is dropped. */
export async function watch(words: readonly string[], interruption?: Interruption, env: Readonly<Record<string, string>> = {}): Promise<WatchedRun> {
  const events: RunEvent[] = [];
  let kill: ((signal: NodeJS.Signals) => void) | undefined;
  const result = await spimquant([...words, '--json'], {
    env,
    onStart: (end) => { kill = end; },
    onLine: (line, stream) => {
      const event = stream === 'stdout' ? parseEvent(line) : undefined;
      if (event === undefined) return;
      events.push(event);
      if (events.length === interruption?.afterEvents) kill?.(interruption.signal);
    },
  });
  return { ...result, events };
}

function parseEvent(line: string): RunEvent | undefined {
  try {
    return JSON.parse(line) as RunEvent;
  } catch {
    return undefined;
  }
}

/** Names of the tasks that events of a type are about. */
export function tasksOf(run: WatchedRun, type: 'task-started' | 'task-finished' | 'task-failed' | 'task-skipped'): readonly string[] {
  return run.events.flatMap((event) => (event.type === type ? [event.task] : []));
}
