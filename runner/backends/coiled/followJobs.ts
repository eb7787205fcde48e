import type { SegmentReader, Segment } from '../../cloud/segments.ts';
import { stopKey } from '../../cloud/layout.ts';
import { coiledPace, eventsPace } from '../../cloud/pace.ts';
import { ownCost } from '../../cloud/estimate.ts';
import type { CloudOptions, CostSoFar, MachinePrice } from '../../protocol/cloud.ts';
import { isOver as isClusterOver, vmsLeft } from '../../coiled/states.ts';
import type { Cluster, JobWithTasks } from '../../coiled/client.types.ts';
import { reportError, SpimquantError } from '../../protocol/errors.ts';
import type { ErrorReport } from '../../protocol/errors.ts';
import { count, formatSeconds } from '../../wording/words.ts';
import { formatDollars } from '../../wording/cloud.ts';
import type { CloudRun, MachineRecord } from './cloudRun.types.ts';
import type { CohortFold } from './cohortFold.ts';
import { jobSeconds } from './batchSpec.ts';
import type { SubmittedJob } from './submitChunk.ts';
import { journalJob } from './submitChunk.ts';

/** How often everything is looked at, not only what is new. */
const wholeInterval = 15 * 60_000;
/** Without any sign of a machine for so long, a job is given up. */
export const startPatience = 30 * 60_000;
/** A job that is over at Coiled gets so long for its last events. */
const lastWords = 20_000;
/** Spending is told again when it has changed by so much of itself and so many US dollars, or after so many milliseconds. */
const tellPart = 0.01;
const tellLeast = 0.01;
const tellInterval = 60_000;

/** What following needs. */
export interface FollowRequest {
  readonly run: CloudRun;
  readonly cohort: CohortFold;
  readonly jobs: readonly SubmittedJob[];
  /** Machines of each job at the same time, by its name. */
  readonly workers: ReadonlyMap<string, number>;
  readonly limits: Pick<CloudOptions, 'maxDollars'>;
  readonly price: MachinePrice | undefined;
  /** Reads the bucket, and waits where it does not answer. */
  readonly through: <T>(work: () => Promise<T>) => Promise<T>;
  readonly reader: SegmentReader;
  readonly machines: MachineRecord;
  /** Told of participants that have just finished. */
  readonly onFinished?: (participant: string) => void;
  /** What jobs of earlier attempts have cost, in US dollars. */
  readonly spentBefore: number;
}

/** Why following ended. */
export interface FollowEnd {
  readonly why: 'finished' | 'cancelled' | 'limit' | 'lost';
  /** Of `limit`: the limit. Of `lost`: what Coiled says of the last job that ended without its participants. */
  readonly error?: ErrorReport;
  /** What these jobs have cost so far. */
  readonly spent: CostSoFar | undefined;
}

/** How Coiled says that a job stands, as far as it was asked. */
interface JobWatch {
  readonly job: SubmittedJob;
  readonly begun: number;
  standing: string;
  machines: number;
  /** Machine-seconds, added up between the looks. */
  machineSeconds: number;
  lookedAt: number;
  dollars: number | undefined;
  /** When it was first found over. */
  overSince: number | undefined;
  seenMachine: boolean;
  reason: string;
}

/**
 * Follows jobs until all their participants are finished or failed, the user ends it, a limit is reached, or the jobs are
 * over without that. What machines have written to the bucket is the truth; what Coiled says stands beside it, and decides
 * only whether anything more can be expected. That Coiled does not answer never fails a run.
 */
export async function followJobs(request: FollowRequest): Promise<FollowEnd> {
  return new Following(request).run();
}

class Following {
  readonly #request: FollowRequest;
  readonly #watches: readonly JobWatch[];
  readonly #begun: number;
  #lastWhole = -Infinity;
  #lastCoiled = -Infinity;
  #told: { readonly at: number; readonly dollars: number; readonly machines: number } | undefined;
  #silentSince: number | undefined;
  #warned = false;

