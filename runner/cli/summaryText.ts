import type { RunSummary } from '../backends/local.ts';
import { countTasks } from '../protocol/runState.ts';
import type { TaskState } from '../protocol/runState.ts';
import type { ErrorReport } from '../protocol/errors.ts';
import { count, formatBytes, formatScope, formatSeconds, paint } from '../wording/words.ts';

/** An error as a user sees it: what happened, where, what to do, and its code. */
export function formatError(error: ErrorReport, color: boolean, indent = ''): string {
  const ink = paint(color);
  const lines = [`${ink.red(error.message)} ${ink.dim(`[${error.code}]`)}`];
  if (error.where !== undefined && !error.message.includes(error.where)) lines.push(`at ${error.where}`);
  if (error.hint !== undefined) lines.push(error.hint);
  if (error.code === 'internal') {
    if (error.stack !== undefined) lines.push(ink.dim(error.stack));
    lines.push('This is a defect of SPIMquant. Please report it with these lines.');
  }
  return lines.map((line) => line.split('\n').map((part) => `${indent}${part}`).join('\n')).join('\n');
}

/** What is printed when a run has ended: how it went, what failed and why, where the reports are. */
export function formatSummary(summary: RunSummary, color: boolean): string {
  const ink = paint(color);
  const { state } = summary;
  const tasks = [...state.tasks.values()];
  const counts = countTasks(tasks);
  const seconds = ((state.ended ?? 0) - (state.started ?? 0)) / 1000;
  const lines: string[] = [];
  const verdict = { succeeded: ink.green('Done'), failed: ink.red('Done, with failures'), cancelled: ink.yellow('Cancelled'), interrupted: ink.red('Interrupted') }[summary.outcome];
  const reused = state.reused > 0 ? `, ${state.reused} were up to date` : '';
  lines.push(`${verdict}: ${count(counts.finished, 'step')} in ${formatSeconds(seconds)}${reused}. ${formatBytes(state.bytesRead)} read from the dataset, ${formatBytes(state.bytesWritten)} written.`);
  lines.push(...failureLines(summary, tasks, color));
  if (summary.outcome === 'cancelled') lines.push('Finished work is kept; run the same command again to go on.');
  if (summary.reports.length > 0) lines.push(ink.bold(summary.reports.length === 1 ? 'Report' : 'Reports'), ...summary.reports.map((report) => `  ${report}`));
  lines.push(ink.dim(`Journal of the run: ${summary.runFolder}`));
  return lines.join('\n');
}

function failureLines(summary: RunSummary, tasks: readonly TaskState[], color: boolean): string[] {
  const ink = paint(color);
  const { state } = summary;
  const lines: string[] = [];
  if (state.error !== undefined) lines.push(formatError(state.error, color));
  for (const { participant, error } of state.failedParticipants) {
    lines.push(ink.bold(`${formatScope(participant)} could not be run`), formatError(error, color, '  '));
  }
  const failed = tasks.filter((task) => task.status === 'failed');
  for (const scope of new Set(failed.map((task) => task.summary.scope))) {
    const skipped = tasks.filter((task) => task.status === 'skipped' && task.summary.scope === scope).length;
    lines.push(ink.bold(`${formatScope(scope)} failed${skipped > 0 ? `; ${count(skipped, 'step')} that needed it ${skipped === 1 ? 'was' : 'were'} skipped` : ''}`));
    for (const task of failed.filter((each) => each.summary.scope === scope)) {
      lines.push(`  ${task.summary.title}`);
      if (task.error !== undefined) lines.push(formatError(task.error, color, '    '));
    }
  }
  return lines;
}
