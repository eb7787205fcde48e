import { setTimeout as wait } from 'node:timers/promises';
import { CohortFold } from '../backends/coiled/cohortFold.ts';
import { endMachines } from '../backends/coiled/endMachines.ts';
import { knownJobs } from '../backends/coiled/takeUp.ts';
import { stopKey } from '../cloud/layout.ts';
import { listCloudRuns, readEnd, readJobs, readManifest, writeEnd } from '../cloud/manifest.ts';
import type { CloudEnd, Manifest } from '../cloud/manifest.ts';
import { SegmentReader } from '../cloud/segments.ts';
import { openCoiled } from '../coiled/open.ts';
import { joinWords } from '../command/shell.ts';
import { readLock } from '../engine/lock.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { RunEvent } from '../protocol/events.ts';
import type { Block, Result } from '../protocol/results.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import { storageFlags } from '../protocol/storageChoice.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { openStore } from '../storage/open.ts';
import { expandHome, isRemote, normaliseUri } from '../storage/uri.ts';
import { estimateWords, formatDollars, jobWords } from '../wording/cloud.ts';
import { logWords } from '../wording/logLine.ts';
import { errorText, statusWords } from '../wording/run.ts';
import { count, formatScope, formatWhen } from '../wording/words.ts';
import { facts, notices } from './blocks.ts';
import type { ExploreContext } from './explore.types.ts';

/** Cloud runs of an output that are shown, and of those that are not over, how many are looked at closely. */
const mostRuns = 20;
const mostFolded = 3;
/** Lines of the log, and failed participants, that are shown. */
const logLines = 120;
const mostFailed = 20;

/** Whether a word means an output in a bucket, and not the id of a run of this machine. */
export function isOutput(word: string): boolean {
  return isRemote(word);
}

/** A cloud run as its bucket tells it. */
interface BucketRun {
  readonly output: ObjectStore;
  readonly manifest: Manifest;
  readonly end: CloudEnd | undefined;
  readonly cohort: CohortFold;
  /** The latest lines of its log. */
  readonly lines: readonly string[];
  /** Why participants have failed, by label; the first ones. */
  readonly failures: ReadonlyMap<string, string>;
}

/** The cloud runs of an output, whatever machine they were started from. Throws what its bucket throws. */
export async function cloudRuns(uri: string, storage: StorageChoice, text: string, context: ExploreContext): Promise<Result> {
  return { title: 'Cloud runs', command: text, blocks: await pastBlocks(normaliseUri(expandHome(uri), context.cwd), storage, context.signal) };
}

/** A table of an output's cloud runs, and what may be done with those that are not over. */
export async function pastBlocks(output: string, storage: StorageChoice, signal: AbortSignal): Promise<readonly Block[]> {
  const store = openStore(output, storage);
  const ids = await listCloudRuns(store, signal);
  if (ids.length === 0) return notices('info', [`There are no cloud runs in ${output} yet.`]);
  const found = await Promise.all(ids.slice(0, mostRuns).map(async (id) => ({ id, manifest: await readManifest(store, id, signal), end: await readEnd(store, id, signal) })));
  const open = found.filter(({ end }) => end === undefined);
  const standing = new Map<string, string>();
  for (const { id, manifest } of open.slice(0, mostFolded)) standing.set(id, countWords((await foldRun(store, manifest, undefined, signal)).cohort));
  const flags = storageFlags(storage);
  return [
    {
      kind: 'table', title: 'Cloud runs of the output',
      columns: [{ label: 'run' }, { label: 'participants', numeric: true }, { label: 'state', wrap: true }, { label: 'started' }, { label: 'from' }, { label: 'expected' }, { label: 'spent' }],
      rows: found.map(({ id, manifest, end }) => [
        id, manifest.participants.length, end === undefined ? `not over${standing.has(id) ? `: ${standing.get(id) ?? ''}` : ''}` : endWords(end), formatWhen(Date.parse(manifest.started)), manifest.host,
        end?.estimate === undefined ? null : estimateWords(end.estimate), end?.spent === undefined ? null : `${formatDollars(end.spent.dollars)} (${end.spent.by === 'coiled' ? 'Coiled' : 'list price'})`,
      ]),
      ...(ids.length > found.length ? { total: ids.length } : {}),
    },
    ...notices('warn', found.flatMap(({ id, end }) => (end === undefined || end.left.length === 0 ? [] : [`Machines of ${id} may still be there, and cost: ${end.left.join(', ')}. "spimquant cancel ${output}" ends them.`]))),
    { kind: 'commands', title: 'From here', commands: [
      { title: 'Log of the newest', text: joinWords(['spimquant', 'logs', output, ...flags]) },
      ...(open.length === 0 ? [] : [
        { title: 'Cancel', text: joinWords(['spimquant', 'cancel', output, ...flags]) },
        // The same command goes on with it, from wherever it is given.
        { title: 'Follow on from here', text: open[0].manifest.text },
      ]),
    ] },
  ];
}

