import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readEvents, stateFolder } from '../engine/journal.ts';
import { cancelWish, readIntent, runFolder, wishCancel } from '../engine/runFolder.ts';
import { digestRun } from '../wording/runRecord.ts';
import { isSameProcess } from '../monitor/process.ts';
import { SpimquantError } from '../protocol/errors.ts';
import type { RunEvent } from '../protocol/events.ts';
import type { Result } from '../protocol/results.ts';
import { isOver, type RunIntent, type RunRecord } from '../protocol/runs.ts';
import { foldEvents, type RunState } from '../protocol/runState.ts';
import { logLine } from '../wording/logLine.ts';
import { pauseText, pauseWords } from '../wording/pause.ts';
import { errorText, runTitle, statusWords, taskCountsText } from '../wording/run.ts';
import { count, formatSeconds, formatScope, formatWhen } from '../wording/words.ts';
import { facts, notices } from './blocks.ts';
import type { ExploreContext } from './explore.types.ts';

/** Runs that are listed. */
const listed = 30;
/** Lines of the log that are shown. */
const logLines = 120;

interface Run {
  readonly intent: RunIntent;
  readonly events: readonly RunEvent[];
  readonly state: RunState;
  readonly record: RunRecord;
  /** Says it runs, but its process is gone. */
  readonly lost: boolean;
}

/** The runs of this machine, newest first, from their journals. */
export async function runs(text: string, context: ExploreContext): Promise<Result> {
  const ids = runIds(context);
  const found = ids.slice(0, listed).flatMap((id) => readRun(id, context) ?? []);
  const now = (context.clock ?? Date.now)();
  return {
    title: 'Runs', command: text,
    blocks: found.length === 0 ? notices('info', ['There are no runs yet on this machine.']) : [
      {
        kind: 'table',
        columns: [{ label: 'run' }, { label: 'state' }, { label: 'what' }, { label: 'output' }, { label: 'started' }, { label: 'took' }, { label: 'steps' }],
        rows: found.map(({ record, lost }) => [
          record.id, stateWords(record, lost), runTitle(record), record.output, formatWhen(record.started),
          lost ? null : formatSeconds(((record.ended ?? now) - record.started) / 1000), taskCountsText(record.counts),
        ]),
        ...(ids.length > listed ? { total: ids.length } : {}),
      },
      { kind: 'commands', title: 'From here', commands: [
        { title: 'Log of the newest', text: `spimquant logs ${found[0].record.id}` },
        ...found.filter(({ record, lost }) => !isOver(record.status) && !lost).slice(0, 3).map(({ record }) => ({ title: `Cancel ${record.id}`, text: `spimquant cancel ${record.id}` })),
      ] },
    ],
  };
}

function stateWords(record: RunRecord, lost: boolean): string {
  if (lost) return 'interrupted';
  if (isOver(record.status)) return statusWords[record.status];
  const why = record.pause === undefined ? '' : ` (${pauseWords[record.pause.kind]})`;
  return `${statusWords[record.status]}${why}, ${Math.floor(100 * record.fraction)} %`;
}

/** The log of a run. Throws `not-found`. */
export async function logs(run: string, text: string, context: ExploreContext): Promise<Result> {
  const { intent, events, state, record, lost } = findRun(run, context);
  const failed = [...state.tasks.values()].filter((task) => task.status === 'failed');
  const all = events.flatMap((event) => logLine(event) ?? []);
  const lines = all.slice(-logLines);
  return {
    title: `Run ${record.id}`, command: text,
    blocks: [
      ...notices('error', [
        ...(state.error === undefined ? [] : [errorText(state.error)]),
        ...state.failedParticipants.map(({ participant, error }) => `${formatScope(participant)} could not be run: ${errorText(error)}`),
        ...failed.slice(0, 10).map((task) => `${formatScope(task.summary.scope)}, ${task.summary.title}: ${task.error === undefined ? 'failed' : errorText(task.error)}`),
      ]),
      ...notices('warn', record.pause === undefined || lost ? [] : [`Paused since ${formatWhen(record.pause.since)}: ${pauseText(record.pause)}`]),
      ...notices('warn', lost ? ['Its process is gone: it was killed, or the machine stopped. Run the same command again to go on; finished work is kept.'] : []),
      facts({
        Command: intent.command, State: stateWords(record, lost), Steps: taskCountsText(record.counts), Started: formatWhen(record.started),
        Took: record.ended === undefined ? undefined : formatSeconds((record.ended - record.started) / 1000),
        Now: record.current.length === 0 || lost ? undefined : record.current.join(', '),
        Output: record.output, Journal: join(runsFolder(context), record.id),
      }),
      ...(all.length > lines.length ? notices('info', [`Of ${all.length} lines the last ${lines.length} are shown; events.ndjson in the journal has everything.`]) : []),
      ...(lines.length === 0 ? notices('info', ['The run has logged nothing.']) : [{ kind: 'text' as const, text: lines.join('\n') }]),
    ],
  };
}

