import type { MachineSample } from '../protocol/resources.ts';
import type { ResourceFile } from './recorder.ts';
import { rounded, SampleBatch } from './summary.ts';

/** Milliseconds for each machine that is at work, between two samples of the same one: so all together write one a second at most. */
const msEach = 1000;
/** A machine that has told nothing for so long is at work no more, and how often they are counted; in milliseconds. */
const awayAfter = 600_000;
const countInterval = 15_000;

interface Heard {
  readonly host: string;
  readonly batch: SampleBatch<MachineSample>;
  /** Of the latest sample that was taken. */
  time: number;
}

/**
 * Adds what machines of a cloud run took to the run's own record of resources. What comes twice is taken once. Of many machines fewer samples
 * are kept each, so that a day stays below 20 MB whatever their number.
 */
export class MachineRecorder {
  readonly #file: Pick<ResourceFile, 'add' | 'close'>;
  /** By participants that are worked on. */
  readonly #heard = new Map<string, Heard>();
  #counted = { at: -Infinity, hosts: 1 };

  constructor(file: Pick<ResourceFile, 'add' | 'close'>) {
    this.#file = file;
  }

  /** Takes what the machine of a participant has told. `over`: it is through with it. */
  take(participant: string, samples: readonly MachineSample[], over: boolean): void {
    const interval = samples.length === 0 ? 0 : msEach * this.#atWork(samples[samples.length - 1].time);
    for (const sample of samples) this.#one(participant, sample, interval);
    if (over) this.#leave(participant);
  }

  #one(participant: string, sample: MachineSample, interval: number): void {
    let heard = this.#heard.get(participant);
    if (heard?.host !== sample.host) {
      this.#leave(participant);
      heard = { host: sample.host, batch: new SampleBatch<MachineSample>(), time: -Infinity };
      this.#heard.set(participant, heard);
    }
    if (sample.time <= heard.time) return;
    heard.time = sample.time;
    this.#write(heard.batch.add(sample, interval));
  }

  /** Its machine works on it no more. */
  #leave(participant: string): void {
    const heard = this.#heard.get(participant);
    if (heard === undefined) return;
    this.#heard.delete(participant);
    this.#write(heard.batch.rest());
    this.#file.add({ host: heard.host, participant, time: heard.time, over: true });
  }

  #write(sample: MachineSample | undefined): void {
    if (sample !== undefined) this.#file.add(rounded(sample));
  }

  /** How many machines are at work. */
  #atWork(now: number): number {
    if (now - this.#counted.at >= countInterval || this.#heard.size < 16) {
      this.#counted = { at: now, hosts: new Set([...this.#heard.values()].filter(({ time }) => now - time < awayAfter).map(({ host }) => host)).size };
    }
    return this.#counted.hosts;
  }

  /** Writes what has not been written yet. */
  close(): void {
    for (const { batch } of this.#heard.values()) this.#write(batch.rest());
    this.#file.close();
  }
}
