import type { Clock } from '../protocol/log.ts';
import type { ResourceSample } from '../protocol/resources.ts';
import { detectMachine } from './machine.ts';
import type { Machine } from './machine.ts';
import type { ProcessUse, Snapshot, TakeSnapshot } from './snapshot.ts';
import { systemSnapshots } from './snapshot.ts';

/** A snapshot and when it was taken, in milliseconds since the epoch. */
export interface TimedSnapshot extends Snapshot {
  readonly time: number;
}

/** Calls once after so many milliseconds, unless the function it returns is called before. */
export type Later = (milliseconds: number, work: () => void) => () => void;

/** {@link Later} by the timers of this process, which do not keep it alive. */
export const laterByTimer: Later = (milliseconds, work) => {
  const timer = setTimeout(work, milliseconds);
  timer.unref();
  return () => { clearTimeout(timer); };
};

export interface SamplerOptions {
  /** Processes that count, with all below them. */
  readonly pids: () => readonly number[];
  readonly clock: Clock;
  readonly later: Later;
  readonly snapshots?: TakeSnapshot;
  readonly machine?: () => Machine;
}

/** Samples are kept for ten minutes. */
const historyMs = 600_000;
/** Watching more closely would itself be felt. */
const shortestIntervalMs = 200;

/**
 * What was used between two snapshots. A process counts from when it is first seen, or from its start when that was since
 * the first snapshot; what one used that has ended meanwhile is not known and not counted. No rate is negative.
 */
export function sampleBetween(before: TimedSnapshot, after: TimedSnapshot, machine: Machine): ResourceSample {
  const seconds = Math.max(1e-3, (after.time - before.time) / 1000);
  let [cpu, read, written, memory] = [0, 0, 0, 0];
  for (const [pid, now] of after.processes) {
    memory += now.memory;
    const base = baseline(before.processes.get(pid), now, before.uptime);
    if (base === undefined) continue;
    cpu += Math.max(0, now.cpuSeconds - base.cpuSeconds);
    read += Math.max(0, now.read - base.read);
    written += Math.max(0, now.written - base.written);
  }
  return {
    time: after.time,
    cpu: cpu / seconds,
    cores: machine.cores,
    memory,
    memoryLimit: machine.memoryBytes,
    diskRead: read / seconds,
    diskWrite: written / seconds,
    networkIn: Math.max(0, after.networkIn - before.networkIn) / seconds,
    networkOut: Math.max(0, after.networkOut - before.networkOut) / seconds,
    processes: after.processes.size,
  };
}

/** What a process had used at the time of the first snapshot; undefined when that is not known. */
function baseline(before: ProcessUse | undefined, now: ProcessUse, uptimeBefore: number): Pick<ProcessUse, 'cpuSeconds' | 'read' | 'written'> | undefined {
  if (before !== undefined && before.started === now.started) return before;
  const isNew = now.started !== undefined && now.started >= uptimeBefore;
  return isNew ? { cpuSeconds: 0, read: 0, written: 0 } : undefined;
}

/** Samples what the runner and its runs take, for as long as someone watches, at the shortest interval anyone asked for. */
export class ResourceSampler {
  readonly #options: SamplerOptions;
  readonly #snapshots: TakeSnapshot;
  readonly #watchers = new Map<object, { readonly intervalMs: number; readonly tell: (sample: ResourceSample) => void }>();
  #history: ResourceSample[] = [];
  #last: TimedSnapshot | undefined;
  #cancel: (() => void) | undefined;
  /** Raised whenever a turn under way must not lead to another. */
  #turn = 0;
  #machine: Machine | undefined;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#snapshots = options.snapshots ?? systemSnapshots();
  }

  /** Of the last ten minutes, oldest first, with gaps where nobody watched. */
  get history(): readonly ResourceSample[] {
    return this.#history;
  }

  /** Tells `tell` every sample from now on. `watcher` says who it is; asking again replaces what it asked before. 0: stops. */
  watch(watcher: object, intervalMs: number, tell: (sample: ResourceSample) => void): readonly ResourceSample[] {
    if (intervalMs > 0) this.#watchers.set(watcher, { intervalMs: Math.max(shortestIntervalMs, intervalMs), tell });
    else this.#watchers.delete(watcher);
    this.#restart();
    this.#forgetOld();
    return [...this.#history];
  }

  dispose(): void {
    this.#watchers.clear();
    this.#restart();
  }

  #restart(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#turn += 1;
    if (this.#watchers.size > 0) {
      this.#machine ??= (this.#options.machine ?? detectMachine)();
      void this.#sample(this.#turn);
    } else {
      // After a pause there is nothing to compare with.
      this.#last = undefined;
    }
  }

  /** A snapshot now, and the next one after the interval. Two that follow closely, when a watcher joins, make one sample. */
  async #sample(turn: number): Promise<void> {
    const previous = this.#last;
    const interval = Math.min(...[...this.#watchers.values()].map((watcher) => watcher.intervalMs));
    const taken = await this.#take();
    if (turn !== this.#turn) return;
    const early = previous !== undefined && taken !== undefined && taken.time - previous.time < shortestIntervalMs / 2;
    if (taken !== undefined && !early) {
      this.#last = taken;
      if (previous !== undefined && this.#machine !== undefined) this.#tell(sampleBetween(previous, taken, this.#machine));
    }
    // A listener may have stopped watching.
    if (turn === this.#turn) this.#cancel = this.#options.later(interval, () => void this.#sample(turn));
  }

  async #take(): Promise<TimedSnapshot | undefined> {
    try {
      const snapshot = await this.#snapshots(this.#options.pids());
      return { ...snapshot, time: this.#options.clock() };
    } catch {
      // A figure that is missing for a moment is no reason to stop.
      return undefined;
    }
  }

  #tell(sample: ResourceSample): void {
    this.#history.push(sample);
    this.#forgetOld();
    for (const { tell } of [...this.#watchers.values()]) tell(sample);
  }

  #forgetOld(): void {
    const oldest = this.#options.clock() - historyMs;
    const from = this.#history.findIndex(({ time }) => time >= oldest);
    if (from !== 0) this.#history = from < 0 ? [] : this.#history.slice(from);
  }
}
