import { SpimquantError, reportError } from '../protocol/errors.ts';
import type { Environment } from '../protocol/callerEnvironment.ts';
import { Connection, usualSurroundings } from '../storage/connection.ts';
import type { Surroundings } from '../storage/connection.ts';
import type { Asking } from '../storage/health/bare.ts';
import { readClusterSummary, readCluster, readCreatedCluster, readDebit, readHistory, readInstanceType, readJob, readJobWithTasks, readLogLine, readUser, readWorkspace } from './answers.ts';
import type {
  BatchSpec, Cluster, ClusterId, ClusterQuery, ClusterState, ClusterSummary, CoiledClient, CoiledCloud, CoiledUser, CoiledWorkspace, CreatedCluster, CreditDebit,
  DebitQuery, HistoryEntry, InstanceQuery, InstanceType, Job, JobId, JobWithTasks, LogLine, LogQuery, StateOf, Submission,
} from './client.types.ts';
import { Fields, partsOf } from './decode.ts';
import { CoiledError, coiledError, coiledFault, isTokenRefused } from './errors.ts';
import type { CoiledFault } from './errors.ts';
import { CoiledRequests } from './requests.ts';
import type { CoiledRequest, CoiledSession } from './requests.ts';
import { clusterState, providerOf, readState } from './states.ts';
import { checkSpec, clusterBody, compressedJob, environmentBody, environmentName, schedulerImage } from './submission.ts';
import type { CoiledToken } from './token.types.ts';
import { chooseWorkspace } from './workspaces.ts';

export interface CoiledOptions {
  readonly server: string;
  /**
   * Gives the token at first use, and again when one is refused: somebody may have signed in since. Throws
   * `auth-missing` when there is none.
   */
  readonly token: () => Promise<CoiledToken>;
  /** For proxies and certificates. */
  readonly env: Environment;
  readonly surroundings?: Surroundings;
}

/** Making a cluster can take Coiled a while. */
const patient: Surroundings = { ...usualSurroundings, timeouts: { connectMs: 15_000, silenceMs: 120_000 } };
const concurrency = 4;
const pageSize = 100;
/** Pages of any list at most: a list that never ends is a fault of the service. */
const maxPages = 1000;

/** A way to Coiled. Nothing is sent before something is asked. */
export function coiledClient(options: CoiledOptions): CoiledClient {
  return new HttpCoiledClient(options);
}

/** As {@link coiledClient}; `wrap` changes how faults come out, which checks of a connection want to see bare. */
export class HttpCoiledClient implements CoiledClient {
  readonly server: string;
  readonly #requests: CoiledRequests;
  readonly #connection: Asking<CoiledSession, CoiledFault>;

