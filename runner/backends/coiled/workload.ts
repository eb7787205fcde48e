import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { indexDataset } from '../../bids/dataset.ts';
import type { PastRuns, Workload } from '../../cloud/estimate.ts';
import { readEvents, stateFolder } from '../../engine/journal.ts';
import { readIntent } from '../../engine/runFolder.ts';
import { openOmeZarr } from '../../image/omeZarr.ts';
import type { ImageInfo } from '../../image/omeZarr.types.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { EntityFilter } from '../../protocol/options.ts';
import type { RunEvent } from '../../protocol/events.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';

/** Participants whose images are looked at. */
const sampleSize = 4;
/** Earlier runs that are read, newest first. */
const mostRuns = 40;
/** Of the CPUs of a machine, so much is at work: see estimate.ts. */
const busy = 0.55;

/** How much work a cohort is: from the metadata of a few of its images, and from what earlier runs of the dataset took. */
export async function measureWorkload(
  dataset: ObjectStore, participants: readonly string[], filters: readonly EntityFilter[], env: Readonly<Record<string, string | undefined>>, signal: AbortSignal,
): Promise<Workload> {
  const past = pastRunsOf(dataset.uri, env);
  const sample = spread(participants, sampleSize);
  const sizes: number[] = [];
  try {
    const { images } = await indexDataset(dataset, { participantLabel: sample, filters, signal });
    for (const label of sample) {
      const own = images.filter(({ entities }) => entities.sub === label);
      let bytes = 0;
      for (const { path } of own) bytes += voxelBytes((await openOmeZarr(dataset, path, { signal })).info);
      if (own.length > 0) sizes.push(bytes);
    }
  } catch (error) {
    // What is wrong with a participant is told by its run.
    if (!(error instanceof SpimquantError) || !['bad-zarr', 'bad-dataset', 'not-found'].includes(error.code)) throw error;
  }
  const bytesEach = sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  return { participants: participants.length, sampled: sizes.length, ...(bytesEach === undefined ? {} : { bytesEach }), ...(past === undefined ? {} : { past }) };
}

/** So many of a list, evenly spread over it. */
function spread<T>(all: readonly T[], most: number): readonly T[] {
  return all.length <= most ? all : Array.from({ length: most }, (_, index) => all[Math.floor(((index + 0.5) * all.length) / most)]);
}

function voxelBytes({ levels, channels, timepoints, voxelType }: ImageInfo): number {
  const bits = Number(/\d+$/.exec(voxelType)?.[0] ?? '8');
  const [x, y, z] = levels[0].size;
  return x * y * z * Math.max(1, channels.length) * Math.max(1, timepoints) * (bits / 8);
}

/** What runs of this machine over a dataset took for each participant that they finished. */
export function pastRunsOf(dataset: string, env: Readonly<Record<string, string | undefined>>): PastRuns | undefined {
  const runs = join(stateFolder(env), 'runs');
  let participants = 0, seconds = 0, newest = 0;
  for (const id of runIds(runs).slice(0, mostRuns)) {
    const folder = join(runs, id);
    const intent = readIntent(folder);
    if (intent?.bids !== dataset || intent.verb !== 'participant') continue;
    let events: readonly RunEvent[];
    try {
      events = readEvents(folder);
    } catch {
      continue;
    }
    const took = stepSecondsOf(events);
    participants += took.length;
    seconds += took.reduce((sum, each) => sum + each, 0);
    if (took.length > 0) newest = Math.max(newest, Date.parse(intent.started) || 0);
  }
  return participants === 0 ? undefined : { participants, stepSecondsEach: seconds / participants, newest };
}

/** Seconds of steps of each participant that a run finished from the beginning to the end. */
export function stepSecondsOf(events: readonly RunEvent[]): readonly number[] {
  const scopes = new Map<string, { readonly all: Set<string>; seconds: number }>();
  const scopeOf = new Map<string, string>();
  let vcpus = 1;
  for (const event of events) {
    if (event.type === 'cloud-estimated') vcpus = (event.estimate.machine?.vcpus ?? 8) * busy;
    if (event.type === 'run-planned') {
      // What was there already was not measured.
      if (event.reused > 0) return [];
      for (const { id, scope } of event.tasks) {
        scopeOf.set(id, scope);
        const known = scopes.get(scope);
        if (known === undefined) scopes.set(scope, { all: new Set([id]), seconds: 0 });
        else known.all.add(id);
      }
    }
    if (event.type !== 'task-finished') continue;
    const scope = scopes.get(scopeOf.get(event.task) ?? '');
    if (scope === undefined) continue;
    scope.all.delete(event.task);
    scope.seconds += event.seconds * vcpus;
  }
  return [...scopes].filter(([name, { all }]) => name !== 'template' && all.size === 0).map(([, { seconds }]) => seconds);
}

function runIds(runs: string): readonly string[] {
  try {
    return readdirSync(runs).filter((name) => /^\d{8}-\d{6}-/.test(name)).sort().reverse();
  } catch {
    return [];
  }
}
