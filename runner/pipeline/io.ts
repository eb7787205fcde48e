import type { Json, JsonObject } from '../protocol/json.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { readNifti, writeNifti } from '../image/nifti.ts';
import { openOmeZarr } from '../image/omeZarr.ts';
import type { OmeZarrImage } from '../image/omeZarr.types.ts';
import type { Volume, VoxelArray } from '../kernels/volume.ts';
import type { Artifact, Task, TaskContext } from './task.ts';

/** Name of an artifact as an error shows it. */
function nameOf(context: TaskContext, artifact: Artifact): string {
  return `${context.store(artifact.place).uri}/${artifact.path}`;
}

/** The bytes of an artifact. Throws `not-found` when it is missing. */
export async function readBytes(context: TaskContext, artifact: Artifact): Promise<Uint8Array> {
  const bytes = await context.store(artifact.place).read(artifact.path, { signal: context.signal });
  if (bytes === undefined) {
    throw new SpimquantError('not-found', `A file that this step needs is missing: ${nameOf(context, artifact)}`, {
      where: nameOf(context, artifact),
      hint: 'If it was deleted, run the same command again: what is missing is made anew.',
    });
  }
  return bytes;
}

/** Writes an artifact whole. */
export async function writeBytes(context: TaskContext, artifact: Artifact, data: Uint8Array | string): Promise<void> {
  await context.store(artifact.place).write(artifact.path, data, { signal: context.signal });
}

/** Reads a NIfTI image. */
export async function readVolume(context: TaskContext, artifact: Artifact): Promise<Volume> {
  return readNifti(await readBytes(context, artifact), nameOf(context, artifact));
}

/** Reads a NIfTI image as 32-bit floats, whatever it is stored as. */
export async function readFloatVolume(context: TaskContext, artifact: Artifact): Promise<Volume<Float32Array>> {
  const volume = await readVolume(context, artifact);
  return { ...volume, data: volume.data instanceof Float32Array ? volume.data : Float32Array.from(volume.data) };
}

/** Writes a NIfTI image (compressed when the name ends in .gz). */
export async function writeVolume(context: TaskContext, artifact: Artifact, volume: Volume<VoxelArray>): Promise<void> {
  await writeBytes(context, artifact, writeNifti(volume, { gzip: artifact.path.endsWith('.gz') }));
}

/** Reads a JSON artifact. The caller knows its shape: it was written by a task of the same program version. */
export async function readJson<T>(context: TaskContext, artifact: Artifact): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await readBytes(context, artifact))) as T;
}

/** Writes a JSON artifact. */
export async function writeJson(context: TaskContext, artifact: Artifact, value: Json | JsonObject): Promise<void> {
  await writeBytes(context, artifact, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Opens an OME-Zarr image of the dataset. */
export async function openDatasetImage(context: TaskContext, path: string): Promise<OmeZarrImage> {
  return openOmeZarr(context.store('dataset'), path, { signal: context.signal });
}

/** The typed parameters of a task: each stage's builder wrote them. */
export function paramsOf<T>(task: Task): T {
  return task.params as unknown as T;
}
