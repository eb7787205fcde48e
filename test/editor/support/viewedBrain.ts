// What an image must look like, worked out apart from the viewer: from the voxels in the orientation of the body.
import { openOmeZarr } from '../../../runner/image/omeZarr.ts';
import type { Vec3 } from '../../../runner/kernels/geometry.ts';
import { transformPoint } from '../../../runner/kernels/geometry.ts';
import type { ObjectStore } from '../../../runner/storage/objectStore.ts';
import type { Box, PageCommands, Pixel } from '../../../scripts/editor/driver.types.ts';

export type Plane = 'axial' | 'coronal' | 'sagittal';
export const planeNames: readonly Plane[] = ['axial', 'coronal', 'sagittal'];

/** Which axes of the body run to the right of a picture and up in it: x to the subject's right, y to the front, z to the top. */
const pictureAxes: Readonly<Record<Plane, readonly [0 | 1 | 2, 0 | 1 | 2]>> = { axial: [0, 1], coronal: [0, 2], sagittal: [1, 2] };
/** Pixels that are left free around the planes. */
const margin = 12;

/** A channel of an image, x to the right, y to the front, z to the top. */
export interface Brain {
  readonly size: Vec3;
  /** Edge of a voxel, mm; the same in all directions. */
  readonly edge: number;
  readonly at: (voxel: Vec3) => number;
  readonly millimetres: (voxel: Vec3) => Vec3;
}

/** Reads the finest level of a channel of an image whose axes run along those of the body, or against them. */
export async function readBrain(store: ObjectStore, key: string, stain?: string): Promise<Brain> {
  const image = await openOmeZarr(store, key);
  const view = image.level(0, image.info.storedOrientation);
  const { size, affine } = view;
  const values = await image.read(view, stain === undefined ? 0 : image.channelIndex(stain), { start: [0, 0, 0], size });
  const stored = (voxel: Vec3): Vec3 => voxel.map((place, axis) => (affine[5 * axis] < 0 ? size[axis] - 1 - place : place)) as unknown as Vec3;
  return {
    size, edge: Math.hypot(affine[0], affine[4], affine[8]),
    at: (voxel) => {
      const [x, y, z] = stored(voxel);
      return values[x + size[0] * (y + size[1] * z)];
    },
    millimetres: (voxel) => transformPoint(affine, stored(voxel)),
  };
}

/** The brightest voxel that is not at the very edge. */
export function brightest(brain: Brain, besides: (voxel: Vec3) => boolean = () => false): Vec3 {
  let best: Vec3 = [0, 0, 0];
  const [nx, ny, nz] = brain.size;
  for (let z = 8; z < nz - 8; z++) {
    for (let y = 8; y < ny - 8; y++) {
      for (let x = 8; x < nx - 8; x++) if (brain.at([x, y, z]) > brain.at(best) && !besides([x, y, z])) best = [x, y, z];
    }
  }
  return best;
}

/** A voxel in place of another along the axis that a plane cuts. */
export function inPlane(plane: Plane, [x, y, z]: Vec3, through: number): Vec3 {
  return plane === 'axial' ? [x, y, through] : plane === 'coronal' ? [x, through, z] : [through, y, z];
}

/** The axis that a plane cuts. */
export function throughAxis(plane: Plane): 0 | 1 | 2 {
  return plane === 'axial' ? 2 : plane === 'coronal' ? 1 : 0;
}

/** Where voxels are in the panes of a page that shows the whole of all planes: pixels from a pane's upper left corner. */
export async function panePlaces(page: PageCommands, brain: Brain): Promise<(plane: Plane, voxel: Vec3) => readonly [number, number]> {
  const boxes = new Map<Plane, Box>();
  for (const plane of planeNames) boxes.set(plane, await page.box(canvasOf(plane)));
  const extent = (axis: 0 | 1 | 2): number => brain.size[axis] * brain.edge;
  const scale = Math.min(...[...boxes].flatMap(([plane, { width, height }]) => {
    const [across, up] = pictureAxes[plane];
    return [(width - 2 * margin) / extent(across), (height - 2 * margin) / extent(up)];
  }));
  return (plane, voxel) => {
    const { width, height } = boxes.get(plane) ?? { width: 0, height: 0 };
    const [across, up] = pictureAxes[plane];
    const x = (voxel[across] + 0.5) * brain.edge - extent(across) / 2;
    const y = (brain.size[up] - voxel[up] - 0.5) * brain.edge - extent(up) / 2;
    return [width / 2 + x * scale, height / 2 + y * scale];
  };
}

export function canvasOf(plane: Plane): { readonly selector: string; readonly inside: 'frames' } {
  return { selector: `.frame[data-plane="${plane}"] canvas`, inside: 'frames' };
}

export function frameOf(plane: Plane): { readonly selector: string; readonly inside: 'frames' } {
  return { selector: `.frame[data-plane="${plane}"]`, inside: 'frames' };
}

/** Voxels all over the middle of a plane through a voxel. */
export function samples(brain: Brain, plane: Plane, through: number): readonly Vec3[] {
  const [across, up] = pictureAxes[plane];
  const steps = [0.22, 0.29, 0.36, 0.43, 0.5, 0.57, 0.64, 0.71, 0.78];
  return steps.flatMap((a) => steps.map((u): Vec3 => {
    const voxel: [number, number, number] = [0, 0, 0];
    voxel[throughAxis(plane)] = through;
    voxel[across] = Math.round(a * (brain.size[across] - 1));
    voxel[up] = Math.round(u * (brain.size[up] - 1));
    return voxel;
  }));
}

/** How bright a value is in a colour whose strongest part is full, from black at 0 to full at `high`. */
export function brightness(value: number, high: number): number {
  return 255 * Math.min(1, Math.max(0, value / high));
}

export function strongest([red, green, blue]: Pixel): number {
  return Math.max(red, green, blue);
}
