import { randomBytes } from 'node:crypto';
import type { RunEvent } from '../protocol/events.ts';
import type { MachineSample } from '../protocol/resources.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { eventsKey } from './layout.ts';

/** Events of one participant's run on a machine, and what the machine took meanwhile, as one object of the bucket. */
export interface Segment {
  readonly participant: string;
  /** Different for every process that ever worked on a participant. */
  readonly attempt: string;
  /** 1, 2, 3 … within an attempt. */
  readonly number: number;
  readonly events: readonly RunEvent[];
  /** None where an older runner wrote it. */
  readonly samples: readonly MachineSample[];
}

/** Marks a line that is no event. Older runners pass over it, because it has no number. */
const sampleType = 'machine-sample';

/** Time between two segments: short at first, so that one sees that a machine works; in milliseconds. */
const firstInterval = 5000;
const longestInterval = 30_000;
/** The same where nothing happens but samples: they go with events, and cost hardly a request of their own. */
const quietInterval = 60_000;
/** Samples that wait at most: those of four hours. */
const mostSamples = 1000;
/** Events that wait for the next segment at most; of progress only the latest counts anyway. */
const mostWaiting = 20_000;

/** Name of a segment: those written later come later in a listing, as far as the clocks of machines agree. */
export function segmentName(time: number, participant: string, attempt: string, number: number): string {
  return `${String(time).padStart(14, '0')}-${participant}-${attempt}-${String(number).padStart(5, '0')}.ndjson`;
}

/** What the name of a segment says; undefined: it is none. */
export function parseSegmentName(name: string): { readonly time: number; readonly participant: string; readonly attempt: string; readonly number: number } | undefined {
  const match = /^(\d{14})-([A-Za-z0-9+]+)-([0-9a-f]+)-(\d{5})\.ndjson$/.exec(name);
  return match === null ? undefined : { time: Number(match[1]), participant: match[2], attempt: match[3], number: Number(match[4]) };
}

/** What writing needs from outside. */
export interface SegmentTime {
  clock(): number;
  /** Calls back once after so many milliseconds; returns how to stop it. */
  later(ms: number, then: () => void): () => void;
}

/**
 * Writes the events of a participant's run to the bucket, a segment now and then and one at the end. What cannot be written
 * is kept for the next try: events are lost by the loss of the machine alone.
 */
export class SegmentWriter {
  readonly #store: ObjectStore;
  readonly #run: string;
  readonly #participant: string;
  readonly #time: SegmentTime;
  readonly #attempt = randomBytes(6).toString('hex');
  #waiting: RunEvent[] = [];
  #samples: MachineSample[] = [];
  #number = 0;
  #interval = firstInterval;
  #timer: { readonly due: number; readonly cancel: () => void } | undefined;
  #writing: Promise<void> | undefined;
  #over = false;

  constructor(store: ObjectStore, run: string, participant: string, time: SegmentTime) {
    this.#store = store;
    this.#run = run;
    this.#participant = participant;
    this.#time = time;
  }

  add(event: RunEvent): void {
    if (event.type === 'task-progress') this.#waiting = this.#waiting.filter((each) => each.type !== 'task-progress' || each.task !== event.task);
    this.#waiting.push(event);
    if (this.#waiting.length > mostWaiting) this.#waiting = this.#waiting.filter((each) => each.type !== 'task-progress' && each.type !== 'task-log').slice(-mostWaiting);
    this.#schedule();
  }

  /** Of the machine; written with the next events, or after a while without them. */
  addSample(sample: MachineSample): void {
    this.#samples = [...this.#samples, sample].slice(-mostSamples);
    this.#schedule();
  }

  /** Writes all that waits. Rejects when the bucket does not take it. */
  async finish(): Promise<void> {
    this.#over = true;
    this.#timer?.cancel();
    await this.#writing?.catch(() => undefined);
    await this.#flush();
  }

  /** Writes what waits in a while, unless it is written sooner. */
  #schedule(): void {
    if (this.#over || (this.#waiting.length === 0 && this.#samples.length === 0)) return;
    const wait = this.#waiting.length > 0 ? this.#interval : quietInterval;
    const due = this.#time.clock() + wait;
    if (this.#timer !== undefined && this.#timer.due <= due) return;
    this.#timer?.cancel();
    const cancel = this.#time.later(wait, () => {
      if (this.#timer?.cancel !== cancel) return;
      this.#timer = undefined;
      void this.#flush().catch(() => undefined).finally(() => {
        this.#interval = Math.min(longestInterval, 2 * this.#interval);
        this.#schedule();
      });
    });
    this.#timer = { due, cancel };
  }

  async #flush(): Promise<void> {
    if (this.#writing !== undefined) return this.#writing;
    const [events, samples] = [this.#waiting, this.#samples];
    if (events.length === 0 && samples.length === 0) return;
    [this.#waiting, this.#samples] = [[], []];
    this.#writing = this.#write(events, samples).catch((error: unknown) => {
      this.#waiting = [...events, ...this.#waiting];
      this.#samples = [...samples, ...this.#samples];
      throw error;
    }).finally(() => { this.#writing = undefined; });
    return this.#writing;
  }

  async #write(events: readonly RunEvent[], samples: readonly MachineSample[]): Promise<void> {
    const number = this.#number + 1;
    const key = `${eventsKey(this.#run)}/${segmentName(this.#time.clock(), this.#participant, this.#attempt, number)}`;
    const lines = [...events, ...samples.map(({ participant: _participant, ...sample }) => ({ type: sampleType, ...sample }))];
    await this.#store.write(key, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { ifAbsent: true });
    this.#number = number;
  }
}

