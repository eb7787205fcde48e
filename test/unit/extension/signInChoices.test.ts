import assert from 'node:assert/strict';
import { signInChoices } from '../../../extension/runs/signInChoices.ts';
import type { SignInNeeds } from '../../../extension/runs/signInChoices.ts';
import type { RunPause } from '../../../runner/protocol/pauses.ts';
import type { RunRecord } from '../../../runner/protocol/runs.ts';

const counts = { waiting: 1, running: 0, finished: 0, failed: 0, skipped: 0, cancelled: 0 };

function run(bids: string, pause: Partial<RunPause> | undefined): RunRecord {
  return {
    id: bids, command: '', verb: 'participant', place: 'local', bids, output: '/out', host: 'here', status: pause === undefined ? 'running' : 'paused', cancelling: false, started: 0,
    counts, reused: 0, fraction: 0, current: [], seq: 1,
    ...(pause === undefined ? {} : { pause: { kind: 'sign-in', error: { code: 'auth-expired', message: '', where: bids }, signIn: [], since: 1, ...pause } }),
  };
}

const texts = (needs: Partial<SignInNeeds>): string[] => signInChoices({ runs: [], datasets: [], environment: {}, ...needs }).map(({ text }) => text);

describe('Signing in again', () => {
  it('needs no choice where the run knows what it takes', () => {
    const paused = run('s3://lab/brains', { signIn: ['aws sso login --profile lab'] });
    assert.deepEqual(texts({ run: paused, runs: [paused] }), ['aws sso login --profile lab']);
    assert.deepEqual(texts({ runs: [paused, run('s3://b', { signIn: ['aws sso login --profile lab'] }), run('/c', { kind: 'network' }), run('s3://d', undefined)] }), ['aws sso login --profile lab']);
  });

  it('offers what may be right where it is not clear', () => {
    const elsewhere = run('s3://lab/brains', { signIn: ['aws sso login --profile m', 'aws configure --profile m'], credentials: '/home/ann/.aws/credentials' });
    assert.deepEqual(texts({ run: elsewhere }), ['aws sso login --profile m', 'aws configure --profile m', '/home/ann/.aws/credentials', 'aws sso login']);
    const key = run('gs://lab/brains', { credentials: '/keys/lab.json' });
    assert.deepEqual(texts({ run: key }), ['/keys/lab.json']);
    const two = [run('s3://a', { signIn: ['aws sso login'] }), run('az://account/b', { signIn: ['az login'] })];
    assert.deepEqual(texts({ runs: two }), ['aws sso login', 'az login', 'gcloud auth application-default login']);
  });

  it('knows how a refused address of the list is reached', () => {
    const datasets = [{ uri: 's3://lab/brains', storage: { awsProfile: 'lab' } }];
    assert.deepEqual(texts({ uri: 's3://lab/brains/sub-01/x', datasets }), ['aws sso login --profile lab']);
    assert.deepEqual(texts({ uri: 's3://lab/brains2', datasets }), ['aws sso login']);
    assert.deepEqual(texts({ uri: 'gs://lab', environment: { GOOGLE_APPLICATION_CREDENTIALS: '/k.json' } }), ['gcloud auth application-default login']);
  });

  it('offers the datasets\' ways and the usual ones where nothing waits', () => {
    assert.deepEqual(texts({ datasets: [{ uri: 's3://a', storage: { awsProfile: 'one' } }, { uri: '/data', storage: {} }] }),
      ['aws sso login --profile one', 'aws sso login', 'gcloud auth application-default login', 'az login']);
  });
});
