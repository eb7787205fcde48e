import { transformPoint, type Affine, type Vec3 } from '../kernels/geometry.ts';
import { labelAt } from './anatomy.ts';
import { drawShape, drawWaves, waveAt, type SubjectShape } from './deformation.ts';
import { overlappingPairs, placeObjects, placeOn, type PhantomObject, type Placement } from './objects.ts';
import { between, seededRandom, seedOf } from './random.ts';
import { planeRenderer, type BiasField } from './render.ts';
import type { PhantomStain, SubjectSpec } from './subject.types.ts';

/** What is true of a subject, to hold results against. */
export interface SubjectTruth {
  readonly objects: readonly PhantomObject[];
  /** Objects of a stain in each region of the atlas `all`; regions without any are absent. */
  counts(stain: string): ReadonlyMap<number, number>;
  /** Pairs of Abeta and Iba1 objects that overlap. */
  readonly overlaps: readonly (readonly [PhantomObject, PhantomObject])[];
  /** Atlas `all` as it truly lies on any grid in the subject's RAS millimetres. Index x + nx·(y + ny·z). */
  labelsOn(size: Vec3, affine: Affine): Uint16Array;
  /** Multiplicative bias field of a stain at a point of the subject's RAS millimetres. */
  biasAt(stain: PhantomStain, point: Vec3): number;
  /** Where a point of the subject's RAS millimetres lies in the template. */
  toTemplate(point: Vec3): Vec3;
}

/** A subject whose voxels are computed when they are asked for. */
export interface PhantomSubject {
  readonly spec: SubjectSpec;
  /** Voxel indices of the stored array (x, y, z) to the subject's RAS millimetres. */
  readonly affine: Affine;
  readonly truth: SubjectTruth;
  /** One z plane of every channel; each of size[0]·size[1] values, x fastest. */
  renderPlane(z: number): readonly Uint16Array[];
}

const letters: Readonly<Record<string, readonly [axis: number, sign: number]>> = { R: [0, 1], L: [0, -1], A: [1, 1], P: [1, -1], S: [2, 1], I: [2, -1] };

/** Generates a subject. Throws a RangeError for an orientation that is none. */
export function phantomSubject(spec: SubjectSpec): PhantomSubject {
  const axes = [...spec.orientation].map((letter) => letters[letter]);
  if (axes.length !== 3 || axes.includes(undefined as never) || new Set(axes.map(([axis]) => axis)).size !== 3) {
    throw new RangeError(`"${spec.orientation}" is no orientation.`);
  }
  const affine = new Array<number>(16).fill(0);
  affine[15] = 1;
  axes.forEach(([axis, sign], j) => { affine[axis * 4 + j] = sign * spec.voxelSize[j]; });
  const middle = transformPoint(affine, [(spec.size[0] - 1) / 2, (spec.size[1] - 1) / 2, (spec.size[2] - 1) / 2]);

  const shape = drawShape(seededRandom(seedOf(spec.seed, 'shape')), spec.shape);
  const objects = drawObjects(spec, shape, axes.map(([axis]) => axis));
  const fields = new Map(spec.stains.map((stain) => [stain, drawBias(spec, stain)]));
  return {
    spec, affine,
    truth: makeTruth(objects, shape, middle, fields),
    renderPlane: planeRenderer(spec, shape, axes, objects, fields),
  };
}

function drawObjects(spec: SubjectSpec, shape: SubjectShape, rasAxes: readonly number[]): readonly PhantomObject[] {
  const voxel = spec.voxelSize[0] * spec.voxelSize[1] * spec.voxelSize[2];
  const halfView: [number, number, number] = [0, 0, 0];
  rasAxes.forEach((axis, j) => { halfView[axis] = (spec.voxelSize[j] * spec.size[j]) / 2; });
  const placement: Placement = {
    shape, halfView,
    volumes: [spec.objectVoxels[0] * voxel, spec.objectVoxels[1] * voxel],
    gap: 5 * Math.max(...spec.voxelSize),
    margin: 0.3,
  };
  const plaques = spec.stains.includes('Abeta')
    ? placeObjects(seededRandom(seedOf(spec.seed, 'Abeta')), 'Abeta', spec.plaques, placement, []) : [];
  if (!spec.stains.includes('Iba1')) return plaques;
  const random = seededRandom(seedOf(spec.seed, 'Iba1'));
  const onPlaques = placeOn(random, 'Iba1', plaques, spec.cellsOnPlaques, placement);
  const apart = placeObjects(random, 'Iba1', spec.cells, placement, [...plaques, ...onPlaques]);
  return [...plaques, ...onPlaques, ...apart];
}

function drawBias(spec: SubjectSpec, stain: PhantomStain): BiasField {
  const random = seededRandom(seedOf(spec.seed, 'bias', stain));
  const waves = drawWaves(random, 3, 18, 40);
  const raw = waves.map(() => between(random, 0.4, 1) * (random() < 0.5 ? -1 : 1));
  const total = raw.reduce((sum, value) => sum + Math.abs(value), 0);
  return { waves, weights: raw.map((value) => (value * spec.bias) / total) };
}

function makeTruth(objects: readonly PhantomObject[], shape: SubjectShape, middle: Vec3, fields: ReadonlyMap<PhantomStain, BiasField>): SubjectTruth {
  const relative = (p: Vec3): Vec3 => [p[0] - middle[0], p[1] - middle[1], p[2] - middle[2]];
  const toTemplate = (p: Vec3): Vec3 => shape.toTemplate(relative(p));
  const placed = objects.map((object): PhantomObject => ({
    ...object, center: [object.center[0] + middle[0], object.center[1] + middle[1], object.center[2] + middle[2]],
  }));
  return {
    objects: placed,
    counts(stain) {
      const counts = new Map<number, number>();
      for (const object of placed) if (object.stain === stain) counts.set(object.label, (counts.get(object.label) ?? 0) + 1);
      return counts;
    },
    overlaps: overlappingPairs(placed.filter(({ stain }) => stain === 'Abeta'), placed.filter(({ stain }) => stain === 'Iba1')),
    labelsOn(size, affine) {
      const labels = new Uint16Array(size[0] * size[1] * size[2]);
      let i = 0;
      for (let z = 0; z < size[2]; z++) {
        for (let y = 0; y < size[1]; y++) {
          for (let x = 0; x < size[0]; x++, i++) labels[i] = labelAt(...toTemplate(transformPoint(affine, [x, y, z])));
        }
      }
      return labels;
    },
    biasAt(stain, point) {
      const field = fields.get(stain);
      if (field === undefined) throw new RangeError(`There is no stain ${stain}.`);
      return field.waves.reduce((sum, wave, t) => sum + field.weights[t] * waveAt(wave, relative(point)), 1);
    },
    toTemplate,
  };
}
