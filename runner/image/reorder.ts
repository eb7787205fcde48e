import type { VoxelArray } from '../kernels/volume.ts';

/** C-order strides (last axis fastest) of a shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/**
 * Reorders the axes of voxels into a new array: axis i of the output is axis `axes[i]` of the input, both in C order.
 * `shape` is that of the input.
 */
export function reorderAxes<A extends VoxelArray>(data: A, shape: readonly number[], axes: readonly number[], out: A): A {
  const strides = stridesOf(shape);
  const sizes = axes.map((axis) => shape[axis]);
  const steps = axes.map((axis) => strides[axis]);
  const rank = axes.length;
  if (rank === 0) {
    out[0] = data[0];
    return out;
  }
  const row = sizes[rank - 1];
  const rowStep = steps[rank - 1];
  const index = new Array<number>(rank).fill(0);
  let from = 0;
  for (let to = 0; to < out.length;) {
    for (let i = 0, at = from; i < row; i++, at += rowStep) out[to++] = data[at];
    for (let axis = rank - 2; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < sizes[axis]) break;
      from -= steps[axis] * sizes[axis];
      index[axis] = 0;
    }
  }
  return out;
}
