import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../protocol/log.ts';
import type { MachineSample, ResourceSample } from '../protocol/resources.ts';
import { usualHosts } from '../protocol/runView.ts';
import type { HostResources } from '../protocol/runView.ts';
import { readTail } from './fileTail.ts';
import { ResourceSampler } from './sampler.ts';
import type { Later } from './sampler.ts';
import { rounded, SummaryOfSamples, thinOut } from './summary.ts';

/** Name of the file in a run's folder that holds what the run took of its machines: a line a sample. */
export const resourcesFile = 'resources.ndjson';

/** Milliseconds between samples of a run's own machine. A day is 10 MB. */
export const recordIntervalMs = 2000;

/** Bytes at the end of the file in which the latest samples of machines are looked for. */
const tailBytes = 256 << 10;

/** A line of the file: without a participant, of the machine whose process is the run. */
type RecordedSample = ResourceSample & { readonly host: string; readonly participant?: string };

/** Says that a machine is through with a participant. */
interface RecordedEnd {
  readonly host: string;
  readonly participant: string;
  readonly time: number;
  readonly over: true;
}

/** Appends lines to a run's record of resources. A disk that takes no more ends the recording, not the run. */
export class ResourceFile {
  #file: number | undefined;

  constructor(folder: string) {
    try {
      this.#file = openSync(join(folder, resourcesFile), 'a', 0o600);
    } catch {
      this.#file = undefined;
    }
  }

  /** Whether lines can be added. */
  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  add(line: RecordedSample | RecordedEnd): void {
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, `${JSON.stringify(line)}\n`);
    } catch {
      this.close();
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Writes what this process and all below it take into a run's folder until the function it returns is called. */
export function recordResources(folder: string, clock: Clock, later: Later): () => void {
  const file = new ResourceFile(folder);
  if (!file.isOpen) return () => undefined;
  const host = hostname();
  const sampler = new ResourceSampler({ pids: () => [process.pid], clock, later });
  const stop = (): void => {
    sampler.dispose();
    file.close();
  };
  sampler.watch({}, recordIntervalMs, (sample) => {
    file.add({ host, ...rounded(sample) });
    if (!file.isOpen) stop();
  });
  return stop;
}

/**
 * What was recorded in a run's folder, by host, those of a cloud first. Samples, in at most `points` points each, are of the hosts that
 * are named, or of the first few. Damaged lines (of a crash) are passed over.
 */
export async function readResources(folder: string, points: number, wanted?: readonly string[]): Promise<readonly HostResources[]> {
  const text = await readFile(join(folder, resourcesFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const hosts = new Map<string, RecordedSample[]>();
  for (const line of text.split('\n')) {
    const parsed = parseLine(line);
    if (parsed === undefined || isEnd(parsed)) continue;
    const samples = hosts.get(parsed.host);
    if (samples === undefined) hosts.set(parsed.host, [parsed]);
    else samples.push(parsed);
  }
  const isMachine = (samples: readonly RecordedSample[]): boolean => samples[0].participant !== undefined;
  const ordered = [...hosts].sort(([, a], [, b]) => Number(isMachine(b)) - Number(isMachine(a)));
  const named = wanted ?? ordered.slice(0, usualHosts).map(([host]) => host);
  return ordered.map(([host, unordered]) => {
    // What a machine has told may have come late.
    const samples = isMachine(unordered) ? unordered.sort((a, b) => a.time - b.time) : unordered;
    const summary = new SummaryOfSamples();
    for (const sample of samples) summary.add(sample);
    return {
      host, participants: spansOf(samples), summary: summary.summary, intervalMs: intervalOf(samples),
      samples: named.includes(host) ? thinOut(samples, points).map(({ host: _host, participant: _participant, ...sample }) => sample) : [],
    };
  });
}

/** Who was worked on from when to when. */
function spansOf(samples: readonly RecordedSample[]): HostResources['participants'] {
  const spans: { participant: string; from: number; to: number }[] = [];
  for (const { participant, time } of samples) {
    const last = spans.at(-1);
    if (participant === undefined) continue;
    if (last?.participant === participant) last.to = time;
    else spans.push({ participant, from: time, to: time });
  }
  return spans;
}

/** The usual time between two samples: that between half of them and their next is no longer. */
function intervalOf(samples: readonly RecordedSample[]): number {
  const steps = samples.slice(1).map(({ time }, at) => time - samples[at].time).sort((a, b) => a - b);
  return Math.max(recordIntervalMs, steps.at(Math.floor(steps.length / 2)) ?? 0);
}

/** The latest sample of each machine of a cloud run that is at work, none older than `since` by its machine's clock. */
export async function readMachines(folder: string, since: number): Promise<readonly MachineSample[]> {
  const latest = new Map<string, RecordedSample | RecordedEnd>();
  const tail = await readTail(join(folder, resourcesFile), tailBytes);
  for (const line of tail?.text.split('\n') ?? []) {
    const parsed = parseLine(line);
    if (parsed?.participant === undefined || parsed.time < since) continue;
    const before = latest.get(parsed.host);
    if (before === undefined || before.time <= parsed.time) latest.set(parsed.host, parsed);
  }
  return [...latest.values()].flatMap((sample) => (isEnd(sample) || sample.participant === undefined ? [] : [{ ...sample, participant: sample.participant }]));
}

function isEnd(line: RecordedSample | RecordedEnd): line is RecordedEnd {
  return 'over' in line;
}

function parseLine(line: string): RecordedSample | RecordedEnd | undefined {
  try {
    const value = JSON.parse(line) as (RecordedSample & { readonly over?: boolean }) | null;
    if (typeof value?.host !== 'string' || typeof value.time !== 'number') return undefined;
    return typeof value.cpu === 'number' || (value.over === true && typeof value.participant === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}
