import type {
  Cluster, ClusterSummary, CoiledUser, CoiledWorkspace, CreatedCluster, CreditDebit, HistoryEntry, InstanceType, Job, JobWithTasks, LogLine, Task, Vm,
} from './client.types.ts';
import type { Fields } from './decode.ts';
import { clusterState, jobState, providerOf, readState, taskState, vmState } from './states.ts';

/** Leaves out what is undefined, so that answers can be compared and written. */
function known<T extends object>(optional: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

export function readUser(fields: Fields): CoiledUser {
  return { name: fields.text('username'), ...known({ defaultWorkspace: fields.maybePart('default_account')?.maybeText('slug') }) };
}

export function readWorkspace(fields: Fields): CoiledWorkspace {
  const account = fields.part('account');
  const slug = account.text('slug');
  return { slug, title: account.maybeText('name') ?? slug, isAdmin: fields.maybeFlag('is_admin') ?? false, isDefault: fields.maybeFlag('is_default_account') ?? false };
}

export function readInstanceType(fields: Fields): InstanceType {
  return { name: fields.text('name'), cores: fields.number('cores'), memoryMiB: fields.number('memory'), gpus: fields.maybeNumber('gpus') ?? 0, ...known({ credits: fields.maybeNumber('coiled_credits') }) };
}

export function readCreatedCluster(fields: Fields): CreatedCluster {
  return { id: fields.number('id'), existing: fields.maybeFlag('existing') ?? false };
}

export function readJob(fields: Fields): Job {
  const said = fields.maybeText('state') ?? '';
  const cost = fields.maybeNumber('approximate_cloud_total_cost');
  return {
    id: fields.number('id'), state: jobState(said), said,
    tasks: known({ total: fields.maybeNumber('n_tasks'), succeeded: fields.maybeNumber('n_tasks_succeeded'), failed: fields.maybeNumber('n_tasks_failed') }),
    ...known({ cluster: fields.maybeNumber('cluster_id'), created: fields.maybeTime('created'), completed: fields.maybeTime('completed'), cloudCost: cost }),
  };
}

export function readJobWithTasks(fields: Fields): JobWithTasks {
  const state = fields.maybeText('cluster_state');
  return { ...readJob(fields), array: fields.maybeParts('tasks').map(readTask), ...known({ clusterState: state === undefined ? undefined : clusterState(state) }) };
}

function readTask(fields: Fields): Task {
  const said = fields.maybeText('state') ?? '';
  const exitCode = fields.maybeNumber('exit_code');
  return {
    index: fields.number('array_task_id'), state: taskState(said, exitCode), said,
    ...known({ started: fields.maybeTime('start'), stopped: fields.maybeTime('stop'), exitCode, vm: fields.maybeNumber('assigned_to_id') }),
  };
}

export function readClusterSummary(fields: Fields): ClusterSummary {
  return { id: fields.number('id'), name: fields.text('name'), state: readState(fields.part('current_state'), clusterState), ...known({ created: fields.maybeTime('created') }) };
}

/** Of an answer that also holds keys of the cluster: only what is named here is taken. */
export function readCluster(fields: Fields): Cluster {
  const scheduler = fields.maybePart('scheduler');
  return {
    ...readClusterSummary(fields),
    provider: providerOf(fields.maybeText('backend_type') ?? '', undefined),
    ...known({ region: fields.maybePart('cluster_options')?.maybeText('region_name') }),
    vms: [...(scheduler === undefined ? [] : [readVm(scheduler, 'scheduler')]), ...fields.maybeParts('workers').map((worker) => readVm(worker, 'worker'))],
  };
}

function readVm(fields: Fields, role: Vm['role']): Vm {
  const instance = fields.maybePart('instance');
  return {
    role, name: fields.maybeText('name') ?? role,
    state: readState((instance ?? fields).part('current_state'), vmState),
    ...known({ id: instance?.number('id'), created: (instance ?? fields).maybeTime('created'), privateAddress: instance?.maybeText('private_ip_address') }),
  };
}

const historyLists: readonly (readonly [string, HistoryEntry['of']])[] = [
  ['cluster', 'cluster'], ['scheduler', 'scheduler'], ['scheduler_instance', 'scheduler-vm'], ['cluster_infra', 'network'], ['worker', 'worker'], ['worker_instance', 'worker-vm'],
];

export function readHistory(fields: Fields): readonly HistoryEntry[] {
  const entries = historyLists.flatMap(([list, of]) => fields.maybeParts(list).flatMap((entry): HistoryEntry[] => {
    const at = entry.maybeTime('updated');
    return at === undefined ? [] : [{ of, name: entry.maybePart('stateful_object')?.maybeText('name') ?? '', state: entry.text('state'), reason: entry.maybeText('reason') ?? '', at }];
  }));
  return entries.sort((a, b) => a.at.localeCompare(b.at));
}

export function readLogLine(fields: Fields): LogLine {
  const atMs = fields.number('timestamp');
  const text = fields.text('message');
  const vm = fields.maybeText('instance_id');
  return { atMs, text, key: `${atMs}#${vm ?? ''}#${text}`, ...known({ vm: vm === undefined || !/^\d+$/.test(vm) ? undefined : Number(vm), task: fields.maybeNumber('task_id') }) };
}

export function readDebit(fields: Fields): CreditDebit {
  // Coiled writes debits as negative amounts.
  return { credits: 0 - fields.number('amount_credits'), ...known({ at: fields.maybeTime('created') ?? fields.maybeTime('timestamp'), kind: fields.maybeText('kind') }) };
}
