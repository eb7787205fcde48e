import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../protocol/log.ts';
import type { ResourceSample } from '../protocol/resources.ts';
import type { HostResources } from '../protocol/runView.ts';
import { ResourceSampler } from './sampler.ts';
import type { Later } from './sampler.ts';

/** Name of the file in a run's folder that holds what the run took of its machine: a line a sample. */
export const resourcesFile = 'resources.ndjson';

/** Milliseconds between samples in a run's folder. A day is 10 MB. */
export const recordIntervalMs = 2000;

/**
 * Writes what this process and all below it take into a run's folder until the function it returns is called. A disk that
 * takes no more ends the recording, not the run.
 */
export function recordResources(folder: string, clock: Clock, later: Later): () => void {
  let file: number;
  try {
    file = openSync(join(folder, resourcesFile), 'a', 0o600);
  } catch {
    return () => undefined;
  }
  const host = hostname();
  const sampler = new ResourceSampler({ pids: () => [process.pid], clock, later });
  let open = true;
  const stop = (): void => {
    if (!open) return;
    open = false;
    sampler.dispose();
    closeSync(file);
  };
  sampler.watch({}, recordIntervalMs, (sample) => {
    try {
      writeSync(file, `${JSON.stringify({ host, ...rounded(sample) })}\n`);
    } catch {
      stop();
    }
  });
  return stop;
}

function rounded(sample: ResourceSample): ResourceSample {
  const whole = (value: number): number => Math.round(value);
  return {
    ...sample, cpu: Number(sample.cpu.toFixed(2)), diskRead: whole(sample.diskRead), diskWrite: whole(sample.diskWrite),
    networkIn: whole(sample.networkIn), networkOut: whole(sample.networkOut),
  };
}

/** What was recorded in a run's folder, by host, in at most so many points each. Damaged lines (of a crash) are passed over. */
export async function readResources(folder: string, points: number): Promise<readonly HostResources[]> {
  const text = await readFile(join(folder, resourcesFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const hosts = new Map<string, ResourceSample[]>();
  for (const line of text.split('\n')) {
    const parsed = parseLine(line);
    if (parsed === undefined) continue;
    const { host, ...sample } = parsed;
    const samples = hosts.get(host);
    if (samples === undefined) hosts.set(host, [sample]);
    else samples.push(sample);
  }
  return [...hosts].map(([host, samples]) => ({ host, samples: thinOut(samples, points), intervalMs: recordIntervalMs }));
}

function parseLine(line: string): (ResourceSample & { readonly host: string }) | undefined {
  try {
    const value = JSON.parse(line) as ResourceSample & { readonly host: string };
    return typeof value.host === 'string' && typeof value.time === 'number' && typeof value.cpu === 'number' ? value : undefined;
  } catch {
    return undefined;
  }
}

const peaks = ['cpu', 'memory', 'diskRead', 'diskWrite', 'networkIn', 'networkOut', 'processes'] as const;

/** At most `points` samples, each the highest of those it stands for in every respect, so that no peak is lost. */
export function thinOut(samples: readonly ResourceSample[], points: number): readonly ResourceSample[] {
  if (samples.length <= points) return samples;
  return Array.from({ length: points }, (_, index) => {
    const group = samples.slice(Math.floor((index * samples.length) / points), Math.floor(((index + 1) * samples.length) / points));
    const highest = Object.fromEntries(peaks.map((name) => [name, Math.max(...group.map((sample) => sample[name]))]));
    return { ...group[group.length - 1], ...highest };
  });
}
