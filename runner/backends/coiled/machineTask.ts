import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { mergedConfiguration } from '../../command/build.ts';
import { Journal } from '../../engine/journal.ts';
import { beatInterval, claimParticipant } from '../../cloud/claims.ts';
import type { HeldClaim } from '../../cloud/claims.ts';
import { stopKey } from '../../cloud/layout.ts';
import { readManifest } from '../../cloud/manifest.ts';
import type { Manifest } from '../../cloud/manifest.ts';
import { SegmentWriter } from '../../cloud/segments.ts';
import { machineRequest, requestedParticipant } from '../../cloud/taskRequest.ts';
import { Watchdog } from '../../cloud/watchdog.ts';
import { isSameProcess, processMark } from '../../monitor/process.ts';
import { recordIntervalMs } from '../../monitor/recorder.ts';
import { laterByTimer, ResourceSampler } from '../../monitor/sampler.ts';
import { rounded, SampleBatch } from '../../monitor/summary.ts';
import { TreeTime } from '../../monitor/treeTime.ts';
import { programVersion } from '../../pipeline/plan/provenance.ts';
import { reportError, SpimquantError } from '../../protocol/errors.ts';
import type { LevelCommand } from '../../protocol/options.ts';
import type { ResourceSample } from '../../protocol/resources.ts';
import { newRunId } from '../../protocol/runs.ts';
import type { RunIntent } from '../../protocol/runs.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import { openStore } from '../../storage/open.ts';
import { runLocally } from '../local.ts';
import type { Planner } from '../local.ts';

/** What decides what is run; the program has its pipeline, tests have toys. */
export interface MachineEngine {
  readonly planner: Planner;
  readonly stageModule?: string;
}

/** How often the watchdog looks, and the wish to end is looked for, in milliseconds. */
const watchInterval = 15_000;
/** Milliseconds that a sample of what the machine gives stands for. */
const sampleInterval = 15_000;

/** 0: done, or done before. 1: the participant has failed, and its events say why. 75: ended from outside; what is finished is kept. */
export type MachineExit = 0 | 1 | 75;

/**
 * Carries out the participant that the environment names, on a machine of a cloud run: alone (see `claimParticipant`), with
 * events written to the output, and watched: it ends when it overstays, gets no further, or the run was called off.
 */
export async function runMachineTask(env: NodeJS.ProcessEnv, engine: MachineEngine, signal: AbortSignal): Promise<MachineExit> {
  const request = machineRequest(env);
  const participant = requestedParticipant(env);
  const output = openStore(request.output, request.storage);
  const manifest = await readManifest(output, request.run, signal);
  if (await isCalledOff(output, request.run)) return 75;
  const claim = await claimParticipant(output, request.run, participant, {
    host: hostname(), pid: process.pid, processMark, isSameProcess, sleep: (ms, stop) => sleep(ms, undefined, { signal: stop }),
  }, signal);
  if (claim === undefined) {
    process.stdout.write(`sub-${participant} is finished already.\n`);
    return 0;
  }
  const abort = new AbortController();
  const onSignal = (): void => { abort.abort(); };
  signal.addEventListener('abort', onSignal, { once: true });
  try {
    return await carryOut({ env, engine, output, manifest, participant, claim, abort });
  } finally {
    signal.removeEventListener('abort', onSignal);
  }
}

interface MachineWork {
  readonly env: NodeJS.ProcessEnv;
  readonly engine: MachineEngine;
  readonly output: ObjectStore;
  readonly manifest: Manifest;
  readonly participant: string;
  readonly claim: HeldClaim;
  readonly abort: AbortController;
}

