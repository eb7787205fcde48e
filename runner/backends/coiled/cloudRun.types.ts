import type { CoiledClient } from '../../coiled/client.types.ts';
import type { RunEvent, RunEventBody } from '../../protocol/events.ts';
import type { CostEstimate } from '../../protocol/cloud.ts';
import type { MachineSample } from '../../protocol/resources.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import type { Manifest } from '../../cloud/manifest.ts';

/** Time, as the following of a cloud run needs it; replaced in tests. */
export interface CloudTime {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after so many milliseconds, or as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Where what happens is noted. */
export interface CloudJournal {
  append(body: RunEventBody): RunEvent;
}

/** Somebody's workspace at Coiled. */
export interface CoiledAccount {
  readonly client: CoiledClient;
  readonly workspace: string;
}

/** Keeps what machines took. */
export interface MachineRecord {
  /** `over`: the machine is through with the participant. */
  take(participant: string, samples: readonly MachineSample[], over: boolean): void;
}

/** A cloud run that is under way: what all its parts work with. */
export interface CloudRun {
  readonly manifest: Manifest;
  readonly output: ObjectStore;
  readonly account: CoiledAccount;
  readonly journal: CloudJournal;
  readonly time: CloudTime;
  /** The user's wish to end. */
  readonly signal: AbortSignal;
}

/** What is asked before a dataset is copied. */
export interface CopyQuestion {
  readonly files: number;
  /** How much, where to, and what it may cost. */
  readonly words: string;
}

/** What is asked before machines are started. */
export interface CostQuestion {
  readonly estimate: CostEstimate;
  /** US dollars above which it is asked. */
  readonly above: number;
}
