import type { ObjectCounts } from './objects.ts';
import type { SubjectSpec } from './subject.types.ts';

/** A participant of a phantom dataset. */
export interface PhantomParticipant {
  /** Without `sub-`. */
  readonly label: string;
  /** Columns of participants.tsv besides participant_id. */
  readonly columns: Readonly<Record<string, string>>;
  readonly subject: SubjectSpec;
  readonly ngff: '0.4' | '0.5';
  /** Stored resolutions, each half the one before. */
  readonly levels: number;
  /** How voxels are stored. Default uint16. */
  readonly voxelType?: 'uint16' | 'float64';
  /** Writes stains and orientation to a JSON sidecar instead of the store's attributes. */
  readonly sidecar: boolean;
}

const controlPlaques: ObjectCounts = { CTX: 18, HPF: 5, STR: 4, TH: 4, OLF: 2, CB: 5, MB: 2, HB: 3, HY: 1 };
const drugPlaques: ObjectCounts = { CTX: 8, HPF: 2, STR: 2, TH: 2, OLF: 1, CB: 5, MB: 2, HB: 3, HY: 1 };
const cells: ObjectCounts = { CTX: 5, TH: 2, CB: 2 };

/** One plaque more or less in some regions, so that the participants of a group differ. */
function varied(counts: ObjectCounts, more: ObjectCounts): ObjectCounts {
  const sum: Record<string, number> = { ...counts };
  for (const [structure, count] of Object.entries(more)) sum[structure] = (sum[structure] ?? 0) + count;
  return sum;
}

/** Makes the demo's brains what they are. */
export const demoSeed = 2026;

/**
 * The four participants of the demo: two controls and two treated with a drug that leaves fewer plaques. They differ in
 * shape, storage format and orientation, as datasets in the field do.
 */
export function demoCohort(seed: number): readonly PhantomParticipant[] {
  const subject = (index: number, orientation: string, plaques: ObjectCounts): SubjectSpec => ({
    seed: seed * 1000 + index,
    stains: ['YoPro', 'Abeta', 'Iba1'],
    orientation,
    ...gridFor(orientation),
    shape: { deformation: 0.25, rotation: 4, scaling: 0.04, translation: 0.25 },
    bias: 0.3,
    noise: 8,
    plaques, cells,
    cellsOnPlaques: 0.4,
    objectVoxels: [260, 480],
  });
  return [
    { label: '01', columns: { treatment: 'control', age: '12', sex: 'F' }, subject: subject(1, 'RAS', controlPlaques), ngff: '0.4', levels: 3, sidecar: false },
    { label: '02', columns: { treatment: 'drug', age: '12', sex: 'M' }, subject: subject(2, 'LPS', drugPlaques), ngff: '0.5', levels: 3, sidecar: false },
    { label: '03', columns: { treatment: 'control', age: '11', sex: 'M' }, subject: subject(3, 'IAL', varied(controlPlaques, { CTX: 2, HPF: -1, CB: 1 })), ngff: '0.4', levels: 3, sidecar: true },
    { label: '04', columns: { treatment: 'drug', age: '13', sex: 'F' }, subject: subject(4, 'RAS', varied(drugPlaques, { CTX: -1, HPF: 1, CB: -1 })), ngff: '0.5', levels: 3, sidecar: false },
  ];
}

/** Voxels per RAS axis of the demo's images, and their edge in mm. */
const rasSize = [160, 188, 132] as const;
const edge = 0.07;

/** The demo's grid as stored in an orientation. */
function gridFor(orientation: string): Pick<SubjectSpec, 'size' | 'voxelSize'> {
  const along = (letter: string): number => rasSize['RL'.includes(letter) ? 0 : 'AP'.includes(letter) ? 1 : 2];
  return { size: [along(orientation[0]), along(orientation[1]), along(orientation[2])], voxelSize: [edge, edge, edge] };
}
