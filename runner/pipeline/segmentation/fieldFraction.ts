import { voxelCount } from '../../kernels/volume.ts';
import type { Vec3 } from '../../kernels/geometry.ts';
import type { Runs } from '../../kernels/runs.ts';
import type { Box } from '../../image/omeZarr.types.ts';
import { planBatches } from './bricks.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readBytes, readVolume, writeVolume } from '../io.ts';
import { unpack } from './packed.ts';
import { exportGrid, levelGrid, segmentationBricks, segmentationWork } from './segmentation.ts';
import { taskParams, type Stage, type Task } from '../task.ts';

/**
 * How voxels of the segmentation level fall into the coarser grid of the registration level: each belongs to the cell
 * whose centre is nearest, the outermost cells taking what is left over.
 */
export interface CellGrid {
  readonly size: Vec3;
  /** Segmentation voxels per cell along each axis; not necessarily whole. */
  readonly factor: Vec3;
  /** Centre of the first cell, in segmentation voxels. */
  readonly offset: Vec3;
}

/** The grid that field fractions are given on: the exported image of the registration level. */
export function fractionGrid(plan: ImagePlan): CellGrid {
  const fine = levelGrid(plan.info, plan.options.segmentationLevel);
  const coarse = exportGrid(plan.info, plan.options.registrationLevel);
  const factor = coarse.scale.map((scale, axis) => {
    const ratio = scale / fine.scale[axis];
    // Scales are decimal fractions: a factor that is whole but for rounding is meant to be whole.
    return Math.abs(ratio - Math.round(ratio)) < 1e-3 ? Math.round(ratio) : ratio;
  });
  const translation = (level: number): Vec3 => plan.info.levels[Math.min(level, plan.info.levels.length - 1)].translation;
  const from = translation(plan.options.segmentationLevel);
  const offset = translation(plan.options.registrationLevel).map((t, axis) => round6((t - from[axis]) / fine.scale[axis]));
  return { size: coarse.size, factor: factor as unknown as Vec3, offset: offset as unknown as Vec3 };
}

/** Takes the rounding of decimal fractions out, so that a border between cells does not depend on it. */
function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** Index of the cell that a voxel belongs to, along one axis. */
export function cellOf(voxel: number, cells: CellGrid, axis: 0 | 1 | 2): number {
  const cell = Math.floor((voxel - cells.offset[axis]) / cells.factor[axis] + 0.5);
  return Math.min(cells.size[axis] - 1, Math.max(0, cell));
}

/** Foreground voxels per cell, over the cells that a brick touches. */
export interface BrickFraction {
  readonly box: Box;
  readonly counts: Uint32Array;
}

/** Counts the foreground of one brick into cells. `start` is the brick's first voxel in the image. */
export function countIntoCells(runs: Runs, start: Vec3, cells: CellGrid): BrickFraction {
  const range = (axis: 0 | 1 | 2): { first: number; count: number; of: Int32Array } => {
    const of = Int32Array.from({ length: runs.size[axis] }, (_, i) => cellOf(start[axis] + i, cells, axis));
    return { first: of[0], count: of[of.length - 1] - of[0] + 1, of };
  };
  const [x, y, z] = [range(0), range(1), range(2)];
  const counts = new Uint32Array(x.count * y.count * z.count);
  const ny = runs.size[1];
  for (let line = 0; line < runs.rows.length - 1; line++) {
    const row = x.count * (y.of[line % ny] - y.first + y.count * (z.of[Math.floor(line / ny)] - z.first)) - x.first;
    for (let run = runs.rows[line]; run < runs.rows[line + 1]; run++) {
      for (let n = runs.from[run]; n < runs.to[run]; n++) counts[row + x.of[n]]++;
    }
  }
  return { box: { start: [x.first, y.first, z.first], size: [x.count, y.count, z.count] }, counts };
}

/** How many voxels of the fine grid each cell holds, along one axis. */
export function voxelsPerCell(fineSize: number, cells: CellGrid, axis: 0 | 1 | 2): Float64Array {
  const counts = new Float64Array(cells.size[axis]);
  for (let i = 0; i < fineSize; i++) counts[cellOf(i, cells, axis)]++;
  return counts;
}

interface Params {
  readonly fineSize: Vec3;
  readonly cells: CellGrid;
}

/**
 * Makes the map of how much of each voxel of the registration level is foreground, 0 to 100 %, as exact means.
 * (Upstream truncates to whole percents at every step of a pyramid, which loses sparse objects.)
 */
export function fieldFractionTask(plan: ImagePlan, stain: string, method: string): Task {
  const { registrationLevel, segmentationLevel } = plan.options;
  const batches = planBatches(segmentationBricks(plan));
  const cells = fractionGrid(plan);
  const params: Params = { fineSize: levelGrid(plan.info, segmentationLevel).size, cells };
  return {
    id: `${plan.paths.id}/field-fraction/${stain}/${method}`,
    stage: 'field-fraction',
    scope: plan.participant,
    title: `field fraction of ${stain} (${method})`,
    params: taskParams(params),
    inputs: [
      { place: 'output', path: plan.paths.spim(plan.stainForReg, registrationLevel) },
      ...batches.map((batch) => segmentationWork.fraction(plan, stain, method, batch.index)),
    ],
    outputs: [{ place: 'output', path: plan.paths.fieldFraction(stain, registrationLevel, method) }],
    memoryBytes: 64e6 + voxelCount(cells.size) * 20,
    readBytes: 0,
  };
}

export const fieldFractionStage: Stage = {
  name: 'field-fraction',
  version: 1,
  async run(task, context) {
    const { fineSize, cells } = paramsOf<Params>(task);
    const [nx, ny, nz] = cells.size;
    const data = new Float32Array(nx * ny * nz);
    const [reference, ...parts] = task.inputs;
    for (const part of parts) {
      for (const { meta, arrays } of unpack<Box, { counts: Uint32Array }>(await readBytes(context, part))) {
        addBox(data, cells.size, meta, arrays.counts);
      }
    }
    const [wx, wy, wz] = ([0, 1, 2] as const).map((axis) => voxelsPerCell(fineSize[axis], cells, axis));
    for (let z = 0, i = 0; z < nz; z++) {
      for (let y = 0; y < ny; y++) {
        for (let x = 0; x < nx; x++, i++) {
          const voxels = wx[x] * wy[y] * wz[z];
          data[i] = voxels === 0 ? 0 : (100 * data[i]) / voxels;
        }
      }
    }
    const { affine } = await readVolume(context, reference);
    await writeVolume(context, task.outputs[0], { data, size: cells.size, affine });
  },
};

function addBox(total: Float32Array, size: Vec3, box: Box, counts: Uint32Array): void {
  let i = 0;
  for (let z = 0; z < box.size[2]; z++) {
    for (let y = 0; y < box.size[1]; y++) {
      const row = box.start[0] + size[0] * (box.start[1] + y + size[1] * (box.start[2] + z));
      for (let x = 0; x < box.size[0]; x++, i++) total[row + x] += counts[i];
    }
  }
}
