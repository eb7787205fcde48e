import { SpimquantError } from '../protocol/errors.ts';
import { stridedAffine, type Vec3 } from '../kernels/geometry.ts';
import type { ImageLevel, LevelView, OrientationCode } from './omeZarr.types.ts';
import { orientedAffine } from './orientation.ts';

/** Number of voxels left when every `step`-th is kept, starting with the first. */
export function stridedSize(size: Vec3, step: Vec3): Vec3 {
  return [Math.ceil(size[0] / step[0]), Math.ceil(size[1] / step[1]), Math.ceil(size[2] / step[2])];
}

/**
 * The view of a level of a pyramid. A level deeper than the deepest stored one is every 2^(level − deepest)-th voxel of
 * that one, with its translation unchanged. Throws `bad-option` when the level is no whole number from 0.
 */
export function levelView(levels: readonly ImageLevel[], level: number, orientation: OrientationCode): LevelView {
  if (!Number.isInteger(level) || level < 0) {
    throw new SpimquantError('bad-option', `A level is a whole number from 0 on, not ${level}.`);
  }
  const storedLevel = Math.min(level, levels.length - 1);
  const stored = levels[storedLevel];
  const factor = 2 ** (level - storedLevel);
  const step: Vec3 = [factor, factor, factor];
  return {
    level,
    storedLevel,
    step,
    size: stridedSize(stored.size, step),
    affine: stridedAffine(orientedAffine(orientation, stored.scale, stored.translation), step),
  };
}

/** The view that keeps every `step`-th voxel of another one. */
export function strideView(view: LevelView, step: Vec3): LevelView {
  return {
    ...view,
    step: [view.step[0] * step[0], view.step[1] * step[1], view.step[2] * step[2]],
    size: stridedSize(view.size, step),
    affine: stridedAffine(view.affine, step),
  };
}

/**
 * The step per axis (x, y, z) that brings voxels nearer to cubes, as zarrnii's `downsample_near_isotropic` takes it: with
 * m the longest edge, each shorter edge s gets 2^⌊log2(round(m / s))⌋. It is applied only when exactly one axis would
 * have a step above 1; otherwise the step is 1, 1, 1.
 */
export function nearIsotropicStep(scale: Vec3): Vec3 {
  const longest = Math.max(...scale);
  const step = scale.map((edge) => (edge < longest ? 2 ** Math.floor(Math.log2(Math.round(longest / edge))) : 1));
  return step.filter((factor) => factor > 1).length === 1 ? [step[0], step[1], step[2]] : [1, 1, 1];
}
