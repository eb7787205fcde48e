import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imagePath, writePhantomDataset } from '../../../runner/phantom/dataset.ts';
import type { PhantomParticipant } from '../../../runner/phantom/cohort.ts';
import { LocalStore } from '../../../runner/storage/local/localStore.ts';

/** Writes a dataset of generated brains so coarse that they are made in a moment; half of them are treated. */
export async function writeBrains(folder: string, participants: number): Promise<void> {
  await writePhantomDataset(new LocalStore(folder), Array.from({ length: participants }, (_, at): PhantomParticipant => ({
    label: String(at + 1).padStart(2, '0'), columns: { treatment: at % 2 === 0 ? 'control' : 'drug' }, ngff: '0.4', levels: 2, sidecar: false,
    subject: {
      seed: at + 1, stains: ['YoPro', 'Abeta'], orientation: 'RAS', size: [74, 86, 60], voxelSize: [0.16, 0.16, 0.16],
      shape: { deformation: 0.2, rotation: 3, scaling: 0.03, translation: 0.2 }, bias: 0.2, noise: 8,
      plaques: { CTX: 8, CB: 2, TH: 1 }, cells: {}, cellsOnPlaques: 0, objectVoxels: [30, 60],
    },
  })));
}

/** Puts something into the chunks of a participant's image that cannot be understood: it fails in the middle of a run. */
export async function damageBrain(folder: string, label: string): Promise<void> {
  const image = join(folder, imagePath(label));
  const chunks = (await readdir(image, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile() && /^\d+$/.test(entry.name));
  for (const chunk of chunks) await writeFile(join(chunk.parentPath, chunk.name), 'this is no chunk');
}
