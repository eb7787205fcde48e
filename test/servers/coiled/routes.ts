import { badRequest, CoiledFailure, notFound } from './failure.ts';
import { stopCluster } from './life.ts';
import { makeCluster, makeJob, memberOf } from './making.ts';
import { creditsOf, vmTypes } from './prices.ts';
import { showCluster, showClusterSummary, showDebits, showHistory, showJob, showJobWithTasks } from './show.ts';
import type { Account, BatchJob, StandInCluster, World } from './world.ts';

/** A request as an operation sees it. */
export interface Asked {
  readonly world: World;
  readonly account: Account;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  /** What the parts in braces stand for. */
  readonly at: Readonly<Record<string, string>>;
}

interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly answer: (asked: Asked) => unknown;
}

const route = (line: string, answer: (asked: Asked) => unknown): Route => {
  const [method, path] = line.split(' ');
  return { method, pattern: new RegExp(`^${path.replace(/\{(\w+)\}/g, (_all, name: string) => `(?<${name}>${name === 'id' ? '\\d+' : '[^/]+'})`)}$`), answer };
};

/** What the stand-in understands. Anything else is answered with 404 and its path, so that a gap is seen. */
const routes: readonly Route[] = [
  route('GET /api/v2/user/me', ({ world, account }) => ({ username: account.user, default_account: { slug: (world.workspaces.find(({ isDefault }) => isDefault) ?? world.workspaces.at(0))?.slug ?? null } })),
  route('GET /api/v2/user/me/memberships', ({ world }) => world.workspaces.map(({ slug, isAdmin, isDefault, backend }) => ({
    account: { slug, name: slug, backend, options: {} }, is_admin: isAdmin, is_default_account: isDefault,
  }))),
  route('GET /api/v2/user/account/{ws}/usage', ({ world, at }) => ({ has_quota: memberOf(world, at.ws).hasQuota })),
  route('GET /api/v2/user/workspace/{ws}/dask-config-overrides', ({ world, at }) => (memberOf(world, at.ws), {})),
  route('POST /api/v2/interactions/interaction', () => ({})),
  route('GET /api/v1/{ws}/backend_options/', ({ world, at }) => {
    const { backend, region } = memberOf(world, at.ws);
    return { backend, options: region === undefined ? {} : { [backend === 'vm_gcp' ? 'gcp_region_name' : 'aws_region_name']: region } };
  }),
  route('GET /api/v1/vm-types/', ({ query }) => listTypes(query)),
  route('GET /api/v1/{ws}/billing-events/', ({ world, at, query }) => {
    memberOf(world, at.ws);
    const wanted = query.get('cluster_id');
    const found = [...world.clusters.values()].filter((cluster) => cluster.workspace === at.ws && (wanted === null || String(cluster.id) === wanted)).flatMap((cluster) => showDebits(world, cluster));
    return page(found, query);
  }),
  route('POST /api/v2/software-environment/account/{ws}', ({ world, at, body }) => {
    memberOf(world, at.ws);
    if (typeof body.name !== 'string' || typeof body.container !== 'string') throw badRequest('name and container are required');
    world.environments.set(body.name, body.container);
    return { id: world.nextId(), name: body.name, latest_spec: { id: world.nextId(), latest_build: { id: world.nextId(), state: 'built', reason: null } } };
  }),
  route('POST /api/v2/jobs/', ({ world, body }) => ({ id: makeJob(world, body).id })),
  route('POST /api/v2/jobs/compressed', ({ world, body }) => ({ id: makeJob(world, body).id })),
  route('GET /api/v2/jobs/', ({ world, query }) => {
    const wanted = query.get('workspace') ?? '';
    if (wanted !== '') memberOf(world, wanted);
    const found = [...world.jobs.values()].filter(({ workspace }) => wanted === '' || workspace === wanted).reverse();
    return { items: found.slice(0, Number(query.get('limit') ?? '') || 10).map((job) => showJob(world, job)), count: found.length };
  }),
  route('GET /api/v2/jobs/cluster/{id}', ({ world, at }) => clusterAt(world, at.id).jobs.map((job) => showJobWithTasks(world, job))),
  route('GET /api/v2/jobs/{id}', ({ world, at }) => showJob(world, jobAt(world, at.id))),
  route('POST /api/v2/clusters/account/{ws}/', ({ world, at, body }) => {
    const { cluster, existing } = makeCluster(world, at.ws, body);
    return { id: cluster.id, existing };
  }),
  route('GET /api/v2/clusters/account/{ws}/', ({ world, at, query }) => {
    const { slug, backend } = memberOf(world, at.ws);
    const all = [...world.clusters.values()].filter(({ workspace }) => workspace === slug).reverse();
    const name = query.get('name');
    if (name !== null) return all.filter((cluster) => cluster.name === name).map(showClusterSummary);
    const from = Number(query.get('offset') ?? 0);
    return all.slice(from, from + Math.min(100, Number(query.get('limit') ?? 100))).map((cluster) => showCluster(cluster, backend));
  }),
  route('GET /api/v2/clusters/account/{ws}/name/{name}', ({ world, at }) => {
    const { slug, backend } = memberOf(world, at.ws);
    const found = [...world.clusters.values()].find(({ workspace, name, state }) => workspace === slug && name === at.name && !['stopped', 'error'].includes(state.state));
    if (found === undefined) throw notFound();
    return showCluster(found, backend);
  }),
  route('GET /api/v2/clusters/account/{ws}/id/{id}', ({ world, at }) => showCluster(ownCluster(world, at), memberOf(world, at.ws).backend)),
  route('GET /api/v2/clusters/account/{ws}/id/{id}/state', ({ world, at }) => ownCluster(world, at).state),
  route('GET /api/v2/clusters/account/{ws}/id/{id}/states', ({ world, at, query }) => showHistory(ownCluster(world, at), Date.parse(query.get('start_time') ?? '1970-01-01'))),
  route('DELETE /api/v2/clusters/account/{ws}/id/{id}', ({ world, at, query }) => {
    const cluster = ownCluster(world, at);
    if (world.behaviour.ignoredStops > 0) world.behaviour.ignoredStops -= 1;
    else stopCluster(world, cluster, query.get('reason') ?? 'Stopped by the user');
    return {};
  }),
  route('GET /api/v2/clusters/account/{ws}/id/{id}/better-logs', ({ world, at, query }) => readLogs(world, ownCluster(world, at), query)),
  route('POST /api/v2/clusters/id/{id}/event', ({ world, at }) => (clusterAt(world, at.id), {})),
  route('GET /api/v2/metrics/account/{ws}/cluster/{id}/value', ({ world, at }) => (ownCluster(world, at), 0)),
  route('GET /api/v2/filestore/cluster/{id}', ({ world, at }) => (clusterAt(world, at.id), { attachments: [] })),
];

