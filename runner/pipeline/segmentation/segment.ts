import { voxelCount } from '../../kernels/volume.ts';
import { labelRuns } from '../../kernels/components.ts';
import { measureComponents } from '../../kernels/componentStats.ts';
import { dropSmallInside, edgeVoxels, type BrickComponents } from '../../kernels/mergeComponents.ts';
import type { Vec3 } from '../../kernels/geometry.ts';
import type { Runs } from '../../kernels/runs.ts';
import type { Box } from '../../image/omeZarr.types.ts';
import type { SegmentationMethod } from '../../protocol/options.ts';
import { brickBox, planBatches, type BrickBatch, type BrickGrid } from './bricks.ts';
import { correctionOf, openCorrectedChannel, type CorrectionParams } from './correctedChannel.ts';
import { countIntoCells, fractionGrid, type BrickFraction, type CellGrid } from './fieldFraction.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { batchVoxels } from './intensityHistogram.ts';
import { paramsOf, readJson, writeBytes } from '../io.ts';
import { openMaskPart } from './maskPart.ts';
import { minObjectVoxels, type ComponentsMeta } from './objects.ts';
import { pack, type PackedRecord } from './packed.ts';
import { rawBytes, segmentationBricks, segmentationWork, slabMemory, type ThresholdResult } from './segmentation.ts';
import { taskParams, type Stage, type Task, type TaskContext } from '../task.ts';

interface Params {
  readonly correction: CorrectionParams;
  readonly level: number;
  readonly grid: BrickGrid;
  readonly batch: BrickBatch;
  readonly cells: CellGrid;
  readonly minVoxels: number;
}

/**
 * Segments a stain part by part: each part writes its chunks of the mask, what it found of each object, and how much of
 * each voxel of the registration level is foreground. No part needs another one.
 */
export function segmentTasks(plan: ImagePlan, stain: string, method: SegmentationMethod): readonly Task[] {
  const grid = segmentationBricks(plan);
  const batches = planBatches(grid);
  const brickVoxels = voxelCount(grid.brick);
  return batches.map((batch) => {
    const params: Params = {
      correction: correctionOf(plan, stain),
      level: plan.options.segmentationLevel,
      grid,
      batch,
      cells: fractionGrid(plan),
      minVoxels: minObjectVoxels(plan.options, stain),
    };
    return {
      id: `${plan.paths.id}/segment/${stain}/${method.name}/${batch.index}`,
      stage: 'segment',
      scope: plan.participant,
      title: `segment ${stain} (${method.name})${batches.length > 1 ? `, part ${batch.index + 1} of ${batches.length}` : ''}`,
      params: taskParams(params),
      inputs: [{ place: 'dataset', path: plan.image.path }, params.correction.field, segmentationWork.threshold(plan, stain, method.name)],
      outputs: [
        segmentationWork.components(plan, stain, method.name, batch.index),
        segmentationWork.fraction(plan, stain, method.name, batch.index),
        segmentationWork.maskPart(plan, stain, method.name, batch.index),
      ],
      // Besides reading: a brick's mask, its chunks while they are encoded, and runs of foreground, of which sparse masks have few.
      memoryBytes: slabMemory(plan) + brickVoxels * 4,
      readBytes: rawBytes(plan, batchVoxels(grid, batch)),
    };
  });
}

/** The mask of a brick: 100 where there is foreground, else 0. */
function maskOfRuns({ size, rows, from, to }: Runs, mask: Uint8Array): Uint8Array {
  mask.fill(0);
  for (let row = 0; row < rows.length - 1; row++) {
    for (let run = rows[row]; run < rows[row + 1]; run++) mask.fill(100, row * size[0] + from[run], row * size[0] + to[run]);
  }
  return mask;
}

/** Labels a brick's foreground and keeps what joining it with its neighbours needs. */
function componentsOfBrick(runs: Runs, start: Vec3, whole: Vec3, minVoxels: number): BrickComponents {
  const labels = labelRuns(runs);
  const edges = edgeVoxels(labels, start, whole);
  const table = measureComponents(labels, start, whole);
  return dropSmallInside({ table, edgeVoxels: edges.voxels, edgeRows: edges.rows }, minVoxels);
}

function packComponents(brick: number, { table, edgeVoxels: voxels, edgeRows }: BrickComponents): PackedRecord<ComponentsMeta, string> {
  const { first, voxels: sizes, sumX, sumY, sumZ } = table;
  return { meta: { brick }, arrays: { first, voxels: sizes, sumX, sumY, sumZ, edgeVoxels: voxels, edgeRows } };
}

function packFraction({ box, counts }: BrickFraction): PackedRecord<Box, 'counts'> {
  return { meta: box, arrays: { counts } };
}

export const segmentStage: Stage = {
  name: 'segment',
  version: 1,
  async run(task: Task, context: TaskContext) {
    const { correction, level, grid, batch, cells, minVoxels } = paramsOf<Params>(task);
    const { threshold } = await readJson<ThresholdResult>(context, task.inputs[2]);
    const channel = await openCorrectedChannel(context, correction, level);
    const writer = openMaskPart(context, task.outputs[2], grid);
    const components: PackedRecord<ComponentsMeta, string>[] = [];
    const fractions: PackedRecord<Box, 'counts'>[] = [];
    const total = batchVoxels(grid, batch);
    const buffer = new Uint8Array(Math.min(total, voxelCount(grid.brick)));
    let done = 0;
    for (let i = 0; i < batch.brickCount; i++) {
      const brick = batch.firstBrick + i;
      const box = brickBox(grid, brick);
      const runs = await channel.foreground(box, threshold, (voxels) => {
        done += voxels;
        context.progress({ done, total, unit: 'voxels' });
        context.signal.throwIfAborted();
      });
      if (runs.from.length > 0) await writer.write(box, maskOfRuns(runs, buffer.subarray(0, voxelCount(box.size))));
      components.push(packComponents(brick, componentsOfBrick(runs, box.start, grid.size, minVoxels)));
      fractions.push(packFraction(countIntoCells(runs, box.start, cells)));
    }
    await writer.finish();
    await writeBytes(context, task.outputs[0], pack(components));
    await writeBytes(context, task.outputs[1], pack(fractions));
  },
};
