import { fitsPane } from './budget.ts';
import { planeAxes, type PieceAddress, type Triple, type ViewedImage, type ViewedLevel, type ViewedPlane, type VoxelAxis } from '../../runner/protocol/imageView.ts';

/** A point of a picture: millimetres from its left and from its top. */
export type PicturePoint = readonly [number, number];
/** A place in a pane: pixels from its left and from its top. */
export type PanePoint = readonly [number, number];

/** A rectangle of voxels of a level in a plane: first and last along the axis that runs across and the one that runs up. */
export interface VoxelRect {
  readonly across: readonly [number, number];
  readonly up: readonly [number, number];
}

/** Which part of a plane a pane shows. */
export interface Viewport {
  /** Pixels of the page. */
  readonly width: number;
  readonly height: number;
  /** Pixels per millimetre. */
  readonly scale: number;
  /** What is in the middle. */
  readonly centre: PicturePoint;
}

/** Extent of a plane in millimetres, across and down. */
export function planeExtent({ levels }: ViewedImage, { across, up }: ViewedPlane): PicturePoint {
  const { size, voxelSize } = levels[0];
  return [size[across] * voxelSize[across], size[up] * voxelSize[up]];
}

/** Where a voxel of level 0 (whole numbers are centres) is in the picture of a plane. */
export function pictureOf({ levels }: ViewedImage, { across, up, flipAcross, flipUp }: ViewedPlane, voxel: Triple): PicturePoint {
  const { size, voxelSize } = levels[0];
  const along = (axis: VoxelAxis, backwards: boolean): number => ((backwards ? size[axis] - 1 - voxel[axis] : voxel[axis]) + 0.5) * voxelSize[axis];
  return [along(across, flipAcross), along(up, !flipUp)];
}

/** The voxel of level 0 at a point of a picture, and at `through` of the axis that is cut. */
export function voxelAt({ levels }: ViewedImage, { across, up, through, flipAcross, flipUp }: ViewedPlane, [x, y]: PicturePoint, depth: number): Triple {
  const { size, voxelSize } = levels[0];
  const along = (mm: number, axis: VoxelAxis, backwards: boolean): number => {
    const place = mm / voxelSize[axis] - 0.5;
    return backwards ? size[axis] - 1 - place : place;
  };
  const voxel: [number, number, number] = [0, 0, 0];
  voxel[across] = along(x, across, flipAcross);
  voxel[up] = along(y, up, !flipUp);
  voxel[through] = depth;
  return voxel;
}

/** The nearest voxel of level 0 inside the image. */
export function clampVoxel({ levels }: ViewedImage, voxel: Triple): Triple {
  const inside = (axis: VoxelAxis): number => Math.min(levels[0].size[axis] - 1, Math.max(0, voxel[axis]));
  return [inside(0), inside(1), inside(2)];
}

/** RAS millimetres of a voxel of level 0. */
export function millimetresOf({ affine: m }: ViewedImage, [x, y, z]: Triple): Triple {
  return [m[0] * x + m[1] * y + m[2] * z + m[3], m[4] * x + m[5] * y + m[6] * z + m[7], m[8] * x + m[9] * y + m[10] * z + m[11]];
}

/** Pixels of a pane for a point of its plane. */
export function toPane({ width, height, scale, centre }: Viewport, [x, y]: PicturePoint): PanePoint {
  return [(x - centre[0]) * scale + width / 2, (y - centre[1]) * scale + height / 2];
}

/** The point of a plane at a pixel of its pane. */
export function fromPane({ width, height, scale, centre }: Viewport, [x, y]: PanePoint): PicturePoint {
  return [(x - width / 2) / scale + centre[0], (y - height / 2) / scale + centre[1]];
}

/** The voxel of level 0 at a point in RAS millimetres. */
export function voxelOf({ affine: m }: ViewedImage, point: Triple): Triple {
  const [x, y, z] = [point[0] - m[3], point[1] - m[7], point[2] - m[11]];
  const det = m[0] * (m[5] * m[10] - m[6] * m[9]) - m[1] * (m[4] * m[10] - m[6] * m[8]) + m[2] * (m[4] * m[9] - m[5] * m[8]);
  return [
    ((m[5] * m[10] - m[6] * m[9]) * x + (m[2] * m[9] - m[1] * m[10]) * y + (m[1] * m[6] - m[2] * m[5]) * z) / det,
    ((m[6] * m[8] - m[4] * m[10]) * x + (m[0] * m[10] - m[2] * m[8]) * y + (m[2] * m[4] - m[0] * m[6]) * z) / det,
    ((m[4] * m[9] - m[5] * m[8]) * x + (m[1] * m[8] - m[0] * m[9]) * y + (m[0] * m[5] - m[1] * m[4]) * z) / det,
  ];
}

/** The voxel of a level that a place along an axis of level 0 falls into. */
export function levelIndex({ size, factor, shift }: ViewedLevel, axis: VoxelAxis, place: number): number {
  return Math.min(size[axis] - 1, Math.max(0, Math.round(place * factor[axis] + shift[axis])));
}

/** The middle of a voxel of a level, along an axis of level 0. */
export function levelCentre({ factor, shift }: ViewedLevel, axis: VoxelAxis, index: number): number {
  return (index - shift[axis]) / factor[axis];
}

