import { cohortOf, estimateRun } from '../backends/coiled/estimateRun.ts';
import { listCloudRuns, readEnd, readManifest } from '../cloud/manifest.ts';
import type { ExploreCommand } from '../protocol/options.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import type { Block, Result } from '../protocol/results.ts';
import { openStore } from '../storage/open.ts';
import { expandHome, isRemote, normaliseUri } from '../storage/uri.ts';
import { estimateWords, formatDollars } from '../wording/cloud.ts';
import { statusWords } from '../wording/run.ts';
import { count, formatSeconds } from '../wording/words.ts';
import { facts, notices } from './blocks.ts';
import type { ExploreContext } from './explore.types.ts';

/** Cloud runs of an output that are shown. */
const mostRuns = 20;

/** What a cloud run over a dataset would cost, and what those of an output have cost beside what was expected. Asks no account. */
export async function cost(command: Extract<ExploreCommand, { verb: 'cost' }>, text: string, context: ExploreContext): Promise<Result> {
  const { signal, env, cwd } = context;
  const at = (uri: string): string => normaliseUri(expandHome(uri), cwd);
  context.progress('Counting participants');
  const dataset = openStore(at(command.uri), command.storage);
  const participants = await cohortOf(dataset, command.options, signal);
  context.progress('Looking at images');
  const estimate = await estimateRun({ dataset, participants, filterSpim: command.options.filterSpim, cloud: command.cloud, env, signal });
  const range = ({ low, high }: { readonly low: number; readonly high: number }): string => `${formatDollars(low)} to ${formatDollars(high)}`;
  return {
    title: 'Cost of a cloud run', command: text, estimate,
    blocks: [
      facts({
        Dataset: dataset.uri, Participants: participants.length.toLocaleString('en'), Estimate: estimateWords(estimate),
        'Machines': `${count(estimate.machines, 'machine')}${estimate.machine === undefined ? '' : ` ${estimate.machine.type} in ${estimate.machine.region}`}, ${estimate.machineHours.likely.toFixed(1)} hours together`,
        'Takes': `about ${formatSeconds(estimate.hours * 3600)}`,
      }),
      { kind: 'table', title: 'Made of', columns: [{ label: 'what', wrap: true }, { label: 'about', numeric: true }, { label: 'range' }], rows: estimate.items.map((item) => [item.title, formatDollars(item.likely), range(item)]) },
      ...notices('info', estimate.assumptions),
      ...notices('warn', isRemote(dataset.uri) ? [] : ['The dataset is on this machine: it has to be copied to a bucket before machines can read it. "spimquant sync" does that, and its plan (-n) tells what it costs.']),
      ...(command.output === undefined ? [] : await pastBlocks(at(command.output), command.storage, signal)),
    ],
  };
}

/** The cloud runs of an output, whatever machine they were started from. Throws what its bucket throws. */
export async function cloudRuns(uri: string, storage: StorageChoice, text: string, context: ExploreContext): Promise<Result> {
  return { title: 'Cloud runs', command: text, blocks: await pastBlocks(normaliseUri(expandHome(uri), context.cwd), storage, context.signal) };
}

async function pastBlocks(output: string, storage: StorageChoice, signal: AbortSignal): Promise<readonly Block[]> {
  const store = openStore(output, storage);
  const ids = await listCloudRuns(store, signal);
  if (ids.length === 0) return notices('info', [`There are no cloud runs in ${output} yet.`]);
  const rows = await Promise.all(ids.slice(0, mostRuns).map(async (id) => {
    const [manifest, end] = await Promise.all([readManifest(store, id, signal), readEnd(store, id, signal)]);
    return [
      id, manifest.participants.length, end === undefined ? 'not over' : statusWords[end.outcome], end?.estimate === undefined ? null : estimateWords(end.estimate),
      end?.spent === undefined ? null : `${formatDollars(end.spent.dollars)} (${end.spent.by === 'coiled' ? 'Coiled' : 'list price'})`,
    ];
  }));
  return [{
    kind: 'table', title: 'Cloud runs of the output', columns: [{ label: 'run' }, { label: 'participants', numeric: true }, { label: 'state' }, { label: 'expected' }, { label: 'spent' }], rows,
    ...(ids.length > rows.length ? { total: ids.length } : {}),
  }];
}
