import type { Vec3 } from '../kernels/geometry.ts';
import type { Region } from '../templates/template.types.ts';

/**
 * An imaginary mouse brain made of ellipsoids, in RAS millimetres with the brain near the origin. Left and right mirror
 * each other. It is a function of position, so that any grid, resolution or deformation of it can be drawn exactly.
 */

/** Numbers of the structures; the label of the atlas `all` is this on the left and 100 more on the right. */
export const structures = [
  { id: 1, abbreviation: 'OLF', name: 'olfactory bulb', color: '#9ad2bd', group: 'cerebrum' },
  { id: 2, abbreviation: 'CTX', name: 'cerebral cortex', color: '#70ff71', group: 'cerebrum' },
  { id: 3, abbreviation: 'HPF', name: 'hippocampal formation', color: '#7ed04b', group: 'cerebrum' },
  { id: 4, abbreviation: 'STR', name: 'striatum', color: '#98d6f9', group: 'cerebrum' },
  { id: 5, abbreviation: 'TH', name: 'thalamus', color: '#ff7080', group: 'brainstem' },
  { id: 6, abbreviation: 'HY', name: 'hypothalamus', color: '#e64438', group: 'brainstem' },
  { id: 7, abbreviation: 'MB', name: 'midbrain', color: '#ff64ff', group: 'brainstem' },
  { id: 8, abbreviation: 'HB', name: 'hindbrain', color: '#ff9b88', group: 'brainstem' },
  { id: 9, abbreviation: 'CB', name: 'cerebellum', color: '#f0f080', group: 'cerebellum' },
  { id: 10, abbreviation: 'fiber', name: 'fiber tracts', color: '#cccccc', group: 'cerebrum' },
  { id: 11, abbreviation: 'VS', name: 'ventricular systems', color: '#aaaaaa', group: 'cerebrum' },
] as const;

/** Abbreviation of a structure without its side. */
export type StructureName = (typeof structures)[number]['abbreviation'];

const rightOffset = 100;
const groups = ['cerebrum', 'brainstem', 'cerebellum'] as const;
const groupColors = ['#4c9f70', '#d1495b', '#edae49'] as const;

/** One ellipsoid of the right half; the left half is its mirror image. Later layers cover earlier ones. */
interface Layer {
  readonly structure: number;
  readonly center: Vec3;
  /** Half axes, mm. */
  readonly radii: Vec3;
}

const layers: readonly Layer[] = [
  { structure: 8, center: [0.5, -3.7, -1.4], radii: [1.7, 2.0, 1.4] },
  { structure: 7, center: [0.9, -2.2, -0.3], radii: [1.9, 1.7, 1.9] },
  { structure: 9, center: [1.0, -4.0, 0.7], radii: [2.3, 1.5, 1.7] },
  { structure: 1, center: [0.95, 4.3, -0.3], radii: [1.0, 1.5, 1.2] },
  { structure: 2, center: [1.55, 0.7, 0.2], radii: [3.0, 3.8, 3.0] },
  { structure: 10, center: [1.35, 0.4, -0.2], radii: [2.2, 2.8, 2.15] },
  { structure: 6, center: [0.65, 0.0, -2.1], radii: [0.95, 1.5, 0.95] },
  { structure: 4, center: [2.0, 1.5, -0.3], radii: [1.1, 1.4, 1.35] },
  { structure: 5, center: [0.95, -0.5, -0.5], radii: [1.4, 1.4, 1.15] },
  { structure: 3, center: [2.0, -1.1, 0.75], radii: [1.45, 1.3, 0.95] },
  { structure: 11, center: [0.8, 1.1, 0.75], radii: [0.4, 1.1, 0.45] },
];

/** Half of the thickness, in mm, over which one structure fades into the next (partial volume, point spread). */
const edge = 0.08;
/** Bounds of everything that is not outside, mm, as |x|, then y and z. */
const bounds = { x: 4.8, yLow: -6.0, yHigh: 6.1, zLow: -3.1, zHigh: 3.5 } as const;

/** Inverse half axes and mean half axis of every layer, unpacked for the inner loop. */
const flat = layers.map((layer) => ({
  structure: layer.structure,
  cx: layer.center[0], cy: layer.center[1], cz: layer.center[2],
  ix: 1 / layer.radii[0], iy: 1 / layer.radii[1], iz: 1 / layer.radii[2],
  mean: Math.cbrt(layer.radii[0] * layer.radii[1] * layer.radii[2]),
}));

/** Label of the atlas `all` at a point (mm, RAS); 0 outside the brain. */
export function labelAt(x: number, y: number, z: number): number {
  const ax = Math.abs(x);
  if (ax > bounds.x || y < bounds.yLow || y > bounds.yHigh || z < bounds.zLow || z > bounds.zHigh) return 0;
  for (let i = flat.length - 1; i >= 0; i--) {
    const l = flat[i];
    const u = (ax - l.cx) * l.ix, v = (y - l.cy) * l.iy, w = (z - l.cz) * l.iz;
    if (u * u + v * v + w * w < 1) return l.structure + (x < 0 ? 0 : rightOffset);
  }
  return 0;
}

