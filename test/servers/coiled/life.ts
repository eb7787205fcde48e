import { addVm } from './vms.ts';
import type { BatchJob, JobTask, StandInCluster, Vm, World } from './world.ts';

/* What happens by itself: VMs come, tasks run on them, everything stops. */

const over = ['stopping', 'stopped', 'error'];

function setCluster(world: World, cluster: StandInCluster, state: string, reason = ''): void {
  cluster.state = world.stated(state, reason);
  cluster.updated = cluster.state.updated;
  cluster.history.push({ list: 'cluster', name: cluster.name, state: cluster.state });
}

function setVm(world: World, cluster: StandInCluster, vm: Vm, state: string, reason = ''): void {
  vm.state = world.stated(state, reason);
  cluster.history.push({ list: `${vm.role}_instance`, name: vm.name, state: vm.state });
}

export function bootCluster(world: World, cluster: StandInCluster): void {
  const { bootMs, clusterError, stuckPending } = world.behaviour;
  cluster.history.push({ list: 'cluster', name: cluster.name, state: cluster.state });
  if (clusterError !== undefined) {
    world.clock.after(bootMs, () => failCluster(world, cluster, clusterError));
    return;
  }
  const limit = cluster.spec.cluster_timeout_seconds;
  if (typeof limit === 'number') world.clock.after(limit * 1000, () => stopCluster(world, cluster, `Cluster timeout of ${limit} s reached`));
  world.clock.after(bootMs / 4, () => {
    if (cluster.state.state === 'pending') setCluster(world, cluster, 'starting');
    if (stuckPending) for (const vm of cluster.vms) setVm(world, cluster, vm, 'queued', 'InsufficientInstanceCapacity: there is no capacity for this type in the zone; trying again');
  });
  if (!stuckPending) for (const vm of cluster.vms) bootVm(world, cluster, vm, bootMs);
}

function bootVm(world: World, cluster: StandInCluster, vm: Vm, bootMs: number): void {
  const step = (share: number, state: string): void => world.clock.after(bootMs * share, () => {
    if (over.includes(vm.state.state) || over.includes(cluster.state.state)) return;
    setVm(world, cluster, vm, state);
    if (state !== 'ready') return;
    vm.readyAt = world.clock.now();
    vm.process = world.stated('started');
    if (vm.role === 'scheduler' && cluster.state.state === 'starting') setCluster(world, cluster, cluster.vms.length > 1 ? 'scaling' : 'ready');
    if (cluster.vms.every((each) => each.readyAt !== undefined) && cluster.state.state !== 'ready') setCluster(world, cluster, 'ready');
    assign(world, cluster);
  });
  step(0.3, 'starting');
  step(0.7, 'started');
  step(1, 'ready');
}

/** Gives waiting tasks to VMs that have nothing to do. */
export function assign(world: World, cluster: StandInCluster): void {
  if (over.includes(cluster.state.state)) return;
  for (const vm of cluster.vms) {
    if (vm.running !== undefined || vm.state.state !== 'ready') continue;
    const next = cluster.jobs.flatMap((job) => job.tasks.map((task) => ({ job, task }))).find(({ job, task }) => {
      const onScheduler = (job.spec.scheduler_task_array as readonly number[]).includes(task.index);
      return task.state === 'pending' && onScheduler === (vm.role === 'scheduler');
    });
    if (next !== undefined) run(world, cluster, vm, next.job, next.task);
  }
}

function run(world: World, cluster: StandInCluster, vm: Vm, job: BatchJob, task: JobTask): void {
  const { spec } = job;
  Object.assign(task, { state: 'assigned', start: world.time(), stop: undefined, exitCode: undefined, vm, attempts: task.attempts + 1 } satisfies Partial<JobTask>);
  startTimeout(world, job);
  const image = typeof cluster.spec.extra_user_container === 'string' ? cluster.spec.extra_user_container : '';
  const tell = (message: string): void => {
    const at = world.clock.now();
    world.logs.push({ cluster: cluster.id, job: job.id, task: task.index, vm: vm.id, at, message, visibleAt: at + world.behaviour.logDelayMs });
  };
  const process = world.begin({
    folder: vm.folder, files: spec.user_files as { path: string; content: string }[], command: spec.user_command as string,
    recipe: world.containers.get(image) ?? {}, ignoreEntrypoint: cluster.spec.extra_user_container_ignore_entrypoint === true,
    env: {
      ...(spec.env_vars as Record<string, string>), ...(spec.secret_env_vars as Record<string, string>), ...mapped(spec, job.tasks.indexOf(task)),
      COILED_BATCH_TASK_ID: String(task.index), COILED_BATCH_TASK_COUNT: String(job.tasks.length), COILED_CLUSTER_ID: String(cluster.id), COILED_CLUSTER_NAME: cluster.name,
      COILED_INSTANCE_ID: String(vm.id), COILED_WORKSPACE_SLUG: cluster.workspace, COILED_AUTH_TOKEN: `vm-token-${vm.id}`,
    },
    onLine: tell,
  });
  const running = { task, job, process };
  vm.running = running;
  void process.ended.then((code) => {
    if (vm.running !== running) return;
    vm.running = undefined;
    endTask(world, job, task, code ?? 137);
    settle(world, cluster);
  });
}

