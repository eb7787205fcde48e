import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { packRunner } from '../../cloud/bundle.ts';
import { digestOf } from '../../cloud/chunks.ts';
import { bundleKey } from '../../cloud/layout.ts';
import { machinePricesFor } from '../../cloud/machinePrices.ts';
import { writeManifest } from '../../cloud/manifest.ts';
import type { Manifest } from '../../cloud/manifest.ts';
import { openCoiled } from '../../coiled/open.ts';
import { mergedConfiguration } from '../../command/build.ts';
import { acquireLock, newToken } from '../../engine/lock.ts';
import { Journal, stateFolder } from '../../engine/journal.ts';
import { checkOutput, prepareOutput } from '../../engine/outputFolder.ts';
import { pauseLimit } from '../../engine/pausePolicy.ts';
import { Pauses } from '../../engine/pauses.ts';
import { openPlaces } from '../../engine/places.ts';
import type { Places } from '../../engine/places.ts';
import { programVersion } from '../../pipeline/plan/provenance.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { ErrorReport } from '../../protocol/errors.ts';
import type { RunOutcome } from '../../protocol/events.ts';
import { needsConfirmation } from '../../protocol/cloud.ts';
import type { CloudOptions, CostEstimate } from '../../protocol/cloud.ts';
import { newRunId } from '../../protocol/runs.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import { estimateWords, formatDollars } from '../../wording/cloud.ts';
import { count } from '../../wording/words.ts';
import { checkDataset, giveUp, intentOf, placesOf } from '../local.ts';
import type { LocalBackend, RunSummary } from '../local.ts';
import { Recording } from '../recording.ts';
import { buildFolder, secretsOf, startProgram } from './batchSpec.ts';
import { CloudAttempts } from './attempts.ts';
import type { CloudTime, CoiledAccount, CopyQuestion, CostQuestion } from './cloudRun.types.ts';
import { participantTask } from './cohortFold.ts';
import { cohortOf, estimateRun } from './estimateRun.ts';
import { chooseMachines, regionFor } from './machines.ts';
import type { Machines } from './machines.ts';
import { machineCommand, remainingParticipants } from './preflight.ts';
import type { CohortCommand } from './preflight.ts';
import { carryOutUpload, checkDownload, planUpload, ResultsFetch, stagingOf, uploadWords } from './staging.ts';
import { takeUpEarlier } from './takeUp.ts';

/** What a cloud run needs from outside. */
export interface CloudBackend extends LocalBackend {
  /** Asks somebody whether a run may cost so much. Left out: nobody is there to be asked. */
  readonly confirm?: (question: CostQuestion) => Promise<boolean>;
  /** Asks somebody whether a dataset may be copied. Left out: it is, because a flag says so. */
  readonly confirmCopy?: (question: CopyQuestion) => Promise<boolean>;
  /** Goes on with machines that an earlier run has left, or ends them, and starts none anew. */
  readonly takeUpOnly?: boolean;
  /** The real time when left out. */
  readonly cloudTime?: CloudTime;
  /** The build that machines are given. */
  readonly dist?: string;
}

/** The real time. */
export const realCloudTime: CloudTime = {
  now: Date.now,
  sleep: async (ms, signal) => { await wait(ms, undefined, { signal }).catch(() => undefined); },
};

/**
 * Runs a command over participants on machines at Coiled: takes the output's lock, says what it will cost, hands the
 * participants out, follows what their machines write to the output, and ends the machines. Run again after whatever crash
 * it takes up what is under way. `text` is the command as one line. Throws what makes a run impossible from the start; once it
 * has begun, everything is in the summary.
 */
export async function runOnCloud(command: CohortCommand, text: string, backend: CloudBackend): Promise<RunSummary> {
  const { clock, env, onEvent, signal } = backend;
  const recording = new Recording({
    open: () => backend.journal ?? new Journal(join(stateFolder(env), 'runs'), intentOf(command, text, placesOf(command, env), clock()), clock), clock, onEvent,
  });
  if (backend.journal !== undefined) recording.begin();
  try {
    return await runPlanned(command, text, backend, recording);
  } catch (error) {
    recording.endBy(error, signal.aborted);
    throw error;
  } finally {
    recording.close();
  }
}

