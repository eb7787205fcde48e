import type { Place, Stage, Task } from '../pipeline/task.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { forEachAtMost } from './concurrency.ts';
import { decide } from './decide.ts';
import type { Decision } from './decide.ts';
import { fingerprintTasks, givenVersions } from './fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';
import { artifactKey, buildGraph } from './graph.ts';
import type { TaskGraph } from './graph.ts';
import { describeOutput, readReceipts } from './receipts.ts';
import type { Receipt } from './receipts.ts';

/** A plan held against what is there. */
export interface Prepared {
  readonly graph: TaskGraph;
  readonly fingerprints: ReadonlyMap<string, Fingerprint>;
  readonly receipts: ReadonlyMap<string, Receipt>;
  readonly decision: Decision;
}

/** What {@link prepare} needs. */
export interface PrepareRequest {
  readonly tasks: readonly Task[];
  readonly store: (place: Place) => ObjectStore;
  readonly loadStage: (name: string) => Promise<Stage>;
  readonly forceAll: boolean;
  readonly signal?: AbortSignal;
}

/** Finds out which tasks of a plan have to run. Reads listings, receipts and metadata; changes nothing. */
export async function prepare(request: PrepareRequest): Promise<Prepared> {
  const { tasks, store, signal } = request;
  const graph = buildGraph(tasks);
  const versions = new Map<string, number>();
  for (const name of new Set(tasks.map((task) => task.stage))) versions.set(name, (await request.loadStage(name)).version);
  const fingerprints = fingerprintTasks(graph, versions, await givenVersions(graph, store, signal));
  const receipts = await readReceipts(tasks, store, signal);
  const whole = request.forceAll ? new Set<string>() : await wholeOutputs(receipts, fingerprints, store, signal);
  const decision = decide(graph, { fingerprints, receipts, isWhole: (key) => whole.has(key), forceAll: request.forceAll });
  return { graph, fingerprints, receipts, decision };
}

/** Keys of outputs that are as their receipts say. Those of outdated receipts need no look. */
async function wholeOutputs(
  receipts: ReadonlyMap<string, Receipt>, fingerprints: ReadonlyMap<string, Fingerprint>, store: (place: Place) => ObjectStore, signal?: AbortSignal,
): Promise<Set<string>> {
  const current = [...receipts.values()].filter((receipt) => fingerprints.get(receipt.task)?.hash === receipt.fingerprint);
  const whole = new Set<string>();
  await forEachAtMost(32, current.flatMap((receipt) => receipt.outputs), async (output) => {
    const found = await describeOutput(store(output.place), output, signal);
    if (found?.size === output.size && found.objects === output.objects) whole.add(artifactKey(output));
  });
  return whole;
}
