import { placeInDataset } from '../../explore/target.ts';
import { reportError } from '../../protocol/errors.ts';
import type { ImageRef } from '../../protocol/imageView.ts';
import type { Said } from '../../viewer/viewer.types.ts';
import type { DatasetService } from '../datasets.ts';

/** What the sidecars around an image say of it; nothing when it lies in no dataset, or that cannot be read. */
export async function saidOf({ uri, storage }: ImageRef, datasets: DatasetService, signal: AbortSignal): Promise<Said> {
  const place = placeInDataset(uri);
  // Sidecars of results say nothing of stains and orientation: they tell those themselves.
  if (place === undefined || !/[/\\]micr[/\\][^/\\]+\.(zarr|zip|ozx)$/i.test(uri)) return {};
  try {
    const { orientationXYZ, sampleStaining } = await datasets.sidecarOf({ uri: place.dataset, storage }, place.path, signal);
    return {
      ...(orientationXYZ === undefined ? {} : { orientation: orientationXYZ }),
      ...(sampleStaining === undefined ? {} : { stains: sampleStaining }),
    };
  } catch (error) {
    // Whoever may read an image need not be allowed to list what is above it.
    if (reportError(error).code === 'cancelled' || reportError(error).code === 'internal') throw error;
    return {};
  }
}
