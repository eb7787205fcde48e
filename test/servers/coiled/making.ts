import { bootCluster } from './life.ts';
import { badRequest, CoiledFailure } from './failure.ts';
import { addVm } from './vms.ts';
import type { BatchJob, StandInCluster, Workspace, World } from './world.ts';

/* What is made by requests, with the checks that Coiled is known to make. */

type Body = Readonly<Record<string, unknown>>;

export function memberOf(world: World, slug: string): Workspace {
  const found = world.workspaces.find((workspace) => workspace.slug === slug);
  if (found === undefined) throw new CoiledFailure(403, { code: 'PERMISSIONS_ERROR', message: 'You aren\'t a member of this workspace' });
  return found;
}

export function makeJob(world: World, body: Body): BatchJob {
  for (const name of ['user_command', 'workspace']) if (typeof body[name] !== 'string' || body[name] === '') throw badRequest(`${name} is required`);
  const workspace = memberOf(world, body.workspace as string);
  const indices = taskIndices(body);
  const values = body.task_map_env_vals ?? body.task_map_env_vars_and_vals;
  if (values !== undefined && (!Array.isArray(values) || values.length !== indices.length)) throw badRequest('the values to map over do not match the number of tasks');
  if (body.task_map_env_vals !== undefined && typeof body.task_map_env_var !== 'string') throw badRequest('task_map_env_var is required');
  if (!Array.isArray(body.user_files)) throw badRequest('user_files is required');
  const onScheduler = body.scheduler_task_array;
  if (!Array.isArray(onScheduler) || onScheduler.some((index) => !indices.includes(index as number))) throw badRequest('scheduler_task_array has tasks that there are none of');
  const id = world.nextId();
  const job: BatchJob = {
    id, workspace: workspace.slug, spec: body, created: world.time(), completed: undefined, cluster: undefined, failed: false, timeoutRuns: false,
    tasks: indices.map((index) => ({ id: world.nextId(), index, state: 'pending', start: undefined, stop: undefined, exitCode: undefined, vm: undefined, attempts: 0 })),
  };
  world.jobs.set(id, job);
  return job;
}

function taskIndices(body: Body): readonly number[] {
  if (Array.isArray(body.task_array)) return body.task_array as number[];
  const count = body.task_array_ntasks;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1) throw badRequest('task_array_ntasks has to be a positive number');
  return Array.from({ length: count }, (_, index) => index);
}

export function makeCluster(world: World, slug: string, body: Body): { readonly cluster: StandInCluster; readonly existing: boolean } {
  const workspace = memberOf(world, slug);
  const { name } = body;
  if (typeof name !== 'string' || !/^[A-Za-z0-9_-]+$/.test(name)) throw badRequest('The name of the cluster has characters that are not allowed', 'PARSE_IDENTIFIER_ERROR');
  if (workspace.backend === '') throw new CoiledFailure(400, { code: 'NO_CLOUD_SETUP', message: 'This workspace has no cloud provider set up. You can set one up at https://cloud.coiled.io/get-started' });
  if (!workspace.hasQuota) throw new CoiledFailure(402, { code: 'QUOTA_EXCEEDED', message: 'You have reached the workspace quota of 10000 Coiled credits' });
  const running = [...world.clusters.values()].find((cluster) => cluster.name === name && cluster.workspace === slug && !['stopped', 'error'].includes(cluster.state.state));
  if (running !== undefined) return { cluster: running, existing: true };
  if (typeof body.env_name !== 'string' || !world.environments.has(body.env_name)) throw badRequest(`There is no software environment ${String(body.env_name)}`);
  const ids = (body.batch_job_ids ?? []) as readonly number[];
  const jobs = ids.map((id) => world.jobs.get(id) ?? (() => { throw badRequest(`There is no job ${id}`); })());
  if (jobs.some((job) => job.cluster !== undefined)) throw badRequest('The job has a cluster already');
  const id = world.nextId();
  const cluster: StandInCluster = { id, workspace: slug, name, spec: body, created: world.time(), jobs, vms: [], history: [], state: world.stated('pending'), updated: world.time() };
  for (const job of jobs) job.cluster = cluster;
  world.clusters.set(id, cluster);
  addVm(world, cluster, 'scheduler');
  for (let index = 0; index < Number(body.workers ?? 0); index++) addVm(world, cluster, 'worker');
  bootCluster(world, cluster);
  return { cluster, existing: false };
}
