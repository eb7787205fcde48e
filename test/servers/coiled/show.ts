import { creditsOf, priceOf } from './prices.ts';
import type { BatchJob, JobTask, Stated, StandInCluster, Vm, World } from './world.ts';

/* How things look in answers: the fields that Coiled's client relies on, and no other. */

export function showJob(world: World, job: BatchJob): object {
  return {
    id: job.id, cluster_id: job.cluster?.id ?? null, cluster_state: job.cluster?.state.state ?? null, workspace_name: job.workspace, state: jobState(job), user_command: job.spec.user_command,
    n_tasks: job.tasks.length, n_tasks_succeeded: job.tasks.filter(isGood).length, n_tasks_failed: job.tasks.filter(isBad).length,
    created: job.created, completed: job.completed ?? null, approximate_cloud_total_cost: cost(world, job.cluster),
  };
}

export function showJobWithTasks(world: World, job: BatchJob): object {
  return { ...showJob(world, job), tasks: job.tasks.map(showTask) };
}

function showTask(task: JobTask): object {
  return {
    array_task_id: task.index, state: task.state, start: task.start ?? null, stop: task.stop ?? null, exit_code: task.exitCode ?? null,
    assigned_to_id: task.vm?.id ?? null, assigned_to: task.vm === undefined ? null : { id: task.vm.id, private_ip_address: addressOf(task.vm) },
  };
}

const isBad = (task: JobTask): boolean => task.state === 'error' || (task.exitCode ?? 0) !== 0;
const isGood = (task: JobTask): boolean => task.state === 'done' && !isBad(task);

function jobState(job: BatchJob): string {
  if (job.completed !== undefined) return job.tasks.some(isBad) ? 'done (errors)' : 'done';
  if (job.failed) return 'failed';
  return job.tasks.some(({ attempts }) => attempts > 0) ? 'running' : 'queued';
}

/** Hours that a VM has been there. */
function hours(world: World, vm: Vm): number {
  return vm.state.state === 'queued' ? 0 : ((vm.goneAt ?? world.clock.now()) - vm.askedAt) / 3_600_000;
}

/** Null as long as there is nothing to reckon by. */
function cost(world: World, cluster: StandInCluster | undefined): number | null {
  if (cluster === undefined || cluster.vms.every(({ readyAt }) => readyAt === undefined)) return null;
  return cluster.vms.reduce((sum, vm) => sum + hours(world, vm) * priceOf(vm.type, vm.spot), 0);
}

export function showCluster(cluster: StandInCluster, backend: string): object {
  const scheduler = cluster.vms.find(({ role }) => role === 'scheduler');
  return {
    ...showClusterSummary(cluster), backend_type: backend, coiled_hosted: false, desired_workers: cluster.spec.workers,
    scheduler: scheduler === undefined ? null : { ...showVm(scheduler), dashboard_address: null }, workers: cluster.vms.filter(({ role }) => role === 'worker').map(showVm),
    cluster_options: { region_name: (cluster.spec.options as Readonly<Record<string, unknown>> | undefined)?.region_name ?? 'us-east-1', tls_cert: 'CLUSTER-CERTIFICATE', tls_key: 'CLUSTER-PRIVATE-KEY' },
    scheduler_port: 8786, cluster_infra: { give_scheduler_public_ip: true },
  };
}

export function showClusterSummary(cluster: StandInCluster): object {
  return { id: cluster.id, name: cluster.name, created: cluster.created, updated: cluster.updated, current_state: cluster.state };
}

function showVm(vm: Vm): object {
  const created = new Date(vm.askedAt).toISOString();
  return {
    name: vm.name, created, current_state: vm.process,
    instance: { id: vm.id, name: `${vm.name}-instance`, created, current_state: vm.state, public_ip_address: null, private_ip_address: vm.readyAt === undefined ? null : addressOf(vm) },
  };
}

function addressOf(vm: Vm): string {
  return `10.0.${(vm.id >> 8) & 255}.${vm.id & 255}`;
}

export function showHistory(cluster: StandInCluster, since: number): object {
  const lists = ['cluster', 'scheduler', 'scheduler_instance', 'cluster_infra', 'worker', 'worker_instance'];
  return Object.fromEntries(lists.map((list) => [list, cluster.history.filter((entry) => entry.list === list && Date.parse(entry.state.updated) >= since).map(({ name, state }) => ({ ...state, stateful_object: { name } }))]));
}

/** Credits that a cluster has taken, one entry for each VM. */
export function showDebits(world: World, cluster: StandInCluster): readonly object[] {
  return cluster.vms.filter((vm) => hours(world, vm) > 0).map((vm) => ({
    id: vm.id, kind: 'cluster', cluster_id: cluster.id, created: new Date(vm.goneAt ?? world.clock.now()).toISOString(), amount_credits: (-hours(world, vm) * creditsOf(vm.type)).toFixed(4),
  }));
}

/** Fields that may be missing. */
const optional = new Set(['reason', 'updated', 'created', 'completed', 'n_tasks', 'n_tasks_succeeded', 'n_tasks_failed', 'approximate_cloud_total_cost', 'cluster_state', 'start', 'stop', 'assigned_to', 'next', 'options', 'coiled_credits', 'is_admin', 'public_ip_address', 'private_ip_address', 'instance_id', 'task_id', 'desired_workers', 'cluster_options', 'default_account']);

/** An answer as it may come one day. */
export function reshape(answer: unknown, fields: 'usual' | 'future' | 'sparse'): unknown {
  if (fields === 'usual') return answer;
  if (Array.isArray(answer)) return answer.map((entry) => reshape(entry, fields));
  if (typeof answer !== 'object' || answer === null) return answer;
  const kept = Object.entries(answer).filter(([name]) => fields === 'future' || !optional.has(name)).map(([name, value]): [string, unknown] => [name, reshape(value, fields)]);
  return fields === 'sparse' ? Object.fromEntries(kept) : { ...Object.fromEntries(kept), ...newState(answer), added_later: { version: 3, of: ['something', null] } };
}

/** Says a state that nobody knows yet in the place of passing ones. */
function newState({ state }: Partial<Stated>): object {
  return state !== undefined && ['pending', 'starting', 'scaling', 'assigned'].includes(state) ? { state: `soon-${state}` } : {};
}
