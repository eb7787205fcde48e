import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BatchSpec } from '../../runner/coiled/client.types.ts';
import { clientOf, specOf, submit, until } from '../integration/coiled/standIn.ts';
import { defaultToken, ScaledClock, startCoiledServer } from '../servers/coiledServer.ts';
import type { CoiledRequestLog, CoiledServer } from '../servers/coiledServer.ts';

const peer = fileURLToPath(new URL('coiledPeer.py', import.meta.url));
const script = '#!/bin/bash\necho "hello from $COILED_BATCH_TASK_ID"\n';

/**
 * What Coiled's client sends besides: the user's whole configuration of Dask, token included, and versions of packages of
 * Python. We have neither.
 */
const apart = ['dask_config', 'local_versions'];

describe('the stand-in for Coiled, and the client of Coiled', () => {
  let folder: string;
  let server: CoiledServer;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spimquant-conformance-'));
    server = await startCoiledServer({ clock: new ScaledClock(600) });
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A program of the peer's environment, in a home folder of its own. */
  const run = async (program: string, args: readonly string[], input = ''): Promise<string> => {
    const python = process.env['SPIMQUANT_PYTHON'];
    assert.ok(python, 'These tests are run by test/conformance/run.ts.');
    const child = spawn(program === 'python' ? python : join(dirname(python), program), args, {
      cwd: folder, stdio: 'pipe',
      env: {
        PATH: process.env.PATH, HOME: folder, DASK_COILED__SERVER: server.address, DASK_COILED__TOKEN: defaultToken, COLUMNS: '1000', NO_COLOR: '1',
        AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { output += bytes.toString(); });
    child.stdin.end(input);
    const code = await new Promise<number | null>((resolve) => { child.once('close', resolve); });
    assert.equal(code, 0, output);
    // Colours, which the client writes also into a pipe.
    return output.replace(/\x1b\[[0-9;]*m/g, '');
  };

  const misunderstood = (): readonly string[] => server.requests.filter(({ status }) => status >= 400 || status === 0).map(({ method, path, status }) => `${method} ${path} ${status}`);
  const bodies = (is: (request: CoiledRequestLog) => boolean): readonly Readonly<Record<string, unknown>>[] =>
    server.requests.filter((request) => request.method === 'POST' && is(request)).map(({ body }) => body as Readonly<Record<string, unknown>>);
  const comparable = (body: Readonly<Record<string, unknown>>): unknown => ({ ...Object.fromEntries(Object.entries(body).filter(([name]) => !apart.includes(name))), batch_job_ids: undefined, name: undefined });

  const cases: readonly (readonly [string, BatchSpec, object])[] = [
    ['many tasks with values on spot VMs', specOf({
      script, tasks: { kind: 'values', values: ['a', 'b', 'c'] }, taskOnScheduler: true, spot: 'spot-or-on-demand', env: { A: '1' }, secretEnv: { S: '2' }, tags: { study: 'abeta' }, timeoutSeconds: 3600, maxRetries: 2, diskGiB: 100, maxWorkers: 5,
    }), {
      map_over_values: ['a', 'b', 'c'], task_on_scheduler: true, spot_policy: 'spot_with_fallback', env: { A: '1' }, secret_env: { S: '2' }, tag: { study: 'abeta' }, job_timeout: '1 hour', max_retries: 2, disk_size: 100, max_workers: 5,
    }],
    ['several variables a task, on spot VMs alone', specOf({
      script, tasks: { kind: 'variables', variables: [{ X: '1', Y: 'p' }, { X: '2', Y: 'q' }] }, spot: 'spot', schedulerVmTypes: ['m5.xlarge'], crossZone: false,
    }), { map_over_task_var_dicts: [{ X: '1', Y: 'p' }, { X: '2', Y: 'q' }], spot_policy: 'spot', scheduler_vm_type: ['m5.xlarge'], allow_cross_zone: false }],
    ['one task', specOf({ script, ignoreEntrypoint: true, taskOnScheduler: true }), { ntasks: 1, spot_policy: 'on-demand', ignore_container_entrypoint: true }],
    ['one task on a VM of its own, on ARM', specOf({ script, taskOnScheduler: false, architecture: 'arm64', vmTypes: ['m7g.xlarge'], clusterTimeoutSeconds: 7200 }), {
      ntasks: 1, task_on_scheduler: false, spot_policy: 'on-demand', arm: true, vm_type: ['m7g.xlarge'], scheduler_vm_type: ['m7g.xlarge'], cluster_kwargs: { cluster_timeout: '2 hours' },
    }],
  ];
  for (const [index, [what, spec, options]] of cases.entries()) {
    it(`send the same for ${what}`, async () => {
      const name = `case-${index}`;
      const output = await run('python', [peer], JSON.stringify({ command: script, name: `${name}-theirs`, container: spec.image, vm_type: spec.vmTypes, region: spec.region, workspace: spec.workspace, ...options }));
      assert.deepEqual(misunderstood().filter((line) => !/\/name\/[^/]+ 404$/.test(line)), [], 'every request is understood, and the name is free');
      const made = JSON.parse(output.split('@@').at(-1) ?? '') as { readonly cluster_id: number };
      assert.ok(made.cluster_id > 0);
      const client = clientOf(server);
      await submit(client, { ...spec, name });
      client.dispose();
      const [theirJob, ourJob] = bodies(({ path }) => path === '/api/v2/jobs/compressed');
      assert.deepEqual(ourJob, theirJob);
      const [theirEnvironment, ourEnvironment] = bodies(({ path }) => path.includes('/software-environment/'));
      assert.deepEqual(ourEnvironment, theirEnvironment);
      const [theirCluster, ourCluster] = bodies(({ path }) => path.includes('/clusters/account/'));
      assert.deepEqual(comparable(ourCluster), comparable(theirCluster));
      assert.deepEqual(Object.keys(theirCluster).filter((key) => !(key in ourCluster)), ['local_versions']);
    });
  }

  it('understand each other from signing in to stopping', async () => {
    await run('coiled', ['login', '--token', defaultToken, '--server', server.address, '--no-retry', '--no-browser']);
    writeFileSync(join(folder, 'task.sh'), script);
    await run('coiled', ['batch', 'run', '--container', 'debian:stable-slim', '--vm-type', 'm6i.xlarge', '--region', 'us-east-1', '--ntasks', '2', 'task.sh']);
    const { cluster, jobs } = server.submissions()[0];
    const done = await run('coiled', ['batch', 'wait', String(cluster)]);
    assert.match(done, /Done/);
    assert.match(await run('coiled', ['batch', 'status', String(cluster)]), /hello|script|done/i);
    assert.match(await run('coiled', ['batch', 'list']), /done/);
    assert.match(await run('coiled', ['batch', 'logs', String(cluster)]), /hello from 1/);
    await run('coiled', ['cluster', 'stop', String(cluster)]);
    await until('no VM is left', () => server.vmsLeft().length === 0);
    assert.equal(jobs.length, 1);
    assert.deepEqual(misunderstood(), []);
  });
});