  constructor(options: CoiledOptions, wrap: (connection: Connection<CoiledSession, CoiledFault>) => Asking<CoiledSession, CoiledFault> = (connection) => connection) {
    const surroundings = options.surroundings ?? patient;
    this.server = options.server;
    this.#requests = new CoiledRequests(options.server, surroundings.timeouts, options.env);
    this.#connection = wrap(new Connection<CoiledSession, CoiledFault>({
      open: async () => ({ token: await options.token() }),
      fault: coiledFault,
      isAboutCredentials: isTokenRefused,
      isExpired: isTokenRefused,
      explain: (fault, { doing, session }) => coiledError(fault, { server: options.server, doing, source: session?.token.source }),
    }, concurrency, surroundings));
  }

  async user(signal?: AbortSignal): Promise<CoiledUser> {
    return readUser(await this.#fields('ask who is signed in', get('/api/v2/user/me'), signal));
  }

  async workspaces(signal?: AbortSignal): Promise<readonly CoiledWorkspace[]> {
    return (await this.#list('list the workspaces', get('/api/v2/user/me/memberships'), signal)).map(readWorkspace);
  }

  async workspace(wanted: string | undefined, signal?: AbortSignal): Promise<CoiledWorkspace> {
    const [user, all] = await Promise.all([this.user(signal), this.workspaces(signal)]);
    return chooseWorkspace(wanted, user, all);
  }

  async cloud(workspace: string, signal?: AbortSignal): Promise<CoiledCloud> {
    const fields = await this.#fields(`ask for the cloud of the workspace ${workspace}`, get(`/api/v1/${part(workspace)}/backend_options/`), signal);
    const options = fields.maybePart('options');
    const backend = fields.maybeText('backend') ?? '';
    const region = ['region_name', 'region', 'aws_region_name', 'gcp_region_name', 'azure_region_name'].map((name) => options?.maybeText(name)).find((name) => name !== undefined && name !== '');
    return { provider: providerOf(backend, options?.maybeText('provider_name')), backend, ...(region === undefined ? {} : { region }) };
  }

  async hasQuota(workspace: string, signal?: AbortSignal): Promise<boolean> {
    return (await this.#fields(`ask for the quota of the workspace ${workspace}`, get(`/api/v2/user/account/${part(workspace)}/usage`), signal)).flag('has_quota');
  }

  async instanceTypes(query: InstanceQuery, signal?: AbortSignal): Promise<readonly InstanceType[]> {
    const wanted = {
      backend_type: query.provider === 'other' ? undefined : `vm_${query.provider}`, name: query.name, arch: query.architecture,
      cores__gte: query.cores?.atLeast, cores__lte: query.cores?.atMost, memory__gte: query.memoryMiB?.atLeast, memory__lte: query.memoryMiB?.atMost,
    };
    const found = await this.#pages('list types of VMs', (page) => get('/api/v1/vm-types/', { page, ...wanted }), 'results', signal);
    const types = found.map(readInstanceType);
    // Filters that a service does not know are left alone by it, so they are applied here as well.
    const fits = types.filter((type) => (query.name === undefined || type.name === query.name) && within(type.cores, query.cores) && within(type.memoryMiB, query.memoryMiB));
    return fits.sort((a, b) => a.cores - b.cores || a.memoryMiB - b.memoryMiB || a.name.localeCompare(b.name, 'en'));
  }

  async environment(spec: BatchSpec, signal?: AbortSignal): Promise<string> {
    const body = environmentBody(spec.architecture ?? 'x86_64', spec.region);
    const doing = 'make the image of the scheduler known';
    const fields = await this.#fields(doing, { method: 'POST', path: `/api/v2/software-environment/account/${part(spec.workspace)}`, body }, signal);
    const build = fields.maybePart('latest_spec')?.maybePart('latest_build');
    if (build?.maybeText('state') === 'error') {
      throw new SpimquantError('bad-option', `Coiled could not ${doing}: ${build.maybeText('reason') ?? 'it gives no reason'}`, { where: this.server, hint: `See "Software environments" at ${this.server}.` });
    }
    return fields.maybeText('name') ?? environmentName(schedulerImage, spec.architecture ?? 'x86_64');
  }

  async createJob(spec: BatchSpec, signal?: AbortSignal): Promise<Submission<JobId>> {
    checkSpec(spec);
    const request: CoiledRequest = { method: 'POST', path: '/api/v2/jobs/compressed', body: compressedJob(spec), secrets: Object.values(spec.secretEnv ?? {}) };
    return this.#submit(`create the job of "${spec.name}"`, request, (answer) => answer.number('id'), signal);
  }

  async createCluster(spec: BatchSpec, job: JobId, environment: string, signal?: AbortSignal): Promise<Submission<CreatedCluster>> {
    checkSpec(spec);
    const request: CoiledRequest = { method: 'POST', path: `/api/v2/clusters/account/${part(spec.workspace)}/`, body: clusterBody(spec, job, environment) };
    return this.#submit(`create the cluster "${spec.name}"`, request, readCreatedCluster, signal);
  }

  async jobs(workspace: string, limit: number = 100, signal?: AbortSignal): Promise<readonly Job[]> {
    const fields = await this.#fields(`list the jobs of the workspace ${workspace}`, get('/api/v2/jobs/', { workspace, limit }), signal);
    return fields.parts('items').map(readJob);
  }

  async job(id: JobId, signal?: AbortSignal): Promise<Job> {
    return readJob(await this.#fields(`ask for the job ${id}`, get(`/api/v2/jobs/${id}`), signal));
  }

  async jobsOfCluster(cluster: ClusterId, signal?: AbortSignal): Promise<readonly JobWithTasks[]> {
    return (await this.#list(`ask for the tasks of the cluster ${cluster}`, get(`/api/v2/jobs/cluster/${cluster}`), signal)).map(readJobWithTasks);
  }

  async clusters(workspace: string, { mine = false, limit = 500 }: ClusterQuery = {}, signal?: AbortSignal): Promise<readonly ClusterSummary[]> {
    const found: ClusterSummary[] = [];
    for (let page = 0; page < maxPages && found.length < limit; page++) {
      const request = get(`${clustersOf(workspace)}/`, { limit: pageSize, offset: page * pageSize, just_mine: mine ? 1 : 0 });
      const entries = await this.#list(`list the clusters of the workspace ${workspace}`, request, signal);
      if (entries.length === 0) break;
      found.push(...entries.map(readClusterSummary));
    }
    return newestFirst(found).slice(0, limit);
  }

  async clustersNamed(workspace: string, name: string, signal?: AbortSignal): Promise<readonly ClusterSummary[]> {
    try {
      const found = await this.#list(`look for the cluster "${name}"`, get(`${clustersOf(workspace)}/`, { name }), signal);
      return newestFirst(found.map(readClusterSummary).filter((cluster) => cluster.name === name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async cluster(workspace: string, id: ClusterId, signal?: AbortSignal): Promise<Cluster> {
    return readCluster(await this.#fields(`ask for the cluster ${id}`, get(`${clustersOf(workspace)}/id/${id}`), signal));
  }

  async clusterState(workspace: string, id: ClusterId, signal?: AbortSignal): Promise<StateOf<ClusterState>> {
    return readState(await this.#fields(`ask for the state of the cluster ${id}`, get(`${clustersOf(workspace)}/id/${id}/state`), signal), clusterState);
  }

  async history(workspace: string, id: ClusterId, since?: Date, signal?: AbortSignal): Promise<readonly HistoryEntry[]> {
    const request = get(`${clustersOf(workspace)}/id/${id}/states`, { start_time: since?.toISOString() });
    return readHistory(await this.#fields(`ask what happened to the cluster ${id}`, request, signal));
  }

  async stopCluster(workspace: string, id: ClusterId, reason: string, signal?: AbortSignal): Promise<'stopping' | 'gone'> {
    try {
      // Coiled keeps addresses below 8 kB; percent-encoding may triple a character's length.
      await this.#ask(`stop the cluster ${id}`, { method: 'DELETE', path: `${clustersOf(workspace)}/id/${id}`, query: { reason: reason.slice(0, 2000) } }, signal);
      return 'stopping';
    } catch (error) {
      if (isMissing(error)) return 'gone';
      throw error;
    }
  }

  async logs(workspace: string, id: ClusterId, query: LogQuery, signal?: AbortSignal): Promise<readonly LogLine[]> {
    const request = get(`${clustersOf(workspace)}/id/${id}/better-logs`, {
      dask: 'True', system: query.job === undefined ? 'True' : undefined, since_ms: query.sinceMs, until_ms: query.untilMs,
      filter_pattern: query.job === undefined ? undefined : query.task === undefined ? `__BATCH ${query.job}.` : `__BATCH ${query.job}.${query.task}__`,
      instance_ids: query.vms === undefined || query.vms.length === 0 ? undefined : query.vms.join(','),
    });
    const lines = (await this.#list(`read the logs of the cluster ${id}`, request, signal)).map(readLogLine);
    return lines.sort((a, b) => a.atMs - b.atMs);
  }

  async debits(workspace: string, { cluster, after, before }: DebitQuery, signal?: AbortSignal): Promise<readonly CreditDebit[]> {
    const wanted = { cluster_id: cluster, event_after: after?.toISOString(), event_before: before?.toISOString() };
    const found = await this.#pages(`ask for the credits of the workspace ${workspace}`, (page) => get(`/api/v1/${part(workspace)}/billing-events/`, { page, ...wanted }), 'results', signal);
    return found.map(readDebit).sort((a, b) => (a.at ?? '').localeCompare(b.at ?? ''));
  }

  pageOf(cluster: ClusterId): string {
    return `${this.server}/clusters/${cluster}`;
  }

  dispose(): void {
    this.#requests.close();
  }

  async #ask(doing: string, request: CoiledRequest, signal: AbortSignal | undefined): Promise<unknown> {
    return this.#connection.run(doing, this.server, signal, async (session, own) => this.#requests.json(request, session, own));
  }

  async #fields(doing: string, request: CoiledRequest, signal: AbortSignal | undefined): Promise<Fields> {
    return new Fields(await this.#ask(doing, request, signal), named(request));
  }

  /** A list; nothing at all, where there is nothing yet, is an empty one. */
  async #list(doing: string, request: CoiledRequest, signal: AbortSignal | undefined): Promise<readonly Fields[]> {
    return partsOf(await this.#ask(doing, request, signal) ?? [], named(request));
  }

  /** All pages of a list that tells whether there is a next one. */
  async #pages(doing: string, ask: (page: number) => CoiledRequest, name: string, signal: AbortSignal | undefined): Promise<readonly Fields[]> {
    const found: Fields[] = [];
    for (let page = 1; page <= maxPages; page++) {
      const fields = await this.#fields(doing, ask(page), signal);
      // The list of debits has had two names.
      const entries = fields.has(name) || !fields.has('events') ? fields.parts(name) : fields.parts('events');
      found.push(...entries);
      if (entries.length === 0 || !fields.has('next')) break;
    }
    return found;
  }

  /** Makes a request that must not take effect twice, and tells what is known of it. Throws only what is a defect. */
  async #submit<T>(doing: string, request: CoiledRequest, read: (answer: Fields) => T, signal: AbortSignal | undefined): Promise<Submission<T>> {
    let underWay = false;
    try {
      const answer = await this.#connection.run(doing, this.server, signal, async (session, own) => {
        underWay = true;
        try {
          return await this.#requests.json({ ...request, once: true }, session, own);
        } catch (error) {
          // A refusal, or a line that never came about, leaves nothing behind; the next attempt begins anew.
          underWay = coiledFault(error).fate === 'unknown';
          throw error;
        }
      });
      return { kind: 'accepted', value: read(new Fields(answer, named(request))) };
    } catch (error) {
      if (error instanceof CoiledError) return { kind: error.fate, error: reportError(error) };
      // An answer that is not understood came of a request that was taken; a cancelled one may have been.
      return { kind: underWay ? 'unknown' : 'not-sent', error: reportError(error) };
    }
  }
}

function get(path: string, query?: CoiledRequest['query']): CoiledRequest {
  return { method: 'GET', path, ...(query === undefined ? {} : { query }) };
}

function named({ method, path }: CoiledRequest): string {
  return `${method} ${path}`;
}

/** A name as one part of a path. */
function part(name: string): string {
  return encodeURIComponent(name);
}

function clustersOf(workspace: string): string {
  return `/api/v2/clusters/account/${part(workspace)}`;
}

function within(value: number, range: { readonly atLeast?: number; readonly atMost?: number } | undefined): boolean {
  return value >= (range?.atLeast ?? 0) && value <= (range?.atMost ?? Infinity);
}

function newestFirst(clusters: readonly ClusterSummary[]): readonly ClusterSummary[] {
  return [...clusters].sort((a, b) => b.id - a.id);
}

function isMissing(error: unknown): boolean {
  return error instanceof CoiledError && error.status === 404;
}
