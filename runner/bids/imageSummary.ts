import type { ImageInfo, VoxelType } from '../image/omeZarr.types.ts';
import type { ImageSummary } from '../protocol/datasets.ts';
import { count } from '../wording/words.ts';
import type { ImageSidecar } from './sidecars.ts';

/**
 * What an opened image comes to. Stains are those of the sidecar when it names one for each channel, else the labels in
 * the image; the sidecar's orientation goes before the image's own, as in a run.
 */
export function summariseImage(info: ImageInfo, sidecar: ImageSidecar): ImageSummary {
  const labels = info.channels.map(({ label }) => label);
  const warnings: string[] = [];
  const fits = sidecar.sampleStaining === undefined || sidecar.sampleStaining.length === labels.length;
  if (!fits) warnings.push(`The sidecar names ${count(sidecar.sampleStaining?.length ?? 0, 'stain')}, but the image has ${count(labels.length, 'channel')}: name them with --sample_staining.`);
  const orientation = sidecar.orientationXYZ ?? info.storedOrientation;
  return {
    uri: info.uri,
    stains: fits ? (sidecar.sampleStaining ?? labels) : labels,
    voxelType: info.voxelType,
    timepoints: info.timepoints,
    ngffVersion: info.ngffVersion,
    ...(orientation === undefined ? {} : { orientation }),
    levels: info.levels.map(({ size, scale, chunk }, level) => ({
      level,
      size: [size[0], size[1], size[2]],
      voxelSize: [scale[0], scale[1], scale[2]],
      chunk: [chunk[0], chunk[1], chunk[2]],
      bytes: size[0] * size[1] * size[2] * labels.length * info.timepoints * bytesPerVoxel(info.voxelType),
    })),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

function bytesPerVoxel(type: VoxelType): number {
  return type === 'bool' ? 1 : Number(/\d+$/.exec(type)?.[0] ?? 8) / 8;
}
