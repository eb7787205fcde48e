import type { LevelVerb } from '../../protocol/options.ts';
import type { TaskSummary } from '../../protocol/events.ts';
import type { Job } from './logParser.ts';

/** Why a job runs is told in so many letters at most: Snakemake names every file. */
const longestReason = 200;

/** The same for a job of the plan and the job when it runs: numbers of jobs may differ between the two. */
export function jobKey({ rule, outputs, wildcards }: Pick<Job, 'rule' | 'outputs' | 'wildcards'>): string {
  return `${rule} ${outputs.length > 0 ? outputs.join(', ') : JSON.stringify(wildcards)}`;
}

/** Jobs of a plan as the tasks of a run, in their order. Pure. */
export function tasksOf(jobs: readonly Job[], verb: LevelVerb): readonly TaskSummary[] {
  const makers = new Map(jobs.flatMap((job) => job.outputs.map((output): [string, string] => [output, jobKey(job)])));
  return jobs.map((job) => {
    const after = [...new Set(job.inputs.flatMap((input) => makers.get(input) ?? []))];
    return {
      id: jobKey(job), stage: job.rule, scope: scopeOf(job, verb), title: titleOf(job),
      ...(job.outputs.length === 0 ? { weight: 0.1 } : {}),
      ...(job.reason === '' ? {} : { why: firstSmall(shortened(job.reason)) }),
      ...(after.length === 0 ? {} : { after }),
    };
  });
}

/** Whom a job works for: a participant, everybody (`template`), or the cohort (`group`). */
function scopeOf({ wildcards, outputs }: Job, verb: LevelVerb): string {
  const subject = wildcards['subject'] ?? /(?:^|\/)sub-([A-Za-z0-9+]+)/.exec(outputs[0] ?? '')?.[1];
  if (subject !== undefined) return subject;
  return verb === 'group' || outputs.length === 0 ? 'group' : 'template';
}

function titleOf({ rule, wildcards }: Job): string {
  const rest = Object.entries(wildcards).filter(([name]) => name !== 'subject').map(([name, value]) => `${name} ${value}`);
  return `${rule.replaceAll('_', ' ')}${rest.length === 0 ? '' : ` (${rest.join(', ')})`}`;
}

function shortened(text: string): string {
  return text.length <= longestReason ? text : `${text.slice(0, longestReason)}…`;
}

function firstSmall(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}