async function runPlanned(given: CohortCommand, text: string, backend: CloudBackend, recording: Recording): Promise<RunSummary> {
  const { clock, env, signal } = backend;
  const { cloud } = given.execution;
  if (cloud === undefined) throw new Error('This is no cloud run.');
  const { command, upload, download } = stagingOf(given, cloud);
  const places = placesOf(command, env);
  const asked = machineCommand(command, places);
  const secrets = secretsOf(cloud, env);
  const start = await startProgram(places.output.uri, backend.dist);
  const store = openPlaces(places);
  const output = store('output');
  using pauses = new Pauses(places, {
    journal: () => recording.begin(), clock, signal, env, limitMs: pauseLimit(command.execution.pauseLimitMs, env), time: backend.pauseTime, onWish: backend.onWish,
  });
  if (download !== undefined) await checkDownload(given, env);
  const account = await openAccount(cloud, env, signal);
  if (upload !== undefined) {
    const copy = await planUpload(upload, backend);
    if (copy !== undefined) {
      if (!cloud.yes && backend.confirmCopy !== undefined && !(await backend.confirmCopy({ files: copy.copy.files, words: uploadWords(copy) }))) throw new SpimquantError('cancelled', 'Nothing was copied or started.');
      await carryOutUpload(upload, copy, recording.begin(), backend);
    }
  }
  await pauses.through(() => checkDataset(store('dataset'), signal));
  pauses.markReached('dataset');
  await pauses.through(() => checkOutput(output, command.execution));
  pauses.markReached('output');
  const fetching = download === undefined ? undefined : new ResultsFetch(download, { append: (body) => recording.begin().append(body) }, backend);
  try {
    const token = newToken();
    const lock = await pauses.through(() => acquireLock(output, clock(), undefined, token));
    let ended: { readonly outcome: RunOutcome; readonly error?: ErrorReport };
    try {
      ended = await runLocked({ command, asked, text, cloud, backend, recording, places, account, secrets, start, output, through: (work) => pauses.through(work), onFinished: (participant) => { fetching?.add(participant); } });
      if (fetching !== undefined && ended.outcome !== 'cancelled') await fetching.finish();
    } finally {
      await fetching?.settled();
      await giveUp(lock, recording, signal);
    }
    recording.end(ended.outcome, ended.error);
    return { outcome: ended.outcome, state: recording.state, runFolder: recording.begin().folder, output: download?.output ?? places.output.uri, reports: [] };
  } finally {
    account.client.dispose();
  }
}

/** Throws `auth-missing` and `auth-expired`, and `cost-limit` where no credits are left. */
async function openAccount(cloud: CloudOptions, env: LocalBackend['env'], signal: AbortSignal): Promise<CoiledAccount> {
  const { client, workspace: wanted } = await openCoiled(env, cloud.workspace === undefined ? {} : { workspace: cloud.workspace });
  const { slug: workspace } = await client.workspace(wanted, signal);
  if (!(await client.hasQuota(workspace, signal))) {
    client.dispose();
    throw new SpimquantError('cost-limit', `The Coiled workspace ${workspace} has no credits left.`, { where: client.server, hint: `See its plan and usage at ${client.server}/${workspace}, or name another workspace with --cloud_workspace.` });
  }
  return { client, workspace };
}

/** A cloud run that has its output for itself. */
interface LockedRun {
  readonly command: CohortCommand;
  /** As machines carry it out. */
  readonly asked: CohortCommand;
  readonly text: string;
  readonly cloud: CloudOptions;
  readonly backend: CloudBackend;
  readonly recording: Recording;
  readonly places: Places;
  readonly account: CoiledAccount;
  readonly secrets: Readonly<Record<string, string>>;
  readonly start: string;
  readonly output: ObjectStore;
  readonly through: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onFinished: (participant: string) => void;
}

