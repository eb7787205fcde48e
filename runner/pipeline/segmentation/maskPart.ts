import { writeBox } from '../../image/omeZarrWriter.ts';
import type { Box } from '../../image/omeZarr.types.ts';
import type { BrickGrid } from './bricks.ts';
import { maskChunks } from './maskLayout.ts';
import type { Artifact, TaskContext } from '../task.ts';

/** Object in a part's folder that says that all its chunks are there: a part without foreground has no chunk at all. */
export const partMarker = 'part.json';

/** Takes a mask brick by brick. */
export interface MaskPart {
  /** Values 0 or 100, x fastest. */
  write(box: Box, mask: Uint8Array): Promise<void>;
  finish(): Promise<void>;
}

/** Opens a part of a mask for writing: a folder with those chunks of level 0 that belong to it. */
export function openMaskPart(context: TaskContext, folder: Artifact, grid: BrickGrid): MaskPart {
  const store = context.store(folder.place);
  const layout = maskChunks(grid);
  return {
    write: (box, mask) => writeBox(store, folder.path, layout, 0, 0, box, mask, { signal: context.signal }),
    finish: async () => {
      await store.write(`${folder.path}/${partMarker}`, '{}\n', { signal: context.signal });
    },
  };
}
