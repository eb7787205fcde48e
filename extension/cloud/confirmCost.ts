import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseCommandText } from '../../runner/command/parse.ts';
import { agreementTo, needsConfirmation } from '../../runner/protocol/cloud.ts';
import type { AgreedCost, CostEstimate } from '../../runner/protocol/cloud.ts';
import { reportError, SpimquantError } from '../../runner/protocol/errors.ts';
import type { Result } from '../../runner/protocol/results.ts';
import { estimateWords, formatDollars } from '../../runner/wording/cloud.ts';
import { count, formatSeconds } from '../../runner/wording/words.ts';
import { isBucket } from '../forms/paths.ts';
import { pickOne } from '../forms/pickers.ts';
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
 * anything is started. Answers what was agreed to; undefined: nobody had to be asked. Throws `cancelled` when the user does
 * not agree.
 */
export async function agreedCost(services: Services, { text, cwd, ask }: RunRequest): Promise<AgreedCost | undefined> {
  const run = cloudCommand(services, text, cwd);
  // Data that machines cannot reach: the run says what to do, and costs nothing.
  if (run === undefined || (run.cloud.yes && ask !== 'always') || !isBucket(run.command.bids)) return undefined;
  const estimated = await estimateOf(services, run);
  if (estimated === undefined || !(ask === 'always' || needsConfirmation(estimated.estimate, run.cloud))) return undefined;
  await confirm(services, run, estimated);
  return agreementTo(estimated.estimate);
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

/** Throws `cancelled` unless the user agrees. */
async function confirm(services: Services, run: CloudCommand, { estimate, result }: Estimated): Promise<void> {
  const { machine, participants, machines, hours } = estimate;
  const { confirmAbove, maxDollars } = run.cloud;
  const facts = [
    `${count(participants, 'participant')} on ${machines === 1 ? 'one machine' : `up to ${machines} machines`}${machine === undefined ? '' : ` (${machine.type} in ${machine.region})`}`,
    `about ${formatSeconds(hours * 3600)}`,
    ...(maxDollars === undefined ? [] : [`ends at ${formatDollars(maxDollars)}`]),
  ].join(', ');
  const above = needsConfirmation(estimate, run.cloud) ? `Above ${formatDollars(confirmAbove)}, your limit for runs that start unasked` : 'Results that are there already cost nothing';
  const picked = await pickOne<'start' | 'estimate' | 'no'>({
    title: 'Start a Run on Cloud Machines?', placeholder: above,
    choices: [
      { label: '$(play) Start Run', description: estimateWords(estimate), detail: facts, value: 'start' },
      { label: '$(list-unordered) Show Estimate', description: 'what it is made of; nothing is started', value: 'estimate' },
      { label: '$(close) Do Not Start', value: 'no' },
    ],
  });
  if (picked.kind === 'picked' && picked.value === 'start') return;
  if (picked.kind === 'picked' && picked.value === 'estimate') services.panels.showResult(result);
  throw notStarted();
}

function notStarted(): SpimquantError {
  return new SpimquantError('cancelled', 'Nothing was started.');
}