function endWords({ outcome, left, finished, failed }: CloudEnd): string {
  return `${statusWords[outcome]}, ${finished} done${failed > 0 ? `, ${failed} failed` : ''}${left.length > 0 ? `, ${count(left.length, 'cluster')} left` : ''}`;
}

function countWords({ counts }: CohortFold): string {
  return `${counts.succeeded} done, ${counts.running} running, ${counts.waiting} waiting${counts.failed > 0 ? `, ${counts.failed} failed` : ''}`;
}

/** The log of the newest cloud run of an output, from what its machines have written there. Throws `not-found`. */
export async function cloudLogs(uri: string, storage: StorageChoice, text: string, context: ExploreContext): Promise<Result> {
  const { manifest, end, cohort, lines, failures, output } = await newest(uri, storage, context);
  const [jobs, holder] = await Promise.all([readJobs(output, manifest.id, context.signal), readLock(output)]);
  return {
    title: `Cloud run ${manifest.id}`, command: text,
    blocks: [
      ...notices('error', [...failures].map(([label, words]) => `${formatScope(label)}: ${words}`)),
      ...notices('error', cohort.counts.failed > failures.size ? [`${cohort.counts.failed - failures.size} more have failed.`] : []),
      facts({
        Command: manifest.text, State: end === undefined ? 'not over' : endWords(end), Participants: countWords(cohort), Started: `${formatWhen(Date.parse(manifest.started))}, from ${manifest.host}`,
        'Followed by': end !== undefined ? undefined : holder === undefined ? 'nobody: the same command follows it on' : `process ${holder.pid} on ${holder.host}`,
        Spent: end?.spent === undefined ? undefined : formatDollars(end.spent.dollars), Output: output.uri,
      }),
      ...(jobs.length === 0 ? [] : [{ kind: 'text' as const, text: jobs.map(({ name, participants, jobId, clusterId, gone }) => jobWords({
        name, participants: participants.length, ...(jobId === undefined ? {} : { jobId }), ...(clusterId === undefined ? {} : { clusterId, page: `${manifest.server}/clusters/${clusterId}` }), state: gone === true ? 'gone' : clusterId === undefined ? 'intended' : 'submitted',
      })).join('\n') }]),
      ...(lines.length === 0 ? notices('info', ['Its machines have told nothing yet.']) : [{ kind: 'text' as const, text: lines.join('\n') }]),
    ],
  };
}

/** How often, and for how long, it is looked whether whoever follows the run has ended it, in milliseconds. */
const lookInterval = 2000;
const followerPatience = 60_000;

/**
 * Ends the newest cloud run of an output, from whatever machine: calls it off in the bucket, which its machines and whoever follows it
 * notice, stops its clusters at Coiled, and verifies that they are gone. Throws `not-found`; `auth-missing` when it is called
 * off and its machines cannot be stopped from here.
 */
