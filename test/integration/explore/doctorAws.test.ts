import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { generate } from 'selfsigned';
import { UserHome } from '../../helpers/userHome.ts';
import { startS3Server } from '../../servers/s3Server.ts';
import type { Credential, S3Server } from '../../servers/s3Server.ts';
import { startStsServer } from '../../servers/stsServer.ts';
import type { StsServer } from '../../servers/stsServer.ts';
import { consult } from './doctorSupport.ts';
import type { Consultation, Question } from './doctorSupport.ts';

const anna: Credential = { accessKeyId: 'AKIAANNA12345678', secretAccessKey: 'plantedSecret/anna' };
const stale: Credential = { accessKeyId: 'ASIASTALE1234567', secretAccessKey: 'plantedSecret/stale', sessionToken: 'plantedToken/stale', expired: true };
const role: Credential = { accessKeyId: 'ASIAROLE12345678', secretAccessKey: 'plantedSecret/role', sessionToken: 'plantedToken/role' };
const arn = 'arn:aws:iam::123456789012:user/anna';
const analyst = 'arn:aws:iam::123456789012:role/lab/Analyst';

describe('spimquant doctor at Amazon S3 and services like it', function () {
  this.timeout(30_000);
  let home: UserHome;
  let s3: S3Server;
  let sts: StsServer;
  const servers: Server[] = [];

  before(async () => {
    s3 = await startS3Server({
      credentials: [anna, stale, role],
      buckets: {
        lab: {}, open: { public: true }, paying: { requesterPays: true }, unlisted: { listable: false }, empty: {}, elsewhere: { region: 'eu-central-1' },
        readonly: { deny: ({ method }) => method === 'POST' || method === 'PUT' }, writeonly: { deny: ({ method }) => method === 'GET' || method === 'HEAD' },
        sticky: { deny: ({ method }) => method === 'DELETE' },
      },
    });
    for (const bucket of ['lab', 'open', 'paying', 'unlisted', 'elsewhere', 'readonly', 'sticky']) {
      await s3.put(bucket, 'bids/dataset_description.json', '{}');
      await s3.put(bucket, 'bids/sub-01/empty', '');
    }
    const expires = new Date(Date.now() + 47 * 60_000 + 5000);
    sts = await startStsServer([
      { ...anna, arn, account: '123456789012' }, { ...stale, arn, account: '123456789012' },
      { ...role, arn: 'arn:aws:sts::123456789012:assumed-role/Analyst/session', account: '123456789012' },
    ], { [analyst]: { ...role, expires } });
  });
  beforeEach(() => { home = new UserHome(); });
  afterEach(() => { home.remove(); });
  after(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    }
    await s3.close();
    await sts.close();
  });

  const endpoints = (): Record<string, string> => ({ AWS_ENDPOINT_URL_S3: s3.endpoint, AWS_ENDPOINT_URL_STS: sts.endpoint, AWS_REGION: 'us-east-1' });
  const keys = ({ accessKeyId, secretAccessKey, sessionToken }: Credential): Record<string, string> => ({
    AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
  });
  const ask = async (question: Question & { readonly as?: Credential }): Promise<Consultation> => {
    const { as, env, ...rest } = question;
    return consult(home, { ...rest, env: { ...endpoints(), ...(as === undefined ? {} : keys(as)), ...env } });
  };
  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return (server.address() as AddressInfo).port;
  };
  const credentialsFile = ({ accessKeyId, secretAccessKey, sessionToken }: Credential, name = 'default'): string =>
    `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n${sessionToken === undefined ? '' : `aws_session_token = ${sessionToken}\n`}`;

  it('says who one is, by what, and what may be done, and leaves nothing behind', async () => {
    const before = await s3.keys('lab');
    const found = await ask({ uri: 's3://lab/bids', as: anna });
    const { identity, status, region } = found.service();
    assert.equal(status, 'well');
    assert.deepEqual(identity, { name: arn, account: '123456789012', source: 'variables of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)' });
    assert.equal(region, 'us-east-1');
    assert.equal(found.health.readable, true);
    for (const name of ['sign-in', 'identity', 'reach', 'clock', 'bucket', 'list', 'read', 'write'] as const) assert.equal(found.check(name).outcome, 'yes', name);
    assert.deepEqual([...found.notices('error'), ...found.notices('warn'), ...found.notices('info')], []);
    assert.deepEqual(await s3.keys('lab'), before);
    assert.equal(s3.openUploads('lab'), 0);
    assert.match(found.text, /Signed in as {2}arn:aws:iam::123456789012:user\/anna/);
    assert.match(found.text, /spimquant ls s3:\/\/lab\/bids/);
  });

  it('names a profile as the source, and says in words when keys end', async () => {
    home.write({
      '.aws/credentials': credentialsFile(anna, 'source'),
      '.aws/config': `[profile analyst]\nrole_arn = ${analyst}\nsource_profile = source\nregion = us-east-1\n[profile vault]\ncredential_process = ${home.path('vault.sh')} --token plantedArgument\n`,
      'vault.sh': `#!/bin/sh\necho '${JSON.stringify({ Version: 1, AccessKeyId: role.accessKeyId, SecretAccessKey: role.secretAccessKey, SessionToken: role.sessionToken, Expiration: new Date(Date.now() + 3 * 3_600_000).toISOString() })}'\n`,
    });
    chmodSync(home.path('vault.sh'), 0o755);
    const plain = await ask({ uri: 's3://lab/bids', storage: { awsProfile: 'source' } });
    assert.equal(plain.service().identity?.source, 'the profile source (access keys)');
    const taken = await ask({ uri: 's3://lab/bids', env: { AWS_PROFILE: 'analyst' } });
    assert.equal(taken.service().identity?.source, 'the profile analyst (Role Analyst by way of the profile source)');
    assert.equal(taken.service().identity?.name, 'arn:aws:sts::123456789012:assumed-role/Analyst/session');
    assert.match(taken.text, /Expires +in 47 minutes/);
    const program = await ask({ uri: 's3://lab/bids', storage: { awsProfile: 'vault' } });
    assert.equal(program.service().identity?.source, 'the profile vault (Keys from a program (credential_process))');
    assert.match(program.text, /Expires +in 3 hours/);
    assert.doesNotMatch(JSON.stringify(program.result), /planted/);
  });

  it('knows keys of containers and machines', async () => {
    const answer = { AccessKeyId: role.accessKeyId, SecretAccessKey: role.secretAccessKey, Token: role.sessionToken, Expiration: new Date(Date.now() + 50 * 60_000).toISOString(), Code: 'Success' };
    const port = await listen(createServer((request, response) => {
      if (request.method === 'PUT') response.end('token');
      else if (request.url === '/latest/meta-data/iam/security-credentials/') response.end('LabRole');
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    }));
    const container = await ask({ uri: 's3://lab/bids', env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/keys` } });
    assert.equal(container.service().identity?.source, 'the role of this container (AWS_CONTAINER_CREDENTIALS_FULL_URI)');
    assert.equal(container.health.readable, true);
    const machine = await ask({ uri: 's3://lab/bids', env: { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}` } });
    assert.equal(machine.service().identity?.source, 'the role of this machine (instance metadata)');
    assert.equal(machine.health.readable, true);
  });

  it('says what is known where nobody can be asked who one is', async () => {
    const found = await consult(home, { uri: 's3://lab/bids', env: { AWS_ENDPOINT_URL_S3: s3.endpoint, ...keys(anna) } });
    assert.equal(found.check('identity').outcome, 'unknown');
    assert.equal(found.service().identity?.name, 'the access key …5678');
    assert.equal(found.service().status, 'well');
    const unsigned = await ask({ uri: 's3://open/bids', storage: { anonymous: true } });
    assert.equal(unsigned.health.readable, true);
    assert.equal(unsigned.check('write').outcome, 'unknown');
    assert.match(unsigned.text, /Signed in as +nobody: requests are unsigned/);
  });

  const cases: readonly { readonly what: string; readonly question: () => Question & { readonly as?: Credential }; readonly remedy: string; readonly step: RegExp; readonly files?: () => Record<string, string> }[] = [
    { what: 'no credentials', question: () => ({}), remedy: 's3-none', step: /aws configure sso/ },
    { what: 'a profile that nobody has chosen', question: () => ({}), files: () => ({ '.aws/credentials': credentialsFile(anna, 'lab') }), remedy: 's3-choose-profile', step: /--aws-profile lab/ },
    { what: 'a profile that is not there', question: () => ({ storage: { awsProfile: 'lap' } }), files: () => ({ '.aws/credentials': credentialsFile(anna, 'lab') }), remedy: 's3-profile-missing', step: /list-profiles/ },
    { what: 'a profile without keys', question: () => ({ env: { AWS_PROFILE: 'bare' } }), files: () => ({ '.aws/config': '[profile bare]\nregion = us-east-1\n' }), remedy: 's3-profile-empty', step: /aws configure --profile bare/ },
    {
      what: 'an SSO session that is over', question: () => ({ env: { AWS_PROFILE: 'lab' } }), remedy: 's3-sso', step: /"aws sso login --profile lab"/,
      files: () => ({ '.aws/config': '[profile lab]\nsso_session = uni\nsso_account_id = 123456789012\nsso_role_name = Analyst\n[sso-session uni]\nsso_start_url = https://uni.awsapps.com/start\nsso_region = us-east-1\n' }),
    },
    {
      what: 'a role by way of an SSO session that is over', question: () => ({ env: { AWS_PROFILE: 'role' } }), remedy: 's3-sso', step: /"aws sso login --profile lab"/,
      files: () => ({ '.aws/config': `[profile role]\nrole_arn = ${analyst}\nsource_profile = lab\n[profile lab]\nsso_session = uni\nsso_account_id = 1\nsso_role_name = A\n[sso-session uni]\nsso_start_url = https://uni.awsapps.com/start\nsso_region = us-east-1\n` }),
    },
    {
      what: 'a role that is not granted', question: () => ({ env: { AWS_PROFILE: 'admin' } }), remedy: 's3-role', step: /administrator of arn:aws:iam::123456789012:role\/Admin/,
      files: () => ({ '.aws/config': '[profile admin]\nrole_arn = arn:aws:iam::123456789012:role/Admin\nsource_profile = lab\n', '.aws/credentials': credentialsFile(anna, 'lab') }),
    },
    { what: 'a program that fails', question: () => ({ env: { AWS_PROFILE: 'vault' } }), remedy: 's3-process', step: /aws sts get-caller-identity --profile vault/, files: () => ({ '.aws/config': '[profile vault]\ncredential_process = false plantedArgument\n' }) },
    { what: 'temporary keys of the environment that have expired', question: () => ({ as: stale }), remedy: 's3-variables-expired', step: /AWS_SESSION_TOKEN/ },
    { what: 'temporary keys of a profile that have expired', question: () => ({ storage: { awsProfile: 'lab' } }), remedy: 's3-keys-expired', step: /section \[lab\]/, files: () => ({ '.aws/credentials': credentialsFile(stale, 'lab') }) },
    { what: 'a wrong secret', question: () => ({ env: { AWS_PROFILE: 'lab' } }), remedy: 's3-secret-wrong', step: /aws configure --profile lab/, files: () => ({ '.aws/credentials': credentialsFile({ ...anna, secretAccessKey: 'plantedWrong' }, 'lab') }) },
    { what: 'a key that nobody knows', question: () => ({ env: { AWS_PROFILE: 'lab' } }), remedy: 's3-key-unknown', step: /aws configure --profile lab/, files: () => ({ '.aws/credentials': credentialsFile({ ...anna, accessKeyId: 'AKIANOBODY' }, 'lab') }) },
    { what: 'wrong keys in the environment', question: () => ({ as: { ...anna, secretAccessKey: 'plantedWrong' } }), remedy: 's3-variables-wrong', step: /AWS_SECRET_ACCESS_KEY anew/ },
    { what: 'a bucket that is not there', question: () => ({ as: anna, uri: 's3://labb/bids' }), remedy: 's3-no-bucket', step: /Check the spelling/ },
    { what: 'a bucket whose readers pay', question: () => ({ as: anna, uri: 's3://paying/bids' }), remedy: 's3-list', step: /s3:ListBucket on arn:aws:s3:::paying for arn:aws:iam::123456789012:user\/anna/ },
    { what: 'a bucket that is not public', question: () => ({ uri: 's3://lab/bids', storage: { anonymous: true } }), remedy: 's3-not-public', step: /Leave out "--anonymous"/ },
    { what: 'a bucket that may only be written', question: () => ({ as: anna, uri: 's3://writeonly/bids' }), remedy: 's3-read', step: /s3:GetObject on arn:aws:s3:::writeonly/ },
  ];
  for (const { what, question, remedy, step, files } of cases) {
    it(`says what to do about ${what}`, async () => {
      home.write(files?.() ?? {});
      const found = await ask({ uri: 's3://lab/bids', ...question() });
      const problems = found.service().checks.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
      const told = problems.find((each) => each.remedy === remedy);
      assert.ok(told !== undefined, `${remedy} is not among ${problems.map((each) => each.remedy).join(', ')}`);
      assert.match(told.step, step);
      assert.equal(found.health.readable, false);
      assert.ok(found.notices('error').some((notice) => notice.includes(told.step)));
      assert.doesNotMatch(JSON.stringify(found.result), /planted/);
    });
  }

  it('tells what may be read and not written, listed and not read', async () => {
    const reader = await ask({ uri: 's3://readonly/bids', as: anna });
    assert.equal(reader.health.readable, true);
    assert.equal(reader.service().status, 'well');
    assert.equal(reader.check('write').problem?.remedy, 's3-write');
    assert.match(reader.notices('info')[0], /s3:PutObject on arn:aws:s3:::readonly\/\*/);
    const unlisted = await ask({ uri: 's3://unlisted/bids', as: anna });
    assert.equal(unlisted.check('list').outcome, 'no');
    assert.equal(unlisted.check('read').outcome, 'yes');
    assert.equal(unlisted.health.readable, true);
    const sticky = await ask({ uri: 's3://sticky/bids', as: anna });
    assert.equal(sticky.check('write').outcome, 'yes');
    assert.equal(sticky.check('write').problem?.remedy, 's3-abort');
    const payer = await ask({ uri: 's3://paying/bids', as: anna, storage: { requesterPays: true } });
    assert.equal(payer.health.readable, true);
  });

  it('finds buckets in other regions, places with nothing in them, and objects', async () => {
    const far = await ask({ uri: 's3://elsewhere/bids', as: anna });
    assert.equal(far.service().region, 'eu-central-1');
    assert.equal(far.health.readable, true);
    const nothing = await ask({ uri: 's3://empty/out', as: anna });
    assert.match(nothing.check('list').said, /nothing is there yet/);
    assert.equal(nothing.health.readable, true);
    const object = await ask({ uri: 's3://lab/bids/dataset_description.json', as: anna });
    assert.match(object.check('read').said, /bids\/dataset_description\.json/);
    const hollow = await ask({ uri: 's3://lab/bids/sub-01', as: anna });
    assert.equal(hollow.check('read').outcome, 'yes');
  });

  it('without an address lists buckets, and is content where nothing is set up', async () => {
    const some = await ask({ as: anna });
    assert.match(some.check('buckets', 's3').said, /elsewhere, empty, lab, open, paying and 4 more/);
    const none = await ask({});
    assert.equal(none.service('s3').status, 'unused');
    assert.deepEqual(none.notices('error'), []);
    const missing = await ask({ env: { AWS_PROFILE: 'gone' } });
    assert.equal(missing.service('s3').status, 'ill');
    assert.deepEqual(missing.notices('error'), []);
    assert.equal(missing.notices('warn').length, 1);
  });

  it('tells services that are not there, certificates, and clocks apart', async () => {
    const closed = createServer();
    const port = await listen(closed);
    await new Promise((resolve) => { closed.close(resolve); });
    const refused = await ask({ uri: 's3://lab/bids', as: anna, env: { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` } });
    assert.equal(refused.check('reach').problem?.remedy, 'refused');
    assert.match(refused.notices('error')[0], new RegExp(`Start the service at http://127\\.0\\.0\\.1:${port}`));
    const pems = await generate([{ name: 'commonName', value: '127.0.0.1' }], { keySize: 2048 });
    const secure = createTlsServer({ key: pems.private, cert: pems.cert }, (_request, response) => { response.end(); });
    const tls = await ask({ uri: 's3://lab/bids', as: anna, env: { AWS_ENDPOINT_URL_S3: `https://127.0.0.1:${await listen(secure)}` } });
    assert.equal(tls.check('reach').problem?.remedy, 'certificate');
    assert.match(tls.notices('error').join(), /NODE_EXTRA_CA_CERTS/);
    const late = await ask({ uri: 's3://lab/bids', as: anna, clock: () => Date.now() - 10 * 60_000 });
    assert.equal(late.check('clock').problem?.remedy, 'clock');
    assert.match(late.check('clock').said, /10 minutes behind/);
  });

  it('gives up what hangs, tells the rest, and stops at once when cancelled', async () => {
    s3.inject({ fault: { kind: 'hang' }, match: ({ method, query }) => method === 'GET' && 'list-type' in query, times: 100 });
    try {
      const found = await ask({ uri: 's3://lab/bids', as: anna, patienceMs: 700 });
      assert.equal(found.check('list').outcome, 'unknown');
      assert.equal(found.check('list').problem?.remedy, 'slow');
      assert.equal(found.check('identity').outcome, 'yes');
      assert.equal(found.check('read').outcome, 'yes');
      const abort = new AbortController();
      const asked = ask({ uri: 's3://lab/bids', as: anna, signal: abort.signal });
      await new Promise((resolve) => { setTimeout(resolve, 100); });
      const at = performance.now();
      abort.abort();
      await assert.rejects(asked, { code: 'cancelled' });
      assert.ok(performance.now() - at < 1000);
    } finally {
      s3.clearFaults();
    }
  });
});
