import { invertAffine, transformPoint, type Affine, type Vec3 } from '../kernels/geometry.ts';
import { between, type Random } from './random.ts';

/** One product of three sine waves: sin(kx·x + px) · sin(ky·y + py) · sin(kz·z + pz). Radians per mm, radians. */
export interface Wave {
  readonly frequency: Vec3;
  readonly phase: Vec3;
}

/** Draws waves whose lengths lie between the two given ones (mm). */
export function drawWaves(random: Random, count: number, shortest: number, longest: number): readonly Wave[] {
  const three = (draw: () => number): Vec3 => [draw(), draw(), draw()];
  return Array.from({ length: count }, () => ({
    frequency: three(() => (2 * Math.PI) / between(random, shortest, longest)),
    phase: three(() => between(random, 0, 2 * Math.PI)),
  }));
}

/** Value of a wave at a point (mm). */
export function waveAt(wave: Wave, p: Vec3): number {
  let value = 1;
  for (let axis = 0; axis < 3; axis++) value *= Math.sin(wave.frequency[axis] * p[axis] + wave.phase[axis]);
  return value;
}

/** How a subject's brain differs in shape from the template's. */
export interface ShapeStrength {
  /** Largest displacement along each axis of the smooth part, mm. At most 0.4, so that the map can be inverted. */
  readonly deformation: number;
  /** Largest turn about each axis, degrees. */
  readonly rotation: number;
  /** Largest relative change of size along each axis, e.g. 0.04. */
  readonly scaling: number;
  /** Largest shift along each axis, mm. */
  readonly translation: number;
}

/**
 * The known map between a subject and the template: q = A (s + u(s)), where s are RAS millimetres from the centre of the
 * subject's field of view and q RAS millimetres of the template. u is a sum of sine waves.
 */
export interface SubjectShape {
  readonly affine: Affine;
  readonly waves: readonly Wave[];
  /** amplitudes[axis][wave], mm. */
  readonly amplitudes: readonly (readonly number[])[];
  toTemplate(s: Vec3): Vec3;
  /** Inverse of toTemplate, to 1e-9 mm. */
  toSubject(q: Vec3): Vec3;
}

/** Draws a shape. Throws a RangeError when the deformation is too strong to be inverted. */
export function drawShape(random: Random, strength: ShapeStrength): SubjectShape {
  if (strength.deformation > 0.4) throw new RangeError(`A deformation of ${strength.deformation} mm may fold: at most 0.4.`);
  const affine = drawAffine(random, strength);
  const inverse = invertAffine(affine);
  // With waves of 7 mm or more, each derivative of u is below 0.4 · 2π / 7, so that fixed-point inversion contracts.
  const waves = drawWaves(random, 4, 7, 13);
  const amplitudes = [0, 1, 2].map(() => {
    const raw = waves.map(() => between(random, -1, 1));
    const total = raw.reduce((sum, value) => sum + Math.abs(value), 0);
    return raw.map((value) => (value * strength.deformation) / total);
  });
  const displacement = (s: Vec3): Vec3 => {
    const values = waves.map((wave) => waveAt(wave, s));
    const along = (axis: number): number => values.reduce((sum, value, t) => sum + value * amplitudes[axis][t], 0);
    return [along(0), along(1), along(2)];
  };
  return {
    affine, waves, amplitudes,
    toTemplate(s) {
      const u = displacement(s);
      return transformPoint(affine, [s[0] + u[0], s[1] + u[1], s[2] + u[2]]);
    },
    toSubject(q) {
      const target = transformPoint(inverse, q);
      let s = target;
      for (let iteration = 0; iteration < 200; iteration++) {
        const u = displacement(s);
        const next: Vec3 = [target[0] - u[0], target[1] - u[1], target[2] - u[2]];
        const step = Math.hypot(next[0] - s[0], next[1] - s[1], next[2] - s[2]);
        s = next;
        if (step < 1e-10) break;
      }
      return s;
    },
  };
}

function drawAffine(random: Random, strength: ShapeStrength): Affine {
  const angle = (): number => (between(random, -1, 1) * strength.rotation * Math.PI) / 180;
  const scale = (): number => 1 + between(random, -1, 1) * strength.scaling;
  const shift = (): number => between(random, -1, 1) * strength.translation;
  const [a, b, c] = [angle(), angle(), angle()];
  const [sx, sy, sz] = [scale(), scale(), scale()];
  const [ca, sa, cb, sb, cc, sc] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b), Math.cos(c), Math.sin(c)];
  // Rotation about z, then y, then x, applied after the scaling.
  return [
    cb * cc * sx, -cb * sc * sy, sb * sz, shift(),
    (sa * sb * cc + ca * sc) * sx, (ca * cc - sa * sb * sc) * sy, -sa * cb * sz, shift(),
    (sa * sc - ca * sb * cc) * sx, (ca * sb * sc + sa * cc) * sy, ca * cb * sz, shift(),
    0, 0, 0, 1,
  ];
}
