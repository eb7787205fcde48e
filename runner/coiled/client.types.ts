import type { ErrorReport } from '../protocol/errors.ts';

/*
 * What this program asks of Coiled, and what it understands of the answers. Names of Coiled's own are kept where there
 * are such: a job is what is computed, an array of tasks; a cluster is the VMs that it is computed on, one of them the
 * scheduler. A batch submission is both.
 */

/** A way to Coiled with one user's token. It is safe to keep one for the life of a process. */
export interface CoiledClient {
  /** Without a slash at its end. */
  readonly server: string;

  /** Who the token belongs to. */
  user(signal?: AbortSignal): Promise<CoiledUser>;
  /** The workspaces of that user, as Coiled lists them. */
  workspaces(signal?: AbortSignal): Promise<readonly CoiledWorkspace[]>;
  /**
   * The workspace to work in: the wanted one, or else the default of the user.
   *
   * @throws SpimquantError `not-found` when the user is no member of the wanted one, or it is not clear which to take
   */
  workspace(wanted: string | undefined, signal?: AbortSignal): Promise<CoiledWorkspace>;
  /** Which cloud a workspace has its VMs in. */
  cloud(workspace: string, signal?: AbortSignal): Promise<CoiledCloud>;
  /** Whether there are credits left. False is final: creating a cluster will fail. Coiled tells no number. */
  hasQuota(workspace: string, signal?: AbortSignal): Promise<boolean>;
  /** Types of VMs, the smallest first. */
  instanceTypes(query: InstanceQuery, signal?: AbortSignal): Promise<readonly InstanceType[]>;

  /**
   * Makes sure that the image in which Coiled's own scheduler runs is known to the workspace. To be asked before a cluster is
   * made; may be asked any number of times.
   *
   * @returns the name for {@link CoiledClient.createCluster}
   */
  environment(spec: BatchSpec, signal?: AbortSignal): Promise<string>;
  /**
   * Makes the job: nothing runs, and nothing costs, before a cluster is made for it. Sent at most once if an answer stays
   * out; sent again only where it is sure that it was not taken.
   *
   * @throws SpimquantError `bad-option` when the spec cannot be sent at all
   */
  createJob(spec: BatchSpec, signal?: AbortSignal): Promise<Submission<JobId>>;
  /**
   * Makes the cluster that runs a job: VMs start, and cost. Its name must not be in use. After `unknown` look for the name with
   * {@link CoiledClient.clustersNamed} before anything is sent again.
   */
  createCluster(spec: BatchSpec, job: JobId, environment: string, signal?: AbortSignal): Promise<Submission<CreatedCluster>>;

  /** The newest jobs, at most `limit` (100 if left out). */
  jobs(workspace: string, limit?: number, signal?: AbortSignal): Promise<readonly Job[]>;
  job(id: JobId, signal?: AbortSignal): Promise<Job>;
  /** The jobs of a cluster with their tasks. Empty while Coiled does not know them yet. */
  jobsOfCluster(cluster: ClusterId, signal?: AbortSignal): Promise<readonly JobWithTasks[]>;

  /** Clusters of a workspace, newest first; stopped ones included as far as Coiled lists them. */
  clusters(workspace: string, query?: ClusterQuery, signal?: AbortSignal): Promise<readonly ClusterSummary[]>;
  /** All clusters that ever had a name, newest first; empty: there is none. */
  clustersNamed(workspace: string, name: string, signal?: AbortSignal): Promise<readonly ClusterSummary[]>;
  /** A cluster with its VMs. */
  cluster(workspace: string, id: ClusterId, signal?: AbortSignal): Promise<Cluster>;
  /** The state alone: cheap, for following. */
  clusterState(workspace: string, id: ClusterId, signal?: AbortSignal): Promise<StateOf<ClusterState>>;
  /** What happened to a cluster and its VMs, oldest first. */
  history(workspace: string, id: ClusterId, since?: Date, signal?: AbortSignal): Promise<readonly HistoryEntry[]>;
  /**
   * Stops a cluster: its VMs end and its tasks with them. May be asked again. The VMs go on for a moment: see `vmsLeft`.
   *
   * @returns `gone` when Coiled does not know the cluster any more
   */
  stopCluster(workspace: string, id: ClusterId, reason: string, signal?: AbortSignal): Promise<'stopping' | 'gone'>;

  /** Lines of the logs that Coiled has, oldest first. They may come late, and one may come twice: see {@link LogLine.key}. */
  logs(workspace: string, id: ClusterId, query: LogQuery, signal?: AbortSignal): Promise<readonly LogLine[]>;
  /** Credits that were debited, oldest first. */
  debits(workspace: string, query: DebitQuery, signal?: AbortSignal): Promise<readonly CreditDebit[]>;

