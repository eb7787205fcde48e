import { createHash } from 'node:crypto';
import type { Json } from '../protocol/json.ts';
import type { Artifact, Place, Task } from '../pipeline/task.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { artifactKey } from './graph.ts';
import type { TaskGraph } from './graph.ts';
import { forEachAtMost } from './concurrency.ts';

/** JSON with sorted keys and without undefined values: equal values give equal text. */
export function canonicalJson(value: Json | undefined): string {
  if (value === undefined) return 'null';
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item as Json)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item as Json)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A task's identity of content: two tasks with equal fingerprints make equal outputs. */
export interface Fingerprint {
  readonly hash: string;
  readonly stageVersion: number;
  /** By {@link artifactKey}: the producer's fingerprint, or the version of a given input. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** Versions of given inputs that are not there. */
export const absent = 'absent';

/**
 * Fingerprints of all tasks: a hash of stage name and version, parameters, outputs' paths, and the inputs' fingerprints
 * (a made input has its producer's, a given one its version). Pure; the order of the graph makes it one pass.
 */
export function fingerprintTasks(
  graph: TaskGraph,
  stageVersions: ReadonlyMap<string, number>,
  givenVersions: ReadonlyMap<string, string>,
): ReadonlyMap<string, Fingerprint> {
  const result = new Map<string, Fingerprint>();
  for (const task of graph.order) {
    const inputs: Record<string, string> = {};
    for (const key of task.inputs.map(artifactKey).sort()) {
      const producer = graph.producerOf.get(key);
      inputs[key] = producer === undefined ? (givenVersions.get(key) ?? absent) : (result.get(producer.id)?.hash ?? absent);
    }
    const stageVersion = stageVersions.get(task.stage) ?? 0;
    const hash = sha256(canonicalJson({
      stage: task.stage, version: stageVersion, params: task.params, inputs, outputs: task.outputs.map(artifactKey),
    }));
    result.set(task.id, { hash, stageVersion, inputs });
  }
  return result;
}

const arrayMetadata = ['zarr.json', '.zarray'] as const;

/**
 * The version of a given input: its object's, or for a folder (an OME-Zarr image) a hash over the metadata objects in it
 * and in the folders directly below. {@link absent} when there is nothing.
 */
export async function givenVersion(store: ObjectStore, path: string, signal?: AbortSignal): Promise<string> {
  const found = await store.stat(path, { signal });
  if (found !== undefined) return found.version;
  const rows: string[] = [];
  const folders: string[] = [];
  for await (const entry of store.list(path, { signal })) {
    if (entry.kind === 'object') rows.push(`${entry.key} ${entry.version}`);
    else folders.push(entry.key.replace(/\/$/, ''));
  }
  if (rows.length === 0 && folders.length === 0) return absent;
  for (const folder of folders) {
    for (const name of arrayMetadata) {
      const metadata = await store.stat(`${folder}/${name}`, { signal });
      if (metadata === undefined) continue;
      rows.push(`${metadata.key} ${metadata.version}`);
      break;
    }
  }
  return sha256(rows.sort().join('\n'));
}

/** Versions of all given inputs of a graph, by {@link artifactKey}, looked up a few at a time. */
export async function givenVersions(graph: TaskGraph, store: (place: Place) => ObjectStore, signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const given = new Map<string, Artifact>();
  for (const task of graph.order) {
    for (const input of task.inputs) {
      if (!graph.producerOf.has(artifactKey(input))) given.set(artifactKey(input), input);
    }
  }
  const versions = new Map<string, string>();
  await forEachAtMost(16, [...given], async ([key, artifact]) => {
    versions.set(key, await givenVersion(store(artifact.place), artifact.path, signal));
  });
  return versions;
}

/** The file name of a task's receipt: ids hold slashes and may be long. */
export function taskHash(task: Pick<Task, 'id'>): string {
  return sha256(task.id).slice(0, 32);
}
