import type { Affine } from '../kernels/geometry.ts';
import { voxelSize } from '../kernels/geometry.ts';
import type { Volume } from '../kernels/volume.ts';

/** The three anatomical planes. */
export type Plane = 'axial' | 'coronal' | 'sagittal';
export const planes: readonly Plane[] = ['axial', 'coronal', 'sagittal'];

/**
 * How a plane is cut out of a volume: which voxel axis runs to the right, which runs up, and which is cut through. The
 * subject's right, front and top are at the right, right and top of a picture.
 */
export interface PlaneView {
  readonly plane: Plane;
  /** Voxel axes 0 to 2. */
  readonly across: number;
  readonly up: number;
  readonly through: number;
  /** Whether the voxel index falls to the right / upwards / towards R, A or S. */
  readonly flipAcross: boolean;
  readonly flipUp: boolean;
  readonly flipThrough: boolean;
  /** What is at the edges of a picture. */
  readonly letters: { readonly left: string; readonly right: string; readonly top: string; readonly bottom: string };
}

/** Anatomical axes (0 right, 1 anterior, 2 superior) to the right, up and into each plane. */
const layout: Readonly<Record<Plane, readonly [number, number, number]>> = {
  axial: [0, 1, 2],
  coronal: [0, 2, 1],
  sagittal: [1, 2, 0],
};
const letters = ['LR', 'PA', 'IS'];

/** For each anatomical axis the voxel axis that runs along it most nearly, and whether it runs backwards. */
export function anatomicalAxes(affine: Affine): readonly { readonly voxelAxis: number; readonly flip: boolean }[] {
  const size = voxelSize(affine);
  const pairs: { readonly anatomical: number; readonly voxelAxis: number; readonly cosine: number }[] = [];
  for (let anatomical = 0; anatomical < 3; anatomical++) {
    for (let voxelAxis = 0; voxelAxis < 3; voxelAxis++) {
      pairs.push({ anatomical, voxelAxis, cosine: affine[anatomical * 4 + voxelAxis] / (size[voxelAxis] || 1) });
    }
  }
  pairs.sort((a, b) => Math.abs(b.cosine) - Math.abs(a.cosine) || a.anatomical - b.anatomical || a.voxelAxis - b.voxelAxis);
  const found: { voxelAxis: number; flip: boolean }[] = [];
  const taken = new Set<number>();
  for (const { anatomical, voxelAxis, cosine } of pairs) {
    if (found[anatomical] !== undefined || taken.has(voxelAxis)) continue;
    found[anatomical] = { voxelAxis, flip: cosine < 0 };
    taken.add(voxelAxis);
  }
  return found;
}

/** How to cut a plane out of volumes with this affine. */
export function planeView(affine: Affine, plane: Plane): PlaneView {
  const axes = anatomicalAxes(affine);
  const [across, up, through] = layout[plane];
  return {
    plane,
    across: axes[across].voxelAxis, up: axes[up].voxelAxis, through: axes[through].voxelAxis,
    flipAcross: axes[across].flip, flipUp: axes[up].flip, flipThrough: axes[through].flip,
    letters: { left: letters[across][0], right: letters[across][1], bottom: letters[up][0], top: letters[up][1] },
  };
}

/** A picture of numbers: rows from top to bottom, left to right in a row. */
export interface Slice {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
  /** Millimetres per pixel across and down. */
  readonly pixel: readonly [number, number];
}

function strides(size: readonly number[]): readonly number[] {
  return [1, size[0], size[0] * size[1]];
}

/** Cuts the plane at a voxel index along the axis it is cut through. Indices outside are moved to the border. */
export function cutSlice(volume: Volume, view: PlaneView, index: number): Slice {
  const { size, data } = volume;
  const step = strides(size);
  const at = Math.min(size[view.through] - 1, Math.max(0, Math.round(index)));
  return fill(volume, view, (base) => data[base + at * step[view.through]]);
}

/** The largest value along the axis that the plane is cut through. NaN is passed over. */
export function maximumProjection(volume: Volume, view: PlaneView): Slice {
  const { size, data } = volume;
  const step = strides(size)[view.through];
  const count = size[view.through];
  return fill(volume, view, (base) => {
    let most = -Infinity;
    for (let i = 0, place = base; i < count; i++, place += step) if (data[place] > most) most = data[place];
    return most === -Infinity ? 0 : most;
  });
}

