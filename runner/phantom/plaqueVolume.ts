import type { Vec3 } from '../kernels/geometry.ts';
import type { MemoryStore } from '../storage/memoryStore.ts';
import { between, hash32, noiseMask, noiseTable, seededRandom, seedOf } from './random.ts';

/** A single-channel uint16 image of any size whose voxels are computed when read: memory does not grow with it. */
export interface PlaqueVolumeSpec {
  readonly seed: number;
  /** Voxels along x, y, z. */
  readonly size: Vec3;
  /** Edge of a voxel along x, y, z, mm. */
  readonly voxelSize: Vec3;
  /** Chunk of the stored arrays, voxels. */
  readonly chunk: Vec3;
  /** Resolutions, each half the one before. */
  readonly levels: number;
  readonly stain: string;
  /** The volume is divided into cubes of this many voxels, with at most one plaque each. Default 64. */
  readonly cell?: number;
  /** Share of the cubes that hold a plaque. Default 0.5. */
  readonly share?: number;
  /** Range of radii, voxels. At most a third of the cube. Default 4 to 10. */
  readonly radii?: readonly [number, number];
}

/** A plaque: centre and radius in voxels of level 0. */
export interface VolumePlaque {
  readonly center: Vec3;
  readonly radius: number;
}

export interface PlaqueVolume {
  readonly spec: PlaqueVolumeSpec;
  /** All plaques, in the order of their cubes. Separated by at least a sixth of a cube. */
  readonly plaques: readonly VolumePlaque[];
  /** Voxels along x, y, z of a level. */
  levelSize(level: number): Vec3;
  /** Values of a box of a level, x fastest; 0 outside the volume. */
  readBlock(level: number, start: Vec3, size: Vec3): Uint16Array;
}

const outside = 60, tissue = 320, bright = 2600, noise = 8;

/** The volume of a spec. Equal specs give equal voxels, however they are read. */
export function plaqueVolume(spec: PlaqueVolumeSpec): PlaqueVolume {
  const cell = spec.cell ?? 64, share = spec.share ?? 0.5, radii = spec.radii ?? [4, 10];
  if (radii[1] > cell / 3) throw new RangeError(`A radius of ${radii[1]} voxels is more than a third of a cube of ${cell}.`);
  const cubes: Vec3 = [Math.floor(spec.size[0] / cell), Math.floor(spec.size[1] / cell), Math.floor(spec.size[2] / cell)];
  const byCube = drawPlaques(seededRandom(seedOf(spec.seed, 'plaques')), cubes, cell, share, radii);
  const table = noiseTable(seedOf(spec.seed, 'noise'));

  function readBlock(level: number, start: Vec3, size: Vec3): Uint16Array {
    const factor = 2 ** level;
    const levelSize = sizeOf(spec.size, level);
    const [nx, ny, nz] = size;
    const values = new Uint16Array(nx * ny * nz);
    const endX = Math.min(nx, levelSize[0] - start[0]);
    const position = (i: number, axis: 0 | 1 | 2): number => (start[axis] + i + 0.5) * factor - 0.5;
    const waveX = Float64Array.from({ length: nx }, (_, x) => Math.sin((2.1 * position(x, 0)) / spec.size[0] + 0.3));
    for (let z = 0; z < nz; z++) {
      for (let y = 0; y < ny; y++) {
        if (start[2] + z >= levelSize[2] || start[1] + y >= levelSize[1]) continue;
        const row = nx * (y + ny * z);
        const [from, to] = tissueSpan(position(y, 1), position(z, 2), spec.size);
        const waveYZ = 0.25 * Math.cos((1.7 * position(y, 1)) / spec.size[1]) * Math.cos((1.3 * position(z, 2)) / spec.size[2]);
        const offset = hash32(Math.imul(start[1] + y, 0x9e3779b1) ^ hash32(start[2] + z + 7919 * level)) + start[0];
        const before = bound(start[0], factor, endX, (p) => p < from);
        const within = Math.max(before, bound(start[0], factor, endX, (p) => p <= to));
        for (let x = 0; x < before; x++) values[row + x] = outside + noise * table[(offset + x) & noiseMask] + 0.5;
        for (let x = before; x < within; x++) values[row + x] = tissue * (1 + waveYZ * waveX[x]) + noise * table[(offset + x) & noiseMask] + 0.5;
        for (let x = within; x < endX; x++) values[row + x] = outside + noise * table[(offset + x) & noiseMask] + 0.5;
      }
    }
    for (const plaque of touched(level, start, size)) splat(values, plaque, level, start, size, levelSize);
    return values;
  }

  /** Plaques of the cubes that the box reaches into. */
  function* touched(level: number, start: Vec3, size: Vec3): Generator<VolumePlaque> {
    const factor = 2 ** level;
    const first = start.map((s) => Math.max(0, Math.floor((s * factor) / cell) - 1));
    const last = start.map((s, axis) => Math.min(cubes[axis] - 1, Math.floor(((s + size[axis]) * factor) / cell) + 1));
    for (let z = first[2]; z <= last[2]; z++) {
      for (let y = first[1]; y <= last[1]; y++) {
        for (let x = first[0]; x <= last[0]; x++) {
          const plaque = byCube.get(x + cubes[0] * (y + cubes[1] * z));
          if (plaque !== undefined) yield plaque;
        }
      }
    }
  }

  return { spec, plaques: [...byCube.values()], levelSize: (level) => sizeOf(spec.size, level), readBlock };
}

