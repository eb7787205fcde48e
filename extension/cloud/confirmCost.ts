import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as vscode from 'vscode';
import { parseCommandText } from '../../runner/command/parse.ts';
import { needsConfirmation } from '../../runner/protocol/cloud.ts';
import type { CostEstimate } from '../../runner/protocol/cloud.ts';
import { reportError, SpimquantError } from '../../runner/protocol/errors.ts';
import type { Result } from '../../runner/protocol/results.ts';
import { estimateWords, formatDollars } from '../../runner/wording/cloud.ts';
import { count, formatSeconds } from '../../runner/wording/words.ts';
import { isBucket } from '../forms/paths.ts';
import type { RunRequest, Services } from '../services.ts';
import { cloudCommandOf, costLine } from './costLine.ts';
import type { CloudCommand } from './costLine.ts';

/** A run's estimate, with the page that tells what it is made of. */
interface Estimated {
  readonly estimate: CostEstimate;
  readonly result: Result;
}

/**
 * Asks before a run that is expected to cost more than the user's limit (`ask: 'always'`: whatever it costs), before
 * anything is started. Answers up to how many US dollars were agreed to; undefined: nobody had to be asked. Throws
 * `cancelled` when the user does not agree.
 */
export async function agreedDollars(services: Services, { text, cwd, ask }: RunRequest): Promise<number | undefined> {
  const run = cloudCommand(services, text, cwd);
  // Data that machines cannot reach: the run says what to do, and costs nothing.
  if (run === undefined || (run.cloud.yes && ask !== 'always') || !isBucket(run.command.bids)) return undefined;
  const estimated = await estimateOf(services, run);
  if (estimated === undefined || !(ask === 'always' || needsConfirmation(estimated.estimate, run.cloud))) return undefined;
  await confirm(services, run, estimated);
  return Math.max(estimated.estimate.high, estimated.estimate.likely);
}

/** `about $3.20 ($1.10 to $9.00), up to 4 machines`; undefined: the command does not run on cloud machines, or nothing can be told. */
export async function expectedCost(services: Services, text: string, cwd: string): Promise<string | undefined> {
  const run = cloudCommand(services, text, cwd);
  if (run === undefined) return undefined;
  const estimated = await estimateOf(services, run);
  return estimated === undefined ? undefined : `${estimateWords(estimated.estimate)}, up to ${count(estimated.estimate.machines, 'machine')}`;
}

function cloudCommand(services: Services, text: string, cwd: string): CloudCommand | undefined {
  const { command } = parseCommandText(text, { readFile: (path) => readFileSync(resolve(cwd, path), 'utf8'), defaults: { cloud: services.settings.cloud() } });
  return cloudCommandOf(command);
}

/** Undefined when it cannot be told: the run meets the same trouble, and tells it or waits for its end. Throws `cancelled`. */
async function estimateOf(services: Services, run: CloudCommand): Promise<Estimated | undefined> {
  let result: Result | undefined;
  try {
    result = await services.explore(costLine(run));
  } catch (error) {
    services.log.warn(`The cost of a run could not be estimated: ${reportError(error).message}`);
    return undefined;
  }
  if (result === undefined) throw notStarted();
  return result.estimate === undefined ? undefined : { estimate: result.estimate, result };
}

async function confirm(services: Services, run: CloudCommand, { estimate, result }: Estimated): Promise<void> {
  const limit = run.cloud.confirmAbove;
  const { machine } = estimate;
  const detail = [
    ...(needsConfirmation(estimate, run.cloud) ? [`That is above ${formatDollars(limit)}, your limit for runs that start unasked.`] : []),
    `${count(estimate.participants, 'participant')} on ${estimate.machines === 1 ? 'one machine' : `up to ${estimate.machines} machines`}${machine === undefined ? '' : ` (${machine.type} in ${machine.region})`}, about ${formatSeconds(estimate.hours * 3600)}.`,
    'Results that the output holds already are not made again, and cost nothing.',
    ...(run.cloud.maxDollars === undefined ? [] : [`The run is ended at ${formatDollars(run.cloud.maxDollars)}.`]),
    "Coiled's own fee is not in the estimate.",
  ].join('\n');
  const answer = await vscode.window.showWarningMessage(`Start a run on cloud machines, expected to cost ${estimateWords(estimate)}?`, { modal: true, detail }, 'Start Run', 'Show Estimate');
  if (answer === 'Show Estimate') services.panels.showResult(result);
  if (answer !== 'Start Run') throw notStarted();
}

function notStarted(): SpimquantError {
  return new SpimquantError('cancelled', 'Nothing was started.');
}