function fill(volume: Volume, view: PlaneView, valueAt: (base: number) => number): Slice {
  const { size, affine } = volume;
  const step = strides(size);
  const width = size[view.across];
  const height = size[view.up];
  const values = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    const v = view.flipUp ? row : height - 1 - row;
    for (let column = 0; column < width; column++) {
      const u = view.flipAcross ? width - 1 - column : column;
      values[row * width + column] = valueAt(u * step[view.across] + v * step[view.up]);
    }
  }
  const mm = voxelSize(affine);
  return { width, height, values, pixel: [mm[view.across], mm[view.up]] };
}

/** `count` indices evenly over the middle `share` of an axis of `length` voxels, first and last included. */
export function evenIndices(length: number, count: number, share = 0.6): readonly number[] {
  const first = ((1 - share) / 2) * (length - 1);
  const last = (1 - (1 - share) / 2) * (length - 1);
  return Array.from({ length: count }, (_, i) => Math.round(count === 1 ? (length - 1) / 2 : first + (i * (last - first)) / (count - 1)));
}

/** Part of a slice; the box is moved inside. */
export function cropSlice(slice: Slice, left: number, top: number, width: number, height: number): Slice {
  const w = Math.max(1, Math.min(slice.width, Math.round(width)));
  const h = Math.max(1, Math.min(slice.height, Math.round(height)));
  const x0 = Math.min(slice.width - w, Math.max(0, Math.round(left)));
  const y0 = Math.min(slice.height - h, Math.max(0, Math.round(top)));
  const values = new Float32Array(w * h);
  for (let y = 0; y < h; y++) values.set(slice.values.subarray((y0 + y) * slice.width + x0, (y0 + y) * slice.width + x0 + w), y * w);
  return { width: w, height: h, values, pixel: slice.pixel };
}

/**
 * Resamples a slice to square pixels so that it fits into `width` x `height` pixels with its true proportions. Intensities
 * are interpolated linearly (averaged when made much smaller); labels take the nearest value.
 */
export function fitSlice(slice: Slice, width: number, height: number, mode: 'linear' | 'nearest'): Slice {
  const mmWide = slice.width * slice.pixel[0];
  const mmHigh = slice.height * slice.pixel[1];
  const mm = Math.max(mmWide / width, mmHigh / height);
  const w = Math.max(1, Math.min(width, Math.round(mmWide / mm)));
  const h = Math.max(1, Math.min(height, Math.round(mmHigh / mm)));
  const source = mode === 'linear' ? shrunk(slice, Math.floor(slice.width / w), Math.floor(slice.height / h)) : slice;
  const values = new Float32Array(w * h);
  const sx = source.width / w;
  const sy = source.height / h;
  for (let y = 0; y < h; y++) {
    const v = (y + 0.5) * sy - 0.5;
    for (let x = 0; x < w; x++) {
      const u = (x + 0.5) * sx - 0.5;
      values[y * w + x] = mode === 'linear' ? bilinear(source, u, v) : source.values[clamp(Math.round(v), source.height) * source.width + clamp(Math.round(u), source.width)];
    }
  }
  return { width: w, height: h, values, pixel: [mm, mm] };
}

function clamp(i: number, length: number): number {
  return i < 0 ? 0 : i >= length ? length - 1 : i;
}

function bilinear(slice: Slice, u: number, v: number): number {
  const x0 = Math.floor(u);
  const y0 = Math.floor(v);
  const fx = u - x0;
  const fy = v - y0;
  const [xa, xb, ya, yb] = [clamp(x0, slice.width), clamp(x0 + 1, slice.width), clamp(y0, slice.height), clamp(y0 + 1, slice.height)];
  const at = (x: number, y: number): number => slice.values[y * slice.width + x];
  return (at(xa, ya) * (1 - fx) + at(xb, ya) * fx) * (1 - fy) + (at(xa, yb) * (1 - fx) + at(xb, yb) * fx) * fy;
}

/** Means over blocks, so that fine detail is not aliased when a picture is made much smaller. */
function shrunk(slice: Slice, fx: number, fy: number): Slice {
  if (fx < 2 && fy < 2) return slice;
  const [bx, by] = [Math.max(1, fx), Math.max(1, fy)];
  const width = Math.ceil(slice.width / bx);
  const height = Math.ceil(slice.height / by);
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      let n = 0;
      for (let j = y * by; j < Math.min(slice.height, (y + 1) * by); j++) {
        for (let i = x * bx; i < Math.min(slice.width, (x + 1) * bx); i++) {
          sum += slice.values[j * slice.width + i];
          n++;
        }
      }
      values[y * width + x] = sum / n;
    }
  }
  return { width, height, values, pixel: [slice.pixel[0] * bx, slice.pixel[1] * by] };
}
