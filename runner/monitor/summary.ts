import type { ResourceSample, ResourceSummary } from '../protocol/resources.ts';

/** What is counted as a rate, over the time since the sample before. */
const rates = ['cpu', 'diskRead', 'diskWrite', 'networkIn', 'networkOut'] as const;
/** What is there at one moment. */
const standing = ['memory', 'processes'] as const;
const peaks = [...rates, ...standing] as const;

/** Samples that follow each other as one over the whole time: rates on average, the most memory and processes. Of one sample at least. */
export function mergeSamples<S extends ResourceSample>(samples: readonly S[]): S {
  const last = samples[samples.length - 1];
  if (samples.length === 1) return last;
  const mean = Object.fromEntries(rates.map((name) => [name, samples.reduce((sum, sample) => sum + sample[name], 0) / samples.length]));
  const most = Object.fromEntries(standing.map((name) => [name, Math.max(...samples.map((sample) => sample[name]))]));
  return { ...last, ...mean, ...most };
}

/** At most `points` samples, each the highest of those it stands for in every respect, so that no peak is lost. */
export function thinOut<S extends ResourceSample>(samples: readonly S[], points: number): readonly S[] {
  if (samples.length <= points) return samples;
  return Array.from({ length: points }, (_, index) => {
    const group = samples.slice(Math.floor((index * samples.length) / points), Math.floor(((index + 1) * samples.length) / points));
    return { ...group[group.length - 1], ...Object.fromEntries(peaks.map((name) => [name, Math.max(...group.map((sample) => sample[name]))])) };
  });
}

/** Samples of one machine, in their order, added up one by one: of one at least. */
export class SummaryOfSamples {
  #first: ResourceSample | undefined;
  #last: ResourceSample | undefined;
  #cpu = 0;
  #count = 0;
  readonly #highest: Record<(typeof peaks)[number], number> = { cpu: 0, diskRead: 0, diskWrite: 0, networkIn: 0, networkOut: 0, memory: 0, processes: 0 };

  add(sample: ResourceSample): void {
    if (this.#first === undefined || sample.time < this.#first.time) this.#first = sample;
    if (this.#last === undefined || sample.time >= this.#last.time) this.#last = sample;
    this.#cpu += sample.cpu;
    this.#count += 1;
    for (const name of peaks) this.#highest[name] = Math.max(this.#highest[name], sample[name]);
  }

  get summary(): ResourceSummary {
    if (this.#first === undefined || this.#last === undefined) throw new Error('There is no sample.');
    const { cores, memoryLimit, time } = this.#last;
    return { from: this.#first.time, to: time, meanCpu: this.#cpu / this.#count, peak: { ...this.#highest, cores, memoryLimit } };
  }
}

/** Puts samples together into one for each interval. The first goes by at once: it is seen that there is something. */
export class SampleBatch<S extends ResourceSample> {
  #waiting: S[] = [];
  #told: number | undefined;

  /** What is to be told now, if anything. Samples come in the order of time. */
  add(sample: S, intervalMs: number): S | undefined {
    this.#waiting.push(sample);
    return this.#told === undefined || sample.time - this.#told >= intervalMs ? this.rest() : undefined;
  }

  /** What has not been told yet, as one. */
  rest(): S | undefined {
    if (this.#waiting.length === 0) return undefined;
    const merged = mergeSamples(this.#waiting);
    this.#waiting = [];
    this.#told = merged.time;
    return merged;
  }
}

/** Without digits that nobody reads. */
export function rounded<S extends ResourceSample>(sample: S): S {
  const whole = (value: number): number => Math.round(value);
  return {
    ...sample, cpu: Number(sample.cpu.toFixed(2)), diskRead: whole(sample.diskRead), diskWrite: whole(sample.diskWrite),
    networkIn: whole(sample.networkIn), networkOut: whole(sample.networkOut),
  };
}
