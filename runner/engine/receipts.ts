import type { JsonObject } from '../protocol/json.ts';
import type { Artifact, Place, Task } from '../pipeline/task.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { forEachAtMost } from './concurrency.ts';
import { taskHash } from './fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';

/** An output as it was when its task ended. */
export interface ReceiptOutput extends Artifact {
  /** Bytes; of a folder, of all objects in it. */
  readonly size: number;
  /** Only for folders: how many objects are in it. */
  readonly objects?: number;
}

/** Proof that a task was finished: written after all its outputs were whole, removed before it is run again. */
export interface Receipt {
  readonly task: string;
  readonly stage: string;
  readonly stageVersion: number;
  readonly fingerprint: string;
  /** Kept so that the next plan can say what changed. */
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: readonly ReceiptOutput[];
}

/** Folder of the receipts, in the output and in the folder of temporary files. */
export const receiptFolder = '.spimquant/receipts';

/** Where a task's receipt is kept: beside its lasting outputs, or with the temporary files when it has no other. */
export function receiptPlace(task: Task): Place {
  return task.outputs.some((output) => output.place === 'output') ? 'output' : 'work';
}

function receiptKey(task: Task): string {
  return `${receiptFolder}/${taskHash(task)}.json`;
}

/** Receipts of the given tasks, by task id. One listing a place, then one read for each that exists. Damaged ones count as absent. */
export async function readReceipts(tasks: readonly Task[], store: (place: Place) => ObjectStore, signal?: AbortSignal): Promise<ReadonlyMap<string, Receipt>> {
  const present = new Map<Place, Set<string>>();
  for (const place of new Set(tasks.map(receiptPlace))) {
    const keys = new Set<string>();
    for await (const entry of store(place).list(receiptFolder, { signal })) keys.add(entry.key);
    present.set(place, keys);
  }
  const receipts = new Map<string, Receipt>();
  const known = tasks.filter((task) => present.get(receiptPlace(task))?.has(receiptKey(task)));
  await forEachAtMost(16, known, async (task) => {
    const receipt = parseReceipt(await store(receiptPlace(task)).read(receiptKey(task), { signal }), task.id);
    if (receipt !== undefined) receipts.set(task.id, receipt);
  });
  return receipts;
}

function parseReceipt(bytes: Uint8Array | undefined, id: string): Receipt | undefined {
  if (bytes === undefined) return undefined;
  try {
    const receipt = JSON.parse(new TextDecoder().decode(bytes)) as Receipt;
    return receipt.task === id && typeof receipt.fingerprint === 'string' && Array.isArray(receipt.outputs) ? receipt : undefined;
  } catch {
    return undefined;
  }
}

/** An output as it is now, or undefined when it is not there. A folder is measured by listing it. */
export async function describeOutput(store: ObjectStore, artifact: Artifact, signal?: AbortSignal): Promise<ReceiptOutput | undefined> {
  const found = await store.stat(artifact.path, { signal });
  if (found !== undefined) return { place: artifact.place, path: artifact.path, size: found.size };
  let size = 0;
  let objects = 0;
  for await (const entry of store.list(artifact.path, { recursive: true, signal })) {
    if (entry.kind !== 'object') continue;
    size += entry.size;
    objects += 1;
  }
  return objects === 0 ? undefined : { place: artifact.place, path: artifact.path, size, objects };
}

/**
 * Writes the receipt of a task whose outputs are all there. Throws a plain Error naming the output when one is not: the
 * stage is at fault.
 */
export async function writeReceipt(task: Task, fingerprint: Fingerprint, store: (place: Place) => ObjectStore): Promise<void> {
  const outputs: ReceiptOutput[] = [];
  for (const output of task.outputs) {
    const described = await describeOutput(store(output.place), output);
    if (described === undefined) throw new Error(`The step ${task.id} ended without writing ${output.path}.`);
    outputs.push(described);
  }
  const receipt: Receipt = {
    task: task.id, stage: task.stage, stageVersion: fingerprint.stageVersion, fingerprint: fingerprint.hash,
    params: task.params, inputs: fingerprint.inputs, outputs,
  };
  await store(receiptPlace(task)).write(receiptKey(task), `${JSON.stringify(receipt, undefined, 1)}\n`);
}

/**
 * Makes ready for a task to run: its receipt goes first, so that a crash midway leaves nothing that looks finished, then
 * folders among its outputs, whose old objects would otherwise mix with the new ones. Files are replaced whole.
 */
export async function clearTask(task: Task, hadReceipt: boolean, store: (place: Place) => ObjectStore): Promise<void> {
  if (hadReceipt) await store(receiptPlace(task)).delete(receiptKey(task));
  for (const output of task.outputs) {
    if (isFolder(output.path)) await deleteArtifact(store(output.place), output.path);
  }
}

/** Folders are told by their names: OME-Zarr, or no extension. */
function isFolder(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.endsWith('.zarr') || !name.includes('.');
}

/** Deletes an object, or every object of a folder. */
export async function deleteArtifact(store: ObjectStore, path: string): Promise<void> {
  if ((await store.stat(path)) !== undefined) {
    await store.delete(path);
    return;
  }
  const keys: string[] = [];
  for await (const entry of store.list(path, { recursive: true })) if (entry.kind === 'object') keys.push(entry.key);
  await forEachAtMost(16, keys, (key) => store.delete(key));
}
