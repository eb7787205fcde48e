import type { JsonObject } from '../protocol/json.ts';
import type { Task } from '../pipeline/task.ts';
import { canonicalJson } from './fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';
import { artifactKey } from './graph.ts';
import type { TaskGraph } from './graph.ts';
import type { Receipt } from './receipts.ts';

/** Why a task runs. */
export interface Reason {
  readonly kind: 'forced' | 'never-run' | 'program-changed' | 'parameters-changed' | 'input-changed' | 'output-missing' | 'needed';
  /** For a person, without a full stop: `parameters changed: value`. */
  readonly words: string;
}

/** What is done with each task of a plan. */
export interface Decision {
  /** Tasks that run, with why, in an order that respects their inputs. */
  readonly run: ReadonlyMap<string, Reason>;
  /** Ids of tasks whose results are as they should be, or whose temporary results nobody needs. */
  readonly reused: ReadonlySet<string>;
}

/** What is known of the past. */
export interface Evidence {
  readonly fingerprints: ReadonlyMap<string, Fingerprint>;
  readonly receipts: ReadonlyMap<string, Receipt>;
  /** Whether an output of a task, by {@link artifactKey}, is there in the size of its receipt. */
  isWhole(key: string): boolean;
  readonly forceAll: boolean;
}

/**
 * Decides which tasks run and why. A task runs when it was forced, has no receipt, or its receipt's fingerprint differs
 * from the plan's, or a lasting output is missing or of another size. Tasks that only make temporary files run when a
 * task that runs needs files that are not there. Since fingerprints are built from the plan and not from files, a task
 * whose temporary inputs were cleaned up is still known to be finished.
 */
export function decide(graph: TaskGraph, evidence: Evidence): Decision {
  const run = new Map<string, Reason>();
  const done = new Set<string>();
  // From the last task to the first: a task's consumers are settled before it is.
  for (const task of graph.order.toReversed()) {
    if (wasDone(task, graph, evidence, done)) done.add(task.id);
    const reason = ownReason(task, graph, evidence) ?? neededReason(task, graph, evidence, run, done);
    if (reason !== undefined) run.set(task.id, reason);
  }
  const ordered = new Map<string, Reason>();
  const reused = new Set<string>();
  for (const task of graph.order) {
    const reason = run.get(task.id);
    if (reason === undefined) reused.add(task.id);
    else ordered.set(task.id, reason);
  }
  return { run: ordered, reused };
}

/**
 * Whether a task was ever done, as far as is known: by its receipt, or by that of whoever made something of its files.
 * Receipts of temporary files go with them, where these are outside of the output. `done`: the tasks that come after it.
 */
function wasDone(task: Task, graph: TaskGraph, { receipts }: Evidence, done: ReadonlySet<string>): boolean {
  if (receipts.has(task.id)) return true;
  return (graph.neededBy.get(task.id) ?? []).some((id) => {
    const noted = receipts.get(id)?.inputs;
    return noted === undefined ? done.has(id) : task.outputs.some((output) => artifactKey(output) in noted);
  });
}

/** Whether a task only makes temporary files for others. */
function isTemporary(task: Task, graph: TaskGraph): boolean {
  return task.outputs.every((output) => output.place === 'work') && (graph.neededBy.get(task.id) ?? []).length > 0;
}

function ownReason(task: Task, graph: TaskGraph, evidence: Evidence): Reason | undefined {
  if (evidence.forceAll) return { kind: 'forced', words: 'forced by --forceall' };
  if (isTemporary(task, graph)) return undefined;
  return staleReason(task, evidence) ?? missingReason(task.outputs.filter((output) => output.place !== 'work').map(artifactKey), evidence);
}

function neededReason(task: Task, graph: TaskGraph, evidence: Evidence, run: ReadonlyMap<string, Reason>, done: ReadonlySet<string>): Reason | undefined {
  const consumers = (graph.neededBy.get(task.id) ?? []).filter((id) => run.has(id));
  if (consumers.length === 0) return undefined;
  // Without its receipt nobody knows whether it has changed. That it is needed is true.
  const stale = done.has(task.id) && !evidence.receipts.has(task.id) ? undefined : staleReason(task, evidence);
  if (stale !== undefined) return stale;
  const needed = task.outputs.map(artifactKey).filter((key) => graph.consumersOf.get(key)?.some((consumer) => run.has(consumer.id)));
  if (missingReason(needed, evidence) === undefined) return undefined;
  const others = consumers.length === 1 ? '' : ` and ${consumers.length - 1} more`;
  return { kind: 'needed', words: `its temporary file is needed by ${consumers[0]}${others}` };
}

function missingReason(keys: readonly string[], evidence: Evidence): Reason | undefined {
  const missing = keys.filter((key) => !evidence.isWhole(key));
  if (missing.length === 0) return undefined;
  const others = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
  return { kind: 'output-missing', words: `output missing or changed: ${pathOf(missing[0])}${others}` };
}

function staleReason(task: Task, evidence: Evidence): Reason | undefined {
  const receipt = evidence.receipts.get(task.id);
  const fingerprint = evidence.fingerprints.get(task.id);
  if (receipt === undefined || fingerprint === undefined) return { kind: 'never-run', words: 'not done yet' };
  if (receipt.fingerprint === fingerprint.hash) return undefined;
  if (receipt.stage !== task.stage || receipt.stageVersion !== fingerprint.stageVersion) {
    return { kind: 'program-changed', words: `the program's ${task.stage} step changed` };
  }
  const params = changedKeys(receipt.params, task.params);
  if (params.length > 0) return { kind: 'parameters-changed', words: `parameters changed: ${params.join(', ')}` };
  const inputs = changedKeys(receipt.inputs, fingerprint.inputs);
  if (inputs.length > 0) {
    const others = inputs.length === 1 ? '' : ` and ${inputs.length - 1} more`;
    return { kind: 'input-changed', words: `input changed: ${pathOf(inputs[0])}${others}` };
  }
  return { kind: 'program-changed', words: 'its list of outputs changed' };
}

/** Names whose values differ between two records, sorted. */
function changedKeys(before: JsonObject, after: JsonObject): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.filter((name) => canonicalJson(before[name]) !== canonicalJson(after[name]));
}

function pathOf(key: string): string {
  return key.slice(key.indexOf(':') + 1);
}

/**
 * Temporary files that nothing needs any more: made by the plan's tasks, and all their consumers are finished.
 * `pending` are the tasks that still have to run, or that failed and may be run again.
 */
export function unneededWork(graph: TaskGraph, pending: ReadonlySet<string>): string[] {
  const keys: string[] = [];
  for (const [key, producer] of graph.producerOf) {
    if (!key.startsWith('work:') || pending.has(producer.id)) continue;
    const consumers = graph.consumersOf.get(key) ?? [];
    if (consumers.length > 0 && consumers.every((task) => !pending.has(task.id))) keys.push(key);
  }
  return keys;
}