/** How far back a listing looks, for machines whose clocks are behind and for what was written while it was listed; in milliseconds. */
const slack = 180_000;
/** Segments read at the same time. */
const readAtOnce = 16;

/**
 * Reads what machines have written, whatever their number: of a listing only what is new is looked at, but for a look at
 * everything now and then.
 */
export class SegmentReader {
  readonly #store: ObjectStore;
  readonly #folder: string;
  /** Names that were read, of participants that are not over. */
  #seen = new Set<string>();
  #newest = 0;

  constructor(store: ObjectStore, run: string) {
    this.#store = store;
    this.#folder = eventsKey(run);
  }

  /**
   * Segments that were not read before, in the order of their names.
   *
   * @param whole looks at all names, also those whose time lies far back
   * @param isOver whether nothing more is to be read of a participant: then nothing more is remembered of it
   */
  async *read(whole: boolean, signal?: AbortSignal, isOver: (participant: string) => boolean = () => false): AsyncGenerator<Segment> {
    const from = whole ? 0 : Math.max(0, this.#newest - slack);
    const names: string[] = [];
    for await (const entry of this.#store.list(this.#folder, { ...(from === 0 ? {} : { startAfter: String(from).padStart(14, '0') }), signal })) {
      const name = entry.key.slice(this.#folder.length + 1);
      if (entry.kind !== 'object' || this.#seen.has(name)) continue;
      const said = parseSegmentName(name);
      if (said !== undefined && !isOver(said.participant)) names.push(name);
    }
    if (whole) this.#seen = new Set([...this.#seen].filter((name) => !isOver(parseSegmentName(name)?.participant ?? '')));
    for (let at = 0; at < names.length; at += readAtOnce) {
      const part = names.slice(at, at + readAtOnce);
      const texts = await Promise.all(part.map((name) => this.#store.read(`${this.#folder}/${name}`, { signal })));
      for (const [index, name] of part.entries()) {
        const said = parseSegmentName(name);
        const bytes = texts[index];
        if (said === undefined || bytes === undefined) continue;
        this.#seen.add(name);
        this.#newest = Math.max(this.#newest, said.time);
        yield { participant: said.participant, attempt: said.attempt, number: said.number, ...parseLines(new TextDecoder().decode(bytes), said.participant) };
      }
    }
  }
}

const sampleNumbers = ['time', 'cpu', 'cores', 'memory', 'memoryLimit', 'diskRead', 'diskWrite', 'networkIn', 'networkOut', 'processes'] as const;

/** Lines that are neither events nor samples are passed over. */
function parseLines(text: string, participant: string): Pick<Segment, 'events' | 'samples'> {
  const events: RunEvent[] = [];
  const samples: MachineSample[] = [];
  for (const line of text.split('\n')) {
    let value: (Partial<RunEvent> | ({ readonly type: typeof sampleType } & Partial<MachineSample>)) | null;
    try {
      value = JSON.parse(line) as typeof value;
    } catch {
      continue;
    }
    if (value?.type === sampleType) {
      const sample = value;
      if (typeof sample.host !== 'string' || !sampleNumbers.every((name) => typeof sample[name] === 'number')) continue;
      samples.push({ host: sample.host, participant, ...Object.fromEntries(sampleNumbers.map((name) => [name, sample[name]])) } as unknown as MachineSample);
    } else if (typeof value?.type === 'string' && typeof value.seq === 'number') events.push(value as RunEvent);
  }
  return { events, samples };
}