/** The voxels of a level that a viewport shows; undefined when it shows none. */
export function visibleVoxels(image: ViewedImage, plane: ViewedPlane, view: Viewport, level: ViewedLevel): VoxelRect | undefined {
  const [left, top] = [view.centre[0] - view.width / 2 / view.scale, view.centre[1] - view.height / 2 / view.scale];
  const ends = [[left, top], [left + view.width / view.scale, top + view.height / view.scale]].map((point) => voxelAt(image, plane, point as unknown as PicturePoint, 0));
  const range = (axis: VoxelAxis): readonly [number, number] | undefined => {
    const places = ends.map((end) => end[axis] * level.factor[axis] + level.shift[axis]);
    const [low, high] = [Math.round(Math.min(...places)), Math.round(Math.max(...places))];
    return high < 0 || low > level.size[axis] - 1 ? undefined : [Math.max(0, low), Math.min(level.size[axis] - 1, high)];
  };
  const [across, up] = [range(plane.across), range(plane.up)];
  return across === undefined || up === undefined ? undefined : { across, up };
}

/** Pieces of a plane at a level that hold a rectangle of voxels. */
export function piecesOf(level: ViewedLevel, number: number, { across, up, through }: ViewedPlane, rect: VoxelRect, index: number, slab: number): readonly PieceAddress[] {
  const [lower] = planeAxes(through);
  const [xs, ys] = across === lower ? [rect.across, rect.up] : [rect.up, rect.across];
  const [xEdge, yEdge] = across === lower ? [level.piece[across], level.piece[up]] : [level.piece[up], level.piece[across]];
  const pieces: PieceAddress[] = [];
  for (let y = Math.floor(ys[0] / yEdge); y * yEdge <= ys[1]; y++) {
    for (let x = Math.floor(xs[0] / xEdge); x * xEdge <= xs[1]; x++) pieces.push({ level: number, axis: through, index, x, y, slab });
  }
  return pieces;
}

/** Voxels that are decoded for a rectangle of one channel: whole chunks, through the whole slab. */
export function decodedVoxels({ chunk, size }: ViewedLevel, { across, up, through }: ViewedPlane, rect: VoxelRect, slab: number): number {
  const chunks = ([low, high]: readonly [number, number], axis: VoxelAxis): number => Math.floor(high / chunk[axis]) - Math.floor(low / chunk[axis]) + 1;
  const deep = Math.ceil(Math.min(slab, size[through]) / chunk[through]);
  return chunks(rect.across, across) * chunks(rect.up, up) * deep * chunk[0] * chunk[1] * chunk[2];
}

/** Voxels that one picture may cost: about a gigabyte of 16-bit values, which takes some seconds. */
const affordableVoxels = 5e8;
/** Pixels of the screen that a voxel may cover before a finer level is shown. */
const coarseEnough = 1.4;

/** The level that a plane is shown at, and whether a finer one would fit the zoom but would take too long to read. */
export interface ChosenLevel {
  readonly level: number;
  readonly held: boolean;
}

/**
 * The coarsest level whose voxels are hardly larger than the pixels of the screen; a coarser one where that would mean to
 * read too much. Undefined when even the coarsest is too much for what is shown.
 *
 * @param pixel pixels of the screen per pixel of the page
 * @param channels that are read
 * @param slab thickness in voxels of level 0
 * @param wanted a level that was asked for; left out: as the zoom asks for
 */
export function chooseLevel(image: ViewedImage, plane: ViewedPlane, view: Viewport, pixel: number, channels: number, slab: number, wanted?: number): ChosenLevel | undefined {
  const edge = ({ voxelSize }: ViewedLevel): number => Math.max(voxelSize[plane.across], voxelSize[plane.up]) * view.scale * pixel;
  const fitting = wanted ?? Math.max(0, image.levels.findLastIndex((level) => edge(level) <= coarseEnough));
  for (let level = fitting; level < image.levels.length; level++) {
    const rect = visibleVoxels(image, plane, view, image.levels[level]);
    if (rect === undefined) return { level: fitting, held: false };
    const thick = Math.max(1, Math.round(slab * image.levels[level].factor[plane.through]));
    if (fitsPane(rect, image.pieceType, channels) && decodedVoxels(image.levels[level], plane, rect, thick) * Math.max(1, channels) <= affordableVoxels) return { level, held: level > fitting };
  }
  return undefined;
}

/** The largest scale at which the planes fit their panes, in pixels per millimetre. */
export function fittingScale(image: ViewedImage, panes: readonly { readonly plane: ViewedPlane; readonly width: number; readonly height: number }[], margin = 12): number {
  const scales = panes.filter(({ width, height }) => width > 0 && height > 0).map(({ plane, width, height }) => {
    const [across, down] = planeExtent(image, plane);
    return Math.min(Math.max(1, width - 2 * margin) / across, Math.max(1, height - 2 * margin) / down);
  });
  return scales.length === 0 ? 1 : Math.min(...scales);
}

const steps = [1, 2, 5] as const;

/** A scale bar: a round length that takes at most so many pixels, and its words. */
export function scaleBar(scale: number, pixels: number): { readonly millimetres: number; readonly pixels: number; readonly words: string } {
  const most = pixels / scale;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [...steps].reverse().find((each) => each * power <= most) ?? 1;
  const millimetres = step * power;
  // Powers of ten below one are not exact: words come from the exponent.
  const micrometres = Math.round(millimetres * 1e6) / 1000;
  const words = millimetres >= 0.9995 ? `${Math.round(millimetres)} mm` : micrometres >= 0.9995 ? `${Math.round(micrometres)} µm` : `${Math.round(micrometres * 1000)} nm`;
  return { millimetres, pixels: millimetres * scale, words };
}