  /** Where a person sees a cluster. */
  pageOf(cluster: ClusterId): string;
  /** Closes the connections. */
  dispose(): void;
}

export type JobId = number;
export type ClusterId = number;

export interface CoiledUser {
  readonly name: string;
  /** Slug of the default workspace, if there is one. */
  readonly defaultWorkspace?: string;
}

export interface CoiledWorkspace {
  /** Its name in addresses. */
  readonly slug: string;
  readonly title: string;
  readonly isAdmin: boolean;
  readonly isDefault: boolean;
}

/** `other`: a cloud that this program does not know. */
export type CloudProvider = 'aws' | 'gcp' | 'azure' | 'other';

export interface CoiledCloud {
  readonly provider: CloudProvider;
  /** As Coiled writes it: `vm_aws`; empty: no cloud is set up. */
  readonly backend: string;
  /** Where VMs are made when nothing else is said. Left out: Coiled does not say. */
  readonly region?: string;
}

/** What VMs to look for. Memory in MiB. */
export interface InstanceQuery {
  readonly provider: CloudProvider;
  readonly name?: string;
  readonly cores?: { readonly atLeast?: number; readonly atMost?: number };
  readonly memoryMiB?: { readonly atLeast?: number; readonly atMost?: number };
  readonly architecture?: Architecture;
}

export type Architecture = 'x86_64' | 'arm64';

export interface InstanceType {
  readonly name: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly gpus: number;
  /** Coiled's own fee. The unit, taken to be credits an hour, is not documented. */
  readonly credits?: number;
}

/** `on-demand`: VMs that stay. `spot`: cheaper ones that may be taken away. `spot-or-on-demand`: spot where there are any. */
export type SpotPolicy = 'on-demand' | 'spot' | 'spot-or-on-demand';

/** What the tasks of a job differ in. Task ids count from 0. */
export type TaskArray =
  /** A task knows itself by COILED_BATCH_TASK_ID. */
  | { readonly kind: 'count'; readonly count: number }
  /** Task i has `values[i]` in a variable, COILED_BATCH_TASK_INPUT if left out. */
  | { readonly kind: 'values'; readonly values: readonly string[]; readonly variable?: string }
  /** Task i has all variables of `variables[i]`. */
  | { readonly kind: 'variables'; readonly variables: readonly Readonly<Record<string, string>>[] };

/** A text file that is put beside the script, below /scratch/batch. */
export interface SubmittedFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly content: string;
}

/** One submission: a job and the cluster that runs it. */
export interface BatchSpec {
  readonly workspace: string;
  /** Of the cluster: letters, digits, `-`, `_`; not in use. See `uniqueName`. */
  readonly name: string;
  /** Begins with `#!`; is sent and run as it stands, with /scratch/batch as the folder. */
  readonly script: string;
  readonly tasks: TaskArray;
  /** Together with the script at most 2.4 MB, compressed. */
  readonly files?: readonly SubmittedFile[];
  /** Seen by everybody in the workspace. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kept by Coiled for the time of the job only. */
  readonly secretEnv?: Readonly<Record<string, string>>;
  /** How often Coiled runs a failed task again; 0 if left out. */
  readonly maxRetries?: number;
  /** Counted from when the job starts to run, after the VMs have come. */
  readonly timeoutSeconds?: number;

  /** Image that tasks run in; needs neither Python nor Dask. */
  readonly image: string;
  /** Whether the image's own entrypoint is left out. */
  readonly ignoreEntrypoint?: boolean;
  readonly architecture?: Architecture;
  /** Types of VMs for tasks, the first one available is taken; at least one. */
  readonly vmTypes: readonly string[];
  /** Of the VM that only schedules. Counts where it has no task; if left out, that of the tasks. */
  readonly schedulerVmTypes?: readonly string[];
  /** GiB. */
  readonly diskGiB?: number;
  /** Left out: the default of the workspace. */
  readonly region?: string;
  /** `on-demand` if left out. The scheduler is always on-demand, hence a task that runs there too. */
  readonly spot?: SpotPolicy;
  /** VMs besides the scheduler at most; 1000 if left out. Tasks in excess wait. */
  readonly maxWorkers?: number;
  /** Whether the first task runs on the scheduler. Of a job of one task it does unless this is false. */
  readonly taskOnScheduler?: boolean;
  /** Whether VMs may be in other zones of the region than the scheduler; true if left out. */
  readonly crossZone?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
  /** After which Coiled ends the cluster whatever it does. */
  readonly clusterTimeoutSeconds?: number;
}

