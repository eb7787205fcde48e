import type { Vec3 } from '../kernels/geometry.ts';
import { contrasts, shadeAt } from './anatomy.ts';
import type { SubjectShape, Wave } from './deformation.ts';
import type { PhantomObject } from './objects.ts';
import { hash32, noiseMask, noiseTable, seedOf } from './random.ts';
import type { PhantomStain, SubjectSpec } from './subject.types.ts';

/** A multiplicative field: 1 + Σ weight · wave. */
export interface BiasField {
  readonly waves: readonly Wave[];
  readonly weights: readonly number[];
}

/** A storage axis: the RAS axis it runs along, and whether its index grows with (1) or against (-1) it. */
export type StorageAxis = readonly [axis: number, sign: number];

/** Brightness at the heart of an object, before bias. */
const peak: Readonly<Record<PhantomStain, number>> = { YoPro: 0, Abeta: 2600, Iba1: 2200 };
/** How much of the anatomy's fine texture a stain shows. */
const textured: Readonly<Record<PhantomStain, number>> = { YoPro: 1, Abeta: 0.1, Iba1: 0.1 };
/** Brightness at which the noise is twice that of the dark. */
const noiseDoubling = 400;

/** sin(k·s + p) of each wave at each index of one storage axis: waves are products over axes, so voxels need no sines. */
function waveTables(waves: readonly Wave[], axis: number, positions: Float64Array): readonly Float64Array[] {
  return waves.map((wave) => positions.map((s) => Math.sin(wave.frequency[axis] * s + wave.phase[axis])));
}

/**
 * A function that draws one z plane of every channel of a subject: anatomy seen through the shape, objects, bias, noise.
 * Object centres are in mm from the centre of the field of view.
 */
export function planeRenderer(
  spec: SubjectSpec, shape: SubjectShape, axes: readonly StorageAxis[],
  objects: readonly PhantomObject[], fields: ReadonlyMap<PhantomStain, BiasField>,
): (z: number) => readonly Uint16Array[] {
  const { size, voxelSize, stains } = spec;
  const [nx, ny] = size;
  const positions = axes.map(([, sign], j) => Float64Array.from({ length: size[j] }, (_, i) => sign * voxelSize[j] * (i - (size[j] - 1) / 2)));
  const bend = axes.map(([axis], j) => waveTables(shape.waves, axis, positions[j]));
  const blur = 1.2 * Math.max(...voxelSize);
  const channels = stains.map((stain) => {
    const field = fields.get(stain) ?? { waves: [], weights: [] };
    return {
      stain, field,
      fieldTables: axes.map(([axis], j) => waveTables(field.waves, axis, positions[j])),
      noise: noiseTable(seedOf(spec.seed, 'noise', stain)),
      noiseSeed: seedOf(spec.seed, 'noise rows', stain),
      balls: objects.filter((object) => object.stain === stain)
        .map(({ center, radius }): Ball => ({ center: [center[axes[0][0]], center[axes[1][0]], center[axes[2][0]]], radius })),
    };
  });
  const anatomy = anatomyRenderer(spec, shape, axes, positions, bend);

  return (z) => {
    const signals = anatomy(z);
    return channels.map((channel, k) => {
      const signal = signals[k];
      for (const ball of channel.balls) drawBall(signal, ball, peak[channel.stain], blur, positions, z);
      const plane = new Uint16Array(nx * ny);
      const { waves, weights } = channel.field;
      for (let y = 0, i = 0; y < ny; y++) {
        const offset = hash32(channel.noiseSeed + y + ny * z);
        for (let x = 0; x < nx; x++, i++) {
          let bias = 1;
          for (let t = 0; t < waves.length; t++) {
            bias += weights[t] * channel.fieldTables[0][t][x] * channel.fieldTables[1][t][y] * channel.fieldTables[2][t][z];
          }
          const exposed = signal[i] * bias;
          const value = exposed + spec.noise * (1 + exposed / noiseDoubling) * channel.noise[(offset + x) & noiseMask];
          plane[i] = Math.max(0, Math.min(65535, Math.round(value)));
        }
      }
      return plane;
    });
  };
}

function anatomyRenderer(
  spec: SubjectSpec, shape: SubjectShape, axes: readonly StorageAxis[],
  positions: readonly Float64Array[], bend: readonly (readonly Float64Array[])[],
): (z: number) => readonly Float32Array[] {
  const [nx, ny] = spec.size;
  const tables = spec.stains.map((stain) => contrasts[stain]);
  const texture = spec.stains.map((stain) => textured[stain]);
  const { affine: a, waves, amplitudes } = shape;
  return (z) => {
    const signals = spec.stains.map(() => new Float32Array(nx * ny));
    const shades = new Float64Array(signals.length);
    const u = [0, 0, 0];
    for (let y = 0, i = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        u[axes[0][0]] = positions[0][x];
        u[axes[1][0]] = positions[1][y];
        u[axes[2][0]] = positions[2][z];
        for (let t = 0; t < waves.length; t++) {
          const wave = bend[0][t][x] * bend[1][t][y] * bend[2][t][z];
          u[0] += wave * amplitudes[0][t];
          u[1] += wave * amplitudes[1][t];
          u[2] += wave * amplitudes[2][t];
        }
        shadeAt(
          a[0] * u[0] + a[1] * u[1] + a[2] * u[2] + a[3], a[4] * u[0] + a[5] * u[1] + a[6] * u[2] + a[7],
          a[8] * u[0] + a[9] * u[1] + a[10] * u[2] + a[11], tables, texture, shades,
        );
        for (let k = 0; k < shades.length; k++) signals[k][i] = shades[k];
      }
    }
    return signals;
  };
}

/** Centre along the storage axes, mm. */
interface Ball {
  readonly center: Vec3;
  readonly radius: number;
}

/** Blends the cut of a ball through one plane into the signal. Its edge fades over `blur` mm, half-way at the radius. */
function drawBall(signal: Float32Array, ball: Ball, brightness: number, blur: number, positions: readonly Float64Array[], z: number): void {
  const { center: c, radius } = ball;
  const reach = radius + blur;
  const dz = positions[2][z] - c[2];
  if (Math.abs(dz) > reach) return;
  const nx = positions[0].length;
  for (let y = 0; y < positions[1].length; y++) {
    const dy = positions[1][y] - c[1];
    if (Math.abs(dy) > reach) continue;
    for (let x = 0; x < nx; x++) {
      const dx = positions[0][x] - c[0];
      if (Math.abs(dx) > reach) continue;
      const share = Math.min(1, Math.max(0, 0.5 + (radius - Math.sqrt(dx * dx + dy * dy + dz * dz)) / blur));
      signal[x + nx * y] += share * (brightness - signal[x + nx * y]);
    }
  }
}
