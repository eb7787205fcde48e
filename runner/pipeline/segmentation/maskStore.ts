import { rm } from 'node:fs/promises';
import type { ImageDescription, ImageLayout } from '../../image/omeZarrLayout.ts';
import { buildPyramid, writeArrayMetadata, writeMultiscalesMetadata } from '../../image/omeZarrWriter.ts';
import { packZip } from '../../image/zipWriter.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import { planBatches } from './bricks.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf } from '../io.ts';
import { maskLayout } from './maskLayout.ts';
import { partMarker } from './maskPart.ts';
import { levelGrid, segmentationBricks, segmentationWork } from './segmentation.ts';
import { taskParams, type Artifact, type Stage, type Task, type TaskContext } from '../task.ts';

interface Params {
  readonly layout: ImageLayout;
  readonly description: ImageDescription;
}

/** Puts the parts of a mask together to one OME-Zarr image with a pyramid (pipeline-spec §3.5). */
export function maskStoreTask(plan: ImagePlan, stain: string, method: string): Task {
  const { segmentationLevel, zarrStoreExt } = plan.options;
  const output: Artifact = { place: 'output', path: plan.paths.mask(stain, segmentationLevel, method, zarrStoreExt) };
  const stored = plan.info.levels[Math.min(segmentationLevel, plan.info.levels.length - 1)];
  const params: Params = {
    layout: maskLayout(plan),
    description: {
      name: output.path.slice(output.path.lastIndexOf('/') + 1),
      channels: [{ label: stain, color: plan.info.channels[plan.stains.indexOf(stain)].color ?? 'FF4000' }],
      scale: levelGrid(plan.info, segmentationLevel).scale,
      translation: stored.translation,
      orientation: plan.orientation,
    },
  };
  return {
    id: `${plan.paths.id}/mask-store/${stain}/${method}`,
    stage: 'mask-store',
    scope: plan.participant,
    title: `mask of ${stain} (${method})`,
    params: taskParams(params),
    inputs: planBatches(segmentationBricks(plan)).map((batch) => segmentationWork.maskPart(plan, stain, method, batch.index)),
    outputs: [output],
    memoryBytes: 400e6,
    readBytes: 0,
  };
}

/** Copies every object below a folder, except those for which `skip` says so. */
async function copyObjects(from: ObjectStore, fromFolder: string, to: ObjectStore, toFolder: string, skip: (name: string) => boolean, signal: AbortSignal): Promise<void> {
  for await (const entry of from.list(fromFolder, { recursive: true, signal })) {
    const name = entry.key.slice(fromFolder.length + 1);
    if (entry.kind !== 'object' || skip(name)) continue;
    const bytes = await from.read(entry.key, { signal });
    if (bytes !== undefined) await to.write(`${toFolder}/${name}`, bytes, { signal });
  }
}

export const maskStoreStage: Stage = {
  name: 'mask-store',
  version: 1,
  async run(task, context) {
    const { layout, description } = paramsOf<Params>(task);
    const { signal } = context;
    const output = task.outputs[0];
    const work = context.store('work');
    const folder: Artifact = { place: 'work', path: `${task.id}.ome.zarr` };
    await removeFolder(context, folder);
    try {
      for (const part of task.inputs) await copyObjects(work, part.path, work, folder.path, (name) => name === partMarker, signal);
      await writeArrayMetadata(work, folder.path, layout, { signal });
      await buildPyramid(work, folder.path, layout, { signal, progress: (done, total) => context.progress({ done, total, unit: 'items' }) });
      await writeMultiscalesMetadata(work, folder.path, layout, description, { signal });
      if (output.path.endsWith('.ozx')) await writeZip(context, folder, output);
      else await writeFolder(context, folder, output);
    } finally {
      await removeFolder(context, folder);
    }
  },
};

async function writeZip(context: TaskContext, folder: Artifact, output: Artifact): Promise<void> {
  const zip = `${localFolder(context, folder)}.ozx`;
  try {
    await packZip(localFolder(context, folder), zip, { signal: context.signal });
    await context.store(output.place).writeFile(output.path, zip, { signal: context.signal });
  } finally {
    await rm(zip, { force: true });
  }
}

/** Copies the store with its group's metadata last, so that it is seen whole or not at all. */
async function writeFolder(context: TaskContext, folder: Artifact, output: Artifact): Promise<void> {
  const [work, out] = [context.store('work'), context.store(output.place)];
  const root = 'zarr.json';
  await copyObjects(work, folder.path, out, output.path, (name) => name === root, context.signal);
  const metadata = await work.read(`${folder.path}/${root}`, { signal: context.signal });
  if (metadata !== undefined) await out.write(`${output.path}/${root}`, metadata, { signal: context.signal });
}

function localFolder(context: TaskContext, folder: Artifact): string {
  const path = context.localPath(folder);
  if (path === undefined) throw new Error('The place for temporary files must be a local folder.');
  return path;
}

async function removeFolder(context: TaskContext, folder: Artifact): Promise<void> {
  await rm(localFolder(context, folder), { recursive: true, force: true });
}
