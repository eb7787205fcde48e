import { setImmediate } from 'node:timers/promises';
import { drawPanel, paint, type PanelOptions, type Window } from '../figures/panels.ts';
import type { Raster } from '../figures/png.ts';
import { svgToPng } from '../figures/render.ts';
import { svgDocument } from '../figures/svg.ts';
import { fitSlice, planeView, type Plane, type PlaneView, type Slice } from '../figures/slices.ts';
import { transformPoint, type Affine, type Vec3 } from '../kernels/geometry.ts';
import type { Position } from '../protocol/options.ts';
import type { Figure } from '../protocol/results.ts';
import { SpimquantError } from '../protocol/errors.ts';

/** What a result's plain pictures may take together, in characters of base64: results travel and are kept in notebooks. */
export const figureBudget = 160_000;

/** A picture in a grid. */
export interface Panel {
  readonly caption: string;
  /** Draws it so that it fits a square of so many pixels. */
  draw(side: number): { readonly picture: Raster; readonly mm: number };
  readonly letters?: PanelOptions['letters'];
  readonly scaleBar?: boolean;
}

/** What is said of a grid of pictures. */
export interface GridOptions {
  readonly title?: string;
  readonly alt: string;
  readonly columns: number;
  /** Pixels of a panel's longer edge, at most. */
  readonly side: number;
  /** Characters of base64, at most. */
  readonly budget: number;
}

const gap = 6;
const captionHeight = 22;

/** Draws panels in a grid as one PNG; panels shrink until the picture fits the budget. */
export async function panelGrid(panels: readonly Panel[], options: GridOptions): Promise<Figure> {
  for (let { side } = options; ; side = Math.floor(side * 0.8)) {
    const figure = await drawGrid(panels, options, side);
    if (figure.data.length <= options.budget || side < 120) return figure;
  }
}

async function drawGrid(panels: readonly Panel[], options: GridOptions, side: number): Promise<Figure> {
  const columns = Math.min(options.columns, panels.length);
  const drawn = panels.map((panel) => panel.draw(side));
  const wide = Math.max(...drawn.map(({ picture }) => picture.width));
  const high = Math.max(...drawn.map(({ picture }) => picture.height)) + captionHeight;
  const rows = Math.ceil(panels.length / columns);
  const width = columns * wide + (columns + 1) * gap;
  const height = rows * high + (rows + 1) * gap;
  const body = panels.map((panel, i) => drawPanel(
    { x: gap + (i % columns) * (wide + gap), y: gap + Math.floor(i / columns) * (high + gap), width: wide, height: high },
    drawn[i].picture,
    { caption: panel.caption, ...(panel.letters === undefined ? {} : { letters: panel.letters }), ...(panel.scaleBar === true ? { scaleBarMm: drawn[i].mm } : {}) },
  ));
  await setImmediate();
  const png = await svgToPng(svgDocument({ width, height, title: options.alt, body: body.join('') }), 1);
  return {
    ...(options.title === undefined ? {} : { title: options.title }),
    alt: options.alt, mediaType: 'image/png', data: Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64'), width, height,
  };
}

/** Shades of gray that are told apart: fewer make smaller files, and noise is all that is lost. */
const shades = 63;

/** A slice in shades of gray, resampled to fit a square. */
export function grayPicture(slice: Slice, window: Window, side: number): { readonly picture: Raster; readonly fitted: Slice } {
  const fitted = fitSlice(slice, side, side, 'linear');
  return { picture: paint(inShades(fitted, window), window), fitted };
}

/** Values between the window's ends, in few steps. */
export function inShades(slice: Slice, { low, high }: Window): Slice {
  const step = (high - low) / shades;
  return { ...slice, values: slice.values.map((value) => low + Math.round(Math.min(shades, Math.max(0, (value - low) / step))) * step) };
}

/** How to cut a plane, and at which voxel. */
export interface Cut {
  readonly view: PlaneView;
  readonly index: number;
  /** RAS millimetres along the plane's normal. */
  readonly mm: number;
}

/** Anatomical axes (0 right, 1 anterior, 2 superior) to the right, up and through a plane. */
const anatomical: Readonly<Record<Plane, readonly [number, number, number]>> = { axial: [0, 1, 2], coronal: [0, 2, 1], sagittal: [1, 2, 0] };

/** Anatomical axes (0 right, 1 anterior, 2 superior) to the right and up in pictures of a plane. */
export function anatomicalOf(plane: Plane): readonly [number, number] {
  const [across, up] = anatomical[plane];
  return [across, up];
}

/** RAS millimetres along its normal of the plane at a voxel index. */
export function placeOf(grid: { readonly size: Vec3; readonly affine: Affine }, view: PlaneView, index: number): number {
  const voxel = grid.size.map((n) => (n - 1) / 2);
  voxel[view.through] = index;
  return transformPoint(grid.affine, voxel as unknown as Vec3)[anatomical[view.plane][2]];
}

/** Where a plane is at a position (the middle by default). Throws `bad-option` outside the image. */
export function cutAt(grid: { readonly size: Vec3; readonly affine: Affine }, plane: Plane, position: Position = { kind: 'fraction', value: 0.5 }): Cut {
  const view = planeView(grid.affine, plane);
  const last = grid.size[view.through] - 1;
  const mmAt = (index: number): number => placeOf(grid, view, index);
  if (position.kind === 'fraction') {
    const along = Math.round((view.flipThrough ? 1 - position.value : position.value) * last);
    return { view, index: along, mm: mmAt(along) };
  }
  const [first, end] = [mmAt(0), mmAt(last)];
  const index = Math.round(((position.value - first) / (end - first || 1)) * last);
  if (index < 0 || index > last) {
    const [low, high] = [Math.min(first, end), Math.max(first, end)];
    throw new SpimquantError('bad-option', `There is no ${plane} plane at ${position.value} mm: the image goes from ${low.toFixed(2)} to ${high.toFixed(2)} mm.`);
  }
  return { view, index, mm: mmAt(index) };
}
