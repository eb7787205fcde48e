import type { CloudStanding } from '../../runner/protocol/cloud.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { fractionOf } from '../../runner/protocol/runState.ts';
import type { RunState, TaskState } from '../../runner/protocol/runState.ts';
import { estimateWords, formatDollars, jobWords, leftWords, spentWords } from '../../runner/wording/cloud.ts';
import { count, formatScope, formatSeconds } from '../../runner/wording/words.ts';

/** Participants under way that have rows of their own. */
const mostParticipants = 8;

/** A row below a cloud run. */
export interface CloudRow {
  readonly id: string;
  readonly kind: 'left' | 'cost' | 'machines' | 'participant';
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  /** Page of the machines at Coiled. */
  readonly page?: string;
}

/** Whether machines of a run may still be there although nobody works with them. */
export function hasLeft({ cloud }: Pick<RunRecord, 'cloud'>): boolean {
  return (cloud?.left.length ?? 0) > 0;
}

/** A run as it is to be shown beside the others: machines that a run in progress follows are not left. */
export function withoutFollowed(run: RunRecord, all: readonly RunRecord[]): RunRecord {
  if (run.cloud === undefined || !hasLeft(run)) return run;
  const isFollowed = all.some((other) => other.id !== run.id && other.place === 'cloud' && other.output === run.output && !isOver(other.status));
  return isFollowed ? { ...run, cloud: { ...run.cloud, left: [] } } : run;
}

/** What stands beside a cloud run's state and time: machines and cost, in as few words as side bars have room for. */
export function cloudParts(run: Pick<RunRecord, 'status' | 'cost' | 'cloud'>): readonly string[] {
  const { cloud, cost, status } = run;
  const over = isOver(status);
  const estimate = cloud?.estimate;
  const dollars = cost === undefined ? [] : [`${formatDollars(cost)}${over || estimate === undefined ? '' : ` of about ${formatDollars(estimate.likely)}`}`];
  const machines = over || cloud === undefined || cloud.machines === 0 ? [] : [count(cloud.machines, 'machine')];
  return [...dollars, ...machines];
}

/** `$1.20, as Coiled tells, 20 s ago; about $3.20 ($1.10 to $9.00) expected`; undefined: nothing is known. */
export function costWords({ status, cost, cloud }: Pick<RunRecord, 'status' | 'cost' | 'cloud'>, now: number): string | undefined {
  const spent = cloud?.spent === undefined ? (cost === undefined ? undefined : formatDollars(cost)) : spentWords(cloud.spent, now, isOver(status));
  const expected = cloud?.estimate === undefined ? undefined : `${estimateWords(cloud.estimate)} expected`;
  const words = [spent, expected].filter((part) => part !== undefined);
  return words.length === 0 ? undefined : words.join('; ');
}

/** `$1.20, 20 s ago; about $3.20 expected`. */
function shortCost({ status, cost, cloud }: Pick<RunRecord, 'status' | 'cost' | 'cloud'>, now: number): string {
  const age = cloud?.spent === undefined || isOver(status) ? '' : `, ${formatSeconds(Math.floor(Math.max(0, now - cloud.spent.asOf) / 1000))} ago`;
  return [
    ...(cost === undefined ? [] : [`${formatDollars(cost)}${age}`]),
    ...(cloud?.estimate === undefined ? [] : [`about ${formatDollars(cloud.estimate.likely)} expected`]),
  ].join('; ');
}

/** What a cloud run's tooltip says beyond that of others. */
export function cloudFacts(run: RunRecord, now: number): readonly { readonly label: string; readonly value: string }[] {
  const { cloud } = run;
  const cost = costWords(run, now);
  const left = cloud === undefined ? undefined : leftWords(cloud);
  return [
    ...(left === undefined ? [] : [{ label: 'Warning', value: left }]),
    ...(cost === undefined ? [] : [{ label: 'Cost', value: cost }]),
    ...(isOver(run.status) || cloud === undefined ? [] : [{ label: 'Machines', value: String(cloud.machines) }]),
  ];
}

/** Rows below a cloud run: what may be left of it first, then machines, cost, and participants under way. */
export function cloudRows(run: RunRecord, state: RunState, now: number): readonly CloudRow[] {
  const { cloud } = run;
  if (cloud === undefined) return [];
  const page = cloud.page === undefined ? {} : { page: cloud.page };
  const left = leftWords(cloud);
  const cost = costWords(run, now);
  return [
    ...(left === undefined ? [] : [{ id: 'left', kind: 'left' as const, label: 'Machines may be left', description: cloud.left.join(', '), tooltip: left, ...page }]),
    ...(isOver(run.status) ? [] : [{ id: 'machines', kind: 'machines' as const, label: 'Machines', description: String(cloud.machines), tooltip: machineWords(state.cloud), ...page }]),
    ...(cost === undefined ? [] : [{ id: 'cost', kind: 'cost' as const, label: 'Cost', description: shortCost(run, now), tooltip: [cost, ...(state.cloud?.estimate?.assumptions ?? [])].join('\n') }]),
    ...(isOver(run.status) ? [] : participantRows(state)),
  ];
}

function machineWords(standing: CloudStanding | undefined): string {
  const jobs = standing?.jobs ?? [];
  return jobs.length === 0 ? 'No machines were asked for yet.' : jobs.map(jobWords).join('\n');
}

function participantRows(state: RunState): readonly CloudRow[] {
  const rows: CloudRow[] = [];
  for (const task of state.tasks.values()) {
    if (task.status !== 'running') continue;
    rows.push({ id: task.summary.id, kind: 'participant', label: formatScope(task.summary.scope), description: progressOf(task), tooltip: `${formatScope(task.summary.scope)} ${task.summary.title}: ${progressOf(task)}` });
    if (rows.length === mostParticipants) break;
  }
  return rows;
}

function progressOf({ progress }: TaskState): string {
  return progress === undefined ? 'begins' : `${Math.floor(100 * fractionOf(progress))} %, step ${progress.done} of ${progress.total}`;
}
