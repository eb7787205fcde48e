import { hostname } from 'node:os';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isSameProcess, processMark } from '../../monitor/process.ts';
import { grace } from './program.ts';

/** Who works for a run in an output; stays where a run was killed. */
interface Note {
  readonly pid: number;
  /** See processMark. */
  readonly process: string;
  readonly host: string;
}

function noteFile(output: string): string {
  return join(output, '.spimquant', 'engine.json');
}

/** Notes the leader of a group of processes that works in an output. */
export function noteEngine(output: string, pid: number): void {
  mkdirSync(dirname(noteFile(output)), { recursive: true });
  writeFileSync(noteFile(output), `${JSON.stringify({ pid, process: processMark(pid), host: hostname() } satisfies Note)}\n`);
}

/** Nobody works there any more. */
export function forgetEngine(output: string): void {
  rmSync(noteFile(output), { force: true });
}

/**
 * What an earlier run that was killed has left in an output whose lock this process holds. `ours`: its Snakemake ran on this machine, and is
 * gone for sure: one that is still ending is waited for, and then ended by force. So a lock that it has left may be removed.
 */
export async function settleLeftover(output: string, pulse = 50): Promise<{ readonly ours: boolean }> {
  const note = readNote(output);
  if (note === undefined || note.host !== hostname()) return { ours: false };
  const until = Date.now() + grace + 2000;
  while (isSameProcess(note.pid, note.process)) {
    if (Date.now() > until) {
      try {
        process.kill(-note.pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
      break;
    }
    await wait(pulse);
  }
  return { ours: true };
}

function readNote(output: string): Note | undefined {
  try {
    const note = JSON.parse(readFileSync(noteFile(output), 'utf8')) as Partial<Note> | null;
    return typeof note?.pid === 'number' && note.pid > 1 && typeof note.process === 'string' && typeof note.host === 'string' ? (note as Note) : undefined;
  } catch {
    return undefined;
  }
}