/** The first of `count` voxels of a level, from `start` on, whose position in level 0 is not as asked for. */
function bound(start: number, factor: number, count: number, holds: (position: number) => boolean): number {
  let low = 0;
  for (let high = count; low < high;) {
    const middle = (low + high) >> 1;
    if (holds((start + middle + 0.5) * factor - 0.5)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sizeOf(size: Vec3, level: number): Vec3 {
  const factor = 2 ** level;
  return [Math.floor(size[0] / factor), Math.floor(size[1] / factor), Math.floor(size[2] / factor)];
}

function drawPlaques(random: () => number, cubes: Vec3, cell: number, share: number, radii: readonly [number, number]): Map<number, VolumePlaque> {
  const plaques = new Map<number, VolumePlaque>();
  const free = cell / 12;
  for (let z = 0, index = 0; z < cubes[2]; z++) {
    for (let y = 0; y < cubes[1]; y++) {
      for (let x = 0; x < cubes[0]; x++, index++) {
        if (random() >= share) continue;
        const radius = between(random, ...radii);
        const along = (i: number): number => i * cell + between(random, radius + free, cell - radius - free);
        plaques.set(index, { center: [along(x), along(y), along(z)], radius });
      }
    }
  }
  return plaques;
}

/** Where a row along x enters and leaves an ellipsoid that fills most of the volume. Empty spans have from > to. */
function tissueSpan(y: number, z: number, size: Vec3): readonly [number, number] {
  const v = (2 * y) / size[1] - 1, w = (2 * z) / size[2] - 1;
  const left = 0.94 - v * v - w * w;
  if (left <= 0) return [1, 0];
  const half = Math.sqrt(left) / 2;
  return [size[0] * (0.5 - half), size[0] * (0.5 + half)];
}

/** Draws a ball into a block: full brightness inside, fading over one voxel of the level around its radius. */
function splat(values: Uint16Array, plaque: VolumePlaque, level: number, start: Vec3, size: Vec3, levelSize: Vec3): void {
  const factor = 2 ** level;
  const reach = plaque.radius + factor;
  const range = (axis: 0 | 1 | 2): readonly [number, number] => [
    Math.max(0, Math.ceil((plaque.center[axis] - reach + 0.5) / factor - 0.5) - start[axis]),
    Math.min(size[axis], levelSize[axis] - start[axis], Math.floor((plaque.center[axis] + reach + 0.5) / factor - 0.5) + 1 - start[axis]),
  ];
  const [x0, x1] = range(0), [y0, y1] = range(1), [z0, z1] = range(2);
  for (let z = z0; z < z1; z++) {
    const dz = (start[2] + z + 0.5) * factor - 0.5 - plaque.center[2];
    for (let y = y0; y < y1; y++) {
      const dy = (start[1] + y + 0.5) * factor - 0.5 - plaque.center[1];
      for (let x = x0; x < x1; x++) {
        const dx = (start[0] + x + 0.5) * factor - 0.5 - plaque.center[0];
        const share = 0.5 + (plaque.radius - Math.sqrt(dx * dx + dy * dy + dz * dz)) / factor;
        if (share <= 0) continue;
        const i = x + size[0] * (y + size[1] * z);
        values[i] += Math.min(1, share) * (bright - values[i]);
      }
    }
  }
}

/**
 * Puts a volume into a store as an OME-Zarr 0.4 image (zarr v2, uncompressed, axes c, z, y, x) at `path`, whose chunks
 * are computed at every read. Units are millimetres, orientation RAS.
 */
export function addPlaqueVolume(store: MemoryStore, path: string, volume: PlaqueVolume): void {
  const { spec } = volume;
  const text = (key: string, value: unknown): void => {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    store.setVirtual(`${path}/${key}`, bytes.length, () => bytes);
  };
  const levels = Array.from({ length: spec.levels }, (_, level) => level);
  text('.zgroup', { zarr_format: 2 });
  text('.zattrs', {
    multiscales: [{
      version: '0.4', name: 'image',
      axes: [{ name: 'c', type: 'channel' }, ...['z', 'y', 'x'].map((name) => ({ name, type: 'space', unit: 'millimeter' }))],
      datasets: levels.map((level) => ({
        path: String(level),
        coordinateTransformations: [
          { type: 'scale', scale: [1, ...spec.voxelSize.map((edge) => edge * 2 ** level).reverse()] },
          { type: 'translation', translation: [0, ...spec.voxelSize.map((edge) => (edge * (2 ** level - 1)) / 2).reverse()] },
        ],
      })),
    }],
    omero: { channels: [{ label: spec.stain, color: 'FFFFFF', window: { min: 0, max: 65535, start: 0, end: 3000 } }] },
    xyz_orientation: 'RAS',
  });
  const [cx, cy, cz] = spec.chunk;
  for (const level of levels) {
    const [nx, ny, nz] = volume.levelSize(level);
    text(`${level}/.zarray`, {
      zarr_format: 2, shape: [1, nz, ny, nx], chunks: [1, cz, cy, cx], dtype: '<u2', order: 'C',
      compressor: null, filters: null, fill_value: 0, dimension_separator: '/',
    });
    for (let z = 0; z * cz < nz; z++) {
      for (let y = 0; y * cy < ny; y++) {
        for (let x = 0; x * cx < nx; x++) {
          store.setVirtual(`${path}/${level}/0/${z}/${y}/${x}`, 2 * cx * cy * cz, () => littleEndian(volume.readBlock(level, [x * cx, y * cy, z * cz], spec.chunk)));
        }
      }
    }
  }
}

/** Bytes of 16-bit values. All machines that Node runs on are little-endian in practice; others would need a swap. */
function littleEndian(values: Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
