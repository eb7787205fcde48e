import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { thisSystem } from '../engine/lock.ts';
import type { LockHolder, LockSystem } from '../engine/lock.ts';
import { readJson, writeAtomically } from '../engine/runFolder.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { LocalStore } from '../storage/local/localStore.ts';

/** A holder that shows no life for so long is dead, where the system cannot tell a process from a later one of the same id; milliseconds. */
const staleAfter = 30_000;

const pattern = /^lock-(\d{8})\.json$/;

/** The right to be the runner of this user on this machine. */
export interface Instance {
  /** Whether nobody has taken over. Shows life, so call it every few seconds. */
  renew(): boolean;
  release(): void;
}

/**
 * Takes the right, or returns who has it. Each holder makes a file with the next number, which only one can; nobody
 * removes the newest. So whoever is killed, and whenever, the next one can always go on from there.
 */
export async function becomeInstance(folder: string, now: number, system: LockSystem = thisSystem): Promise<Instance | LockHolder> {
  const latest = latestNumber(folder);
  const holder = latest === 0 ? undefined : (readJson(lockPath(folder, latest)) as LockHolder | undefined);
  if (holder !== undefined && isAlive(holder, lockPath(folder, latest), now, system)) return holder;
  const number = latest + 1;
  const mine: LockHolder = {
    pid: system.pid, host: system.host, since: new Date(now).toISOString(), process: system.processMark(system.pid), token: randomBytes(12).toString('hex'),
  };
  try {
    await new LocalStore(folder).write(lockName(number), `${JSON.stringify(mine)}\n`, { ifAbsent: true });
  } catch (error) {
    if (!(error instanceof SpimquantError) || error.code !== 'already-exists') throw error;
    return (readJson(lockPath(folder, number)) as LockHolder | undefined) ?? mine;
  }
  for (const old of numbers(folder)) if (old < number) rmSync(lockPath(folder, old), { force: true });
  return {
    renew: () => {
      if (latestNumber(folder) !== number) return false;
      const time = Date.now() / 1000;
      try {
        utimesSync(lockPath(folder, number), time, time);
        return true;
      } catch {
        return false;
      }
    },
    release: () => {
      if (latestNumber(folder) === number) writeAtomically(lockPath(folder, number), { ...mine, pid: 0 });
    },
  };
}

function lockName(number: number): string {
  return `lock-${String(number).padStart(8, '0')}.json`;
}

function lockPath(folder: string, number: number): string {
  return join(folder, lockName(number));
}

function numbers(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const match = pattern.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
}

function latestNumber(folder: string): number {
  try {
    return Math.max(0, ...numbers(folder));
  } catch {
    return 0;
  }
}

function isAlive(holder: LockHolder, path: string, now: number, system: LockSystem): boolean {
  if (typeof holder.pid !== 'number' || holder.pid <= 0 || !system.isAlive(holder.pid)) return false;
  const mark = system.processMark(holder.pid);
  if (mark !== '' && holder.process !== '') return mark === holder.process;
  try {
    return now - statSync(path).mtimeMs < staleAfter;
  } catch {
    return false;
  }
}
