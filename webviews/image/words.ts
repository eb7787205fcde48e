import type { Triple, ViewedImage, ViewedPlane } from '../../runner/protocol/imageView.ts';
import { formatBytes } from '../../runner/wording/words.ts';
import { millimetresOf } from './geometry.ts';

const sides = [['R', 'L'], ['A', 'P'], ['S', 'I']] as const;

/** A point in RAS millimetres as people write it: `R 5.60 A 2.10 I 4.00`. */
export function pointWords(point: Triple): string {
  return point.map((mm, axis) => `${sides[axis][Number(mm < 0 && Math.abs(mm) >= 0.005)]} ${Math.abs(mm).toFixed(2)}`).join(' ');
}

/** A value: whole numbers as they are, others with five digits. */
export function valueWords(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(5)));
}

const across: Readonly<Record<string, number>> = { axial: 2, coronal: 1, sagittal: 0 };

/** Where a plane is, along what it cuts: `S 4.62 mm`. */
export function planeWords(image: ViewedImage, { plane }: ViewedPlane, position: Triple): string {
  const axis = across[plane];
  const mm = millimetresOf(image, position)[axis];
  return `${sides[axis][Number(mm < 0 && Math.abs(mm) >= 0.005)]} ${Math.abs(mm).toFixed(2)} mm`;
}

/** Edges of voxels: `5 µm`, `5 × 5 × 20 µm`, `0.16 mm`. */
export function voxelWords(size: Triple): string {
  const largest = Math.max(...size);
  const inMicrometres = largest < 0.9995;
  const edges = size.map((mm) => Number((inMicrometres ? mm * 1000 : mm).toPrecision(3)));
  return `${edges.every((edge) => edge === edges[0]) ? edges[0] : edges.join(' × ')} ${inMicrometres ? 'µm' : 'mm'}`;
}

const bytesOf: Readonly<Record<string, number>> = { bool: 1, int8: 1, uint8: 1, int16: 2, uint16: 2, float16: 2, int32: 4, uint32: 4, float32: 4, int64: 8, uint64: 8, float64: 8 };

/** What is told about an image beside its picture. */
export function imageFacts(image: ViewedImage): readonly (readonly [string, string])[] {
  const { size, voxelSize } = image.levels[0];
  const extent = size.map((n, axis) => Number((n * voxelSize[axis]).toPrecision(3)));
  const bytes = size[0] * size[1] * size[2] * image.channels.length * (bytesOf[image.voxelType] ?? 0);
  return [
    ['Voxels', `${size.join(' × ')} of ${voxelWords(voxelSize)}`],
    ['Extent', `${extent.join(' × ')} mm`],
    ['Levels', image.storedLevels === 1 ? '1' : `${image.storedLevels}, down to ${voxelWords(image.levels[image.storedLevels - 1].voxelSize)}`],
    ['Type', `${image.voxelType}, ${image.channels.length === 1 ? '1 channel' : `${image.channels.length} channels`}, ${formatBytes(bytes)}`],
    ['Orientation', image.oriented ? image.orientation : `${image.orientation} (assumed)`],
  ];
}

/** Name of a picture's file: what the image is called, and what is shown. */
export function pictureName(uri: string, view: string): string {
  const stem = (uri.split(/[/\\]/).filter((part) => part !== '').pop() ?? 'image').replace(/\.(ome\.zarr|ome\.zarr\.zip|zarr|ozx|nii\.gz|nii)$/i, '');
  return `${stem}_${view}.png`;
}
