import type { JsonObject } from '../protocol/json.ts';
import type { LevelCommand } from '../protocol/options.ts';
import { SpimquantError } from '../protocol/errors.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { endKey, jobKey, jobsKey, manifestKey, runsKey } from './layout.ts';

/** What a cloud run is meant to be. Holds no secret. */
export interface Manifest {
  readonly format: 1;
  readonly id: string;
  /** As one line, for people. */
  readonly text: string;
  /** What machines carry out, participant by participant. */
  readonly command: LevelCommand;
  /** Labels without `sub-`. */
  readonly participants: readonly string[];
  readonly version: string;
  /** The runner that they do it with. */
  readonly bundle: { readonly sha256: string; readonly bytes: number };
  readonly workspace: string;
  /** Coiled's address. */
  readonly server: string;
  /** Milliseconds; see CloudOptions. */
  readonly taskLimitMs: number;
  readonly idleLimitMs: number;
  readonly host: string;
  /** ISO 8601. */
  readonly started: string;
}

/** What was, or was going to be, asked of Coiled: written before the request, and again after its answer. */
export interface JobRecord {
  /** Of the cluster. */
  readonly name: string;
  readonly attempt: number;
  readonly participants: readonly string[];
  readonly jobId?: number;
  readonly clusterId?: number;
  /** Coiled has confirmed that nothing of it is left. */
  readonly gone?: boolean;
}

/** How a cloud run ended. */
export interface CloudEnd {
  readonly outcome: 'succeeded' | 'failed' | 'cancelled';
  /** ISO 8601. */
  readonly ended: string;
  /** Clusters whose machines are not known to be gone. */
  readonly left: readonly string[];
  readonly finished: number;
  readonly failed: number;
  /** US dollars, and who says so. */
  readonly spent?: { readonly dollars: number; readonly by: 'coiled' | 'own' };
  /** What was expected, in US dollars. */
  readonly estimate?: { readonly low: number; readonly likely: number; readonly high: number };
}

/** Writes what a run is meant to be, once. Throws `already-exists` for a run that is there. */
export async function writeManifest(output: ObjectStore, manifest: Manifest): Promise<void> {
  await output.write(manifestKey(manifest.id), `${JSON.stringify(manifest)}\n`, { ifAbsent: true });
}

/** Throws `not-found` when there is no such run, or one of a later version. */
export async function readManifest(output: ObjectStore, run: string, signal?: AbortSignal): Promise<Manifest> {
  const manifest = (await readObject(output, manifestKey(run), signal)) as Partial<Manifest> | undefined;
  if (manifest?.format === 1 && manifest.id === run && Array.isArray(manifest.participants)) return manifest as Manifest;
  throw new SpimquantError('not-found', `There is no cloud run ${run} in this output, or a later version of SPIMquant has written it.`, { where: output.uri });
}

/** Ids of an output's cloud runs, newest first. */
export async function listCloudRuns(output: ObjectStore, signal?: AbortSignal): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const entry of output.list(runsKey, { signal })) {
    const id = /\/(\d{8}-\d{6}-[0-9a-f]+)\/$/.exec(entry.key)?.[1];
    if (id !== undefined) ids.push(id);
  }
  return ids.sort().reverse();
}

export async function writeJob(output: ObjectStore, run: string, job: JobRecord): Promise<void> {
  await output.write(jobKey(run, job.name), `${JSON.stringify(job)}\n`);
}

/** All that was asked of Coiled for a run, in the order of attempts. */
export async function readJobs(output: ObjectStore, run: string, signal?: AbortSignal): Promise<readonly JobRecord[]> {
  const jobs: JobRecord[] = [];
  for await (const entry of output.list(jobsKey(run), { signal })) {
    if (entry.kind !== 'object') continue;
    const job = (await readObject(output, entry.key, signal)) as Partial<JobRecord> | undefined;
    if (typeof job?.name === 'string' && Array.isArray(job.participants) && typeof job.attempt === 'number') jobs.push(job as JobRecord);
  }
  return jobs.sort((a, b) => a.attempt - b.attempt || (a.name < b.name ? -1 : 1));
}

export async function writeEnd(output: ObjectStore, run: string, end: CloudEnd): Promise<void> {
  await output.write(endKey(run), `${JSON.stringify(end)}\n`);
}

export async function readEnd(output: ObjectStore, run: string, signal?: AbortSignal): Promise<CloudEnd | undefined> {
  const end = (await readObject(output, endKey(run), signal)) as Partial<CloudEnd> | undefined;
  return typeof end?.outcome === 'string' && Array.isArray(end.left) ? (end as CloudEnd) : undefined;
}

/** The JSON object at a key; undefined when there is none, or it is damaged. */
export async function readObject(store: ObjectStore, key: string, signal?: AbortSignal): Promise<JsonObject | undefined> {
  const bytes = await store.read(key, { signal });
  if (bytes === undefined) return undefined;
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes)) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