async function runLocked(locked: LockedRun): Promise<{ readonly outcome: RunOutcome; readonly error?: ErrorReport }> {
  const { command, asked, backend, places, recording, account, cloud, output, through, onFinished } = locked;
  const { env, signal, clock } = backend;
  const dataset = openPlaces(places)('dataset');
  const time = backend.cloudTime ?? realCloudTime;
  const journal = recording.begin();
  const participants = await through(() => cohortOf(dataset, command.options, signal));
  const digest = digestOf(JSON.stringify([asked.verb, asked.bids, asked.output, asked.options, asked.execution.external]));
  const earlier = await takeUpEarlier({ output, account, journal, time, signal, same: (manifest) => digestOf(JSON.stringify([manifest.command.verb, manifest.command.bids, manifest.command.output, manifest.command.options, manifest.command.execution.external])) === digest, through });
  const machines = await machinesFor(account, cloud, dataset, env, signal);
  if (earlier !== undefined) {
    journal.append({ type: 'run-log', level: 'info', message: `Takes up the cloud run ${earlier.id} of this output, begun ${earlier.started} on ${earlier.host}.` });
    plan(journal, earlier.participants, participants.length - earlier.participants.length);
    return new CloudAttempts({ run: { manifest: earlier, output, account, journal, time, signal }, cloud, machines, secrets: locked.secrets, start: locked.start, through, onFinished, estimate: undefined }).takeUp();
  }
  const todo = await through(() => remainingParticipants({ command, participants, places, planner: backend.planner, signal }));
  if (todo.length === 0) {
    plan(journal, [], participants.length);
    return { outcome: 'succeeded' };
  }
  if (backend.takeUpOnly === true) {
    journal.append({ type: 'run-log', level: 'warn', message: `There is nothing to go on with: the earlier run was called off, and its machines are gone. Run the command again for the ${count(todo.length, 'participant')} that are left.` });
    return { outcome: 'cancelled' };
  }
  const estimate = await through(() => estimateRun({ dataset, participants: todo, filterSpim: command.options.filterSpim, cloud, machines, env, signal }));
  journal.append({ type: 'cloud-estimated', estimate });
  await confirmed(estimate, cloud, backend);
  const bundle = await packRunner(backend.dist ?? buildFolder());
  await through(async () => {
    // The installed SPIMquant marks its outputs itself.
    if (asked.execution.external === undefined) await prepareOutput(output, { version: programVersion, source: places.dataset.uri, configuration: mergedConfiguration(asked) });
    const there = await output.stat(bundleKey(bundle.sha256), { signal });
    if (there?.size !== bundle.bytes.length) await output.write(bundleKey(bundle.sha256), bundle.bytes, { signal });
  });
  const now = clock();
  const manifest: Manifest = {
    format: 1, id: newRunId(now), text: locked.text, command: asked, participants: todo, version: programVersion,
    bundle: { sha256: bundle.sha256, bytes: bundle.bytes.length }, workspace: account.workspace, server: account.client.server,
    taskLimitMs: cloud.taskLimitMs, idleLimitMs: cloud.idleLimitMs, host: hostname(), started: new Date(now).toISOString(),
  };
  await through(() => writeManifest(output, manifest));
  plan(journal, todo, participants.length - todo.length);
  return new CloudAttempts({ run: { manifest, output, account, journal, time, signal }, cloud, machines, secrets: locked.secrets, start: locked.start, through, onFinished, estimate }).begin();
}

function plan(journal: Journal, participants: readonly string[], reused: number): void {
  journal.append({ type: 'run-planned', tasks: participants.map(participantTask), reused: Math.max(0, reused) });
}

async function machinesFor({ client, workspace }: CoiledAccount, cloud: CloudOptions, dataset: ObjectStore, env: LocalBackend['env'], signal: AbortSignal): Promise<Machines> {
  const [{ provider, region: usual }, data] = await Promise.all([client.cloud(workspace, signal), dataset.region?.({ signal }) ?? Promise.resolve({ provider: 'other' } as const)]);
  const region = regionFor(cloud, data, provider);
  const machines = await chooseMachines(client, provider, cloud, region ?? usual, machinePricesFor(env), signal);
  // What was not asked for is left to Coiled.
  return { ...machines, region };
}

/** Throws `cost-limit` when the run is estimated to cost more than it may without being asked about, and nobody agrees. */
async function confirmed(estimate: CostEstimate, cloud: CloudOptions, { confirm }: CloudBackend): Promise<void> {
  if (cloud.maxDollars !== undefined && estimate.low > cloud.maxDollars) {
    throw new SpimquantError('cost-limit', `The run is estimated to cost ${estimateWords(estimate)}, more than --cloud_max_cost allows (${formatDollars(cloud.maxDollars)}).`, { hint: 'Raise the limit, or take fewer participants.' });
  }
  if (!needsConfirmation(estimate, cloud)) return;
  if (confirm === undefined) {
    throw new SpimquantError('cost-limit', `The run over ${count(estimate.participants, 'participant')} is estimated to cost ${estimateWords(estimate)}: above ${formatDollars(cloud.confirmAbove)} it has to be confirmed.`, {
      hint: 'Add --cloud_yes, or raise --cloud_confirm_above. "spimquant cost" tells what the estimate is made of.',
    });
  }
  if (!(await confirm({ estimate, above: cloud.confirmAbove }))) throw new SpimquantError('cancelled', 'Nothing was started.');
}
