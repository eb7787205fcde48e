import { chunksOf, workersOf } from '../../cloud/chunks.ts';
import { stopKey } from '../../cloud/layout.ts';
import { readJobs, writeEnd } from '../../cloud/manifest.ts';
import { SegmentReader } from '../../cloud/segments.ts';
import type { CloudOptions, CostEstimate, CostSoFar } from '../../protocol/cloud.ts';
import { reportError } from '../../protocol/errors.ts';
import type { ErrorReport } from '../../protocol/errors.ts';
import type { RunOutcome } from '../../protocol/events.ts';
import { count } from '../../wording/words.ts';
import { batchSpec } from './batchSpec.ts';
import type { CloudRun, MachineRecord } from './cloudRun.types.ts';
import { CohortFold } from './cohortFold.ts';
import { endMachines } from './endMachines.ts';
import { followJobs, takeSegment } from './followJobs.ts';
import type { FollowEnd } from './followJobs.ts';
import type { Machines } from './machines.ts';
import { submitChunk } from './submitChunk.ts';
import type { SubmittedJob } from './submitChunk.ts';
import { knownJobs } from './takeUp.ts';

/** How often a participant is given to a machine. */
export const mostAttempts = 3;

/** What carrying out a cloud run needs. */
export interface AttemptsRequest {
  readonly run: CloudRun;
  readonly cloud: CloudOptions;
  readonly machines: Machines;
  readonly secrets: Readonly<Record<string, string>>;
  readonly start: string;
  readonly estimate: CostEstimate | undefined;
  readonly through: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onFinished?: (participant: string) => void;
  /** Keeps what machines took. */
  readonly record: MachineRecord;
}

type End = { readonly outcome: RunOutcome; readonly error?: ErrorReport };

/**
 * Gives participants to machines, and those again whose machines were lost, until all are finished or have failed. However
 * it ends, the machines are ended and it is verified that they are gone.
 */
export class CloudAttempts {
  readonly #request: AttemptsRequest;
  readonly #cohort: CohortFold;
  readonly #reader: SegmentReader;
  readonly #workers = new Map<string, number>();
  /** Jobs whose machines are not known to be gone. */
  #jobs: SubmittedJob[] = [];
  /** Names of clusters that could not be verified to be gone. */
  readonly #left = new Set<string>();
  #spent: CostSoFar | undefined;

  constructor(request: AttemptsRequest) {
    const { manifest, output } = request.run;
    this.#request = request;
    this.#cohort = new CohortFold(manifest.participants);
    this.#reader = new SegmentReader(output, manifest.id);
  }

  /** Carries out a run that is new. */
  begin(): Promise<End> {
    return this.#through(() => this.#attempts(1));
  }