/** The answer to a request. Throws {@link CoiledFailure}. */
export function answerOf(method: string, path: string, asked: Omit<Asked, 'at'>): unknown {
  for (const each of routes) {
    const found = each.method === method ? each.pattern.exec(path) : null;
    if (found !== null) return each.answer({ ...asked, at: Object.fromEntries(Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)])) });
  }
  throw new CoiledFailure(404, { detail: `stand-in has no route ${method} ${path}` });
}

function jobAt(world: World, id: string): BatchJob {
  const job = world.jobs.get(Number(id));
  if (job === undefined) throw notFound();
  return job;
}

function clusterAt(world: World, id: string): StandInCluster {
  const cluster = world.clusters.get(Number(id));
  if (cluster === undefined) throw notFound('Cluster not found');
  return cluster;
}

function ownCluster(world: World, at: Asked['at']): StandInCluster {
  memberOf(world, at.ws);
  const cluster = clusterAt(world, at.id);
  if (cluster.workspace !== at.ws) throw notFound('Cluster not found');
  return cluster;
}

const pageLength = 50;

function page(all: readonly object[], query: URLSearchParams): object {
  const number = Math.max(1, Number(query.get('page') ?? 1));
  const rest = all.slice((number - 1) * pageLength);
  return { results: rest.slice(0, pageLength), next: rest.length > pageLength ? `?page=${number + 1}` : null };
}

function listTypes(query: URLSearchParams): object {
  const least = (name: string): number => Number(query.get(`${name}__gte`) ?? 0);
  const most = (name: string): number => Number(query.get(`${name}__lte`) ?? Infinity);
  const exactly = (name: string, value: string | number): boolean => query.get(name) === null || query.get(name) === String(value);
  const found = vmTypes.filter(({ name, backend, cores, memory, arch }) => exactly('backend_type', backend) && exactly('name', name) && exactly('arch', arch) && exactly('cores', cores)
    && cores >= least('cores') && cores <= most('cores') && memory >= least('memory') && memory <= most('memory'));
  return page(found.map(({ name, backend, cores, memory }) => ({ name, cores, gpus: 0, gpu_name: null, memory, backend_type: backend, coiled_credits: creditsOf(name) })), query);
}

const logPage = 1000;

function readLogs(world: World, cluster: StandInCluster, query: URLSearchParams): readonly object[] {
  const [since, until] = [Number(query.get('since_ms') ?? 0), Number(query.get('until_ms') ?? Infinity)];
  const wanted = /^__BATCH (\d+)\.(?:(\d+)__)?$/.exec(query.get('filter_pattern') ?? '');
  const vms = (query.get('instance_ids') ?? '').split(',').filter((id) => id !== '').map(Number);
  const now = world.clock.now();
  const found = world.logs.filter((entry) => entry.cluster === cluster.id && entry.visibleAt <= now && entry.at >= since && entry.at <= until
    && (wanted === null || (String(entry.job) === wanted[1] && (wanted[2] === undefined || String(entry.task) === wanted[2]))) && (vms.length === 0 || vms.includes(entry.vm)));
  const lines = found.map((entry) => ({ timestamp: Math.floor(entry.at), message: entry.message, instance_id: entry.vm, task_id: entry.task ?? null }));
  return (world.behaviour.logsTwice ? lines.flatMap((line) => [line, line]) : lines).slice(0, logPage);
}