export async function cloudCancel(uri: string, storage: StorageChoice, text: string, context: ExploreContext): Promise<Result> {
  const { output, manifest, end, cohort } = await newest(uri, storage, context);
  const answer = (level: 'info' | 'warn', sentence: string): Result => ({ title: `Cloud run ${manifest.id}`, command: text, blocks: [...notices(level, [sentence])] });
  if (end !== undefined && end.left.length === 0) return answer('info', `The run is over already: ${endWords(end)}.`);
  context.progress('Calling it off');
  await output.write(stopKey(manifest.id), '{}\n', { signal: context.signal });
  const account = await openCoiled(context.env, { workspace: manifest.workspace, server: manifest.server }).catch((error: unknown) => {
    const { code, message, hint } = reportError(error);
    throw new SpimquantError(code, `The run is called off: its machines end their work within a minute, and whoever follows it stops them. From here they cannot be stopped: ${message}`, { where: manifest.server, ...(hint === undefined ? {} : { hint }) });
  });
  try {
    const events: RunEvent[] = [];
    const time = { now: Date.now, sleep: async (ms: number) => { await wait(ms, undefined, { signal: context.signal }).catch(() => undefined); } };
    const run = { manifest, output, account: { client: account.client, workspace: manifest.workspace }, journal: { append: (body: object): RunEvent => { events.push(body as RunEvent); return body as RunEvent; } }, time, signal: context.signal };
    const jobs = await knownJobs(run, await readJobs(output, manifest.id, context.signal));
    context.progress(`Ending ${count(jobs.length, 'cluster')}`);
    const left = await endMachines(run, jobs, 'SPIMquant: cancelled');
    if (left.length > 0) {
      await close(output, manifest, cohort, left.map(({ name }) => name));
      return answer('warn', `The run is called off, but machines of ${left.map(({ name }) => name).join(', ')} may still be there. Stop them at Coiled: ${account.client.pageOf(left[0].clusterId)}`);
    }
    context.progress('Waiting for whoever follows it');
    for (const begun = Date.now(); Date.now() - begun < followerPatience && (await readLock(output)) !== undefined && (await readEnd(output, manifest.id, context.signal)) === undefined;) await time.sleep(lookInterval);
    if ((await readEnd(output, manifest.id, context.signal))?.left.length !== 0) await close(output, manifest, cohort, []);
    return answer('info', `Cancelled: no machine of it is left. ${countWords(cohort)} when it was called off; finished results are kept, and the same command goes on from them.`);
  } finally {
    account.client.dispose();
  }
}

async function close(output: ObjectStore, { id }: Manifest, { counts }: CohortFold, left: readonly string[]): Promise<void> {
  await writeEnd(output, id, { outcome: 'cancelled', ended: new Date().toISOString(), left, finished: counts.succeeded, failed: counts.failed });
}

async function newest(uri: string, storage: StorageChoice, { cwd, signal, progress }: ExploreContext): Promise<BucketRun> {
  const output = openStore(normaliseUri(expandHome(uri), cwd), storage);
  progress(`Reading ${output.uri}`);
  const [id] = await listCloudRuns(output, signal);
  if (id === undefined) throw new SpimquantError('not-found', `There are no cloud runs in ${output.uri}.`, { where: output.uri, hint: 'It has to be the output that a run with --cloud was given.' });
  const manifest = await readManifest(output, id, signal);
  const [folded, end] = await Promise.all([foldRun(output, manifest, logLines, signal), readEnd(output, id, signal)]);
  return { output, manifest, end, ...folded };
}

/** What machines have written, taken together. Of the log only the latest lines are kept, whatever its length; none where it is not wanted. */
async function foldRun(output: ObjectStore, manifest: Manifest, lines: number | undefined, signal: AbortSignal): Promise<Pick<BucketRun, 'cohort' | 'lines' | 'failures'>> {
  const cohort = new CohortFold(manifest.participants);
  const failures = new Map<string, string>();
  let kept: { readonly time: number; readonly line: string }[] = [];
  for await (const segment of new SegmentReader(output, manifest.id).read(true, signal)) {
    for (const event of cohort.take(segment)) if (event.type === 'task-failed' && failures.size < mostFailed) failures.set(segment.participant, errorText(event.error));
    if (lines === undefined) continue;
    for (const event of segment.events) {
      const words = logWords(event);
      if (words !== undefined && words.level !== 'debug') kept.push({ time: event.time, line: `${new Date(event.time).toISOString().slice(11, 19)} ${words.level.padEnd(5)} ${words.about === '' ? `sub-${segment.participant}` : words.about}: ${words.message}` });
    }
    if (kept.length > 20 * lines) kept = kept.sort((a, b) => a.time - b.time).slice(-lines);
  }
  return { cohort, failures, lines: kept.sort((a, b) => a.time - b.time).slice(-(lines ?? 0) || kept.length).map(({ line }) => line) };
}
