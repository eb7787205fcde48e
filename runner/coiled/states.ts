import type { Cluster, ClusterState, CloudProvider, JobState, StateOf, TaskState, Vm, VmState } from './client.types.ts';
import type { Fields } from './decode.ts';

const clusterStates: readonly string[] = ['pending', 'starting', 'scaling', 'ready', 'pausing', 'paused', 'stopping', 'stopped', 'error'] satisfies readonly ClusterState[];
const vmStates: readonly string[] = ['queued', 'starting', 'started', 'ready', 'pausing', 'paused', 'stopping', 'stopped', 'error'] satisfies readonly VmState[];

export function clusterState(said: string): ClusterState | 'unknown' {
  return clusterStates.includes(said) ? said as ClusterState : 'unknown';
}

/** Processes that wait for a VM are `pending` where VMs are `queued`. */
export function vmState(said: string): VmState | 'unknown' {
  if (said === 'pending') return 'queued';
  return vmStates.includes(said) ? said as VmState : 'unknown';
}

/** Coiled writes `done (errors)` for a job of which tasks failed. */
export function jobState(said: string): JobState | 'unknown' {
  if (said.includes('done')) return said.includes('error') ? 'done-with-errors' : 'done';
  if (said === 'queued' || said === 'pending') return 'queued';
  if (said === 'running') return 'running';
  return said === 'failed' || said === 'error' ? 'failed' : 'unknown';
}

export function taskState(said: string, exitCode: number | undefined): TaskState | 'unknown' {
  if (exitCode !== undefined && exitCode !== 0) return 'failed';
  if (said === 'pending' || said === 'queued') return 'pending';
  if (said === 'assigned' || said === 'running') return 'running';
  if (said === 'done') return 'done';
  return said === 'error' || said === 'failed' ? 'failed' : 'unknown';
}

/** A state as it comes in many places: `{state, reason, updated}`. */
export function readState<S extends string>(fields: Fields, known: (said: string) => S | 'unknown'): StateOf<S> {
  const said = fields.text('state');
  const updated = fields.maybeTime('updated');
  return { state: known(said), said, reason: fields.maybeText('reason') ?? '', ...(updated === undefined ? {} : { updated }) };
}

/** `vm_aws` and the like; of `vm` the cloud stands beside it. */
export function providerOf(backend: string, providerName: string | undefined): CloudProvider {
  const name = backend === 'vm' ? providerName ?? '' : backend.replace(/^vm_/, '');
  return name === 'aws' || name === 'gcp' || name === 'azure' ? name : 'other';
}

/** Whether a cluster will do nothing any more. Its VMs may still be ending: see {@link vmsLeft}. */
export function isOver({ state }: StateOf<ClusterState>): boolean {
  return state === 'stopped' || state === 'error';
}

/**
 * The VMs of a cluster that may still cost. A VM in an error counts until the cluster has stopped: Coiled takes it down
 * then.
 */
export function vmsLeft({ state, vms }: Cluster): readonly Vm[] {
  return vms.filter((vm) => {
    if (vm.id === undefined || vm.state.state === 'stopped') return false;
    return !(vm.state.state === 'error' && state.state === 'stopped');
  });
}
