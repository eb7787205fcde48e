import type { Entities, SpimFile } from '../../bids/bids.types.ts';
import type { ImageInfo } from '../../image/omeZarr.types.ts';
import type { ParticipantOptions, Provenance } from '../../protocol/options.ts';
import type { ImagePaths, TemplatePaths } from '../paths.ts';

/** A template as the plan uses it. */
export interface TemplatePlan {
  readonly name: string;
  readonly paths: TemplatePaths;
  /** Atlases to use, in order. */
  readonly segs: readonly string[];
  /** Path (below the output) of the image that subjects are registered to: the anatomy or a stain's template. */
  readonly fixed: string;
  /** Voxels of the template's grid, or an upper guess while it is not downloaded yet: for memory estimates only. */
  readonly voxels: number;
}

/** Everything known about one image before any task runs: what the task builders of the stages are given. */
export interface ImagePlan {
  /** Label without `sub-`. */
  readonly participant: string;
  readonly identity: Entities;
  readonly image: SpimFile;
  readonly info: ImageInfo;
  /** Three letters, XYZ, after options, sidecar and store were weighed. */
  readonly orientation: string;
  /** Channel labels in channel order, after options, sidecar and store were weighed. */
  readonly stains: readonly string[];
  readonly stainForReg: string;
  /** Sorted. Empty when nothing is segmented. */
  readonly stainsForSeg: readonly string[];
  readonly template: TemplatePlan;
  readonly paths: ImagePaths;
  readonly options: ParticipantOptions;
  readonly provenance: Provenance;
}

/** What a task needs to open the image again: goes into `params`. */
export interface ImageParams {
  readonly path: string;
  readonly orientation: string;
  readonly channel: number;
}

/** Parameters by which a task reads one channel of the image. */
export function channelOf(plan: ImagePlan, stain: string): ImageParams {
  return { path: plan.image.path, orientation: plan.orientation, channel: plan.stains.indexOf(stain) };
}