/** How bright each structure is in one contrast: index = structure number, 0 = outside the brain. */
export type Contrast = readonly number[];

/** Contrasts by name. `anat` is like autofluorescence; the others are named after stains. Arbitrary units. */
export const contrasts = {
  //        out  OLF   CTX   HPF   STR   TH    HY    MB    HB    CB    fiber VS
  anat:    [30,  620,  700,  820,  560,  500,  600,  470,  420,  760,  280,  130],
  YoPro:   [60,  1500, 1100, 1450, 900,  760,  980,  680,  600,  1650, 380,  180],
  Abeta:   [60,  310,  320,  320,  310,  300,  300,  300,  290,  320,  280,  260],
  Iba1:    [60,  260,  270,  270,  260,  250,  250,  250,  250,  260,  240,  230],
} as const satisfies Record<string, Contrast>;

/** Brightness of layers of cells in the cortex, folds of the cerebellum: something finer to register by. */
function texture(structure: number, ax: number, y: number, z: number): number {
  if (structure === 2) return 1 + 0.1 * Math.cos(9 * Math.hypot((ax - 1.55) / 3.0, (y - 0.7) / 3.8, (z - 0.2) / 3.0) * Math.PI);
  if (structure === 9) return 1 + 0.14 * Math.cos(6.5 * Math.hypot(y + 3.2, z + 0.6));
  if (structure === 3) return 1 + 0.1 * Math.cos(8 * (z - 0.75) + 0.8 * y);
  if (structure === 1) return 1 + 0.12 * Math.cos(7 * Math.hypot(ax - 0.95, z + 0.3));
  return 1 + 0.05 * Math.sin(2.4 * ax + 1.7 * y) * Math.cos(2.1 * z - 0.6 * y);
}

/**
 * Writes the brightness at a point (mm, RAS) of several contrasts at once to `out[0…]`. Edges are soft, texture is scaled by
 * `textured[k]` (1 for an anatomical stain, less for one that is nearly flat).
 */
export function shadeAt(x: number, y: number, z: number, tables: readonly Contrast[], textured: readonly number[], out: Float64Array): void {
  const ax = Math.abs(x);
  for (let k = 0; k < tables.length; k++) out[k] = tables[k][0];
  if (ax > bounds.x || y < bounds.yLow || y > bounds.yHigh || z < bounds.zLow || z > bounds.zHigh) return;
  for (const l of flat) {
    const u = (ax - l.cx) * l.ix, v = (y - l.cy) * l.iy, w = (z - l.cz) * l.iz;
    const square = u * u + v * v + w * w;
    if (square > 1.5) continue;
    const inside = 0.5 - ((Math.sqrt(square) - 1) * l.mean) / (2 * edge);
    if (inside <= 0) continue;
    const share = inside >= 1 ? 1 : inside * inside * (3 - 2 * inside);
    const fine = texture(l.structure, ax, y, z) - 1;
    for (let k = 0; k < tables.length; k++) out[k] += share * (tables[k][l.structure] * (1 + fine * textured[k]) - out[k]);
  }
}

/** Regions of the atlas `all`, by index. */
export const allRegions: readonly Region[] = [
  ...structures.map((s) => ({ index: s.id, name: `left ${s.name}`, abbreviation: `${s.abbreviation}l`, color: s.color })),
  ...structures.map((s) => ({ index: s.id + rightOffset, name: `right ${s.name}`, abbreviation: `${s.abbreviation}r`, color: s.color })),
];

/** Regions of the atlas `coarse`, by index. */
export const coarseRegions: readonly Region[] = groups.flatMap((group, k) => [
  { index: 2 * k + 1, name: `left ${group}`, abbreviation: `${group}L`, color: groupColors[k] },
  { index: 2 * k + 2, name: `right ${group}`, abbreviation: `${group}R`, color: groupColors[k] },
]);

/** Label of the atlas `coarse` that contains a label of the atlas `all`. */
export function coarseLabel(label: number): number {
  if (label === 0) return 0;
  const right = label > rightOffset;
  const structure = structures.find((s) => s.id === (right ? label - rightOffset : label));
  if (structure === undefined) throw new RangeError(`There is no structure ${label}.`);
  return 2 * groups.indexOf(structure.group) + (right ? 2 : 1);
}

/** Label of a structure on one side. */
export function labelOf(structure: StructureName, side: 'left' | 'right'): number {
  const found = structures.find((s) => s.abbreviation === structure);
  if (found === undefined) throw new RangeError(`There is no structure ${structure}.`);
  return found.id + (side === 'right' ? rightOffset : 0);
}

/** A box (mm, RAS) that contains all of one label. */
export function boundsOf(label: number): { readonly low: Vec3; readonly high: Vec3 } {
  const right = label > rightOffset;
  const layer = layers.find((l) => l.structure === (right ? label - rightOffset : label));
  if (layer === undefined) throw new RangeError(`There is no structure ${label}.`);
  const { center: c, radii: r } = layer;
  const near = Math.max(0, c[0] - r[0]), far = c[0] + r[0];
  return { low: [right ? near : -far, c[1] - r[1], c[2] - r[2]], high: [right ? far : -near, c[1] + r[1], c[2] + r[2]] };
}
