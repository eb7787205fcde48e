import assert from 'node:assert/strict';
import { coiledClient } from '../../../runner/coiled/client.ts';
import type { CoiledClient, Submission } from '../../../runner/coiled/client.types.ts';
import type { CoiledToken } from '../../../runner/coiled/token.types.ts';
import { reportError, SpimquantError } from '../../../runner/protocol/errors.ts';
import { usualSurroundings } from '../../../runner/storage/connection.ts';
import { DrivenClock, startCoiledServer } from '../../servers/coiledServer.ts';
import type { CoiledRequestLog, CoiledServer } from '../../servers/coiledServer.ts';
import { clientOf, specOf, submit, token, until } from './standIn.ts';

const isJobPost = ({ method, path }: CoiledRequestLog): boolean => method === 'POST' && path.startsWith('/api/v2/jobs/');
const isClusterPost = ({ method, path }: CoiledRequestLog): boolean => method === 'POST' && path.includes('/clusters/account/');

async function thrown(work: Promise<unknown>): Promise<SpimquantError> {
  const error = await work.then(() => undefined, (reason: unknown) => reason);
  assert.ok(error instanceof SpimquantError, `a SpimquantError is thrown, not ${String(error)}`);
  return error;
}

/** What is told of a submission that was not accepted. */
function failed<T>(submission: Submission<T>): { readonly kind: string; readonly code: string; readonly message: string; readonly hint: string } {
  assert.notEqual(submission.kind, 'accepted');
  if (submission.kind === 'accepted') throw new Error('accepted');
  return { kind: submission.kind, code: submission.error.code, message: submission.error.message, hint: submission.error.hint ?? '' };
}

