import type { Vec3 } from '../kernels/geometry.ts';
import type { ShapeStrength } from './deformation.ts';
import type { ObjectCounts } from './objects.ts';

/** A stain of a phantom subject. */
export type PhantomStain = 'YoPro' | 'Abeta' | 'Iba1';

/** What a phantom subject is made from. Equal specs give equal subjects, voxel for voxel. */
export interface SubjectSpec {
  readonly seed: number;
  /** Channels, in order. */
  readonly stains: readonly PhantomStain[];
  /** Three letters: the anatomical direction of increasing x, y, z of the stored array. */
  readonly orientation: string;
  /** Voxels along x, y, z of the stored array. */
  readonly size: Vec3;
  /** Edge of a voxel along x, y, z of the stored array, mm. */
  readonly voxelSize: Vec3;
  readonly shape: ShapeStrength;
  /** Relative strength of the multiplicative bias field, 0 to 0.6. */
  readonly bias: number;
  /** Standard deviation of the noise where there is no tissue; it grows with brightness. */
  readonly noise: number;
  /** Abeta plaques per side and structure. */
  readonly plaques: ObjectCounts;
  /** Iba1 cells per side and structure that are away from plaques. */
  readonly cells: ObjectCounts;
  /** Share of the plaques that have an Iba1 cell on them. */
  readonly cellsOnPlaques: number;
  /** Range of the objects' sizes in voxels. The smallest should be above the pipeline's filter (200 voxels by default). */
  readonly objectVoxels: readonly [number, number];
}
