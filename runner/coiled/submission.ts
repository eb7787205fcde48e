import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { SpimquantError } from '../protocol/errors.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import type { Architecture, BatchSpec, JobId, SpotPolicy, TaskArray } from './client.types.ts';

/*
 * The bodies of the requests that make a submission, as version 1.135 of Coiled's own client sends them: which of the
 * fields the service needs is not documented, so all are sent. test/conformance/coiled.test.ts compares them.
 */

/** Bytes of a compressed job that Coiled's client takes for the limit. */
export const maxJobBytes = 2_400_000;
/** Coiled's own small image for the process that schedules; tasks run in another. */
export const schedulerImage = 'ghcr.io/dask/dask';
export const inputVariable = 'COILED_BATCH_TASK_INPUT';
const defaultMaxWorkers = 1000;
const script = 'script';

/** How many tasks a job has. */
export function taskCount(tasks: TaskArray): number {
  switch (tasks.kind) {
    case 'count': return tasks.count;
    case 'values': return tasks.values.length;
    case 'variables': return tasks.variables.length;
  }
}

/** Which VMs a submission asks for. */
export interface AskedVms {
  /** Besides the scheduler, there are so many. */
  readonly workers: number;
  /** Whether a task runs on the scheduler, which then is of the type of the workers, and always on-demand. */
  readonly taskOnScheduler: boolean;
}

export function askedVms({ tasks, taskOnScheduler, maxWorkers }: Pick<BatchSpec, 'tasks' | 'taskOnScheduler' | 'maxWorkers'>): AskedVms {
  const count = taskCount(tasks);
  const onScheduler = taskOnScheduler ?? count === 1;
  return { taskOnScheduler: onScheduler, workers: Math.min(onScheduler ? count - 1 : count, maxWorkers ?? defaultMaxWorkers) };
}

/**
 * A name for a cluster that nobody has used: `hint-` and twelve random characters.
 *
 * @param random 16 hexadecimal characters or more, of a UUID, say
 */
export function uniqueName(hint: string, random: string): string {
  const safe = hint.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40);
  return `${safe === '' ? 'spimquant' : safe}-${random.replace(/[^0-9a-f]/gi, '').slice(0, 12).toLowerCase()}`;
}

/** Throws `bad-option` for what Coiled could not take, before anything is sent. */
export function checkSpec(spec: BatchSpec): void {
  const wrong = (message: string, hint: string): never => {
    throw new SpimquantError('bad-option', message, { hint, where: spec.name });
  };
  const whole = (value: number | undefined, name: string, least: number): void => {
    if (value !== undefined && (!Number.isInteger(value) || value < least)) wrong(`${name} must be a whole number of at least ${least}, not ${value}.`, 'Correct it in the settings of the cloud.');
  };
  if (!/^[A-Za-z0-9_-]+$/.test(spec.name)) wrong(`"${spec.name}" cannot be the name of a cluster.`, 'Use letters, digits, "-" and "_".');
  if (!spec.script.startsWith('#!')) wrong('The script of the tasks has to begin with "#!".', 'Begin it with "#!/bin/sh".');
  if (taskCount(spec.tasks) < 1 || !Number.isInteger(taskCount(spec.tasks))) wrong('There is no task to submit.', 'Choose one participant at least.');
  if (spec.vmTypes.length === 0) wrong('No type of VM is given.', 'Name one with vm_type, or say cpu and memory.');
  if (spec.image.trim() === '') wrong('No container image is given.', 'Name one with container.');
  whole(spec.maxWorkers, 'The number of workers', 1);
  whole(spec.diskGiB, 'The disk, in GiB,', 1);
  whole(spec.maxRetries, 'The number of retries', 0);
  whole(spec.timeoutSeconds, 'The time limit of the job, in seconds,', 1);
  whole(spec.clusterTimeoutSeconds, 'The time limit of the cluster, in seconds,', 1);
  const names = [...Object.keys(spec.env ?? {}), ...Object.keys(spec.secretEnv ?? {}), ...(spec.tasks.kind === 'values' && spec.tasks.variable !== undefined ? [spec.tasks.variable] : []), ...(spec.tasks.kind === 'variables' ? spec.tasks.variables.flatMap(Object.keys) : [])];
  const bad = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (bad !== undefined) wrong(`"${bad}" cannot be the name of a variable.`, 'Use letters, digits and "_".');
  const twice = Object.keys(spec.env ?? {}).find((name) => spec.secretEnv?.[name] !== undefined);
  if (twice !== undefined) wrong(`${twice} is given both as a variable and as a secret.`, 'Leave one of them out.');
  const outside = spec.files?.find(({ path }) => path === script || path.startsWith('/') || path.split('/').some((part) => part === '' || part === '.' || part === '..'));
  if (outside !== undefined) wrong(`A file cannot be sent as "${outside.path}".`, 'Give it a relative path, and not the name "script".');
}

