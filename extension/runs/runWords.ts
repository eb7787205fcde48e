import { isOver } from '../../runner/protocol/runs.ts';
import type { RunRecord, RunStatus } from '../../runner/protocol/runs.ts';
import type { RunState, TaskState } from '../../runner/protocol/runState.ts';
import { pauseText, pauseWords } from '../../runner/wording/pause.ts';
import { count, cut, formatScope, formatSeconds, transferWords } from '../../runner/wording/words.ts';
import { cloudFacts, cloudParts, hasLeft } from '../cloud/cloudWords.ts';
import { isBucket } from '../forms/paths.ts';

/** Folder names that say nothing of the dataset in them. */
const generic = /^(?:bids|raw|rawdata|data|dataset|derivatives|output|out|spimquant)$/i;

/** The name people know a dataset by: its folder, with the one above where that says nothing. */
export function datasetName(uri: string): string {
  const parts = uri.replace(/^[a-z0-9]+:\/\//i, '').split(/[\\/]+/).filter((part) => part !== '');
  const last = parts.at(-1) ?? uri;
  const above = parts.at(-2);
  return above !== undefined && generic.test(last) ? `${above}/${last}` : last;
}

/** `brains: participant`. */
export function runLabel(run: RunRecord): string {
  return `${datasetName(run.bids)}: ${run.verb}`;
}

/** How a run stands, in a word or two. */
export function statusWords(run: Pick<RunRecord, 'status' | 'cancelling'>): string {
  return !isOver(run.status) && run.cancelling ? 'cancelling' : run.status;
}

/** `43 %`, rounded down so that 100 % means done. */
export function percent(fraction: number): string {
  return `${Math.floor(100 * Math.min(1, Math.max(0, fraction)))} %`;
}

/** Seconds that a run has taken until now or its end. */
export function runSeconds(run: RunRecord, now: number): number {
  return Math.max(0, ((run.ended ?? now) - run.started) / 1000);
}

/** What stands beside a run's label: state, progress, time, and cost where there is one. Short: side bars are narrow. */
export function runDescription(run: RunRecord, now: number): string {
  const cost = cloudParts(run);
  if (run.pause !== undefined && !run.cancelling) {
    return ['paused', pauseWords[run.pause.kind], coarseTime(Math.max(0, now - run.pause.since) / 1000), ...cost].join(' · ');
  }
  if (!isOver(run.status)) {
    const state = run.cancelling ? 'cancelling' : run.status === 'starting' ? 'starting' : percent(run.fraction);
    return [state, coarseTime(runSeconds(run, now)), ...cost].join(' · ');
  }
  const state = run.status === 'succeeded' ? [] : [run.status === 'failed' && run.counts.failed > 0 ? `${run.counts.failed} failed` : run.status];
  return [...(hasLeft(run) ? ['machines left?'] : []), ...state, formatSeconds(runSeconds(run, now)), ...cost, moment(run.started, now)].join(' · ');
}

/** Time of a run in progress, without digits that change while one reads. */
function coarseTime(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds / 5) * 5} s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : formatSeconds(seconds);
}

/** `14:02`, `yesterday 14:02`, `Nov 20`, `Nov 20, 2025`: as much as is needed. */
export function moment(time: number, now: number): string {
  const at = new Date(time);
  const clock = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const days = Math.round((startOfDay(now) - startOfDay(time)) / 86_400_000);
  if (days <= 0) return clock;
  if (days === 1) return `yesterday ${clock}`;
  const sameYear = at.getFullYear() === new Date(now).getFullYear();
  return at.toLocaleDateString('en-US', { month: 'short', day: 'numeric', ...(sameYear ? {} : { year: 'numeric' }) });
}

function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

/** Words of a row's `viewItem`, as the menus ask for them. */
export function runContext(run: RunRecord): string {
  const over = isOver(run.status);
  return [
    'run', over ? 'over' : 'active',
    ...(run.pause === undefined || run.cancelling ? [] : run.pause.kind === 'sign-in' ? ['paused', 'signIn'] : ['paused']),
    ...(over && run.status !== 'succeeded' ? ['resumable'] : []),
    ...(run.status === 'succeeded' ? ['succeeded'] : []),
    ...(run.origin === undefined ? [] : ['cell']),
    ...(hasLeft(run) ? ['left'] : []),
    ...(run.cloud?.page === undefined ? [] : ['page']),
    ...(over && run.place === 'local' && (run.verb === 'participant' || run.verb === 'tune_n4') && isBucket(run.bids) && isBucket(run.output) ? ['cloudable'] : []),
    // Where a transfer goes was said when it was started; outputs of the pipeline may be wanted elsewhere.
    ...(!over || run.verb === 'sync' ? [] : isBucket(run.output) ? ['remote'] : ['onDisk']),
  ].join(' ');
}

