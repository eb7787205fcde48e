import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { BatchSpec } from '../../../runner/coiled/client.types.ts';
import { askedVms, checkSpec, clusterBody, compressedJob, environmentBody, environmentName, jobBody, uniqueName } from '../../../runner/coiled/submission.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { specOf } from '../../integration/coiled/standIn.ts';

describe('What is sent to Coiled', () => {
  it('has as many VMs as tasks, less the one that schedules when it has a task, and no more than allowed', () => {
    const count = (count: number, more: Partial<BatchSpec> = {}): unknown => askedVms(specOf({ tasks: { kind: 'count', count }, ...more }));
    assert.deepEqual(count(1), { workers: 0, taskOnScheduler: true });
    assert.deepEqual(count(1, { taskOnScheduler: false }), { workers: 1, taskOnScheduler: false });
    assert.deepEqual(count(5), { workers: 5, taskOnScheduler: false });
    assert.deepEqual(count(5, { taskOnScheduler: true }), { workers: 4, taskOnScheduler: true });
    assert.deepEqual(count(5000), { workers: 1000, taskOnScheduler: false });
    assert.deepEqual(count(5, { maxWorkers: 2 }), { workers: 2, taskOnScheduler: false });
  });

  it('gives the scheduler the VM of the tasks only when it has one', () => {
    const spec = specOf({ vmTypes: ['big'], schedulerVmTypes: ['small'], diskGiB: 200, tasks: { kind: 'count', count: 2 } });
    const apart = clusterBody(spec, 7, 'env');
    assert.deepEqual([apart.scheduler_instance_types, apart.scheduler_disk_size, apart.worker_disk_size], [['small'], null, 200]);
    const shared = clusterBody({ ...spec, taskOnScheduler: true }, 7, 'env');
    assert.deepEqual([shared.scheduler_instance_types, shared.scheduler_disk_size], [['big'], 200]);
  });

  it('says how VMs are bought and where', () => {
    const options = (more: Partial<BatchSpec>): unknown => clusterBody(specOf(more), 7, 'env').options;
    assert.deepEqual(options({}), { region_name: 'us-east-1', multizone: true, multizone_allow_cross_zone: true, spot: false });
    assert.deepEqual(options({ region: undefined, spot: 'spot', crossZone: false }), { multizone: true, spot: true, spot_on_demand_fallback: false });
    assert.deepEqual(options({ spot: 'spot-or-on-demand' }), { region_name: 'us-east-1', multizone: true, multizone_allow_cross_zone: true, spot: true, spot_on_demand_fallback: true });
  });

  it('has the secrets apart from what everybody sees, and none in the cluster', () => {
    const spec = specOf({ env: { PLAIN: 'p' }, secretEnv: { KEY: 'secret-value' } });
    const job = jobBody(spec);
    assert.deepEqual([job.env_vars, job.secret_env_vars], [{ PLAIN: 'p' }, { KEY: 'secret-value' }]);
    assert.equal(JSON.stringify(clusterBody(spec, 7, 'env')).includes('secret-value'), false);
  });

  it('is compressed, and refused when it is too large even so', () => {
    assert.deepEqual(JSON.parse(gunzipSync(compressedJob(specOf())).toString()), JSON.parse(JSON.stringify(jobBody(specOf()))));
    assert.throws(() => compressedJob(specOf({ script: `#!/bin/sh\n# ${randomBytes(2_600_000).toString('hex')}` })), (error) => error instanceof SpimquantError && error.code === 'bad-option' && /too large/.test(error.message));
  });

  const wrong: readonly (readonly [string, Partial<BatchSpec>, RegExp])[] = [
    ['a name with blanks', { name: 'a b' }, /"a b" cannot be the name/],
    ['a script without an interpreter', { script: 'echo hi' }, /begin with "#!"/],
    ['no task', { tasks: { kind: 'values', values: [] } }, /no task/],
    ['no type of VM', { vmTypes: [] }, /No type of VM/],
    ['a variable that is none', { env: { 'A-B': '1' } }, /"A-B" cannot be the name/],
    ['a variable of a task that is none', { tasks: { kind: 'variables', variables: [{ '1A': 'x' }] } }, /"1A"/],
    ['a secret that everybody sees', { env: { A: '1' }, secretEnv: { A: '2' } }, /both as a variable and as a secret/],
    ['a file outside of the folder', { files: [{ path: '../etc/passwd', content: '' }] }, /"\.\.\/etc\/passwd"/],
    ['a limit of no time', { timeoutSeconds: 0 }, /time limit of the job/],
    ['half a worker', { maxWorkers: 0.5 }, /number of workers/],
  ];
  for (const [what, more, message] of wrong) {
    it(`is not ${what}`, () => assert.throws(() => checkSpec(specOf(more)), (error) => error instanceof SpimquantError && error.code === 'bad-option' && message.test(error.message)));
  }

  it('names the image of the scheduler as Coiled\'s client does', () => {
    assert.equal(environmentName('ghcr.io/dask/dask', 'x86_64'), 'dask-x86_64-1ed307e7-ff99-5ed3-9f3e-f6a66676a615');
    assert.deepEqual([environmentBody('arm64', 'eu-west-1').architecture, environmentBody('x86_64', undefined).region_name], ['aarch64', null]);
  });

  it('makes names that Coiled takes and nobody else has', () => {
    assert.equal(uniqueName('SPIMquant: Abeta study', '0F8fad5b-d9cb-469f-a165-70867728950e'), 'SPIMquant-Abeta-study-0f8fad5bd9cb');
    assert.match(uniqueName('***', '0f8fad5b-d9cb-469f-a165-70867728950e'), /^spimquant-[0-9a-f]{12}$/);
  });
});
