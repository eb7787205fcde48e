import { voxelCount } from '../../kernels/volume.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { exportGrid } from '../segmentation/segmentation.ts';
import { taskParams } from '../task.ts';
import type { Artifact, Task } from '../task.ts';

/** What the task builders of the figures say. */
export interface FigureTask {
  readonly stage: string;
  /** Tells tasks of one stage and image apart, e.g. `Abeta/otsu+k3i2`. */
  readonly parts: readonly string[];
  readonly title: string;
  /** Paths below the output folder, in the order in which the stage reads them. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly params: object;
  /** Peak memory per voxel of the registration level, on top of a constant for drawing. */
  readonly bytesPerVoxel?: number;
  /** The same per voxel of the template. */
  readonly bytesPerTemplateVoxel?: number;
}

/** Renderer, fonts, SVG text and pixels of one figure. */
const drawingBytes = 260e6;

/** A task that reads results of one image and draws one file. */
export function figureTask(plan: ImagePlan, figure: FigureTask): Task {
  const place = (path: string): Artifact => ({ place: 'output', path });
  const voxels = voxelCount(exportGrid(plan.info, plan.options.registrationLevel).size);
  return {
    id: [plan.paths.id, figure.stage, ...figure.parts].join('/'),
    stage: figure.stage,
    scope: plan.participant,
    title: figure.title,
    params: taskParams(figure.params),
    inputs: figure.inputs.map(place),
    outputs: [place(figure.output)],
    memoryBytes: drawingBytes + voxels * (figure.bytesPerVoxel ?? 0) + plan.template.voxels * (figure.bytesPerTemplateVoxel ?? 0),
    readBytes: 0,
  };
}