  /** Goes on with a run that an earlier process has begun: with what its machines have told, and those that are there. */
  takeUp(): Promise<End> {
    return this.#through(async () => {
      const { run, through } = this.#request;
      await this.#readEverything();
      const records = await through(() => readJobs(run.output, run.manifest.id, run.signal));
      this.#jobs.push(...(await knownJobs(run, records)));
      for (const { name, participants } of this.#jobs) this.#workers.set(name, Math.max(1, Math.min(participants.length, this.#request.cloud.workers)));
      const last = records.reduce((most, { attempt }) => Math.max(most, attempt), 0);
      const ended = this.#jobs.length === 0 ? undefined : await this.#follow(this.#jobs);
      if (ended !== undefined && ended.why !== 'lost') return this.#outcomeOf(ended);
      // What was lost by the crash of its follower is no fault of the participants.
      return this.#attempts(last + 1, last + mostAttempts);
    });
  }

  async #attempts(first: number, last: number = mostAttempts): Promise<End> {
    const { run, cloud, machines, secrets, start } = this.#request;
    const { manifest, journal } = run;
    let lost: ErrorReport | undefined;
    for (let attempt = first; attempt <= last; attempt++) {
      const open = this.#cohort.open(manifest.participants);
      if (open.length === 0) break;
      if (lost !== undefined) journal.append({ type: 'run-log', level: 'warn', message: `${count(open.length, 'participant')} lost their machines; they are given to others, and go on from their finished results (${lost.message})` });
      const chunks = chunksOf(manifest.id, attempt, open);
      const workers = workersOf(chunks, cloud.workers);
      const jobs: SubmittedJob[] = [];
      for (const [index, chunk] of chunks.entries()) {
        this.#workers.set(chunk.name, workers[index]);
        const job = await submitChunk(run, attempt, chunk, batchSpec({ manifest, chunk, workers: workers[index], cloud, machines, secrets, start }));
        this.#jobs.push(job);
        jobs.push(job);
      }
      const ended = await this.#follow(jobs);
      if (ended.why !== 'lost') return this.#outcomeOf(ended);
      lost = ended.error;
      // Before anybody else works on them it must be certain that nobody does.
      await this.#end(jobs, 'SPIMquant: the job is over');
      if (!(await this.#hasCredits())) break;
    }
    for (const participant of this.#cohort.open(manifest.participants)) {
      for (const event of this.#cohort.fail(participant, lost ?? reportError(new Error('No machine was found for it.')))) journal.append(event);
    }
    return this.#outcomeOf({ why: 'finished', spent: this.#spent });
  }

  async #follow(jobs: readonly SubmittedJob[]): Promise<FollowEnd> {
    const { run, cloud, machines, through, onFinished, record } = this.#request;
    const ended = await followJobs({
      run, cohort: this.#cohort, jobs, machines: record, workers: this.#workers, limits: cloud, price: machines.price, through, reader: this.#reader,
      ...(onFinished === undefined ? {} : { onFinished }), spentBefore: this.#spent?.dollars ?? 0,
    });
    this.#spent = ended.spent ?? this.#spent;
    return ended;
  }

  async #readEverything(): Promise<void> {
    const { run, through, record } = this.#request;
    await through(async () => {
      for await (const segment of this.#reader.read(true, run.signal, (participant) => this.#cohort.isOver(participant))) {
        takeSegment(run, this.#cohort, record, segment);
      }
    });
  }

  #outcomeOf({ why, error }: FollowEnd): End {
    if (why === 'cancelled') return { outcome: 'cancelled' };
    if (why === 'limit') return { outcome: 'failed', ...(error === undefined ? {} : { error }) };
    return { outcome: this.#cohort.counts.failed > 0 ? 'failed' : 'succeeded' };
  }

  async #hasCredits(): Promise<boolean> {
    const { client, workspace } = this.#request.run.account;
    return client.hasQuota(workspace).catch(() => true);
  }

  async #end(jobs: readonly SubmittedJob[], reason: string): Promise<void> {
    const left = await endMachines(this.#request.run, jobs, reason);
    for (const { name } of jobs) this.#left.delete(name);
    for (const { name } of left) this.#left.add(name);
    this.#jobs = this.#jobs.filter((job) => !jobs.includes(job) || left.includes(job));
  }

  /** Does the work, and then, whatever came of it, ends the machines and writes down how it ended. */
  async #through(work: () => Promise<End>): Promise<End> {
    const { run, estimate } = this.#request;
    const { manifest, output, time } = run;
    let end: End | undefined;
    let fault: unknown;
    try {
      end = await work();
    } catch (error) {
      fault = error;
    }
    // Machines that are left learn it from the bucket as well, should Coiled not answer.
    const early = end?.outcome !== 'succeeded' && !(end?.outcome === 'failed' && end.error === undefined);
    if (early) await output.write(stopKey(manifest.id), '{}\n').catch(() => undefined);
    await this.#end(await this.#everything(), early ? 'SPIMquant: the run was ended' : 'SPIMquant: all participants are done');
    const { succeeded, failed } = this.#cohort.counts;
    await writeEnd(output, manifest.id, {
      outcome: end?.outcome === 'succeeded' ? 'succeeded' : run.signal.aborted ? 'cancelled' : end?.outcome === 'cancelled' ? 'cancelled' : 'failed',
      ended: new Date(time.now()).toISOString(), left: [...this.#left], finished: succeeded, failed,
      ...(this.#spent === undefined ? {} : { spent: { dollars: this.#spent.dollars, by: this.#spent.by } }),
      ...(estimate === undefined ? {} : { estimate: { low: estimate.low, likely: estimate.likely, high: estimate.high } }),
    }).catch((error: unknown) => {
      run.journal.append({ type: 'run-log', level: 'warn', message: `How the run ended could not be written to the output: ${reportError(error).message}` });
    });
    if (this.#spent !== undefined) run.journal.append({ type: 'cloud-standing', machines: 0, spent: this.#spent });
    if (end !== undefined) return end;
    throw fault;
  }

  /** Jobs that may have machines: those that are known, and those whose making was never answered. */
  async #everything(): Promise<readonly SubmittedJob[]> {
    const { run } = this.#request;
    const names = new Set(this.#jobs.map(({ name }) => name));
    try {
      const records = await readJobs(run.output, run.manifest.id);
      return [...this.#jobs, ...(await knownJobs(run, records.filter(({ name, gone, clusterId }) => gone !== true && clusterId === undefined && !names.has(name))))];
    } catch {
      return this.#jobs;
    }
  }
}
