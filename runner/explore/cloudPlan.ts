import { pipelinePlanner } from '../backends/planner.ts';
import { planOnCloud } from '../backends/coiled/planCloud.ts';
import type { CloudPlan } from '../backends/coiled/planCloud.ts';
import type { CohortCommand } from '../backends/coiled/preflight.ts';
import { uploadWords } from '../backends/coiled/staging.ts';
import type { CloudOptions, CostEstimate } from '../protocol/cloud.ts';
import type { Block, Result } from '../protocol/results.ts';
import { estimateWords, formatDollars } from '../wording/cloud.ts';
import { count, formatSeconds } from '../wording/words.ts';
import { facts, notices } from './blocks.ts';
import type { ExploreContext } from './explore.types.ts';

/** Participants that are named, and jobs that are listed. */
const mostNamed = 20;
const mostJobs = 20;

/** What a cloud run would do and cost, and what would be submitted; nothing is, and Coiled is not asked. Throws what it would be refused by. */
export async function cloudPlan(command: CohortCommand, cloud: CloudOptions, text: string, context: ExploreContext, planner = pipelinePlanner): Promise<Result> {
  const { signal, env, clock = Date.now } = context;
  context.progress('Planning');
  const plan = await planOnCloud(command, cloud, { planner, clock, env, signal });
  return {
    title: `Plan of ${command.verb} on cloud machines`, command: text,
    blocks: [
      facts({
        Dataset: plan.command.bids, Output: plan.command.output, 'Fetched to': plan.download?.output,
        Participants: `${plan.todo.length} to run, ${plan.participants.length - plan.todo.length} up to date`,
        'To run': plan.todo.length === 0 ? undefined : `${plan.todo.slice(0, mostNamed).join(', ')}${plan.todo.length > mostNamed ? ` and ${plan.todo.length - mostNamed} more` : ''}`,
      }),
      ...notices('info', plan.upload === undefined ? [] : [`The dataset would be copied first: ${uploadWords(plan.upload)}`]),
      ...(plan.todo.length === 0 ? notices('info', ['Everything is there already: no machine would be started.']) : [...estimateBlocks(plan.estimate), ...submissionBlocks(plan), ...notices('info', confirmationWords(plan))]),
      ...notices('info', ['Nothing was done, and Coiled was not asked: this is only the plan.']),
    ],
  };
}

/** An estimate with all that it is made of. */
export function estimateBlocks(estimate: CostEstimate): readonly Block[] {
  const range = ({ low, high }: { readonly low: number; readonly high: number }): string => `${formatDollars(low)} to ${formatDollars(high)}`;
  return [
    facts({
      Estimate: estimateWords(estimate),
      Machines: `${count(estimate.machines, 'machine')}${estimate.machine === undefined ? '' : ` ${estimate.machine.type} in ${estimate.machine.region}`}, ${estimate.machineHours.likely.toFixed(1)} hours together`,
      Takes: `about ${formatSeconds(estimate.hours * 3600)}`,
    }),
    { kind: 'table', title: 'Made of', columns: [{ label: 'what', wrap: true }, { label: 'about', numeric: true }, { label: 'range' }], rows: estimate.items.map((item) => [item.title, formatDollars(item.likely), range(item)]) },
    ...notices('info', estimate.assumptions),
  ];
}

function submissionBlocks({ cloud, jobs, machines }: CloudPlan): readonly Block[] {
  return [
    {
      kind: 'table', title: 'Would be submitted to Coiled',
      columns: [{ label: 'job', numeric: true }, { label: 'participants', numeric: true }, { label: 'machines', numeric: true }, { label: 'and to hand out the work' }, { label: 'ended by Coiled after' }],
      rows: jobs.slice(0, mostJobs).map(({ participants, workers, timeoutSeconds }, index) => [index + 1, participants.length, participants.length === 1 ? 1 : workers, participants.length === 1 ? 'none' : '1 on demand', formatSeconds(timeoutSeconds)]),
      ...(jobs.length > mostJobs ? { total: jobs.length } : {}),
    },
    facts({
      'Machine types': machines.types.length === 0 ? `with ${cloud.cpu === undefined ? '' : `${cloud.cpu} CPUs `}${cloud.memoryBytes === undefined ? '' : `${Math.round(cloud.memoryBytes / 1e9)} GB`}`.trim() : machines.types.join(' or '),
      Region: machines.region ?? 'where the workspace has its machines', Spot: cloud.spot, Disk: `${cloud.diskGigabytes} GB`, Container: cloud.container, Workspace: cloud.workspace ?? 'your own',
      'Longest time': `${formatSeconds(cloud.taskLimitMs / 1000)} for a participant, ${formatSeconds(cloud.idleLimitMs / 1000)} without getting further`,
      'Most it may cost': cloud.maxDollars === undefined ? 'no limit' : formatDollars(cloud.maxDollars),
      Tags: Object.keys(cloud.tags).length === 0 ? undefined : Object.entries(cloud.tags).map(([key, value]) => `${key}=${value}`).join(', '),
      'Secret variables': cloud.env.length === 0 ? 'none: the machines reach the buckets by their own role' : cloud.env.join(', '),
    }),
  ];
}

function confirmationWords({ asks, cloud, estimate }: CloudPlan): readonly string[] {
  if (cloud.maxDollars !== undefined && estimate.low > cloud.maxDollars) return [`It would be refused: even the lowest estimate is above --cloud_max_cost (${formatDollars(cloud.maxDollars)}).`];
  return asks ? [`It would be asked about, because it may cost more than ${formatDollars(cloud.confirmAbove)}; where nobody can be asked, --cloud_yes is needed.`] : [];
}