/** What became of a request that must not be made twice. */
export type Submission<T> =
  | { readonly kind: 'accepted'; readonly value: T }
  /** Coiled said no: nothing was made. */
  | { readonly kind: 'refused'; readonly error: ErrorReport }
  /** It never left this machine: nothing was made. */
  | { readonly kind: 'not-sent'; readonly error: ErrorReport }
  /** It was sent, or may have been, and no answer tells what became of it: look before anything is sent again. */
  | { readonly kind: 'unknown'; readonly error: ErrorReport };

export interface CreatedCluster {
  readonly id: ClusterId;
  /** The name was in use: this is the older cluster, and the job does not run on it. */
  readonly existing: boolean;
}

/** A state as Coiled has it; `unknown`: one that this program does not know, to be taken as going on. */
export interface StateOf<S extends string> {
  readonly state: S | 'unknown';
  /** As Coiled writes it. */
  readonly said: string;
  /** Coiled's explanation, to be shown as it stands; empty: none. */
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly updated?: string;
}

export type ClusterState = 'pending' | 'starting' | 'scaling' | 'ready' | 'pausing' | 'paused' | 'stopping' | 'stopped' | 'error';
export type VmState = 'queued' | 'starting' | 'started' | 'ready' | 'pausing' | 'paused' | 'stopping' | 'stopped' | 'error';
/** `done-with-errors`: all tasks have ended, and some failed. */
export type JobState = 'queued' | 'running' | 'done' | 'done-with-errors' | 'failed';
/** A task that ended with another exit code than 0 is `failed`, whatever Coiled calls it. */
export type TaskState = 'pending' | 'running' | 'done' | 'failed';

export interface Job {
  readonly id: JobId;
  /** Left out: there is none yet. */
  readonly cluster?: ClusterId;
  readonly state: JobState | 'unknown';
  readonly said: string;
  readonly tasks: { readonly total?: number; readonly succeeded?: number; readonly failed?: number };
  /** ISO 8601, UTC. */
  readonly created?: string;
  readonly completed?: string;
  /** US dollars that the cloud asks for, as Coiled reckons; without Coiled's own fee. Left out: not known (yet). */
  readonly cloudCost?: number;
}

export interface JobWithTasks extends Job {
  readonly clusterState?: ClusterState | 'unknown';
  readonly array: readonly Task[];
}

export interface Task {
  /** Counts from 0: index into {@link TaskArray}. */
  readonly index: number;
  readonly state: TaskState | 'unknown';
  readonly said: string;
  /** ISO 8601, UTC. */
  readonly started?: string;
  readonly stopped?: string;
  readonly exitCode?: number;
  /** Instance id of the VM it is or was on: {@link Vm.id}. */
  readonly vm?: number;
}

export interface ClusterQuery {
  /** Only those that this user made. */
  readonly mine?: boolean;
  /** At most so many; 500 if left out. */
  readonly limit?: number;
}

export interface ClusterSummary {
  readonly id: ClusterId;
  readonly name: string;
  readonly state: StateOf<ClusterState>;
  /** ISO 8601, UTC. */
  readonly created?: string;
}

export interface Cluster extends ClusterSummary {
  readonly provider: CloudProvider;
  readonly region?: string;
  /** The scheduler first. */
  readonly vms: readonly Vm[];
}

export interface Vm {
  readonly role: 'scheduler' | 'worker';
  readonly name: string;
  /** Left out: no instance has been asked for yet. */
  readonly id?: number;
  /** Of the instance; before there is one, of the process that waits for it. */
  readonly state: StateOf<VmState>;
  readonly created?: string;
  readonly privateAddress?: string;
}

export interface HistoryEntry {
  readonly of: 'cluster' | 'scheduler' | 'worker' | 'scheduler-vm' | 'worker-vm' | 'network';
  readonly name: string;
  readonly state: string;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export interface LogQuery {
  /** Only what tasks of this job wrote; with `task` only that one. Left out: everything, also of the system. */
  readonly job?: JobId;
  readonly task?: number;
  /** Milliseconds since the epoch. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Instance ids: {@link Vm.id}. */
  readonly vms?: readonly number[];
}

export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly text: string;
  readonly vm?: number;
  readonly task?: number;
  /** The same for the same line: to tell which have been seen. */
  readonly key: string;
}

export interface DebitQuery {
  readonly cluster?: ClusterId;
  readonly after?: Date;
  readonly before?: Date;
}

export interface CreditDebit {
  /** Positive: taken off. */
  readonly credits: number;
  /** ISO 8601, UTC. */
  readonly at?: string;
  readonly kind?: string;
}