/** How long the end of a cancelled run is waited for, in milliseconds. */
const patience = 8000;
/** The same where machines of a cloud have to be ended, and their end verified. */
const cloudPatience = 12 * 60_000;

/** Stops a run and waits for its end. Throws `not-found`, and `bad-option` for one of another machine. */
export async function cancel(run: string, text: string, context: ExploreContext): Promise<Result> {
  const { intent, record, lost } = findRun(run, context);
  const answer = (sentence: string): Result => ({ title: `Run ${record.id}`, command: text, blocks: [...notices('info', [sentence])] });
  if (isOver(record.status)) return answer(`The run is over already: ${statusWords[record.status]}.`);
  if (intent.host !== hostname()) throw new SpimquantError('bad-option', `The run is on another machine, ${intent.host}.`, { hint: 'Cancel it there.' });
  const folder = runFolder(runsFolder(context), record.id);
  if (lost) return answer('The run is over already: its process is gone.');
  context.progress(record.place === 'cloud' ? 'Cancelling: its machines are ended' : 'Cancelling');
  // Whoever finds the process gone before it has written its end writes it as cancelled.
  wishCancel(folder, Date.now());
  // Without a process the run has not begun: it finds the wish when it does.
  if (intent.pid !== 0) process.kill(intent.pid, 'SIGTERM');
  for (const end = Date.now() + (record.place === 'cloud' ? cloudPatience : patience); Date.now() < end;) {
    await wait(50, undefined, { signal: context.signal });
    const now = readRun(record.id, context);
    if (now === undefined || isOver(now.record.status) || now.lost) return answer(`Cancelled. ${count(now?.record.counts.finished ?? 0, 'finished step')} ${now?.record.counts.finished === 1 ? 'is' : 'are'} kept; run the same command again to go on.`);
  }
  return answer('The run was asked to stop, and will when its disk or network answers.');
}

function runsFolder(context: ExploreContext): string {
  return join(stateFolder(context.env), 'runs');
}

/** Ids, newest first. */
function runIds(context: ExploreContext): readonly string[] {
  try {
    return readdirSync(runsFolder(context)).filter((name) => /^\d{8}-\d{6}-/.test(name)).sort().reverse();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readRun(id: string, context: ExploreContext): Run | undefined {
  const folder = runFolder(runsFolder(context), id);
  const intent = readIntent(folder);
  if (intent === undefined) return undefined;
  const events = eventsOf(folder);
  const state = foldEvents(events);
  const record = digestRun(intent, state, { seq: events.length, cancelling: cancelWish(folder) !== undefined });
  // A run that was only asked for has no process yet.
  const lost = !isOver(record.status) && intent.pid !== 0 && intent.host === hostname() && !isSameProcess(intent.pid, intent.process);
  return { intent, events, state, record, lost };
}

function eventsOf(folder: string): readonly RunEvent[] {
  try {
    return readEvents(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function findRun(run: string, context: ExploreContext): Run {
  const ids = runIds(context);
  const matches = run === 'last' ? ids.slice(0, 1) : ids.includes(run) ? [run] : ids.filter((id) => id.includes(run));
  if (matches.length > 1) throw new SpimquantError('not-found', `${matches.length} runs have ${JSON.stringify(run)} in their id.`, { hint: `They are ${matches.slice(0, 5).join(', ')}${matches.length > 5 ? ', …' : ''}.` });
  const found = matches.length === 0 ? undefined : readRun(matches[0], context);
  if (found !== undefined) return found;
  throw new SpimquantError('not-found', run === 'last' ? 'There are no runs yet on this machine.' : `There is no run ${JSON.stringify(run)}.`, { hint: 'spimquant runs lists them.' });
}
