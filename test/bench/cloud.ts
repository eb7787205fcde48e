import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudAttempts } from '../../runner/backends/coiled/attempts.ts';
import type { CloudTime } from '../../runner/backends/coiled/cloudRun.types.ts';
import { estimateCost } from '../../runner/cloud/estimate.ts';
import { eventsKey } from '../../runner/cloud/layout.ts';
import { writeManifest } from '../../runner/cloud/manifest.ts';
import type { Manifest } from '../../runner/cloud/manifest.ts';
import { segmentName } from '../../runner/cloud/segments.ts';
import type { BatchSpec, Cluster, CoiledClient, JobWithTasks, Submission } from '../../runner/coiled/client.types.ts';
import { compressedJob } from '../../runner/coiled/submission.ts';
import { parseCommandText } from '../../runner/command/parse.ts';
import { eventsFile, Journal } from '../../runner/engine/journal.ts';
import type { RunEventBody } from '../../runner/protocol/events.ts';
import { MemoryStore } from '../../runner/storage/memoryStore.ts';
import type { ListEntry, ListOptions, ObjectStat, ReadOptions, WriteOptions } from '../../runner/storage/objectStore.ts';

/** What planning and following a cohort took. */
export interface CloudFigures {
  readonly participants: number;
  readonly hours: number;
  readonly jobs: number;
  /** Processor seconds, without what simulating machines took. */
  readonly planSeconds: number;
  readonly followSeconds: number;
  readonly coiledRequests: number;
  readonly listings: number;
  readonly segments: number;
  readonly reads: number;
  readonly journalBytes: number;
  /** Of the heap, above what it was before. */
  readonly peakBytes: number;
}

const minute = 60_000;
const stepsEach = 40;

/** A bucket whose events are kept in order, as a service does: looking at the end of a long folder costs nothing there. */
class OrderedStore extends MemoryStore {
  readonly events: string[] = [];
  listings = 0;
  reads = 0;
  readonly #folder: string;

  constructor(run: string) {
    super('s3://results/out');
    this.#folder = eventsKey(run);
  }

  override async write(key: string, data: Uint8Array | string, options: WriteOptions = {}): Promise<ObjectStat> {
    if (key.startsWith(`${this.#folder}/`)) this.events.push(key);
    return super.write(key, data, options);
  }

  override async read(key: string, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    if (key.startsWith(this.#folder)) this.reads += 1;
    return super.read(key, options);
  }

  override async *list(folder: string, options: ListOptions = {}): AsyncGenerator<ListEntry> {
    this.listings += 1;
    if (folder !== this.#folder) {
      yield* super.list(folder, options);
      return;
    }
    const from = options.startAfter === undefined ? '' : `${folder}/${options.startAfter}`;
    let [low, high] = [0, this.events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events[middle] <= from) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < this.events.length; at++) yield { kind: 'object', key: this.events[at], size: 1, version: '' };
  }
}

interface SimulatedJob {
  readonly id: number;
  readonly spec: BatchSpec;
  readonly workers: number;
  /** Of each task, milliseconds since the epoch. */
  readonly begin: readonly number[];
  readonly end: readonly number[];
  stopped: boolean;
}

/** Coiled and its machines: tasks follow one another on so many machines, and write three times each to the bucket. */
class SimulatedMachines {
  now = Date.parse('2026-11-26T08:00:00Z');
  requests = 0;
  /** Seconds that the simulation itself took. */
  spent = 0;
  readonly jobs: SimulatedJob[] = [];
  readonly #store: OrderedStore;
  readonly #run: string;
  #due: { readonly at: number; readonly participant: string; readonly part: number }[] = [];
  #next = 0;

  constructor(store: OrderedStore, run: string) {
    this.#store = store;
    this.#run = run;
  }

  readonly time: CloudTime = {
    now: () => this.now,
    sleep: async (ms) => {
      this.now += Math.ceil(ms);
      const begun = process.cpuUsage();
      while (this.#next < this.#due.length && this.#due[this.#next].at <= this.now) {
        const { at, participant, part } = this.#due[this.#next];
        await this.#write(at, participant, part);
        this.#next += 1;
      }
      this.spent += cpuSeconds(begun);
    },
  };

