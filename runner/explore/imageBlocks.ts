import type { ImageInfo } from '../image/omeZarr.types.ts';
import { summariseImage } from '../bids/imageSummary.ts';
import type { ImageSidecar } from '../bids/sidecars.ts';
import type { ImageSummary, LevelSummary } from '../protocol/datasets.ts';
import type { ImageData } from '../protocol/exploreData.ts';
import type { Block, TableBlock } from '../protocol/results.ts';
import { formatBytes } from '../wording/words.ts';

/** Three numbers as sizes are written: `74 × 86 × 60`. */
export function formatSize(values: readonly number[]): string {
  return values.map((value) => value.toLocaleString('en-US', { maximumSignificantDigits: 12 })).join(' × ');
}

/** Edges of a voxel in micrometres, `4 × 4 × 5`, of which only one is written when all are equal. */
export function formatVoxel(millimetres: readonly number[]): string {
  const micrometres = millimetres.map((value) => String(Number((value * 1000).toPrecision(4))));
  return new Set(micrometres).size === 1 ? micrometres[0] : micrometres.join(' × ');
}

/** What an image is, for people: facts, its levels, and what is odd about it. */
export function imageBlocks(info: ImageInfo, sidecar: ImageSidecar): readonly Block[] {
  const summary = summariseImage(info, sidecar);
  const labels = info.channels.map(({ label }) => label);
  const named = summary.stains.join('\n') === (sidecar.sampleStaining ?? []).join('\n');
  const facts = [
    { label: 'Stains', value: `${summary.stains.join(', ')} (${named ? 'sidecar' : 'image'}${named && labels.join('\n') !== summary.stains.join('\n') ? `; the image says ${labels.join(', ')}` : ''})` },
    { label: 'Voxels', value: summary.voxelType },
    ...(summary.timepoints > 1 ? [{ label: 'Time points', value: `${summary.timepoints}, of which the first is used` }] : []),
    { label: 'Orientation', value: orientationText(summary, sidecar) },
    { label: 'Extent', value: `${formatSize(extent(summary.levels[0], 3))} mm` },
    { label: 'Size', value: `${formatBytes(summary.levels.reduce((sum, { bytes }) => sum + bytes, 0))} uncompressed` },
    { label: 'Format', value: `OME-Zarr ${info.ngffVersion}, zarr ${info.zarrFormat}${/\.(zip|ozx)$/i.test(info.uri) ? ', zipped' : ''}` },
    { label: 'Place', value: info.uri },
  ];
  return [
    { kind: 'facts', facts },
    ...(summary.warnings ?? []).map((text): Block => ({ kind: 'notice', level: 'warn', text })),
    levelsTable(summary.levels),
  ];
}

/** What an image is, for programs. */
export function imageData(info: ImageInfo, sidecar: ImageSidecar): ImageData {
  const { uri, stains, voxelType, timepoints, ngffVersion, orientation, levels, warnings } = summariseImage(info, sidecar);
  const [x, y, z] = extent(levels[0], 12);
  return {
    kind: 'image', uri, ngffVersion, zarrFormat: info.zarrFormat, voxelType, timepoints, channels: info.channels.map(({ label }) => label), stains,
    orientation: orientation ?? null, orientationFrom: orientation === undefined ? null : sidecar.orientationXYZ === undefined ? 'image' : 'sidecar',
    extentMm: [x, y, z], bytes: levels.reduce((sum, { bytes }) => sum + bytes, 0),
    levels: levels.map(({ level, size, voxelSize, chunk, bytes }) => ({ level, size, voxelSizeMm: voxelSize, chunk, bytes })), warnings: warnings ?? [],
  };
}

function orientationText(summary: ImageSummary, sidecar: ImageSidecar): string {
  if (summary.orientation === undefined) return 'not said: RAS is assumed (--orientation sets it)';
  return `${summary.orientation} (${sidecar.orientationXYZ === undefined ? 'image' : 'sidecar'})`;
}

function extent({ size, voxelSize }: LevelSummary, digits: number): readonly number[] {
  return size.map((voxels, axis) => Number((voxels * voxelSize[axis]).toPrecision(digits)));
}

function levelsTable(levels: readonly LevelSummary[]): TableBlock {
  return {
    kind: 'table',
    title: 'Levels',
    columns: [
      { label: 'Level', numeric: true }, { label: 'Size (x × y × z)' }, { label: 'Voxel', unit: 'µm' }, { label: 'Chunk' }, { label: 'Uncompressed' },
    ],
    rows: levels.map(({ level, size, voxelSize, chunk, bytes }) => [level, formatSize(size), formatVoxel(voxelSize), formatSize(chunk), formatBytes(bytes)]),
  };
}