  constructor(request: FollowRequest) {
    this.#request = request;
    const now = request.run.time.now();
    this.#begun = now;
    this.#watches = request.jobs.map((job) => ({
      job, begun: now, standing: '', machines: 0, machineSeconds: 0, lookedAt: now, dollars: undefined, overSince: undefined, seenMachine: false, reason: '',
    }));
  }

  async run(): Promise<FollowEnd> {
    const { run, cohort } = this.#request;
    const { time, signal } = run;
    for (;;) {
      if (signal.aborted) return { why: 'cancelled', spent: this.#spent() };
      await this.#readEvents(time.now() - this.#lastWhole >= wholeInterval);
      if (this.#allDone()) return { why: 'finished', spent: this.#spent() };
      if (time.now() - this.#lastCoiled >= coiledPace(time.now() - this.#begun, this.#watches.length)) {
        if (await this.#isCalledOff()) return { why: 'cancelled', spent: this.#spent() };
        await this.#askCoiled();
      }
      const limit = this.#limit();
      if (limit !== undefined) return { why: 'limit', error: limit, spent: this.#spent() };
      if (this.#watches.every((watch) => this.#isOver(watch))) {
        await this.#readEvents(true);
        if (this.#allDone()) return { why: 'finished', spent: this.#spent() };
        // Whoever called it off elsewhere has stopped the machines as well.
        if (await this.#isCalledOff()) return { why: 'cancelled', spent: this.#spent() };
        for (const { job, reason } of this.#watches) {
          for (const participant of cohort.open(job.participants)) {
            // One that had all its time, and was ended with its machine, would take as long the next time.
            const overstayed = time.now() - (cohort.startedOf(participant) ?? Infinity) >= run.manifest.taskLimitMs;
            this.#say(overstayed ? cohort.fail(participant, overstayedError(run.manifest.taskLimitMs)) : cohort.lose(participant, lostError(reason)));
          }
        }
        if (this.#allDone()) return { why: 'finished', spent: this.#spent() };
        return { why: 'lost', error: lostError(this.#watches.map(({ reason }) => reason).find((reason) => reason !== '') ?? ''), spent: this.#spent() };
      }
      // Not all who follow ask at the same moment.
      await time.sleep(eventsPace(time.now() - this.#begun) * (0.8 + 0.4 * Math.random()), signal);
    }
  }

  #allDone(): boolean {
    return this.#watches.every(({ job }) => this.#request.cohort.open(job.participants).length === 0);
  }

  /** Whether somebody has called the run off in the bucket. One that does not answer says nothing. */
  async #isCalledOff(): Promise<boolean> {
    const { output, manifest, signal } = this.#request.run;
    return (await output.stat(stopKey(manifest.id), { signal }).catch(() => undefined)) !== undefined;
  }

  #say(events: ReturnType<CohortFold['take']>): void {
    for (const event of events) this.#request.run.journal.append(event);
  }

  async #readEvents(whole: boolean): Promise<void> {
    const { run, cohort, through, reader, machines, onFinished } = this.#request;
    const now = run.time.now();
    try {
      await through(async () => {
        for await (const segment of reader.read(whole, run.signal, (participant) => cohort.isOver(participant))) {
          takeSegment(run, cohort, machines, segment);
          if (cohort.statusOf(segment.participant) === 'succeeded') onFinished?.(segment.participant);
        }
      });
    } catch (error) {
      if (run.signal.aborted) return;
      throw error;
    }
    if (whole) this.#lastWhole = now;
  }

  async #askCoiled(): Promise<void> {
    const { run } = this.#request;
    const now = run.time.now();
    this.#lastCoiled = now;
    let answered = false;
    let trouble: unknown;
    for (const watch of this.#watches) {
      if (watch.overSince !== undefined && this.#isOver(watch)) continue;
      try {
        await this.#askOne(watch);
        answered = true;
      } catch (error) {
        trouble ??= error;
        // What happens while nobody tells is assumed to go on.
        this.#count(watch, watch.machines);
      }
      if (run.signal.aborted) return;
    }
    if (answered) {
      if (this.#warned) run.journal.append({ type: 'run-log', level: 'info', message: 'Coiled answers again.' });
      this.#silentSince = undefined;
      this.#warned = false;
    } else if (trouble !== undefined) {
      this.#silentSince ??= now;
      const { code, message, hint } = reportError(trouble);
      if (!this.#warned && (code === 'auth-expired' || code === 'auth-missing' || code === 'access-denied' || now - this.#silentSince >= 60_000)) {
        this.#warned = true;
        run.journal.append({ type: 'run-log', level: 'warn', message: `Coiled cannot be asked: ${message} ${hint ?? ''} The machines work on, and what they write to the bucket is followed.`.replaceAll('  ', ' ') });
      }
    }
    this.#tellStanding();
  }

  async #askOne(watch: JobWatch): Promise<void> {
    const { run } = this.#request;
    const { client } = run.account;
    const { job } = watch;
    const [cluster, jobs] = await Promise.all([
      client.cluster(run.manifest.workspace, job.clusterId, run.signal), client.jobsOfCluster(job.clusterId, run.signal),
    ]);
    const own = jobs.find(({ id }) => id === job.jobId) ?? jobs.at(0);
    const machines = vmsLeft(cluster).length;
    this.#count(watch, machines);
    watch.seenMachine ||= machines > 0 && cluster.vms.some(({ role, state }) => role === 'worker' || job.participants.length === 1 ? state.state === 'ready' || state.state === 'started' : false);
    if (own?.cloudCost !== undefined && own.cloudCost > 0) watch.dollars = own.cloudCost;
    watch.reason = cluster.state.reason;
    const over = isClusterOver(cluster.state) || isJobOver(own);
    if (over) watch.overSince ??= run.time.now();
    else watch.overSince = undefined;
    const standing = standingWords(cluster, own);
    if (standing !== watch.standing) {
      watch.standing = standing;
      run.journal.append({ type: 'cloud-job', job: journalJob(run, job, 'submitted', standing) });
    }
  }

  #count(watch: JobWatch, machines: number): void {
    const now = this.#request.run.time.now();
    // Between two looks there were as many as there are on average.
    watch.machineSeconds += (((watch.machines + machines) / 2) * (now - watch.lookedAt)) / 1000;
    watch.machines = machines;
    watch.lookedAt = now;
  }

  /** Whether nothing more is to be expected of a job: it is over, and its machines have had time for their last words. */
  #isOver({ overSince, job }: JobWatch): boolean {
    if (this.#request.cohort.open(job.participants).length === 0) return true;
    return overSince !== undefined && this.#request.run.time.now() - overSince >= lastWords;
  }

  #spent(): CostSoFar | undefined {
    const { run, price, spentBefore } = this.#request;
    const asOf = run.time.now();
    const told = this.#watches.every(({ dollars }) => dollars !== undefined);
    if (told) return { dollars: spentBefore + this.#watches.reduce((sum, { dollars = 0 }) => sum + dollars, 0), by: 'coiled', asOf };
    if (price === undefined) return undefined;
    const own = this.#watches.reduce((sum, { dollars, machineSeconds }) => sum + Math.max(dollars ?? 0, ownCost(machineSeconds, price.dollarsPerHour)), 0);
    return { dollars: spentBefore + own, by: 'own', asOf };
  }

  #tellStanding(): void {
    const { run } = this.#request;
    const spent = this.#spent();
    const machines = this.#watches.reduce((sum, watch) => sum + watch.machines, 0);
    const dollars = spent?.dollars ?? 0;
    const last = this.#told;
    const news = last?.machines !== machines || Math.abs(dollars - last.dollars) > Math.max(tellLeast, tellPart * dollars) || run.time.now() - last.at >= tellInterval;
    if (!news) return;
    this.#told = { at: run.time.now(), dollars, machines };
    run.journal.append({ type: 'cloud-standing', machines, ...(spent === undefined ? {} : { spent }) });
  }

  #limit(): ErrorReport | undefined {
    const { run, limits: { maxDollars }, workers, cohort } = this.#request;
    const now = run.time.now();
    const spent = this.#spent();
    if (maxDollars !== undefined && spent !== undefined && spent.dollars >= maxDollars) {
      return reportError(new SpimquantError('cost-limit', `${formatDollars(spent.dollars)} are spent, and --cloud_max_cost allows ${formatDollars(maxDollars)}.`, { hint: 'What is finished is kept: the same command with a higher limit goes on from there.' }));
    }
    for (const watch of this.#watches) {
      const { job, begun, seenMachine } = watch;
      if (this.#isOver(watch)) continue;
      const untouched = job.participants.every((participant) => cohort.statusOf(participant) === 'waiting');
      if (!seenMachine && untouched && now - begun >= startPatience) {
        return reportError(new SpimquantError('cost-limit', `Coiled has started no machine for ${formatSeconds(startPatience / 1000)}${watch.reason === '' ? '' : `: ${watch.reason}`}.`, { hint: 'Try another --cloud_vm_type or --cloud_region, or --cloud_spot on-demand: machines of this kind may be rare there.' }));
      }
      const seconds = jobSeconds(run.manifest, job.participants.length, workers.get(job.name) ?? 1);
      if (now - begun >= (seconds + 900) * 1000) {
        return reportError(new SpimquantError('cost-limit', `${count(cohort.open(job.participants).length, 'participant')} did not end in the time that they are given, ${formatSeconds(run.manifest.taskLimitMs / 1000)} each.`, { hint: 'Give more time with --cloud_timeout. What is finished is kept.' }));
      }
    }
    return undefined;
  }
}

/** Takes what a machine has told into the run: its events, and what it took. */
export function takeSegment({ journal }: Pick<CloudRun, 'journal'>, cohort: CohortFold, machines: MachineRecord, segment: Segment): void {
  for (const event of cohort.take(segment)) journal.append(event);
  const { participant, samples, events } = segment;
  machines.take(participant, samples, events.some(({ type }) => type === 'run-finished'));
}

function isJobOver(job: JobWithTasks | undefined): boolean {
  if (job === undefined) return false;
  if (job.state === 'done' || job.state === 'done-with-errors' || job.state === 'failed') return true;
  return job.array.length > 0 && job.array.every(({ state }) => state === 'done' || state === 'failed');
}

function standingWords(cluster: Cluster, job: JobWithTasks | undefined): string {
  const tasks = job?.array ?? [];
  const running = tasks.filter(({ state }) => state === 'running').length;
  const ended = tasks.filter(({ state }) => state === 'done' || state === 'failed').length;
  const machines = vmsLeft(cluster).length;
  return [
    `cluster ${cluster.state.said}${cluster.state.reason === '' ? '' : ` (${cluster.state.reason})`}`, ...(job === undefined ? [] : [`job ${job.said}`]),
    ...(tasks.length === 0 ? [] : [`${running} running and ${ended} ended of ${count(tasks.length, 'task')}`]), count(machines, 'machine'),
  ].join(', ');
}

function overstayedError(limitMs: number): ErrorReport {
  return reportError(new SpimquantError('cost-limit', `It did not end in the time that it is given, ${formatSeconds(limitMs / 1000)}, nor by itself; its machine was ended.`, { hint: 'Give more time with --cloud_timeout, or a larger machine with --cloud_vm_type. Finished steps are kept.' }));
}

function lostError(reason: string): ErrorReport {
  return reportError(new SpimquantError('runner-lost', `Its machine ended without a last word${reason === '' ? '' : `: ${reason}`}.`, { hint: 'It may have been taken away, or have had too little memory or disk: the page of the cluster at Coiled tells more.' }));
}