/** The body of POST /api/v2/jobs/compressed, before compression. */
export function jobBody(spec: BatchSpec): JsonObject {
  return {
    user_command: script,
    user_files: [{ path: script, content: spec.script }, ...(spec.files ?? []).map(({ path, content }) => ({ path, content }))],
    task_array_ntasks: taskCount(spec.tasks),
    scheduler_task_array: askedVms(spec).taskOnScheduler ? [0] : [],
    env_vars: { ...spec.env },
    secret_env_vars: { ...spec.secretEnv },
    ...mapping(spec.tasks),
    wait_for_ready_cluster: false,
    workdir: '/scratch/batch',
    pipe_to_files: false,
    host_setup: null,
    job_timeout_seconds: spec.timeoutSeconds ?? null,
    run_in_container: true,
    max_retries: spec.maxRetries ?? 0,
    workspace: spec.workspace,
  };
}

function mapping(tasks: TaskArray): JsonObject {
  switch (tasks.kind) {
    case 'count': return {};
    case 'values': return { task_map_env_var: tasks.variable ?? inputVariable, task_map_env_vals: tasks.values };
    case 'variables': return { task_map_env_vars_and_vals: tasks.variables };
  }
}

/** A job as it is sent. Throws `bad-option` when it is too large. */
export function compressedJob(spec: BatchSpec): Uint8Array {
  const bytes = gzipSync(JSON.stringify(jobBody(spec)));
  if (bytes.length > maxJobBytes) {
    throw new SpimquantError('bad-option', `The job is too large for Coiled: ${bytes.length} bytes, compressed, and ${maxJobBytes} are allowed.`, {
      where: spec.name, hint: 'Submit fewer participants at once.',
    });
  }
  return bytes;
}

/** The body of POST /api/v2/clusters/account/{workspace}/. */
export function clusterBody(spec: BatchSpec, job: JobId, environment: string): JsonObject {
  const { workers, taskOnScheduler } = askedVms(spec);
  return {
    name: spec.name,
    workers,
    worker_instance_types: spec.vmTypes,
    scheduler_instance_types: taskOnScheduler ? spec.vmTypes : spec.schedulerVmTypes ?? spec.vmTypes,
    worker_options: {},
    worker_class: null,
    worker_disk_size: spec.diskGiB ?? null,
    worker_disk_throughput: null,
    worker_disk_config: null,
    scheduler_disk_size: taskOnScheduler ? spec.diskGiB ?? null : null,
    scheduler_disk_config: null,
    scheduler_options: { idle_timeout: '520 weeks', worker_ttl: '520 weeks' },
    environ: {},
    tags: { ...spec.tags, 'coiled-cluster-type': 'batch' },
    dask_config: {},
    private_to_creator: false,
    env_id: null,
    env_name: environment,
    extra_worker_on_scheduler: null,
    n_worker_specs_per_host: null,
    use_aws_creds_endpoint: false,
    custom_subdomain: null,
    batch_job_ids: [job],
    extra_user_container: spec.image,
    extra_user_container_ignore_entrypoint: spec.ignoreEntrypoint ?? false,
    scheduler_sidecars: [],
    worker_sidecars: null,
    host_setup_script: null,
    pause_on_exit: null,
    skip_ssd_mount: null,
    cluster_timeout_seconds: spec.clusterTimeoutSeconds ?? null,
    coiled_cloud_env_image: null,
    filestores_to_attach: null,
    options: options(spec),
  };
}

function options(spec: BatchSpec): JsonObject {
  return {
    ...(spec.region === undefined ? {} : { region_name: spec.region }),
    multizone: true,
    ...(spec.crossZone === false ? {} : { multizone_allow_cross_zone: true }),
    ...spotOptions[spec.spot ?? 'on-demand'],
  };
}

const spotOptions: Readonly<Record<SpotPolicy, Readonly<Record<string, Json>>>> = {
  'on-demand': { spot: false },
  'spot': { spot: true, spot_on_demand_fallback: false },
  'spot-or-on-demand': { spot: true, spot_on_demand_fallback: true },
};

/** The body of POST /api/v2/software-environment/account/{workspace} that makes the scheduler's image known. */
export function environmentBody(architecture: Architecture, region: string | undefined): JsonObject {
  return {
    name: environmentName(schedulerImage, architecture),
    container: schedulerImage,
    force_rebuild: false,
    // Of the packages of the environment as JSON: an image has none.
    md5: createHash('md5').update('null').digest('hex'),
    use_entrypoint: true,
    gpu_enabled: false,
    // As the client has it: arm64 is aarch64 where packages are meant.
    architecture: packageArchitecture(architecture),
    region_name: region ?? null,
    enable_experimental_installer: true,
    lockfile_content: null,
    lockfile_name: null,
  };
}

/** As Coiled's client calls the environment that it makes of an image. */
export function environmentName(image: string, architecture: Architecture): string {
  const last = image.split('/').at(-1) ?? image;
  return `${last}-${packageArchitecture(architecture)}-${uuid5(image)}`.replace(/[^A-Za-z0-9-_]/g, '_').toLowerCase();
}

function packageArchitecture(architecture: Architecture): string {
  return architecture === 'arm64' ? 'aarch64' : architecture;
}

/** A UUID of a name in the namespace of DNS names (RFC 9562, version 5). */
function uuid5(name: string): string {
  const namespace = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex');
  const hash = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  hash[6] = (hash[6] & 0x0f) | 0x50;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
