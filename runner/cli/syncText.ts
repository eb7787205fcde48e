import type { DeletionQuestion, DrySync, SyncSummary } from '../backends/sync.ts';
import type { SyncCommand } from '../protocol/options.ts';
import { checkedWords, copyReasonWords, planWords } from '../transfer/words.ts';
import { count, formatBytes, formatSeconds, paint } from '../wording/words.ts';
import { formatError } from './summaryText.ts';

/** Rows of each kind that are printed before the rest is only counted. */
const shown = 200;
/** Files that the summary names. */
const named = 10;

/** What `-n` prints, line by line: what would be copied, and why, and deleted. */
export async function* formatSyncPlan({ plan, ends, cost, refusal }: DrySync, command: SyncCommand, color: boolean): AsyncGenerator<string> {
  const ink = paint(color);
  let copies = 0;
  for (const last of [false, true]) {
    for await (const { key, size, why } of plan.items(last)) {
      if (++copies <= shown) yield `${ink.green('copy  ')} ${key}  ${ink.dim(`${formatBytes(size)}, ${copyReasonWords[why]}`)}`;
    }
  }
  if (copies > shown) yield `       and ${copies - shown} more to copy; --json prints them all`;
  let deletions = 0;
  for await (const { key, size } of plan.deletions()) if (++deletions <= shown) yield `${ink.red('delete')} ${key}  ${ink.dim(formatBytes(size))}`;
  if (deletions > shown) yield `       and ${deletions - shown} more to delete`;
  let problems = 0;
  for await (const { key, reason } of plan.problemList()) if (++problems <= shown) yield `${ink.yellow('cannot')} ${key}: ${reason}`;
  if (copies + deletions + problems > 0) yield '';
  yield `${ends.source.uri} to ${ends.destination.uri}: ${planWords(plan, command.options.deletes)}`;
  if (cost !== undefined) yield ink.yellow(`note: ${cost.text}`);
  if (refusal !== undefined) yield formatError(refusal, color);
  yield 'Nothing was done: this is only the plan.';
}

/** The plan as lines of JSON: one a file, then the totals. */
export async function* syncPlanLines({ plan, ends, cost, refusal }: DrySync): AsyncGenerator<string> {
  for (const last of [false, true]) for await (const { key, size, why } of plan.items(last)) yield JSON.stringify({ type: 'copy', key, size, why });
  for await (const { key, size } of plan.deletions()) yield JSON.stringify({ type: 'delete', key, size });
  for await (const { key, reason } of plan.problemList()) yield JSON.stringify({ type: 'problem', key, reason });
  const { copy, skip, delete: deletes, extra, excluded, problems } = plan;
  yield JSON.stringify({
    type: 'total', source: ends.source.uri, destination: ends.destination.uri, copy, upToDate: skip, delete: deletes, onlyAtDestination: extra, excluded, problems,
    ...(cost === undefined ? {} : { cost }), ...(refusal === undefined ? {} : { error: refusal }),
  });
}

/** What is asked before anything is deleted. */
export function syncQuestion({ copy, delete: deletes, destination }: DeletionQuestion): string {
  const first = copy.files === 0 ? 'Delete' : `Copy ${count(copy.files, 'file')} (${formatBytes(copy.bytes)}) and delete`;
  return `${first} ${count(deletes.files, 'file')} (${formatBytes(deletes.bytes)}) from ${destination}? [y/N] `;
}

/** What is printed when a transfer has ended. */
export function formatSyncSummary(summary: SyncSummary, color: boolean): string {
  const ink = paint(color);
  const { state, failures, failed } = summary;
  const seconds = ((state.ended ?? 0) - (state.started ?? 0)) / 1000;
  const verdict = { succeeded: ink.green('Done'), failed: ink.red(failed > 0 ? 'Done, with failures' : 'Failed'), cancelled: ink.yellow('Cancelled'), interrupted: ink.red('Interrupted') }[summary.outcome];
  const { done } = summary;
  const deeds = done === undefined ? [] : [
    `${count(done.result.copied.files, 'file')} (${formatBytes(done.result.copied.bytes)}) copied`, `${count(done.upToDate.files, 'file')} up to date`,
    ...(done.deleted > 0 ? [`${count(done.deleted, 'file')} deleted`] : []), ...(done.result.gone > 0 ? [`${count(done.result.gone, 'file')} vanished meanwhile`] : []),
  ];
  const lines = [`${verdict} in ${formatSeconds(seconds)}${deeds.length === 0 ? '' : `: ${deeds.join(', ')}`}.`];
  if (done !== undefined && checkedWords(done.result) !== '') lines.push(checkedWords(done.result));
  if (state.error !== undefined) lines.push(formatError(state.error, color));
  for (const task of state.tasks.values()) {
    if (task.status === 'failed' && task.error !== undefined && failures.length === 0) lines.push(formatError(task.error, color));
    if (task.status === 'skipped') lines.push(ink.yellow(`Not done: ${task.summary.title}, because ${task.because ?? ''}.`));
  }
  if (failed > 0) {
    lines.push(ink.bold(`${count(failed, 'file')} left behind`), ...failures.slice(0, named).map(({ key, error }) => `  ${key}\n${formatError(error, color, '    ')}`));
    if (failed > named) lines.push(`  and ${failed - named} more: see failures.ndjson in the run's folder`);
    lines.push('Run the same command again to try them again.');
  }
  if (summary.outcome === 'cancelled') lines.push('What was copied stays; run the same command again to go on.');
  lines.push(ink.dim(`Journal of the run: ${summary.runFolder}`));
  return lines.join('\n');
}