/** `12 of 40 tasks done, 2 failed, 3 running`, with what was there already. */
export function countWords(run: RunRecord): string {
  const { counts } = run;
  const total = (['waiting', 'running', 'finished', 'failed', 'skipped', 'cancelled'] as const).reduce((sum, kind) => sum + counts[kind], 0);
  if (total === 0) return run.reused > 0 ? `Everything was there already: ${count(run.reused, 'task')}.` : 'No tasks yet.';
  const more = (['failed', 'running', 'skipped', 'cancelled'] as const).filter((kind) => counts[kind] > 0).map((kind) => `, ${counts[kind]} ${kind}`).join('');
  const reused = run.reused > 0 ? `; ${run.reused} were there already` : '';
  return `${counts.finished} of ${count(total, run.place === 'cloud' ? 'participant' : 'task')} done${more}${reused}.`;
}

/** What a run's tooltip says, as lines of label and value; empty labels are sentences. */
export function runFacts(run: RunRecord, now: number): readonly { readonly label: string; readonly value: string }[] {
  const { error } = run;
  return [
    { label: 'State', value: `${statusWords(run)}${isOver(run.status) ? '' : `, ${percent(run.fraction)}`}, ${run.place === 'cloud' ? 'in the cloud' : 'on this machine'}` },
    ...(run.pause === undefined ? [] : [{ label: 'Paused', value: `since ${moment(run.pause.since, now)}. ${pauseText(run.pause)}` }]),
    { label: run.place === 'cloud' ? 'Participants' : 'Tasks', value: countWords(run) },
    { label: 'Time', value: `${formatSeconds(runSeconds(run, now))}, since ${moment(run.started, now)}` },
    ...cloudFacts(run, now),
    { label: 'Dataset', value: run.bids },
    { label: 'Output', value: run.output },
    ...(isOver(run.status) || run.current.length === 0 ? [] : [{ label: 'Now', value: run.current.join('; ') }]),
    ...(error === undefined ? [] : [{ label: 'Error', value: [error.message, error.hint, error.where === undefined ? undefined : `(${error.where})`].filter((part) => part !== undefined).join(' ') }]),
  ];
}

/** A stage of a run, all its tasks together. */
export interface StageRow {
  readonly stage: string;
  /** What its tasks do, in the words of their titles. */
  readonly label: string;
  readonly status: RunStatus | 'waiting';
  /** `3 of 8`, `8`, `2 failed`. */
  readonly description: string;
  readonly tooltip: string;
}

/** The stages of a run in the order of its plan, those that are done joined in one row above: a tree, not a log. */
export function stageRows(state: RunState): readonly StageRow[] {
  const stages = new Map<string, TaskState[]>();
  for (const task of state.tasks.values()) {
    const tasks = stages.get(task.summary.stage);
    if (tasks === undefined) stages.set(task.summary.stage, [task]);
    else tasks.push(task);
  }
  const rows = [...stages].map(([stage, tasks]) => stageRow(stage, tasks));
  const done = rows.filter(({ status }) => status === 'succeeded');
  const rest = rows.filter(({ status }) => status !== 'succeeded');
  if (done.length === 0) return rest;
  return [{ stage: 'finished', label: 'Finished', status: 'succeeded', description: count(done.length, 'step'), tooltip: done.map(({ label }) => label).join('\n') }, ...rest];
}

function stageRow(stage: string, tasks: readonly TaskState[]): StageRow {
  const having = (status: TaskState['status']): readonly TaskState[] => tasks.filter((task) => task.status === status);
  const [finished, failed, running] = [having('finished').length, having('failed').length, having('running')];
  const over = finished === tasks.length;
  const status = over ? 'succeeded' : failed > 0 ? 'failed' : running.length > 0 ? 'running' : 'waiting';
  // Of a transfer, what counts are its files.
  const transfer = tasks.length === 1 && tasks[0].status === 'running' ? transferWords(tasks[0].progress) : '';
  const description = transfer !== '' ? transfer : `${finished} of ${tasks.length}${failed > 0 ? `, ${failed} failed` : ''}`;
  const lines = running.slice(0, 5).map(({ summary, progress }) => `${formatScope(summary.scope)}: ${summary.title}${progress === undefined || !(progress.total > 0) ? '' : `, ${percent(progress.done / progress.total)}`}`);
  // Of a cloud run: each task is a participant as a whole.
  const label = stage === 'participant' ? 'Participants' : commonWords(tasks.map(({ summary }) => summary.title)) || stage;
  return { stage, label, status, description, tooltip: [`${label}: ${description}`, ...lines].join('\n') };
}

