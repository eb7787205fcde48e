import { determinant } from '../../kernels/geometry.ts';
import type { Volume } from '../../kernels/volume.ts';
import type { Region } from '../../templates/template.types.ts';

/** Names of regions by index, with upstream's name for an index that the table lacks. */
export function regionNames(regions: readonly Region[]): (index: number) => string {
  const names = new Map(regions.map(({ index, name }) => [index, name]));
  return (index) => names.get(index) ?? `Unknown_Label_${index}`;
}

/** What one region holds of one stain (pipeline-spec §3.9). Volumes are in mm³, field fractions in percent. */
export interface RegionRow {
  readonly index: number;
  readonly name: string;
  /** Voxels of all objects together. */
  readonly nvoxels: number;
  readonly count: number;
  /** Mean over the region's voxels. NaN where the region is not in the image (objects outside the atlas). */
  readonly fieldfrac: number;
  /** NaN where the region is not in the image. */
  readonly volume: number;
  /** Objects per mm³. NaN where the volume is. */
  readonly density: number;
  /** Means over the region's objects of further measures, such as the distance to the nearest vessel. */
  readonly means: Readonly<Record<string, number>>;
}

/** Mean of a map, and volume, of every label above 0 of an atlas on the same grid. Ascending by label. */
export function meanPerRegion(labels: Volume, map: Volume): readonly { readonly index: number; readonly mean: number; readonly volume: number }[] {
  if (labels.size.some((n, axis) => n !== map.size[axis])) throw new RangeError('The atlas and the map are on different grids.');
  const sums = new Map<number, { voxels: number; sum: number }>();
  let last: { voxels: number; sum: number } | undefined;
  let lastLabel = 0;
  for (let i = 0; i < labels.data.length; i++) {
    const label = labels.data[i];
    if (label === 0) continue;
    if (last === undefined || label !== lastLabel) {
      last = sums.get(label);
      if (last === undefined) sums.set(label, (last = { voxels: 0, sum: 0 }));
      lastLabel = label;
    }
    last.voxels++;
    last.sum += map.data[i];
  }
  const voxel = Math.abs(determinant(labels.affine));
  return [...sums].sort(([a], [b]) => a - b).map(([index, { voxels, sum }]) => ({ index, mean: sum / voxels, volume: voxels * voxel }));
}

/** Objects and where they lie. */
export interface LabelledObjects {
  /** Region of each object; 0 outside the atlas. */
  readonly region: ArrayLike<number>;
  readonly nvoxels: ArrayLike<number>;
  /** Further measures to average per region. */
  readonly measures: Readonly<Record<string, ArrayLike<number>>>;
}

/**
 * One row per region that is in the image or holds an object, ascending by index. Regions without objects have 0 for
 * every measure of objects, as upstream writes them.
 */
export function regionRows(objects: LabelledObjects, maps: ReturnType<typeof meanPerRegion>, name: (index: number) => string): readonly RegionRow[] {
  const measureNames = Object.keys(objects.measures);
  const found = new Map<number, { count: number; nvoxels: number; sums: Record<string, number> }>();
  for (let i = 0; i < objects.region.length; i++) {
    const index = objects.region[i];
    let entry = found.get(index);
    if (entry === undefined) found.set(index, (entry = { count: 0, nvoxels: 0, sums: Object.fromEntries(measureNames.map((m) => [m, 0])) }));
    entry.count++;
    entry.nvoxels += objects.nvoxels[i];
    for (const measure of measureNames) entry.sums[measure] += objects.measures[measure][i];
  }
  const inImage = new Map(maps.map((row) => [row.index, row]));
  const indices = [...new Set([...found.keys(), ...inImage.keys()])].sort((a, b) => a - b);
  return indices.map((index) => {
    const entry = found.get(index);
    const map = inImage.get(index);
    const count = entry?.count ?? 0;
    const volume = map?.volume ?? NaN;
    return {
      index,
      name: name(index),
      nvoxels: entry?.nvoxels ?? 0,
      count,
      fieldfrac: map?.mean ?? 0,
      volume,
      density: count / volume,
      means: Object.fromEntries(measureNames.map((m) => [m, entry === undefined ? 0 : entry.sums[m] / entry.count])),
    };
  });
}
