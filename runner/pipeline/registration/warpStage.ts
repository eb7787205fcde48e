import type { ImagePlan } from '../plan/imagePlan.ts';
import { registrationVoxels } from './registrationFiles.ts';
import { taskParams, type Task } from '../task.ts';

/** What differs between the tasks that resample an image by a composite field. */
export interface WarpRequest {
  readonly stage: string;
  /** Tells tasks of the stage apart. */
  readonly key: string;
  readonly title: string;
  /** Paths below the output. */
  readonly source: string;
  readonly field: string;
  readonly output: string;
}

/** A task that resamples an image onto the grid of a composite field. */
export function warpTask(plan: ImagePlan, request: WarpRequest): Task {
  return {
    id: `${plan.paths.id}/${request.stage}/${request.key}`,
    stage: request.stage,
    scope: plan.participant,
    title: request.title,
    params: taskParams({}),
    inputs: [{ place: 'output', path: request.source }, { place: 'output', path: request.field }],
    outputs: [{ place: 'output', path: request.output }],
    memoryBytes: 400e6 + 40 * registrationVoxels(plan) + 44 * plan.template.voxels,
    readBytes: 0,
  };
}
