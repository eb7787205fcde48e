import type { Vec3 } from '../kernels/geometry.ts';
import type { ImageChannel } from './omeZarr.types.ts';
import { badMetadata } from './zarrErrors.ts';
import { isRecord } from './zarrMetadata.ts';

type Raw = Readonly<Record<string, unknown>>;

/** One resolution as the group metadata describe it. */
export interface MultiscaleDataset {
  readonly path: string;
  /** x, y, z, in millimetres. */
  readonly scale: Vec3;
  readonly translation: Vec3;
}

/** The pyramid as the group metadata describe it. */
export interface Multiscale {
  readonly ngffVersion: '0.4' | '0.5';
  /** Number of axes, and which of them is which. Time and channel may be absent. */
  readonly rank: number;
  readonly axes: { readonly x: number; readonly y: number; readonly z: number; readonly t?: number; readonly c?: number };
  /** Unit of x as written; `micrometer` when none is. */
  readonly unit: string;
  readonly datasets: readonly MultiscaleDataset[];
  /** From `omero`, in order; may be fewer than there are. */
  readonly channels: readonly Partial<ImageChannel>[];
}

/** Millimetres per unit, for the units of length that NGFF lists (and common short forms). */
const millimetres: Readonly<Record<string, number>> = {
  angstrom: 1e-7, attometer: 1e-15, centimeter: 10, decimeter: 100, exameter: 1e21, femtometer: 1e-12, foot: 304.8, gigameter: 1e12,
  hectometer: 1e5, inch: 25.4, kilometer: 1e6, megameter: 1e9, meter: 1e3, micrometer: 1e-3, mile: 1609344, millimeter: 1,
  nanometer: 1e-6, parsec: 3.0856775814913673e19, petameter: 1e18, picometer: 1e-9, terameter: 1e15, yard: 914.4,
  yoctometer: 1e-21, yottameter: 1e27, zeptometer: 1e-18, zettameter: 1e24,
  um: 1e-3, 'µm': 1e-3, 'μm': 1e-3, micron: 1e-3, mm: 1, nm: 1e-6, cm: 10, m: 1e3,
};

const defaultUnit = 'micrometer';

/** Micrometres to millimetres must give 0.004 for 4: dividing by 1000 does, multiplying by 0.001 need not. */
function toMillimetres(value: number, unit: string): number {
  const factor = millimetres[unit];
  return factor < 1 ? value / Math.round(1 / factor) : value * factor;
}

interface Axis {
  readonly name: string;
  readonly unit: string | undefined;
}

function parseAxes(raw: unknown, uri: string): readonly Axis[] {
  if (!Array.isArray(raw)) throw badMetadata(uri, 'its multiscales name no axes.', 'Only OME-Zarr 0.4 and 0.5 can be read: convert the image to one of these.');
  return raw.map((axis: unknown) => {
    const name = typeof axis === 'string' ? axis : isRecord(axis) ? axis['name'] : undefined;
    if (typeof name !== 'string') throw badMetadata(uri, 'one of its axes has no name.');
    return { name: name.toLowerCase(), unit: isRecord(axis) && typeof axis['unit'] === 'string' ? axis['unit'] : undefined };
  });
}

function axisPlaces(axes: readonly Axis[], uri: string): Multiscale['axes'] {
  const names = axes.map((axis) => axis.name);
  const known = new Set(['t', 'c', 'z', 'y', 'x']);
  const place = (name: string): number => names.indexOf(name);
  if (names.some((name) => !known.has(name)) || new Set(names).size !== names.length || ['x', 'y', 'z'].some((name) => place(name) < 0)) {
    throw badMetadata(uri, `its axes are ${names.join(', ')}.`, 'The axes z, y and x are needed, and only t and c may come with them.');
  }
  return { x: place('x'), y: place('y'), z: place('z'), ...(place('t') >= 0 ? { t: place('t') } : {}), ...(place('c') >= 0 ? { c: place('c') } : {}) };
}

interface ScaleAndTranslation {
  readonly scale: readonly number[];
  readonly translation: readonly number[];
}

/** Applies a list of coordinate transformations on top of others: the first in the list is applied first. */
function applyTransformations(below: ScaleAndTranslation, raw: unknown, uri: string): ScaleAndTranslation {
  if (raw === undefined || raw === null) return below;
  if (!Array.isArray(raw)) throw badMetadata(uri, 'its "coordinateTransformations" are not a list.');
  let { scale, translation } = below;
  for (const step of raw as readonly unknown[]) {
    const type = isRecord(step) ? step['type'] : undefined;
    if (type === 'identity') continue;
    const values = isRecord(step) && (type === 'scale' || type === 'translation') ? step[type] : undefined;
    if (!Array.isArray(values) || values.length !== scale.length || !values.every((n): n is number => typeof n === 'number' && Number.isFinite(n))) {
      throw badMetadata(uri, `it has the coordinate transformation ${JSON.stringify(step)}, which is not supported.`, 'Scales and translations with one number per axis can be read.');
    }
    if (type === 'scale') {
      scale = scale.map((value, axis) => value * values[axis]);
      translation = translation.map((value, axis) => value * values[axis]);
    } else {
      translation = translation.map((value, axis) => value + values[axis]);
    }
  }
  return { scale, translation };
}

