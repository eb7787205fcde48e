import type { DryRun } from '../backends/local.ts';
import type { Artifact, Task } from '../pipeline/task.ts';
import { count, formatBytes, formatScope, paint } from '../wording/words.ts';

/** Artifacts shown of a task before the rest is only counted. */
const shownArtifacts = 4;

/** What `-n` prints: tasks by participant and stage, why each runs, what it reads and makes, and totals. */
export function formatPlan({ plan, prepared, output }: DryRun, color: boolean): string {
  const ink = paint(color);
  const { decision } = prepared;
  const lines: string[] = [];
  for (const scope of new Set(plan.tasks.map((task) => task.scope))) {
    const tasks = plan.tasks.filter((task) => task.scope === scope);
    const toRun = tasks.filter((task) => decision.run.has(task.id));
    lines.push(ink.bold(`${formatScope(scope)}: ${count(toRun.length, 'step')} to run, ${tasks.length - toRun.length} up to date${readText(toRun)}`));
    for (const stage of new Set(toRun.map((task) => task.stage))) {
      lines.push(`  ${ink.cyan(stage)}`);
      for (const task of toRun.filter((each) => each.stage === stage)) {
        lines.push(`    ${task.title}${readText([task])}`);
        lines.push(`      ${ink.dim('why  ')} ${decision.run.get(task.id)?.words ?? ''}`);
        lines.push(...listArtifacts(ink.dim('needs'), task.inputs), ...listArtifacts(ink.dim('makes'), task.outputs));
      }
    }
    lines.push('');
  }
  for (const failure of plan.failures) {
    lines.push(ink.red(`${formatScope(failure.participant)} cannot be run: ${failure.error.message}`));
    if (failure.error.hint !== undefined) lines.push(`  ${failure.error.hint}`);
  }
  for (const notice of plan.notices) lines.push(ink.yellow(`note: ${notice}`));
  const total = planTotals({ plan, prepared, output });
  lines.push(`${count(total.tasks, 'step')}: ${total.toRun} to run, ${total.reused} up to date. ${formatBytes(total.readBytes)} to read from the dataset; the largest step needs ${formatBytes(total.largestMemoryBytes)} of memory.`);
  lines.push(`Output: ${output}`, 'Nothing was done: this is only the plan.');
  return lines.join('\n');
}

function readText(tasks: readonly Task[]): string {
  const bytes = tasks.reduce((sum, task) => sum + task.readBytes, 0);
  return bytes > 0 ? ` (reads ${formatBytes(bytes)})` : '';
}

function listArtifacts(label: string, artifacts: readonly Artifact[]): string[] {
  const shown = artifacts.slice(0, shownArtifacts).map((artifact) => `      ${label} ${artifact.place}: ${artifact.path}`);
  return artifacts.length > shownArtifacts ? [...shown, `      ${label} and ${artifacts.length - shownArtifacts} more`] : shown;
}

/** The figures below a plan. */
export function planTotals({ plan, prepared }: DryRun): { readonly tasks: number; readonly toRun: number; readonly reused: number; readonly readBytes: number; readonly largestMemoryBytes: number } {
  const toRun = plan.tasks.filter((task) => prepared.decision.run.has(task.id));
  return {
    tasks: plan.tasks.length,
    toRun: toRun.length,
    reused: plan.tasks.length - toRun.length,
    readBytes: toRun.reduce((sum, task) => sum + task.readBytes, 0),
    largestMemoryBytes: toRun.reduce((most, task) => Math.max(most, task.memoryBytes), 0),
  };
}

/** The plan as lines of JSON: one a task, then the totals. */
export function planLines(dry: DryRun): string[] {
  const tasks = dry.plan.tasks.map((task) => JSON.stringify({
    type: 'task', id: task.id, stage: task.stage, scope: task.scope, title: task.title, run: dry.prepared.decision.run.has(task.id),
    why: dry.prepared.decision.run.get(task.id)?.words, inputs: task.inputs, outputs: task.outputs, memoryBytes: task.memoryBytes, readBytes: task.readBytes,
  }));
  const failures = dry.plan.failures.map((failure) => JSON.stringify({ type: 'participant-failed', ...failure }));
  const notices = dry.plan.notices.map((message) => JSON.stringify({ type: 'notice', message }));
  return [...tasks, ...failures, ...notices, JSON.stringify({ type: 'total', output: dry.output, ...planTotals(dry) })];
}
