import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readNifti } from '../../runner/image/nifti.ts';
import { allRegions } from '../../runner/phantom/anatomy.ts';
import type { PhantomParticipant } from '../../runner/phantom/cohort.ts';
import { scoreCounts, scoreOverlap, type CountScore, type OverlapScore } from '../../runner/phantom/score.ts';
import { phantomSubject } from '../../runner/phantom/subject.ts';
import { imagePaths } from '../../runner/pipeline/paths.ts';
import { countsOf, filesBelow, readTsv } from './results.ts';

/** A participant's results held against what is true of it. */
export interface Judgement {
  readonly participant: PhantomParticipant;
  readonly plaques: CountScore;
  readonly overlap: OverlapScore;
  /** Overlapping pairs of objects: in the table, and in truth. */
  readonly pairs: { readonly found: number; readonly true: number };
}

/** Reads a participant's outputs from a local output folder and scores them. */
export async function judgeParticipant(participant: PhantomParticipant, output: string, method: string): Promise<Judgement> {
  const { truth } = phantomSubject(participant.subject);
  const paths = imagePaths({ sub: participant.label, sample: 'brain', acq: 'phantom' }, 'phantom');
  const table = join(output, paths.mergedSegStats('all', method));
  const [parcellation] = await filesBelow(join(output, `sub-${participant.label}`, 'parc'), /_seg-all_.*_dseg\.nii\.gz$/);
  const parcellationPath = join(output, `sub-${participant.label}`, 'parc', parcellation);
  const labels = readNifti(await readFile(parcellationPath), parcellationPath);
  const pairs = (await readTsv(table)).reduce((sum, row) => sum + Number(row['coloc+count'] || 0), 0);
  return {
    participant,
    plaques: scoreCounts(await countsOf(table, 'Abeta'), truth.counts('Abeta')),
    overlap: scoreOverlap(labels.data, truth.labelsOn(labels.size, labels.affine)),
    pairs: { found: pairs, true: truth.overlaps.length },
  };
}

/** Prints found and true plaques per region (left and right summed) of all participants, and a line of scores for each. */
export function printJudgement(judged: readonly Judgement[], say: (line: string) => void): void {
  const heads = judged.map(({ participant }) => `sub-${participant.label} (${participant.columns.treatment ?? ''})`);
  const width = Math.max(14, ...heads.map((head) => head.length)) + 2;
  say(`  ${'plaques: found / true'.padEnd(30)}${heads.map((head) => head.padStart(width)).join('')}`);
  const names = new Map(allRegions.map((region) => [region.index, region.name]));
  for (const label of [...new Set(judged.flatMap(({ plaques }) => plaques.rows.map((row) => row.label)))].sort((a, b) => a - b)) {
    const cells = judged.map(({ plaques }) => {
      const row = plaques.rows.find((each) => each.label === label) ?? { found: 0, true: 0 };
      return `${row.found} / ${row.true}`.padStart(width);
    });
    say(`  ${(names.get(label) ?? 'outside the atlas').padEnd(30)}${cells.join('')}`);
  }
  const line = (name: string, cell: (each: Judgement) => string): void => {
    say(`  ${name.padEnd(30)}${judged.map((each) => cell(each).padStart(width)).join('')}`);
  };
  line('all plaques', ({ plaques }) => `${plaques.found} / ${plaques.true}`);
  line('ratio', ({ plaques }) => (plaques.found / Math.max(1, plaques.true)).toFixed(3));
  line('pairs of plaque and cell', ({ pairs }) => `${pairs.found} / ${pairs.true}`);
  line('Dice of the warped atlas', ({ overlap }) => overlap.overall.toFixed(3));
}
