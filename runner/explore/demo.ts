import { mkdir, readdir } from 'node:fs/promises';
import { joinWords } from '../command/shell.ts';
import { demoCohort, demoSeed } from '../phantom/cohort.ts';
import { imagePath, isGenerated, writePhantomDataset } from '../phantom/dataset.ts';
import { phantomSubject } from '../phantom/subject.ts';
import { SpimquantError } from '../protocol/errors.ts';
import type { Result } from '../protocol/results.ts';
import { LocalStore } from '../storage/local/localStore.ts';
import { expandHome, isRemote, joinUri, normaliseUri } from '../storage/uri.ts';
import { facts, notices } from './blocks.ts';
import type { ExploreContext } from './explore.types.ts';

/** Flags by which the generated brains are quantified: they are small, and belong to the generated template. */
const runFlags = ['--template', 'phantom', '--registration_level', '1', '--correction_level', '2', '--correction_n4_iters', '50', '--stains_for_seg', 'Abeta', 'Iba1', '--seg_method', 'th900'];

/** Writes the demo's dataset into a folder; what is there from an earlier time is kept. Throws `already-exists` for a folder with other things in it. */
export async function demo(folder: string, text: string, context: ExploreContext): Promise<Result> {
  const { signal } = context;
  if (isRemote(folder)) throw new SpimquantError('bad-option', `The demo is written to a local folder, not to ${folder}.`);
  const base = normaliseUri(expandHome(folder), context.cwd);
  const bids = joinUri(base, 'bids');
  const output = joinUri(base, 'out');
  const store = new LocalStore(bids);
  const cohort = demoCohort(demoSeed);
  const inside = await readdir(bids).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (inside.length > 0 && !(await isGenerated(store))) {
    throw new SpimquantError('already-exists', `There is something else in ${bids} already.`, { where: bids, hint: 'Give a new or empty folder.' });
  }
  await mkdir(bids, { recursive: true });
  let done = 0;
  context.progress(`Generating brain 1 of ${cohort.length}`);
  await writePhantomDataset(store, cohort, {
    signal,
    onParticipant: () => {
      done += 1;
      if (done < cohort.length) context.progress(`Generating brain ${done + 1} of ${cohort.length}`);
    },
  });
  const truths = cohort.map(({ label, subject, columns }) => {
    const { truth } = phantomSubject(subject);
    const objects = (stain: string): number => [...truth.counts(stain).values()].reduce((sum, value) => sum + value, 0);
    return [`sub-${label}`, columns.treatment ?? null, subject.orientation, objects('Abeta'), objects('Iba1')];
  });
  const labels = cohort.slice(0, 1).map(({ label }) => label);
  const commands = [
    { title: 'Look at it', text: joinWords(['spimquant', 'slice', bids]) },
    { title: 'Try a segmentation', text: joinWords(['spimquant', 'segment', bids, '--participant-label', ...labels, '--stain', 'Abeta', '--compare']) },
    { title: 'Quantify all four', text: joinWords(['spimquant', bids, output, 'participant', ...runFlags]) },
    { title: 'Compare the groups', text: joinWords(['spimquant', bids, output, 'group', '--template', 'phantom', '--seg_method', 'th900', '--contrast_column', 'treatment', '--contrast_values', 'control', 'drug']) },
    { title: 'See the results', text: joinWords(['spimquant', 'results', output]) },
  ];
  return {
    title: 'Demo dataset', command: text,
    blocks: [
      facts({ Dataset: bids, Image: joinUri(bids, imagePath(cohort[0].label)), Stains: cohort[0].subject.stains.join(', ') }),
      ...notices('info', [done === 0 ? 'It was there already and is as it was.' : 'Four generated brains with known plaques: two controls, and two treated with a drug that leaves fewer. What is true of them is in derivatives/truth.']),
      {
        kind: 'table', title: 'True objects',
        columns: [{ label: 'participant' }, { label: 'treatment' }, { label: 'orientation' }, { label: 'plaques (Abeta)', numeric: true }, { label: 'cells (Iba1)', numeric: true }], rows: truths,
      },
      { kind: 'commands', title: 'From here', commands },
    ],
  };
}