/** What titles have in common at their start, without words that lead nowhere: `histogram` of `histogram of YoPro` and `histogram of Abeta`. */
export function commonWords(titles: readonly string[]): string {
  const [first = [], ...others] = titles.map((title) => title.split(' '));
  const shared = first.findIndex((word, i) => others.some((other) => other[i] !== word));
  const words = shared < 0 ? first : first.slice(0, shared);
  while (words.length > 0 && /^(?:of|the|with|to|in|for|from|by|and|part|on|at|a)$|^\(/.test(words[words.length - 1])) words.pop();
  return words.join(' ').replace(/[,:;]$/, '');
}

/** Tasks and participants that failed, the first ones. */
export function failureRows(state: RunState, most: number): readonly { readonly title: string; readonly message: string; readonly hint?: string }[] {
  const participants = state.failedParticipants.map(({ participant, error }) => ({ title: formatScope(participant), message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }));
  const tasks = [...state.tasks.values()].flatMap(({ summary, error }) => (error === undefined ? [] : [
    { title: `${formatScope(summary.scope)}: ${cut(summary.title, 60)}`, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) },
  ]));
  return [...participants, ...tasks].slice(0, most);
}

/** The overall progress of several runs: each counts alike. */
export function overallFraction(runs: readonly RunRecord[]): number {
  return runs.length === 0 ? 0 : runs.reduce((sum, { fraction }) => sum + fraction, 0) / runs.length;
}

/** `SPIMquant: 1 running, 43 %`, `SPIMquant: paused, sign in again`, `SPIMquant: 1 paused, 2 running, 43 %`. */
export function statusBarText(active: readonly RunRecord[]): string {
  const paused = active.filter(({ pause }) => pause !== undefined);
  if (paused.length === 0) return `SPIMquant: ${active.length} running, ${percent(overallFraction(active))}`;
  const reasons = [...new Set(paused.map(({ pause }) => (pause === undefined ? '' : pauseWords[pause.kind])))];
  if (paused.length === active.length) return `SPIMquant: ${paused.length === 1 ? 'paused' : `${paused.length} paused`}${reasons.length === 1 ? `, ${reasons[0]}` : ''}`;
  return `SPIMquant: ${paused.length} paused, ${active.length - paused.length} running, ${percent(overallFraction(active))}`;
}

/** Whether a paused run waits for its user. A network comes back by itself. */
export function waitsForUser({ pause, cancelling }: Pick<RunRecord, 'pause' | 'cancelling'>): boolean {
  return pause !== undefined && pause.kind !== 'network' && !cancelling;
}

/** What is told when runs were paused for the same reason. */
export function pausedWords(runs: readonly RunRecord[]): string {
  const [{ pause }] = runs;
  const who = runs.length === 1 ? `${runLabel(runs[0])} is paused` : `${runs.length} runs are paused`;
  if (pause === undefined) return `${who}.`;
  const mend = { 'sign-in': 'Sign in again to go on.', 'network': 'Nothing needs to be done when the network comes back.', 'disk': 'Free some space to go on.' }[pause.kind];
  return `${who}: ${pause.error.message.replace(/[.]$/, '')}. ${mend}`;
}

/** What is told when runs have ended. */
export function endWords(ended: readonly RunRecord[], now: number): string {
  if (ended.length === 1) {
    const [run] = ended;
    const time = formatSeconds(runSeconds(run, now));
    if (run.status === 'succeeded') return `${runLabel(run)} has finished in ${time}.`;
    const reason = run.error === undefined ? '' : ` ${run.error.message}`;
    return `${runLabel(run)} ${run.status === 'interrupted' ? 'was interrupted' : run.status === 'cancelled' ? 'was cancelled' : 'has failed'} after ${time}.${reason}`;
  }
  const bad = ended.filter(({ status }) => status !== 'succeeded').length;
  return `${count(ended.length, 'run')} have ended: ${ended.length - bad} succeeded${bad === 0 ? '' : `, ${bad} did not`}.`;
}
