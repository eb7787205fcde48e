import type { StandInClock } from './clock.ts';
import { TaskProcess } from './taskProcess.ts';
import type { ContainerRecipe, StartedTask, TaskProcessOptions } from './taskProcess.ts';

/** A state with its reason and time, as Coiled shows it everywhere. */
export interface Stated {
  state: string;
  reason: string;
  updated: string;
}

export interface WorkspaceOptions {
  readonly slug: string;
  readonly isDefault?: boolean;
  readonly isAdmin?: boolean;
  /** `vm_aws` if left out; empty: no cloud is set up. */
  readonly backend?: string;
  /** As `backend_options` tells it. */
  readonly region?: string;
}

export interface Workspace extends Required<Omit<WorkspaceOptions, 'region'>> {
  readonly region: string | undefined;
  /** False: out of credits. */
  hasQuota: boolean;
}

/** How the stand-in behaves to what is made from now on; tests change it at any time. */
export interface Behaviour {
  /** From asking for a VM until it is ready, and from stopping until it is gone. */
  bootMs: number;
  stopMs: number;
  /** From the end of the last task until Coiled begins to stop the cluster; undefined: it never does. */
  stopAfterJobMs: number | undefined;
  /** VMs never come: there is no capacity. */
  stuckPending: boolean;
  /** Clusters end in an error of this reason instead of becoming ready. */
  clusterError: string | undefined;
  /** So many requests to stop a cluster are answered and have no effect. */
  ignoredStops: number;
  /** Lines of logs can be read so much later. */
  logDelayMs: number;
  /** Every line of the logs comes twice. */
  logsTwice: boolean;
  /** Which fields answers have: `future` adds unknown ones and unknown states, `sparse` leaves out what need not be there. */
  fields: 'usual' | 'future' | 'sparse';
  /** From sending SIGTERM to SIGKILL, in real milliseconds. */
  killMs: number;
}

export interface JobTask {
  readonly id: number;
  readonly index: number;
  state: 'pending' | 'assigned' | 'done' | 'error';
  start: string | undefined;
  stop: string | undefined;
  exitCode: number | undefined;
  vm: Vm | undefined;
  attempts: number;
}

export interface BatchJob {
  readonly id: number;
  readonly workspace: string;
  /** As it was sent. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly tasks: readonly JobTask[];
  readonly created: string;
  completed: string | undefined;
  cluster: StandInCluster | undefined;
  failed: boolean;
  timeoutRuns: boolean;
}

export interface Vm {
  readonly id: number;
  readonly role: 'scheduler' | 'worker';
  readonly name: string;
  readonly type: string;
  readonly folder: string;
  readonly spot: boolean;
  readonly askedAt: number;
  state: Stated;
  process: Stated;
  readyAt: number | undefined;
  goneAt: number | undefined;
  running: { readonly task: JobTask; readonly job: BatchJob; readonly process: StartedTask } | undefined;
}

export interface StandInCluster {
  readonly id: number;
  readonly workspace: string;
  readonly name: string;
  /** As it was sent. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly created: string;
  readonly jobs: readonly BatchJob[];
  readonly vms: Vm[];
  readonly history: { readonly list: string; readonly name: string; readonly state: Stated }[];
  state: Stated;
  updated: string;
}

export interface LogEntry {
  readonly cluster: number;
  readonly job: number | undefined;
  readonly task: number | undefined;
  readonly vm: number;
  readonly at: number;
  readonly message: string;
  readonly visibleAt: number;
}

/** Whom a token belongs to, and whether it still counts. */
export interface Account {
  readonly user: string;
  expired: boolean;
}

/** All that the stand-in knows. */
export class World {
  readonly clock: StandInClock;
  readonly folder: string;
  readonly behaviour: Behaviour = {
    bootMs: 60_000, stopMs: 20_000, stopAfterJobMs: 5000, stuckPending: false, clusterError: undefined, ignoredStops: 0, logDelayMs: 0, logsTwice: false, fields: 'usual', killMs: 2000,
  };
  readonly workspaces: readonly Workspace[];
  readonly accounts = new Map<string, Account>();
  readonly containers: ReadonlyMap<string, ContainerRecipe>;
  readonly jobs = new Map<number, BatchJob>();
  readonly clusters = new Map<number, StandInCluster>();
  readonly environments = new Map<string, string>();
  readonly logs: LogEntry[] = [];
  /** Begins a task on a VM: as a process, unless a test has it otherwise. */
  readonly begin: (options: TaskProcessOptions) => StartedTask;
  #last = 1000;

  constructor(clock: StandInClock, folder: string, workspaces: readonly WorkspaceOptions[], containers: Readonly<Record<string, ContainerRecipe>>, begin?: (options: TaskProcessOptions) => StartedTask) {
    this.clock = clock;
    this.folder = folder;
    this.begin = begin ?? ((task) => new TaskProcess(task));
    this.workspaces = workspaces.map((options) => ({ isDefault: false, isAdmin: true, backend: 'vm_aws', region: undefined, hasQuota: true, ...options }));
    this.containers = new Map(Object.entries(containers));
  }

  nextId(): number {
    this.#last += 1;
    return this.#last;
  }

  /** As Coiled writes times. */
  time(ms: number = this.clock.now()): string {
    return new Date(ms).toISOString().replace('Z', '000+00:00');
  }

  stated(state: string, reason: string = ''): Stated {
    return { state, reason, updated: this.time() };
  }
}
