import { cohortOf, estimateRun } from '../backends/coiled/estimateRun.ts';
import type { ExploreCommand } from '../protocol/options.ts';
import type { Result } from '../protocol/results.ts';
import { openStore } from '../storage/open.ts';
import { expandHome, isRemote, normaliseUri } from '../storage/uri.ts';
import { facts, notices } from './blocks.ts';
import { estimateBlocks } from './cloudPlan.ts';
import { pastBlocks } from './cloudRuns.ts';
import type { ExploreContext } from './explore.types.ts';

/** What a cloud run over a dataset would cost, and what those of an output have cost beside what was expected. Asks no account. */
export async function cost(command: Extract<ExploreCommand, { verb: 'cost' }>, text: string, context: ExploreContext): Promise<Result> {
  const { signal, env, cwd } = context;
  const at = (uri: string): string => normaliseUri(expandHome(uri), cwd);
  context.progress('Counting participants');
  const dataset = openStore(at(command.uri), command.storage);
  const participants = await cohortOf(dataset, command.options, signal);
  context.progress('Looking at images');
  const estimate = await estimateRun({ dataset, participants, filterSpim: command.options.filterSpim, cloud: command.cloud, env, signal });
  return {
    title: 'Cost of a cloud run', command: text, estimate,
    blocks: [
      facts({ Dataset: dataset.uri, Participants: participants.length.toLocaleString('en') }),
      ...estimateBlocks(estimate),
      ...notices('warn', isRemote(dataset.uri) ? [] : ['The dataset is on this machine: it has to be copied to a bucket before machines can read it. "spimquant sync" does that, and its plan (-n) tells what it costs.']),
      ...(command.output === undefined ? [] : await pastBlocks(at(command.output), command.storage, signal)),
    ],
  };
}