describe('Coiled in trouble', () => {
  let server: CoiledServer;
  let client: CoiledClient;
  let waits: number[];

  beforeEach(async () => {
    server = await startCoiledServer({ clock: new DrivenClock() });
    waits = [];
    client = clientOf(server, { waits });
  });

  afterEach(async () => {
    client.dispose();
    await server.close();
  });

  describe('questions', () => {
    it('waits as long as it is asked to, and asks again', async () => {
      server.inject({ fault: { kind: 'status', status: 429, code: 'RATE_LIMITED', headers: { 'retry-after': '7' } }, times: 2 });
      assert.equal((await client.user()).name, 'tester');
      assert.deepEqual(waits, [7000, 7000]);
    });

    it('asks again after a fault of the service, a reset, an answer that is cut off, and a page that is no JSON', async () => {
      server.inject({ fault: { kind: 'status', status: 502, code: '' } });
      server.inject({ fault: { kind: 'reset' } });
      server.inject({ fault: { kind: 'truncate', afterBytes: 5 } });
      assert.equal(await client.hasQuota('lab'), true);
      assert.equal(server.requests.length, 4);
    });

    it('gives up in the end, and says what to do', async () => {
      server.inject({ fault: { kind: 'status', status: 500, code: '', message: 'Internal error' }, times: 100 });
      const error = await thrown(client.jobs('lab'));
      assert.equal(error.code, 'network');
      assert.match(error.message, /Internal error: could not list the jobs of the workspace lab \(HTTP 500\)/);
      assert.match(error.hint ?? '', /what runs goes on/);
    });

    it('tells that nobody listens', async () => {
      const { address } = server;
      await server.close();
      const error = await thrown(client.user());
      assert.deepEqual([error.code, /cannot be reached/.test(error.message), error.where], ['network', true, address]);
      server = await startCoiledServer();
    });

    it('ends at once when it is cancelled', async () => {
      server.inject({ fault: { kind: 'hang' } });
      const controller = new AbortController();
      const asked = thrown(client.user(controller.signal));
      await until('the question is there', () => server.requests.length === 1);
      controller.abort();
      assert.equal((await asked).code, 'cancelled');
    });

    it('names what an answer lacks', async () => {
      const broken = coiledClient({ server: server.address, env: {}, token: async () => token });
      server.inject({ fault: { kind: 'status', status: 200, code: '', message: 'something else' } });
      const error = await thrown(broken.user());
      assert.equal(error.code, 'internal');
      assert.match(error.message, /answer to GET \/api\/v2\/user\/me is not understood: username \(text\) is not there/);
      broken.dispose();
    });

    for (const [status, code, message] of [[403, 'access-denied', /aren't a member/], [404, 'not-found', /does not know it/]] as const) {
      it(`tells of ${status} in Coiled's words`, async () => {
        const error = await thrown(status === 403 ? client.cloud('elsewhere') : client.job(424242));
        assert.equal(error.code, code);
        assert.match(error.message, message);
      });
    }
  });

  describe('sign-in', () => {
    it('says which token is not accepted any more and how to get another, without showing it', async () => {
      server.expireToken();
      const error = await thrown(client.user());
      assert.equal(error.code, 'auth-expired');
      assert.match(error.message, /token of the variable DASK_COILED__TOKEN/);
      assert.match(error.hint ?? '', /Set DASK_COILED__TOKEN/);
      assert.equal(JSON.stringify([reportError(error), error.stack, String(error.cause)]).includes(token.value), false);
    });

    it('goes on with a token that somebody has put in its place meanwhile', async () => {
      let current: CoiledToken = token;
      const own = clientOf(server, { token: async () => current });
      await own.user();
      server.expireToken();
      server.addToken('renewed-token', 'renewed');
      current = { ...token, value: 'renewed-token' };
      assert.equal((await own.user()).name, 'renewed');
      own.dispose();
    });

    it('announces old tokens as Coiled wants them', async () => {
      server.addToken('0123456789abcdef', 'old');
      const own = clientOf(server, { token: async () => ({ ...token, value: '0123456789abcdef' }) });
      assert.equal((await own.user()).name, 'old');
      assert.deepEqual(server.requests.map(({ scheme }) => scheme), ['Token']);
      own.dispose();
    });
  });

  describe('submissions', () => {
    it('are sent again where they were refused for a while only, and count once', async () => {
      server.inject({ match: isJobPost, fault: { kind: 'status', status: 429, code: '', headers: { 'retry-after': '3' } } });
      server.inject({ match: isClusterPost, fault: { kind: 'status', status: 429, code: '' } });
      await submit(client, specOf());
      assert.equal(waits[0], 3000);
      assert.deepEqual([server.world.jobs.size, server.submissions().length], [1, 1]);
    });

    for (const status of [500, 502, 503, 504]) {
      it(`are not sent again after ${status}: nobody knows whether they took effect`, async () => {
        server.inject({ match: isClusterPost, fault: { kind: 'status', status, code: '' }, times: 9 });
        const spec = specOf();
        const { kind, code } = failed(await client.createCluster(spec, 1, 'any'));
        assert.deepEqual([kind, code, server.requests.length], ['unknown', 'network', 1]);
      });
    }

    it('are found by their name when the answer was lost', async () => {
      const spec = specOf({ name: 'found-again' });
      const job = await client.createJob(spec);
      assert.equal(job.kind, 'accepted');
      const environment = await client.environment(spec);
      server.inject({ match: isClusterPost, fault: { kind: 'lose-answer' } });
      const lost = await client.createCluster(spec, job.kind === 'accepted' ? job.value : 0, environment);
      assert.equal(lost.kind, 'unknown');
      const found = await client.clustersNamed('lab', 'found-again');
      assert.deepEqual(found.map(({ name }) => name), ['found-again']);
      assert.equal((await client.jobsOfCluster(found[0].id)).length, 1);
      assert.equal(server.submissions().length, 1);
      assert.deepEqual(await client.clustersNamed('lab', 'never-made'), []);
    });

    it('that met an older cluster of the same name are told apart', async () => {
      const { cluster } = await submit(client, specOf({ name: 'taken' }));
      const job = await client.createJob(specOf({ name: 'taken' }));
      const again = await client.createCluster(specOf({ name: 'taken' }), job.kind === 'accepted' ? job.value : 0, await client.environment(specOf()));
      assert.deepEqual(again, { kind: 'accepted', value: { id: cluster, existing: true } });
    });

    it('that never left this machine are known not to have', async () => {
      await server.close();
      assert.deepEqual(failed(await client.createJob(specOf())).kind, 'not-sent');
      server = await startCoiledServer();
    });

    it('are unknown when they are cancelled under way, and not sent when they are cancelled before', async () => {
      server.inject({ match: isJobPost, fault: { kind: 'hang' } });
      const controller = new AbortController();
      const asked = client.createJob(specOf(), controller.signal);
      await until('the request is there', () => server.requests.length === 1);
      controller.abort();
      assert.deepEqual(failed(await asked), { kind: 'unknown', code: 'cancelled', message: `Cancelled: ${server.address}`, hint: '' });
      assert.equal(failed(await client.createJob(specOf(), controller.signal)).kind, 'not-sent');
    });

    it('are refused without quota, and without a cloud, with what to do', async () => {
      const spec = specOf();
      const job = await client.createJob(spec);
      server.setQuota('lab', false);
      const refused = failed(await client.createCluster(spec, job.kind === 'accepted' ? job.value : 0, await client.environment(spec)));
      assert.deepEqual([refused.kind, refused.code], ['refused', 'cost-limit']);
      assert.match(refused.message, /workspace quota of 10000 Coiled credits/);
      assert.equal(await client.hasQuota('lab'), false);

      const bare = await startCoiledServer({ workspaces: [{ slug: 'bare', backend: '' }] });
      const other = clientOf(bare);
      const own = specOf({ workspace: 'bare' });
      const second = await other.createJob(own);
      const cloudless = failed(await other.createCluster(own, second.kind === 'accepted' ? second.value : 0, await other.environment(own)));
      assert.deepEqual([cloudless.kind, cloudless.code], ['refused', 'access-denied']);
      assert.match(cloudless.hint, /coiled setup aws/);
      other.dispose();
      await bare.close();
    });

    it('never show a secret that Coiled repeats', async () => {
      const spec = specOf({ secretEnv: { AWS_SECRET_ACCESS_KEY: 'very-secret-key' } });
      server.inject({ match: isJobPost, fault: { kind: 'status', status: 400, code: 'BAD', message: `"very-secret-key" and ${token.value} are not allowed` } });
      const refused = failed(await client.createJob(spec));
      assert.deepEqual([refused.kind, refused.code], ['refused', 'bad-option']);
      assert.match(refused.message, /"\*\*\*" and \*\*\* are not allowed/);
    });

    it('are not understood with another answer, and then not sent again', async () => {
      server.inject({ match: isJobPost, fault: { kind: 'status', status: 200, code: '', message: 'fine' } });
      const odd = failed(await client.createJob(specOf()));
      assert.equal(odd.kind, 'unknown');
      assert.match(odd.message, /id \(a number\) is not there/);
    });
  });

  it('is waited for as long as it takes, but not in silence', async () => {
    const hasty = coiledClient({
      server: server.address, env: {}, token: async () => token,
      surroundings: { ...usualSurroundings, sleep: async () => undefined, timeouts: { connectMs: 5000, silenceMs: 50 } },
    });
    server.inject({ match: isJobPost, fault: { kind: 'hang' }, times: 9 });
    const silent = failed(await hasty.createJob(specOf()));
    assert.deepEqual([silent.kind, server.requests.length], ['unknown', 1]);
    hasty.dispose();
  });
});
