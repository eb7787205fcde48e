import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PhantomParticipant } from '../../../runner/phantom/cohort.ts';
import { writePhantomDataset } from '../../../runner/phantom/dataset.ts';
import { LocalStore } from '../../../runner/storage/local/localStore.ts';
import { defaultCredential } from '../../servers/s3/server.ts';
import { tinyFlags } from './tinyFlags.ts';

/** A brain that is not the demo's: other seed, grid, storage order, format and numbers of plaques. */
export const otherBrain: PhantomParticipant = {
  label: 'P7', columns: { treatment: 'control', age: '9', sex: 'F' }, ngff: '0.5', levels: 3, sidecar: false,
  subject: {
    seed: 77, stains: ['Abeta', 'Iba1', 'YoPro'], orientation: 'PSR', size: [170, 120, 146], voxelSize: [0.08, 0.08, 0.08],
    shape: { deformation: 0.3, rotation: 5, scaling: 0.05, translation: 0.2 }, bias: 0.35, noise: 10,
    plaques: { CTX: 16, CB: 4, TH: 2, STR: 3, HPF: 2, HB: 1 }, cells: { CTX: 6, CB: 2, TH: 1 }, cellsOnPlaques: 0.5, objectVoxels: [260, 420],
  },
};

/** Flags that suit {@link otherBrain}: its level 0 is 0.08 mm. */
export const otherBrainFlags = [
  '--template', 'phantom', '--registration_level', '1', '--correction_level', '2', '--correction_n4_iters', '50',
  '--stains_for_seg', 'Abeta', 'Iba1', '--cores', 'all',
];

/** A brain so coarse (0.16 mm) that a whole run takes seconds. */
export function tinyBrain(label: string, seed: number, treatment: string): PhantomParticipant {
  return {
    label, columns: { treatment }, ngff: '0.4', levels: 2, sidecar: false,
    subject: {
      seed, stains: ['YoPro', 'Abeta'], orientation: 'RAS', size: [74, 86, 60], voxelSize: [0.16, 0.16, 0.16],
      shape: { deformation: 0.2, rotation: 3, scaling: 0.03, translation: 0.2 }, bias: 0.2, noise: 8,
      plaques: { CTX: 8, CB: 2, TH: 1 }, cells: {}, cellsOnPlaques: 0, objectVoxels: [30, 60],
    },
  };
}

export { tinyFlags };

/** As {@link tinyBrain}, with a second stain to be quantified: its runs make every kind of output. */
export function tinyBrainOfTwoStains(label: string, seed: number): PhantomParticipant {
  const { subject, ...brain } = tinyBrain(label, seed, 'control');
  return { ...brain, subject: { ...subject, stains: ['YoPro', 'Abeta', 'Iba1'], cells: { CTX: 4, TH: 1 }, cellsOnPlaques: 0.5 } };
}

/** Flags that suit {@link tinyBrainOfTwoStains}. */
export const twoStainFlags = tinyFlags.flatMap((word) => (word === 'Abeta' ? ['Abeta', 'Iba1'] : [word]));

/** A folder that goes away with `await using` or `dispose()`. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'spimquant-e2e-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Writes a dataset of those participants into a folder. */
export async function writeDataset(folder: string, participants: readonly PhantomParticipant[]): Promise<void> {
  await writePhantomDataset(new LocalStore(folder), participants);
}

/** Environment by which the command may use the loopback S3 server. */
export const loopbackCredentials: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_SESSION_TOKEN: '',
};
