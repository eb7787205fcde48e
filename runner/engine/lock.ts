import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { isAlive, processMark } from '../monitor/process.ts';
import { SpimquantError } from '../protocol/errors.ts';
import type { ObjectStore } from '../storage/objectStore.ts';

/** Who holds an output. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601: when the run began. */
  readonly since: string;
  /** What tells this process from a later one with the same id; empty where the system does not say. */
  readonly process: string;
  /** Different for every lock that was ever made. */
  readonly token: string;
}

/** What locking needs to know of this machine; replaced in tests. */
export interface LockSystem {
  readonly pid: number;
  readonly host: string;
  isAlive(pid: number): boolean;
  /** See {@link LockHolder.process}. */
  processMark(pid: number): string;
}

/** Key of the lock, below the output. */
export const lockKey = '.spimquant/lock.json';

/** The machine this runs on. */
export const thisSystem: LockSystem = {
  pid: process.pid,
  host: hostname(),
  isAlive,
  processMark,
};

/** What tells a lock from every other one. */
export function newToken(): string {
  return randomBytes(12).toString('hex');
}

/** A held lock. */
export interface Lock {
  /** True when it was taken over from a process that died: what that left half done may need sweeping. */
  readonly tookOver: boolean;
  /** Gives it up. Only this very lock is removed, never one that somebody else made meanwhile. */
  release(): Promise<void>;
}

/**
 * Takes an output for one run, by a conditional create, which folders and buckets both decide for one winner. A lock
 * whose process on this machine is dead is taken over. Throws `output-busy` when another run holds it.
 *
 * @param token the same for each try of one run to take the lock: it is recognised when a try that failed has taken it
 */
export async function acquireLock(store: ObjectStore, now: number, system: LockSystem = thisSystem, token: string = newToken()): Promise<Lock> {
  const mine: LockHolder = {
    pid: system.pid, host: system.host, since: new Date(now).toISOString(), process: system.processMark(system.pid), token,
  };
  if (await createLock(store, mine)) return { tookOver: false, release: () => release(store, mine) };
  const holder = await readLock(store);
  // Made by an earlier try, whose answer was lost.
  if (holder?.token === token) return { tookOver: false, release: () => release(store, mine) };
  if (holder === undefined || isDead(holder, system)) {
    // Of several processes that find the same dead lock only one may remove it; the others could remove its successor.
    const claim = takeoverKey(holder);
    if ((await createOnce(store, claim, mine)) || (await readHolder(store, claim))?.token === token) {
      await store.delete(lockKey);
      const created = await createLock(store, mine);
      await store.delete(claim);
      if (created) return { tookOver: true, release: () => release(store, mine) };
    }
  }
  const latest = await readLock(store);
  throw busy(store, latest ?? holder);
}

/** Removes whatever lock an output has, for `--unlock`. Returns who held it. */
export async function removeLock(store: ObjectStore): Promise<LockHolder | undefined> {
  const holder = await readLock(store);
  await store.delete(takeoverKey(holder));
  await store.delete(lockKey);
  return holder;
}

/** Who holds an output, or undefined. A damaged lock counts as nobody's. */
export async function readLock(store: ObjectStore): Promise<LockHolder | undefined> {
  return readHolder(store, lockKey);
}

async function readHolder(store: ObjectStore, key: string): Promise<LockHolder | undefined> {
  const bytes = await store.read(key);
  if (bytes === undefined) return undefined;
  try {
    const holder = JSON.parse(new TextDecoder().decode(bytes)) as Partial<LockHolder> | null;
    return typeof holder?.pid === 'number' && typeof holder.host === 'string' && typeof holder.token === 'string' ? (holder as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}

function takeoverKey(holder: LockHolder | undefined): string {
  const name = createHash('sha256').update(holder?.token ?? 'damaged').digest('hex').slice(0, 16);
  return `.spimquant/takeover-${name}.json`;
}

function isDead(holder: LockHolder, system: LockSystem): boolean {
  if (holder.host !== system.host) return false;
  if (!system.isAlive(holder.pid)) return true;
  const mark = system.processMark(holder.pid);
  return mark !== '' && holder.process !== '' && mark !== holder.process;
}

async function createOnce(store: ObjectStore, key: string, holder: LockHolder): Promise<boolean> {
  try {
    await store.write(key, `${JSON.stringify(holder)}\n`, { ifAbsent: true });
    return true;
  } catch (error) {
    if (error instanceof SpimquantError && error.code === 'already-exists') return false;
    throw error;
  }
}

function createLock(store: ObjectStore, holder: LockHolder): Promise<boolean> {
  return createOnce(store, lockKey, holder);
}

async function release(store: ObjectStore, mine: LockHolder): Promise<void> {
  if ((await readLock(store))?.token === mine.token) await store.delete(lockKey);
}

function busy(store: ObjectStore, holder: LockHolder | undefined): SpimquantError {
  const who = holder === undefined ? 'another run' : `process ${holder.pid} on ${holder.host}, since ${holder.since}`;
  return new SpimquantError('output-busy', `Another run is writing to this output: ${who}.`, {
    where: store.uri,
    hint: 'Wait for it, or choose another output. If that machine was switched off or the run was killed there, run the same command once with --unlock.',
  });
}
