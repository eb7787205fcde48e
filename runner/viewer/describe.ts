import { anatomicalAxes, planes, planeView } from '../figures/slices.ts';
import { invertAffine, multiplyAffines, voxelSize, type Affine, type Vec3 } from '../kernels/geometry.ts';
import type { Triple, ViewedImage, ViewedLevel, ViewedPlane, VoxelAxis } from '../protocol/imageView.ts';
import { pieceEdge, pieceTypeOf } from './cuts.ts';
import type { Said, ViewSource } from './viewer.types.ts';

const directions = ['RL', 'AP', 'SI'] as const;

/** The orientation that an affine has, in three letters: the body's axis that each array axis follows most nearly. */
export function orientationOf(affine: Affine): string {
  const letters = ['', '', ''];
  anatomicalAxes(affine).forEach(({ voxelAxis, flip }, anatomical) => { letters[voxelAxis] = directions[anatomical][flip ? 1 : 0]; });
  return letters.join('');
}

/** The largest angle between an axis of the array and the body's axis that it follows, in degrees. */
export function obliquenessOf(affine: Affine): number {
  const size = voxelSize(affine);
  const angles = anatomicalAxes(affine).map(({ voxelAxis }, anatomical) => {
    const cosine = Math.abs(affine[anatomical * 4 + voxelAxis]) / (size[voxelAxis] || 1);
    return (Math.acos(Math.min(1, cosine)) * 180) / Math.PI;
  });
  return Math.max(...angles);
}

/** How an image lies: what the dataset says, else what it says itself, else RAS. */
export function orientationFor(source: ViewSource, said: Said): string {
  return source.kind === 'nifti' ? orientationOf(source.affine(0, 'RAS')) : said.orientation ?? source.storedOrientation ?? 'RAS';
}

/** What a page is told of an image. */
export function describeSource(source: ViewSource, said: Said): ViewedImage {
  const orientation = orientationFor(source, said);
  const oriented = source.kind === 'nifti' || (said.orientation ?? source.storedOrientation) !== undefined;
  const affine = source.affine(0, orientation);
  const stains = said.stains?.length === source.channels.length ? said.stains : undefined;
  const obliqueness = obliquenessOf(affine);
  return {
    uri: source.uri,
    kind: source.kind,
    voxelType: source.voxelType,
    pieceType: pieceTypeOf(source.voxelType),
    channels: source.channels.map(({ label, color }, i) => ({ label: stains?.[i] ?? label, ...(color === undefined ? {} : { color }) })),
    levels: source.levels.map(({ size, chunk }, level) => describeLevel(affine, source.affine(level, orientation), size, chunk)),
    storedLevels: source.storedLevels,
    affine,
    planes: planes.map((plane): ViewedPlane => {
      const { across, up, through, ...rest } = planeView(affine, plane);
      return { ...rest, across: across as VoxelAxis, up: up as VoxelAxis, through: through as VoxelAxis };
    }),
    orientation,
    oriented,
    obliqueness,
    notices: [
      ...source.notices,
      ...(oriented ? [] : ['Neither the dataset nor the image says how it is oriented: RAS is assumed.']),
      ...(obliqueness > 1 ? [`Its axes are turned by up to ${Math.round(obliqueness)}° against the body: planes are cut along its own axes.`] : []),
      ...(said.stains !== undefined && stains === undefined ? [`The dataset names ${said.stains.length} stains, but the image has ${source.channels.length} channels: it is shown with its own names.`] : []),
    ],
  };
}

function describeLevel(first: Affine, affine: Affine, size: Vec3, chunk: Vec3): ViewedLevel {
  const toHere = multiplyAffines(invertAffine(affine), first);
  const along = (entry: (axis: number) => number): Triple => [entry(0), entry(1), entry(2)];
  return {
    size,
    voxelSize: voxelSize(affine),
    factor: along((axis) => toHere[axis * 5]),
    shift: along((axis) => toHere[axis * 4 + 3]),
    chunk,
    piece: along((axis) => pieceEdge(chunk[axis])),
  };
}