function parseChannels(omero: unknown): readonly Partial<ImageChannel>[] {
  const channels = isRecord(omero) ? omero['channels'] : undefined;
  if (!Array.isArray(channels)) return [];
  return channels.map((channel: unknown) => {
    const { label, name, color } = isRecord(channel) ? channel : {};
    const text = typeof label === 'string' && label !== '' ? label : typeof name === 'string' && name !== '' ? name : undefined;
    const hex = typeof color === 'string' && /^#?[0-9a-fA-F]{6}$/.test(color) ? color.replace('#', '').toUpperCase() : undefined;
    return { ...(text === undefined ? {} : { label: text }), ...(hex === undefined ? {} : { color: hex }) };
  });
}

/**
 * Reads the OME-Zarr metadata of a group: `attributes` are those of `.zattrs` (0.4) or of `zarr.json` (0.5, where they
 * are below `ome`). Throws `bad-zarr` when this is no OME-Zarr 0.4 or 0.5 image with axes z, y and x.
 */
export function parseMultiscale(attributes: Raw, uri: string): Multiscale {
  const ome = isRecord(attributes['ome']) ? attributes['ome'] : undefined;
  const holder = ome && 'multiscales' in ome ? ome : attributes;
  const list = holder['multiscales'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  if (!isRecord(first)) throw badMetadata(uri, 'it has no "multiscales" metadata, so it is no OME-Zarr image.');
  const version = ome?.['version'] ?? first['version'] ?? (ome ? '0.5' : '0.4');
  const isNew = typeof version === 'string' && version.startsWith('0.5');
  if (!isNew && version !== '0.4') {
    throw badMetadata(uri, `it is of OME-Zarr version ${JSON.stringify(version)}.`, 'Only OME-Zarr 0.4 and 0.5 can be read: convert the image to one of these.');
  }
  const axes = parseAxes(first['axes'], uri);
  const places = axisPlaces(axes, uri);
  const spatial = [places.x, places.y, places.z] as const;
  const units = spatial.map((axis) => axes[axis].unit ?? defaultUnit);
  const unknownUnit = units.find((unit) => !(unit in millimetres));
  if (unknownUnit !== undefined) throw badMetadata(uri, `its axes have the unit "${unknownUnit}", which is no known length.`, 'Use a unit of NGFF, such as micrometer or millimeter.');
  const datasets = first['datasets'];
  if (!Array.isArray(datasets) || datasets.length === 0) throw badMetadata(uri, 'its multiscales name no datasets.');
  const start: ScaleAndTranslation = { scale: axes.map(() => 1), translation: axes.map(() => 0) };
  const inMillimetres = (values: readonly number[]): Vec3 => {
    const [x, y, z] = spatial.map((axis, i) => toMillimetres(values[axis], units[i]));
    return [x, y, z];
  };
  return {
    ngffVersion: isNew ? '0.5' : '0.4',
    rank: axes.length,
    axes: places,
    unit: units[0],
    channels: parseChannels(ome?.['omero'] ?? attributes['omero']),
    datasets: datasets.map((dataset: unknown, i) => {
      const path = isRecord(dataset) ? dataset['path'] : undefined;
      if (!isRecord(dataset) || typeof path !== 'string') throw badMetadata(uri, `dataset ${i} of its multiscales has no path.`);
      const own = dataset['coordinateTransformations'];
      if (own === undefined && first['coordinateTransformations'] === undefined) {
        throw badMetadata(uri, `dataset "${path}" has no scale.`, 'Add its coordinateTransformations (OME-Zarr 0.4 and 0.5 need them), or convert the image anew.');
      }
      const { scale, translation } = applyTransformations(applyTransformations(start, own, uri), first['coordinateTransformations'], uri);
      if (spatial.some((axis) => !(scale[axis] > 0))) throw badMetadata(uri, `dataset "${path}" has the scale ${scale.join(', ')}, which must be positive.`);
      return { path: path.replace(/^\.?\/+|\/+$/g, ''), scale: inMillimetres(scale), translation: inMillimetres(translation) };
    }),
  };
}