async function carryOut({ env, engine, output, manifest, participant, claim, abort }: MachineWork): Promise<MachineExit> {
  const folder = join(env.SPIMQUANT_RUNNER_DIR ?? tmpdir(), `spimquant-work-${manifest.id}-${participant}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const command = commandFor(manifest, participant, join(folder, 'work'));
  const journal = new Journal(join(folder, 'runs'), intentOf(command, manifest, participant), Date.now);
  const segments = new SegmentWriter(output, manifest.id, participant, { clock: Date.now, later: (ms, then) => { const timer = setTimeout(then, ms); return () => { clearTimeout(timer); }; } });
  const batch = new SampleBatch<ResourceSample>();
  const tellSample = (sample: ResourceSample | undefined): void => { if (sample !== undefined) segments.addSample({ host: machineName(env), participant, ...rounded(sample) }); };
  const sampler = new ResourceSampler({ pids: () => [process.pid], clock: Date.now, later: laterByTimer });
  sampler.watch({}, recordIntervalMs, (sample) => { tellSample(batch.add(sample, sampleInterval)); });
  // The installed SPIMquant works in processes of its own.
  const cpu = new TreeTime(process.pid);
  await cpu.look();
  const watchdog = new Watchdog({ taskLimitMs: manifest.taskLimitMs, idleLimitMs: manifest.idleLimitMs, now: () => performance.now(), cpuMs: () => cpu.milliseconds });
  let limit: SpimquantError | undefined;
  journal.subscribe((event) => {
    watchdog.sign();
    // An end by a limit is told as that, and not as a wish of the user.
    segments.add(event.type === 'run-finished' && limit !== undefined ? { ...event, outcome: 'failed', error: reportError(limit) } : event);
    if (event.type === 'task-finished' || event.type === 'task-failed') process.stdout.write(`${event.type === 'task-finished' ? 'done  ' : 'failed'} ${event.task}${event.type === 'task-failed' ? `: ${event.error.message}` : ''}\n`);
  });
  const end = (error: SpimquantError): void => { limit ??= error; abort.abort(); };
  const watch = setInterval(() => {
    cpu.look().catch(() => undefined).then(() => {
      const over = watchdog.check();
      if (over !== undefined) end(over);
    }, () => undefined);
    isCalledOff(output, manifest.id).then((off) => { if (off) abort.abort(); }, () => undefined);
  }, watchInterval);
  const beat = setInterval(() => {
    claim.beat().catch((error: unknown) => { if (error instanceof SpimquantError && error.code === 'changed') end(error); });
  }, beatInterval);
  try {
    const outcome = await runLocally(command, manifest.text, { ...engine, clock: Date.now, env: { ...env, SPIMQUANT_STATE_DIR: folder }, signal: abort.signal, journal, part: true })
      .then((summary) => summary.outcome, (error: unknown) => (abort.signal.aborted ? 'cancelled' : reportError(error).code === 'cancelled' ? 'cancelled' : 'failed'));
    clearInterval(beat);
    sampler.dispose();
    tellSample(batch.rest());
    await segments.finish();
    if (limit?.code === 'changed') return 75;
    if (outcome === 'cancelled' && limit === undefined) {
      await claim.release();
      return 75;
    }
    await claim.finish(outcome === 'succeeded' ? 'succeeded' : 'failed');
    return outcome === 'succeeded' ? 0 : 1;
  } finally {
    sampler.dispose();
    clearInterval(watch);
    clearInterval(beat);
    await rm(folder, { recursive: true, force: true });
  }
}

/** A name by which the machine is found in the provider's console and at Coiled. */
function machineName({ COILED_INSTANCE_ID: instance }: NodeJS.ProcessEnv): string {
  return instance === undefined || instance === '' ? hostname() : `${hostname()} (instance ${instance})`;
}

/** Whether somebody has called off the run. A bucket that does not answer says nothing. */
async function isCalledOff(output: ObjectStore, run: string): Promise<boolean> {
  return (await output.stat(stopKey(run)).catch(() => undefined)) !== undefined;
}

function commandFor({ command, idleLimitMs }: Manifest, participant: string, workDir: string): LevelCommand {
  const { pauseLimitMs, ...execution } = command.execution;
  // Waiting costs here: what does not pass soon ends the task, and the run begins it anew.
  const here = { ...execution, cloud: undefined, memoryBytes: undefined, cores: 'all' as const, workDir, dryRun: false, pauseLimitMs: Math.min(pauseLimitMs ?? idleLimitMs, idleLimitMs / 2) };
  if (command.verb === 'group') throw new SpimquantError('bad-option', 'Group statistics are no task of a machine.');
  return { ...command, options: { ...command.options, participantLabel: [participant], excludeParticipantLabel: [] }, execution: here };
}

function intentOf(command: LevelCommand, manifest: Manifest, participant: string): RunIntent {
  const now = Date.now();
  return {
    id: newRunId(now), command: manifest.text, verb: command.verb, bids: command.bids, output: command.output,
    options: { ...mergedConfiguration(command), participant_label: [participant] }, version: programVersion,
    pid: process.pid, process: processMark(process.pid), host: hostname(), started: new Date(now).toISOString(),
  };
}
