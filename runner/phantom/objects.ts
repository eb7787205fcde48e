import type { Vec3 } from '../kernels/geometry.ts';
import { boundsOf, labelAt, labelOf, type StructureName } from './anatomy.ts';
import type { SubjectShape } from './deformation.ts';
import { between, type Random } from './random.ts';

/** A ball in the tissue: a plaque or a cell. */
export interface PhantomObject {
  readonly stain: string;
  /** Centre, mm from the centre of the field of view, RAS. */
  readonly center: Vec3;
  /** Radius, mm, where brightness is half-way between tissue and object. */
  readonly radius: number;
  /** Label of the atlas `all` at its centre, by the true deformation. */
  readonly label: number;
}

/** How many objects each side's structure has. */
export type ObjectCounts = Partial<Readonly<Record<StructureName, number>>>;

/** What is needed to place objects. */
export interface Placement {
  readonly shape: SubjectShape;
  /** Half of the field of view, mm, RAS axes. */
  readonly halfView: Vec3;
  /** Radii are drawn so that volumes are uniform between these two, mm³. */
  readonly volumes: readonly [number, number];
  /** Smallest distance between the surfaces of two objects, mm. */
  readonly gap: number;
  /** Smallest distance of a centre to the border of its region, mm of the template. */
  readonly margin: number;
}

const attemptsPerObject = 4000;

/** Radius of a ball of that volume. */
export function radiusOfVolume(volume: number): number {
  return Math.cbrt((3 * volume) / (4 * Math.PI));
}

/**
 * Places balls of a stain at random inside the regions, apart from each other and from `others`. Places fewer where they
 * do not fit: what was placed is the truth.
 */
export function placeObjects(
  random: Random, stain: string, counts: ObjectCounts, placement: Placement, others: readonly PhantomObject[],
): readonly PhantomObject[] {
  const placed: PhantomObject[] = [];
  for (const [structure, count] of Object.entries(counts)) {
    for (const side of ['left', 'right'] as const) {
      const label = labelOf(structure as StructureName, side);
      for (let i = 0; i < count; i++) {
        const object = placeOne(random, stain, label, placement, [...others, ...placed]);
        if (object !== undefined) placed.push(object);
      }
    }
  }
  return placed;
}

function placeOne(
  random: Random, stain: string, label: number, placement: Placement, others: readonly PhantomObject[],
): PhantomObject | undefined {
  const radius = radiusOfVolume(between(random, ...placement.volumes));
  const { low, high } = boundsOf(label);
  for (let attempt = 0; attempt < attemptsPerObject; attempt++) {
    const q: Vec3 = [between(random, low[0], high[0]), between(random, low[1], high[1]), between(random, low[2], high[2])];
    if (!isDeepInside(q, label, placement.margin)) continue;
    const center = placement.shape.toSubject(q);
    if (center.some((value, axis) => Math.abs(value) > placement.halfView[axis] - radius - placement.gap)) continue;
    if (others.some((other) => distance(other.center, center) < other.radius + radius + placement.gap)) continue;
    return { stain, center, radius, label };
  }
  return undefined;
}

/**
 * Balls of another stain that lie on some of the given objects: centres displaced by a third of the object's radius, so
 * that they overlap by any sensible rule. A label is the one at the centre itself.
 */
export function placeOn(
  random: Random, stain: string, targets: readonly PhantomObject[], share: number, placement: Placement,
): readonly PhantomObject[] {
  return targets.filter(() => random() < share).map((target) => {
    const azimuth = between(random, 0, 2 * Math.PI), cosine = between(random, -1, 1);
    const sine = Math.sqrt(1 - cosine * cosine);
    const step = target.radius / 3;
    const center: Vec3 = [
      target.center[0] + step * sine * Math.cos(azimuth),
      target.center[1] + step * sine * Math.sin(azimuth),
      target.center[2] + step * cosine,
    ];
    return { stain, center, radius: radiusOfVolume(between(random, ...placement.volumes)), label: labelAt(...placement.shape.toTemplate(center)) };
  });
}

function isDeepInside(q: Vec3, label: number, margin: number): boolean {
  if (labelAt(...q) !== label) return false;
  const diagonal = margin / Math.sqrt(3);
  for (let axis = 0; axis < 3; axis++) {
    for (const sign of [-1, 1]) {
      const p: [number, number, number] = [...q];
      p[axis] += sign * margin;
      if (labelAt(...p) !== label) return false;
    }
  }
  for (let corner = 0; corner < 8; corner++) {
    const side = (bit: number): number => (corner & bit ? diagonal : -diagonal);
    if (labelAt(q[0] + side(1), q[1] + side(2), q[2] + side(4)) !== label) return false;
  }
  return true;
}

/** Distance of two points. */
export function distance(a: Vec3, b: Vec3): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** Pairs of objects of two stains that overlap as pipeline-spec §3.8 counts them: the centres are within the first's radius. */
export function overlappingPairs(a: readonly PhantomObject[], b: readonly PhantomObject[]): readonly (readonly [PhantomObject, PhantomObject])[] {
  return a.flatMap((first) => b.filter((second) => distance(first.center, second.center) <= first.radius).map((second) => [first, second] as const));
}
