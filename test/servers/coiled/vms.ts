import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StandInCluster, Vm, World } from './world.ts';

/** Asks for a VM. */
export function addVm(world: World, cluster: StandInCluster, role: Vm['role']): Vm {
  const id = world.nextId();
  const types = cluster.spec[role === 'scheduler' ? 'scheduler_instance_types' : 'worker_instance_types'] as readonly string[] | null;
  const folder = join(world.folder, `vm-${id}`);
  mkdirSync(folder, { recursive: true });
  const vm: Vm = {
    id, role, name: `${cluster.name}-${role}-${id}`, type: types?.[0] ?? 'm6i.xlarge', folder, askedAt: world.clock.now(),
    // The scheduler stays, whatever is asked.
    spot: role === 'worker' && (cluster.spec.options as Readonly<Record<string, unknown>> | undefined)?.spot === true,
    state: world.stated('queued'), process: world.stated('pending'), readyAt: undefined, goneAt: undefined, running: undefined,
  };
  cluster.vms.push(vm);
  return vm;
}
