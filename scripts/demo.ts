// Generates a small study of four brains with known plaques, quantifies it with the real command from and into object
// storage of three kinds, compares two groups, and holds the results against the truth.
// Usage: npm run demo [-- FOLDER]
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { demoCohort, demoSeed } from '../runner/phantom/cohort.ts';
import { writePhantomDataset } from '../runner/phantom/dataset.ts';
import { LocalStore } from '../runner/storage/local/localStore.ts';
import { spimquant } from './demo/command.ts';
import { judgeParticipant, printJudgement, type Judgement } from './demo/judge.ts';
import { differingTables, filesBelow, tableDigests } from './demo/results.ts';
import { startServices } from './demo/services.ts';

// Tissue is at about 300 here.
const method = 'th900';
/** Largest share of plaques that may be missed, invented or put into a wrong region. */
const allowedError = 0.05;
const lowestDice = 0.9;

const flags = [
  '--template', 'phantom', '--registration_level', '1', '--correction_level', '2', '--correction_n4_iters', '50',
  '--stains_for_seg', 'Abeta', 'Iba1', '--seg_method', method, '--cores', 'all',
];

const stop = new AbortController();
process.once('SIGINT', () => { stop.abort(); });
process.once('SIGTERM', () => { stop.abort(); });

const started = Date.now();
const say = (text: string): void => { console.log(text); };
const step = (text: string): void => { say(`\n[${((Date.now() - started) / 1000).toFixed(0).padStart(3)} s] ${text}`); };

/** Runs the command and shows its words and its lines. `hidden`: flags that only say where the services of the demo are. Throws when it does not succeed. */
async function run(words: readonly string[], hidden: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<void> {
  say(`  $ spimquant ${words.join(' ')}`);
  const result = await spimquant([...words, ...hidden], { env, signal: stop.signal, onLine: (line) => { say(`  ${line}`); } });
  stop.signal.throwIfAborted();
  if (result.code !== 0) throw new Error(`spimquant ended with ${result.code ?? result.signal ?? 'nothing'}.`);
}

async function demo(folder: string): Promise<boolean> {
  // Journals stay with the demo instead of among the user's own runs.
  process.env['SPIMQUANT_STATE_DIR'] ??= join(folder, 'state');
  const bids = join(folder, 'bids'), results = join(folder, 'results'), again = join(folder, 'results-from-azure');
  const cohort = demoCohort(demoSeed);
  await mkdir(bids, { recursive: true });

  step(`Generating four brains with known plaques in ${bids}`);
  await writePhantomDataset(new LocalStore(bids), cohort, {
    signal: stop.signal, onParticipant: (label) => { say(`  sub-${label}`); },
  });

  step('Starting object storage of three kinds on this machine: S3, Google Cloud Storage, Azure');
  await using services = await startServices(folder, bids);
  const { brains, env } = services;
  const buckets = services.results;
  const command = (...words: readonly string[]): Promise<void> => run(words, services.flags, env);

  step('Copying the brains from S3 to Google, and from there to Azure');
  await command('sync', brains.s3, brains.gs);
  await command('sync', brains.gs, brains.az);

  step('Quantifying all four from S3 into Google');
  await command(brains.s3, buckets.gs, 'participant', ...flags);

  const [first, second] = cohort.map(({ label }) => label);
  step('Quantifying one from Google into Azure, and one from Azure into S3');
  await command(brains.gs, buckets.az, 'participant', ...flags, '--participant-label', first);
  await command(brains.az, buckets.s3, 'participant', ...flags, '--participant-label', second);

  step('Fetching the results');
  await command('sync', buckets.gs, results);
  await command('sync', buckets.az, again);
  const wanted = new Map([...await tableDigests(results)].filter(([path]) => [first, second].some((label) => path.startsWith(`sub-${label}/`))));
  const different = differingTables(wanted, new Map([...await tableDigests(again), ...await tableDigests(services.s3Results)]));
  say(different.length === 0
    ? `  The ${wanted.size} tables of these two are the same, byte for byte, whichever service they were read from and written to.`
    : `  ${different.length} tables differ between services:\n    ${different.join('\n    ')}`);

  step('Comparing control and drug');
  await run([bids, results, 'group', '--template', 'phantom', '--seg_method', method, '--contrast_column', 'treatment', '--contrast_values', 'control', 'drug']);

  step('Results beside the truth');
  const judged: Judgement[] = [];
  for (const participant of cohort) judged.push(await judgeParticipant(participant, results, method));
  printJudgement(judged, say);
  const wrong = judged.reduce((sum, { plaques }) => sum + plaques.error * plaques.true, 0) / judged.reduce((sum, { plaques }) => sum + plaques.true, 0);
  const dice = Math.min(...judged.map(({ overlap }) => overlap.overall));
  say(`\n  Plaques missed, invented or in a wrong region: ${(100 * wrong).toFixed(1)} % (allowed ${100 * allowedError} %)`);
  say(`  Overlap of the warped atlas with the truth, lowest: Dice ${dice.toFixed(3)} (wanted ${lowestDice})`);

  step('Reports');
  for (const path of await filesBelow(results, /report\.html$/)) say(`  ${join(results, path)}`);
  const good = different.length === 0 && wrong <= allowedError && dice >= lowestDice;
  say(`\n${good ? 'The demo succeeded' : 'The demo FAILED: see above'} (${((Date.now() - started) / 1000).toFixed(0)} s on ${availableParallelism()} cores).`);
  return good;
}

try {
  const good = await demo(resolve(process.argv[2] ?? 'demo-output'));
  process.exitCode = good ? 0 : 1;
} catch (error) {
  if (stop.signal.aborted) {
    say('\nStopped. Run it again to go on: what is finished is kept.');
    process.exitCode = 130;
  } else {
    say(`\nThe demo FAILED: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
