import assert from 'node:assert/strict';
import { readCluster, readDebit, readJobWithTasks, readLogLine } from '../../../runner/coiled/answers.ts';
import type { Cluster, VmState } from '../../../runner/coiled/client.types.ts';
import { Fields, utc } from '../../../runner/coiled/decode.ts';
import { clusterState, jobState, providerOf, taskState, vmsLeft } from '../../../runner/coiled/states.ts';
import { chooseWorkspace } from '../../../runner/coiled/workspaces.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';

const state = (name: string): object => ({ state: name, reason: '', updated: '2026-11-26T08:00:00.123456+00:00' });

describe('Answers of Coiled', () => {
  it('have times in UTC, also those without a zone', () => {
    assert.equal(utc('2026-11-26T08:00:00.123456'), '2026-11-26T08:00:00.123Z');
    assert.equal(utc('2026-11-26 08:00:00+02:00'), '2026-11-26T06:00:00.000Z');
    assert.equal(utc('yesterday'), undefined);
  });

  it('name the field that lacks, and not what else is in them', () => {
    const fields = new Fields({ id: 'x1', secret: 'hidden' }, 'GET /somewhere');
    assert.throws(() => fields.number('id'), (error) => error instanceof SpimquantError && /GET \/somewhere is not understood: id \(a number\) is of type string/.test(error.message) && !error.message.includes('hidden'));
    assert.throws(() => new Fields([], 'GET /list'), /an object is a list/);
    assert.throws(() => fields.part('parts'), /parts \(an object\) is not there/);
  });

  it('have states that nobody knows, which are no failure and no success', () => {
    assert.deepEqual([clusterState('warming'), jobState('thinking'), taskState('resting', undefined)], ['unknown', 'unknown', 'unknown']);
    assert.deepEqual(['done', 'done (errors)', 'error', 'failed', 'queued', 'running'].map(jobState), ['done', 'done-with-errors', 'failed', 'failed', 'queued', 'running']);
    assert.deepEqual([taskState('done', 0), taskState('done', 3), taskState('assigned', undefined), taskState('error', undefined)], ['done', 'failed', 'running', 'failed']);
  });

  it('tell of tasks whatever is missing', () => {
    const job = readJobWithTasks(new Fields({ id: 5, tasks: [{ array_task_id: 2 }] }, 'test'));
    assert.deepEqual(job, { id: 5, state: 'unknown', said: '', tasks: {}, array: [{ index: 2, state: 'unknown', said: '' }] });
  });

  it('have the VMs of a cluster, the scheduler first, and nothing of its keys', () => {
    const cluster = readCluster(new Fields({
      id: 1, name: 'c', current_state: state('ready'), backend_type: 'vm_gcp', cluster_options: { region_name: 'us-central1', tls_key: 'PRIVATE' },
      scheduler: { name: 's', current_state: state('started'), instance: { id: 10, current_state: state('ready'), private_ip_address: '10.0.0.1' } },
      workers: [{ name: 'w', current_state: state('pending'), instance: null }],
    }, 'test'));
    assert.deepEqual([cluster.provider, cluster.region, cluster.vms.map(({ role, id, state: { state: is } }) => [role, id, is])], ['gcp', 'us-central1', [['scheduler', 10, 'ready'], ['worker', undefined, 'queued']]]);
    assert.equal(JSON.stringify(cluster).includes('PRIVATE'), false);
  });

  it('leave a VM counted until it is known to be gone', () => {
    const left = (cluster: 'ready' | 'stopped', vm: VmState | 'unknown'): number => vmsLeft({
      id: 1, name: 'c', provider: 'aws', state: { state: cluster, said: cluster, reason: '' }, vms: [{ role: 'worker', name: 'w', id: 3, state: { state: vm, said: vm, reason: '' } }],
    } satisfies Cluster).length;
    assert.deepEqual([left('ready', 'ready'), left('stopped', 'stopping'), left('stopped', 'unknown'), left('ready', 'error')], [1, 1, 1, 1]);
    assert.deepEqual([left('stopped', 'stopped'), left('stopped', 'error'), left('ready', 'stopped')], [0, 0, 0]);
  });

  it('have lines of logs with numbers for tasks, and debits as what was taken', () => {
    assert.deepEqual(readLogLine(new Fields({ timestamp: 5, message: 'm', instance_id: 'i-abc', task_id: 0 }, 'test')), { atMs: 5, text: 'm', key: '5#i-abc#m', task: 0 });
    assert.deepEqual(readDebit(new Fields({ amount_credits: '-2.7823', kind: 'cluster' }, 'test')), { credits: 2.7823, kind: 'cluster' });
  });

  it('name clouds in two ways', () => {
    assert.deepEqual([providerOf('vm_aws', undefined), providerOf('vm', 'azure'), providerOf('vm_moon', undefined), providerOf('', undefined)], ['aws', 'azure', 'other', 'other']);
  });

  it('lead to one workspace, or to the advice to choose', () => {
    const of = (...slugs: readonly string[]): { slug: string; title: string; isAdmin: boolean; isDefault: boolean }[] => slugs.map((slug) => ({ slug, title: slug, isAdmin: false, isDefault: slug.startsWith('*') }));
    assert.equal(chooseWorkspace('b', { name: 'u' }, of('a', 'b')).slug, 'b');
    assert.equal(chooseWorkspace(undefined, { name: 'u' }, of('a', '*b')).slug, '*b');
    assert.equal(chooseWorkspace(undefined, { name: 'u', defaultWorkspace: 'a' }, of('a', 'b')).slug, 'a');
    assert.equal(chooseWorkspace(undefined, { name: 'B' }, of('a', 'b')).slug, 'b');
    assert.throws(() => chooseWorkspace('c', { name: 'u' }, of('a', 'b')), (error) => error instanceof SpimquantError && error.code === 'not-found' && /Choose one of a, b/.test(error.hint ?? ''));
    assert.throws(() => chooseWorkspace(undefined, { name: 'u' }, of('a', 'b')), /not clear/);
  });
});
