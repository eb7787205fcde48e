import { randomBytes } from 'node:crypto';
import { SpimquantError } from '../protocol/errors.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { claimKey } from './layout.ts';
import { readObject } from './manifest.ts';

/** Who works on a participant, or has. */
export interface Claim {
  readonly token: string;
  readonly host: string;
  readonly pid: number;
  /** Tells the process from a later one with the same id; empty where the system does not say. */
  readonly process: string;
  /** Raised with every sign of life. */
  readonly beat: number;
  /** The participant is over and done with, well or not. */
  readonly over?: 'succeeded' | 'failed';
}

/** This machine, and time. */
export interface ClaimSystem {
  readonly host: string;
  readonly pid: number;
  processMark(pid: number): string;
  isSameProcess(pid: number, mark: string): boolean;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** A sign of life is given this often, and one that gives none for so long is dead; in milliseconds. */
export const beatInterval = 60_000;
export const deadAfter = 200_000;
/** How often a claim of somebody else is looked at. */
const lookInterval = 10_000;

/** A participant that this process works on, alone. */
export interface HeldClaim {
  /** Gives a sign of life. Rejects with `changed` when somebody else has taken over: the work must end. */
  beat(): Promise<void>;
  finish(outcome: 'succeeded' | 'failed'): Promise<void>;
  /** Gives it up, so that another machine need not wait. */
  release(): Promise<void>;
}

/**
 * Takes a participant for this process, by conditional writes: of several machines one gets it. That of a machine that is
 * gone is taken over: at once where it was this one, else when it has given no sign of life for a while. Undefined: the
 * participant is over and done with.
 */
export async function claimParticipant(output: ObjectStore, run: string, participant: string, system: ClaimSystem, signal: AbortSignal): Promise<HeldClaim | undefined> {
  const key = claimKey(run, participant);
  const mine: Claim = { token: randomBytes(12).toString('hex'), host: system.host, pid: system.pid, process: system.processMark(system.pid), beat: 1 };
  let watched: { readonly token: string; readonly beat: number; waited: number } | undefined;
  for (;;) {
    signal.throwIfAborted();
    const stat = await output.stat(key, { signal });
    const claim = stat === undefined ? undefined : (await readObject(output, key, signal)) as Claim | undefined;
    if (claim?.over !== undefined) return undefined;
    const dead = claim === undefined || (claim.host === system.host && !system.isSameProcess(claim.pid, claim.process));
    const silent = watched !== undefined && claim?.token === watched.token && claim.beat === watched.beat && watched.waited >= deadAfter;
    if (dead || silent) {
      const version = await tryWrite(output, key, mine, stat?.version);
      if (version !== undefined) return held(output, key, mine, version);
      watched = undefined;
      continue;
    }
    if (watched?.token !== claim.token || watched.beat !== claim.beat) watched = { token: claim.token, beat: claim.beat, waited: 0 };
    await system.sleep(lookInterval, signal);
    watched.waited += lookInterval;
  }
}

/** The version written; undefined: somebody else was faster. */
async function tryWrite(output: ObjectStore, key: string, claim: Claim, over: string | undefined): Promise<string | undefined> {
  try {
    return (await output.write(key, `${JSON.stringify(claim)}\n`, over === undefined ? { ifAbsent: true } : { ifVersion: over })).version;
  } catch (error) {
    if (!(error instanceof SpimquantError) || (error.code !== 'already-exists' && error.code !== 'changed')) throw error;
    // The answer of a try that was taken may have been lost.
    const now = (await readObject(output, key)) as Claim | undefined;
    return now?.token === claim.token && now.beat === claim.beat ? (await output.stat(key))?.version : undefined;
  }
}

function held(output: ObjectStore, key: string, first: Claim, firstVersion: string): HeldClaim {
  let claim = first;
  let version = firstVersion;
  const write = async (next: Claim): Promise<void> => {
    const written = await tryWrite(output, key, next, version);
    if (written === undefined) throw new SpimquantError('changed', 'Another machine has taken over this participant.', { where: `${output.uri}/${key}` });
    claim = next;
    version = written;
  };
  return {
    beat: () => write({ ...claim, beat: claim.beat + 1 }),
    finish: (over) => write({ ...claim, beat: claim.beat + 1, over }),
    release: async () => {
      const now = (await readObject(output, key)) as Claim | undefined;
      if (now?.token === claim.token && now.over === undefined) await output.delete(key);
    },
  };
}