  readonly client: CoiledClient = {
    server: 'https://simulated', pageOf: (id: number) => `https://simulated/clusters/${id}`, dispose: () => undefined,
    environment: async () => { this.requests += 1; return 'env'; },
    createJob: async (spec: BatchSpec): Promise<Submission<number>> => { this.requests += 1; compressedJob(spec); return { kind: 'accepted', value: this.jobs.length + 1 }; },
    createCluster: async (spec: BatchSpec, id: number) => { this.requests += 1; this.#begin(spec, id); return { kind: 'accepted', value: { id, existing: false } }; },
    cluster: async (_workspace: string, id: number): Promise<Cluster> => { this.requests += 1; return this.#cluster(this.jobs[id - 1]); },
    jobsOfCluster: async (id: number): Promise<readonly JobWithTasks[]> => { this.requests += 1; return [this.#job(this.jobs[id - 1])]; },
    stopCluster: async (_workspace: string, id: number) => { this.requests += 1; this.jobs[id - 1].stopped = true; return 'stopping'; },
    hasQuota: async () => true,
  } as unknown as CoiledClient;

  #begin(spec: BatchSpec, id: number): void {
    const values = spec.tasks.kind === 'values' ? spec.tasks.values : [];
    const workers = spec.maxWorkers ?? 1;
    const free = new Array<number>(workers).fill(this.now + 2 * minute);
    const [begin, end]: number[][] = [[], []];
    for (const [index, participant] of values.entries()) {
      const at = free[index % workers];
      const over = at + (8 + ((index * 7919) % 5)) * minute;
      free[index % workers] = over + 5000;
      begin.push(at);
      end.push(over);
      for (const [part, time] of [at, (at + over) / 2, over].entries()) this.#due.push({ at: Math.floor(time) + (index % 1000), participant, part });
    }
    this.#due.sort((a, b) => a.at - b.at);
    this.jobs.push({ id, spec, workers, begin, end, stopped: false });
  }

  async #write(at: number, participant: string, part: number): Promise<void> {
    const tasks = Array.from({ length: stepsEach }, (_, index) => ({ id: `sub-${participant}/step-${index}`, stage: 'segment', scope: participant, title: `step ${index}` }));
    const finished = (from: number, to: number): readonly RunEventBody[] => tasks.slice(from, to).map(({ id }) => ({ type: 'task-finished', task: id, seconds: 12, bytesRead: 1e9, bytesWritten: 1e8 }));
    const parts: readonly (readonly RunEventBody[])[] = [
      [{ type: 'run-started', pid: 1, host: 'vm' }, { type: 'run-planned', tasks, reused: 0 }], finished(0, stepsEach / 2), [...finished(stepsEach / 2, stepsEach), { type: 'run-finished', outcome: 'succeeded' }],
    ];
    const first = [1, 3, 3 + stepsEach / 2][part];
    const text = parts[part].map((body, index) => `${JSON.stringify({ seq: first + index, time: at, ...body })}\n`).join('');
    await this.#store.write(`${eventsKey(this.#run)}/${segmentName(at, participant, 'abcdef012345', part + 1)}`, text);
  }

  #cluster({ id, spec, workers, stopped, end }: SimulatedJob): Cluster {
    const over = stopped || end.every((each) => each <= this.now);
    const state = { state: over ? 'stopped' : 'ready', said: over ? 'stopped' : 'ready', reason: '' } as const;
    return { id, name: spec.name, state, provider: 'aws', vms: Array.from({ length: workers + 1 }, (_, index) => ({ role: index === 0 ? 'scheduler' : 'worker', name: `vm-${index}`, id: index, state: over ? { ...state, state: 'stopped' } : { ...state, state: 'ready' } })) };
  }

  #job({ id, begin, end }: SimulatedJob): JobWithTasks {
    const array = begin.map((at, index) => ({ index, said: '', state: end[index] <= this.now ? 'done' : at <= this.now ? 'running' : 'pending' }));
    return { id, state: 'running', said: 'running', array } as unknown as JobWithTasks;
  }
}

/** Plans, submits and follows a cohort in simulated time. Throws when it does not end as it has to. */
export async function benchCloud(count: number): Promise<CloudFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-'));
  try {
    const participants = Array.from({ length: count }, (_, index) => String(index).padStart(5, '0'));
    const { command, text } = parseCommandText('spimquant s3://brains s3://results/out participant --cloud --cloud_workers 1000', { readFile: () => '' });
    if (command.verb !== 'participant' || command.execution.cloud === undefined) throw new Error(text);
    const { cloud } = command.execution;
    const id = '20261126-080000-bench0';
    const store = new OrderedStore(id);
    const world = new SimulatedMachines(store, id);
    const manifest: Manifest = {
      format: 1, id, text, command, participants, version: '0', bundle: { sha256: '0'.repeat(64), bytes: 1 }, workspace: 'lab', server: world.client.server, taskLimitMs: cloud.taskLimitMs, idleLimitMs: cloud.idleLimitMs, host: 'bench', started: new Date(world.now).toISOString(),
    };
    const journal = new Journal(folder, { id, command: text, verb: 'participant', bids: '', output: '', options: {}, version: '0', pid: 0, process: '', host: 'bench', started: manifest.started }, () => world.now);
    globalThis.gc?.();
    const heap = process.memoryUsage().heapUsed;
    let peak = 0;
    const planning = process.cpuUsage();
    estimateCost({ work: { participants: count, sampled: 0 }, machine: { type: 'm6i.2xlarge', vcpus: 8, price: undefined }, options: cloud, data: { provider: 'aws' }, region: undefined, dollarsPerGigabyte: undefined });
    await writeManifest(store, manifest);
    let planSeconds = 0;
    const begun = world.now;
    const time: CloudTime = {
      now: () => world.now,
      sleep: async (ms) => {
        if (planSeconds === 0) planSeconds = cpuSeconds(planning);
        peak = Math.max(peak, process.memoryUsage().heapUsed - heap);
        await world.time.sleep(ms);
      },
    };
    const attempts = new CloudAttempts({
      run: { manifest, output: store, account: { client: world.client, workspace: 'lab' }, journal, time, signal: new AbortController().signal }, cloud,
      machines: { types: ['m6i.2xlarge'], type: 'm6i.2xlarge', vcpus: 8, region: 'us-east-1', price: undefined }, secrets: {}, start: 'x'.repeat(400_000), estimate: undefined, record: { take: () => undefined }, through: (work) => work(),
    });
    const { outcome } = await attempts.begin();
    if (outcome !== 'succeeded' || store.reads !== store.events.length) throw new Error(`The run ended as ${outcome}; ${store.reads} of ${store.events.length} segments were read.`);
    const total = cpuSeconds(planning);
    journal.close();
    return {
      participants: count, hours: (world.now - begun) / 3_600_000, jobs: world.jobs.length, planSeconds, followSeconds: total - planSeconds - world.spent, coiledRequests: world.requests,
      listings: store.listings, segments: store.events.length, reads: store.reads, journalBytes: (await stat(join(journal.folder, eventsFile))).size, peakBytes: peak,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}
