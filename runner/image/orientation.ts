import { SpimquantError } from '../protocol/errors.ts';
import type { Affine, Vec3 } from '../kernels/geometry.ts';
import type { OrientationCode } from './omeZarr.types.ts';

/** RAS axis and sign of increasing index for each letter of an orientation code. */
const directions: Readonly<Record<string, readonly [axis: 0 | 1 | 2, sign: 1 | -1]>> = {
  R: [0, 1], L: [0, -1], A: [1, 1], P: [1, -1], S: [2, 1], I: [2, -1],
};

/** Whether a text is an orientation code: three letters, one of each pair R/L, A/P, S/I. */
export function isOrientationCode(text: string): boolean {
  const axes = [...text].map((letter) => directions[letter]?.[0]);
  return text.length === 3 && axes.every((axis) => axis !== undefined) && new Set(axes).size === 3;
}

/**
 * The orientation that the group attributes of an OME-Zarr store tell, for x, y, z: `xyz_orientation`, or the legacy
 * `orientation`, which is written for z, y, x. Undefined when neither is there.
 * Throws `bad-zarr` when the attribute is no orientation code.
 */
export function storedOrientation(attributes: Readonly<Record<string, unknown>>, uri: string): OrientationCode | undefined {
  const current = attributes['xyz_orientation'];
  const legacy = attributes['orientation'];
  const [name, raw] = current !== undefined && current !== null ? ['xyz_orientation', current] : ['orientation', legacy];
  if (raw === undefined || raw === null) return undefined;
  const letters = typeof raw === 'string' ? [...raw.trim().toUpperCase()] : [];
  const code = (name === 'orientation' ? letters.reverse() : letters).join('');
  if (!isOrientationCode(code)) {
    throw new SpimquantError('bad-zarr', `The attribute "${name}" of ${uri} is ${JSON.stringify(raw)}, which is no orientation.`, {
      where: uri,
      hint: 'An orientation has three letters, one each of R or L, A or P, S or I. Correct the attribute, or remove it and give --orientation.',
    });
  }
  return code;
}

/**
 * Voxel indices (x, y, z) to RAS millimetres: with letter j of the code meaning RAS axis `a` and sign `s`,
 * A[a, j] = s·scale[j] and A[a, 3] = s·translation[j]. No field-of-view offset is added for flipped axes.
 *
 * zarrnii leaves the translation's sign as it is, which puts the levels of a pyramid beside each other along flipped
 * axes: each level's translation is the shift of its first voxel's centre, so it must turn with the axis.
 * Throws `bad-option` when the code is no orientation.
 */
export function orientedAffine(orientation: OrientationCode, scale: Vec3, translation: Vec3): Affine {
  if (!isOrientationCode(orientation)) {
    throw new SpimquantError('bad-option', `"${orientation}" is no orientation.`, {
      hint: 'Give three letters, one each of R or L, A or P, S or I, for increasing x, y and z; for example LPS.',
    });
  }
  const affine = new Array<number>(16).fill(0);
  affine[15] = 1;
  for (let j = 0; j < 3; j++) {
    const [axis, sign] = directions[orientation[j]];
    affine[axis * 4 + j] = sign * scale[j];
    affine[axis * 4 + 3] = sign * translation[j];
  }
  return affine;
}