/** Of `scheduler_task_array` and the like, values belong to places in the list of tasks. */
function mapped(spec: BatchJob['spec'], place: number): Record<string, string> {
  if (Array.isArray(spec.task_map_env_vars_and_vals)) return spec.task_map_env_vars_and_vals[place] as Record<string, string>;
  return Array.isArray(spec.task_map_env_vals) ? { [spec.task_map_env_var as string]: String(spec.task_map_env_vals[place]) } : {};
}

function startTimeout(world: World, job: BatchJob): void {
  const seconds = job.spec.job_timeout_seconds;
  if (job.timeoutRuns || typeof seconds !== 'number') return;
  job.timeoutRuns = true;
  world.clock.after(seconds * 1000, () => {
    if (job.completed !== undefined || job.cluster === undefined) return;
    stopCluster(world, job.cluster, `Job timeout of ${seconds} s reached`);
  });
}

/** A failed task is run again as often as the job allows. */
function endTask(world: World, job: BatchJob, task: JobTask, exitCode: number): void {
  const again = exitCode !== 0 && task.attempts <= Number(job.spec.max_retries ?? 0);
  Object.assign(task, again ? { state: 'pending', exitCode: undefined, stop: undefined } : { state: 'done', exitCode, stop: world.time() });
}

/** Sees whether jobs have ended, and goes on with what waits. */
function settle(world: World, cluster: StandInCluster): void {
  assign(world, cluster);
  for (const job of cluster.jobs) {
    if (job.completed === undefined && job.tasks.every(({ state }) => state === 'done' || state === 'error')) job.completed = world.time();
  }
  const { stopAfterJobMs } = world.behaviour;
  if (stopAfterJobMs !== undefined && cluster.jobs.length > 0 && cluster.jobs.every(({ completed }) => completed !== undefined)) {
    world.clock.after(stopAfterJobMs, () => stopCluster(world, cluster, 'Batch job finished'));
  }
}

/** Stops a cluster: its tasks are ended, its VMs go. */
export function stopCluster(world: World, cluster: StandInCluster, reason: string): void {
  if (over.includes(cluster.state.state)) return;
  setCluster(world, cluster, 'stopping', reason);
  takeDown(world, cluster, reason, 'stopped');
}

/** A cluster that comes to an error, as for a quota that is used up. */
export function failCluster(world: World, cluster: StandInCluster, reason: string): void {
  if (over.includes(cluster.state.state)) return;
  setCluster(world, cluster, 'error', reason);
  takeDown(world, cluster, reason, 'error');
}

function takeDown(world: World, cluster: StandInCluster, reason: string, end: 'stopped' | 'error'): void {
  for (const vm of cluster.vms) if (vm.goneAt === undefined) setVm(world, cluster, vm, 'stopping', reason);
  for (const vm of cluster.vms) endProcess(world, vm, false);
  world.clock.after(world.behaviour.stopMs, () => {
    for (const vm of cluster.vms) {
      if (vm.goneAt !== undefined) continue;
      endProcess(world, vm, true);
      vm.goneAt = world.clock.now();
      vm.process = world.stated('stopped', reason);
      setVm(world, cluster, vm, 'stopped', reason);
    }
    if (end === 'stopped') setCluster(world, cluster, 'stopped', reason);
    for (const job of cluster.jobs) if (job.completed === undefined) job.failed = true;
  });
}

/** A task whose VM goes is asked to end, then ended. */
function endProcess(world: World, vm: Vm, atOnce: boolean): void {
  const { running } = vm;
  if (running === undefined) return;
  if (atOnce) {
    running.process.signal('SIGKILL');
    return;
  }
  running.process.signal('SIGTERM');
  const timer = setTimeout(() => running.process.signal('SIGKILL'), world.behaviour.killMs);
  void running.process.ended.then(() => clearTimeout(timer));
}

/**
 * Takes a spot VM away. Its task is done again where the job allows, on a VM in its place; else it has failed.
 */
export function interruptVm(world: World, cluster: StandInCluster, vm: Vm, reason: string): void {
  const { running } = vm;
  vm.running = undefined;
  setVm(world, cluster, vm, 'stopping', reason);
  running?.process.signal('SIGKILL');
  vm.goneAt = world.clock.now();
  vm.process = world.stated('stopped', reason);
  setVm(world, cluster, vm, 'stopped', reason);
  if (running !== undefined) {
    const again = running.task.attempts <= Number(running.job.spec.max_retries ?? 0);
    Object.assign(running.task, again ? { state: 'pending', stop: undefined, exitCode: undefined } : { state: 'error', stop: world.time(), exitCode: undefined });
  }
  const options = cluster.spec.options as Readonly<Record<string, unknown>> | undefined;
  if (options?.spot_replacement !== false && cluster.jobs.some(({ tasks }) => tasks.some(({ state }) => state === 'pending'))) bootVm(world, cluster, addVm(world, cluster, vm.role), world.behaviour.bootMs);
  settle(world, cluster);
}
