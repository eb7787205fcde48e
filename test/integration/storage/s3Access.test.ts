import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { reportError } from '../../../runner/protocol/errors.ts';
import type { ObjectStore, StorageOptions } from '../../../runner/storage/objectStore.ts';
import { openStore } from '../../../runner/storage/open.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { BucketOptions, Credential, S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from './awsHome.ts';
import type { AwsSetup } from './awsHome.ts';
import { isError, listAll, text } from './objectStoreSuite.ts';

const secrets = ['loopback/secret+key', 'wrong/secret', 'SESSION-TOKEN-1', 'SESSION-TOKEN-2', 'PROCESS-SECRET', 'Signature='];
const session1: Credential = { accessKeyId: 'AKIDSESSION1', secretAccessKey: 'loopback/secret+key', sessionToken: 'SESSION-TOKEN-1', expired: true };
const session2: Credential = { accessKeyId: 'AKIDSESSION2', secretAccessKey: 'loopback/secret+key', sessionToken: 'SESSION-TOKEN-2' };
const sessionFile = (credential: Credential): string =>
  `[default]\naws_access_key_id=${credential.accessKeyId}\naws_secret_access_key=${credential.secretAccessKey}\naws_session_token=${credential.sessionToken ?? ''}\n`;

describe('S3Store: who may do what', () => {
  const home = new AwsHome();
  let server: S3Server;

  const begin = async (bucket: BucketOptions, setup: AwsSetup): Promise<void> => {
    await home.enter(setup);
    server.createBucket('lab', bucket);
    await server.put('lab', 'a.txt', 'alpha');
  };
  const lab = (options: StorageOptions = {}): ObjectStore => openStore('s3://lab', { s3Endpoint: server.endpoint, ...options });

  /** Every kind of request fails in the same way, and nothing that is thrown holds a secret. */
  const allFail = async (store: ObjectStore, ...expected: Parameters<typeof isError>): Promise<void> => {
    const requests = [
      () => store.read('a.txt'),
      () => store.stat('a.txt'),
      () => listAll(store, ''),
      () => store.write('b.txt', 'beta'),
      () => store.delete('a.txt'),
      () => store.write('large', new Uint8Array(9_000_000)),
    ];
    for (const request of requests) {
      await assert.rejects(request, (error) => {
        isError(...expected)(error);
        const everything = `${inspect(error, { depth: 12, showHidden: true })}${JSON.stringify(reportError(error))}`;
        for (const secret of secrets) assert.ok(!everything.includes(secret), `${secret} in ${everything}`);
        return true;
      });
    }
    assert.deepEqual(await server.keys('lab'), ['a.txt']);
  };

  before(async () => {
    server = await startS3Server({ credentials: [defaultCredential, session1, session2] });
  });
  after(async () => server.close());
  beforeEach(() => server.requests.splice(0));
  afterEach(async () => home.leave());

  it('tells a wrong secret key', async () => {
    await begin({}, { keys: { accessKeyId: defaultCredential.accessKeyId, secretAccessKey: 'wrong/secret' } });
    await allFail(lab(), 'access-denied', 'secret key', /aws configure list/);
  });

  it('tells an unknown access key', async () => {
    await begin({}, { keys: { accessKeyId: 'AKIDNOBODY', secretAccessKey: 'wrong/secret' } });
    await allFail(lab(), 'access-denied', 'does not know the access key');
  });

  it('tells an invalid session token', async () => {
    await begin({}, { keys: { ...session2, sessionToken: 'SESSION-TOKEN-1' } });
    await allFail(lab(), 'access-denied', 'session token');
  });

  it('tells an expired session and how to renew it', async () => {
    await begin({}, { credentials: sessionFile(session1), environment: { AWS_PROFILE: 'default' } });
    await allFail(lab(), 'auth-expired', 'aws sso login --profile default', 'finished work is kept');
  });

  it('goes on with credentials that were renewed meanwhile, without a failure', async () => {
    await begin({}, { credentials: sessionFile(session2) });
    const store = lab();
    assert.equal(text(await store.read('a.txt')), 'alpha');
    await home.renew(sessionFile(session1));
    await assert.rejects(lab().read('a.txt'), isError('auth-expired'));
    // The first store holds good keys still; once they are refused it reads the file again.
    server.inject({ fault: { kind: 'status', status: 400, code: 'ExpiredToken' } });
    await home.renew(sessionFile({ ...defaultCredential }).replace(/aws_session_token=\n/, ''));
    assert.equal(text(await store.read('a.txt')), 'alpha');
    assert.equal(server.requests.at(-1)?.accessKeyId, defaultCredential.accessKeyId);
  });

  it('goes on after a sign-in that followed a failure', async () => {
    await begin({}, {});
    const store = lab();
    await assert.rejects(store.read('a.txt'), isError('auth-missing'));
    await home.renew(sessionFile(session2));
    assert.equal(text(await store.read('a.txt')), 'alpha');
  });

  it('tells that there are no credentials, and the ways to have some', async () => {
    await begin({}, {});
    await allFail(lab(), 'auth-missing', 'AWS_ACCESS_KEY_ID', 'aws configure', 'aws sso login', '--anonymous');
    assert.equal(server.requests.length, 0);
  });

  it('tells that a single sign-on has not been done', async () => {
    const config = '[profile lab]\nsso_session=s\nsso_account_id=1\nsso_role_name=r\nregion=us-east-1\n[sso-session s]\nsso_region=us-east-1\nsso_start_url=https://sso.invalid/start\n';
    await begin({}, { config });
    await allFail(lab({ awsProfile: 'lab' }), 'auth-expired', 'aws sso login --profile lab');
  });

  it('does not repeat what a failing credential process says', async () => {
    await begin({}, { config: '[profile lab]\ncredential_process=/bin/sh -c "echo PROCESS-SECRET >&2; exit 3" PROCESS-SECRET\n' });
    await allFail(lab({ awsProfile: 'lab' }), 'auth-missing', '"lab"');
  });

  it('names the profiles there are when one is not', async () => {
    await begin({}, { config: '[profile work]\nregion=eu-west-1\n[services s3lab]\n', credentials: '[home]\naws_access_key_id=x\naws_secret_access_key=y\n' });
    await allFail(lab({ awsProfile: 'labb' }), 'auth-missing', '"labb"', /home, work\./);
  });

  it('tells a denial, and what right it takes', async () => {
    await begin({ deny: () => true }, { keys: defaultCredential });
    await assert.rejects(lab().read('a.txt'), isError('access-denied', 's3://lab/a.txt', 's3:GetObject', 's3:ListBucket', '--requester-pays'));
    await assert.rejects(lab().stat('a.txt'), isError('access-denied', 's3://lab/a.txt', 'AccessDenied'));
    await assert.rejects(listAll(lab(), 'x'), isError('access-denied', 's3://lab/x', 's3:ListBucket'));
    await assert.rejects(lab().write('b', 'x'), isError('access-denied', 's3:PutObject'));
    await allFail(lab(), 'access-denied', 's3://lab');
  });

  it('never takes a denial for an absent object, with or without the right to list', async () => {
    await begin({ listable: false }, { keys: defaultCredential });
    assert.equal(text(await lab().read('a.txt')), 'alpha');
    await assert.rejects(lab().read('missing.txt'), isError('access-denied', 'check the spelling'));
    await assert.rejects(lab().stat('missing.txt'), isError('access-denied'));
  });

  it('reads public buckets without signing', async () => {
    await begin({ public: true }, {});
    const store = lab({ anonymous: true });
    assert.equal(text(await store.read('a.txt')), 'alpha');
    assert.equal((await listAll(store, '')).length, 1);
    assert.ok(server.requests.every((request) => request.accessKeyId === undefined));
    await assert.rejects(store.write('b', 'x'), isError('access-denied', '--anonymous'));
    server.createBucket('lab', {});
    await assert.rejects(store.read('a.txt'), isError('access-denied', 'Not open to the public'));
  });

  it('pays where readers pay, if told to', async () => {
    await begin({ requesterPays: true }, { keys: defaultCredential });
    await allFail(lab(), 'access-denied', '--requester-pays');
    const store = lab({ requesterPays: true });
    assert.equal(text(await store.read('a.txt')), 'alpha');
    assert.equal((await store.stat('a.txt'))?.size, 5);
    assert.equal((await listAll(store, '')).length, 1);
    await store.write('large', new Uint8Array(9_000_000));
    await store.delete('large');
  });

  for (const wrongRegion of ['redirect', 'malformed'] as const) {
    it(`moves to the region of the bucket (${wrongRegion})`, async () => {
      await begin({ region: 'eu-west-3', wrongRegion }, { keys: defaultCredential });
      const store = lab({ s3Region: 'us-east-1' });
      assert.equal(text(await store.read('a.txt')), 'alpha');
      assert.equal((await listAll(store, '')).length, 1);
      await store.write('b', 'beta');
      assert.deepEqual(server.requests.map((request) => request.region), ['us-east-1', 'eu-west-3', 'eu-west-3', 'eu-west-3']);
    });

    it(`moves to the region of the bucket from any first request (${wrongRegion})`, async () => {
      await begin({ region: 'eu-west-3', wrongRegion }, { keys: defaultCredential });
      assert.equal((await lab().stat('a.txt'))?.size, 5);
      await lab().write('b', 'beta');
      await lab().write('middle', new Uint8Array(3_000_000));
      await lab().write('large', new Uint8Array(9_000_000));
      await lab().delete('b');
      const store = lab();
      const reads = await Promise.all(Array.from({ length: 6 }, () => store.read('a.txt')));
      assert.ok(reads.every((bytes) => text(bytes) === 'alpha'));
    });
  }

  it('names both regions when it cannot follow', async () => {
    await begin({ region: 'eu-west-3', wrongRegion: 'mute' }, { keys: defaultCredential, environment: { AWS_REGION: 'eu-central-1' } });
    await allFail(lab(), 'region-mismatch', 'eu-central-1', 'AWS_REGION');
  });

  it('uses endpoint, region and keys of a profile', async () => {
    const keys = `aws_access_key_id=${defaultCredential.accessKeyId}\naws_secret_access_key=${defaultCredential.secretAccessKey}\n`;
    const config = `[profile plain]\nregion=eu-north-1\nendpoint_url=${server.endpoint}\n${keys}[profile service]\nregion=eu-north-1\nendpoint_url=http://127.0.0.1:9\nservices=ours\n${keys}[services ours]\ns3 =\n  endpoint_url = ${server.endpoint}\n`;
    await begin({ region: 'eu-north-1' }, { config, keys: { accessKeyId: 'AKIDNOBODY', secretAccessKey: 'wrong/secret' } });
    assert.equal(text(await openStore('s3://lab', { awsProfile: 'plain' }).read('a.txt')), 'alpha');
    assert.equal(text(await openStore('s3://lab', { awsProfile: 'service' }).read('a.txt')), 'alpha');
    assert.deepEqual(server.requests.map((request) => [request.region, request.accessKeyId, request.pathStyle]), [1, 2].map(() => ['eu-north-1', defaultCredential.accessKeyId, true]));
    process.env.AWS_PROFILE = 'service';
    assert.equal(text(await openStore('s3://lab').read('a.txt')), 'alpha');
  });

  for (const name of ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']) {
    it(`uses ${name} of the environment`, async () => {
      await begin({}, { keys: defaultCredential, environment: { [name]: server.endpoint } });
      assert.equal(text(await openStore('s3://lab').read('a.txt')), 'alpha');
    });
  }

  it('corrects the clock when the machine\'s is wrong', async () => {
    await using other = await startS3Server({ buckets: { lab: {} }, now: () => Date.now() + 3_600_000 });
    await begin({}, { keys: defaultCredential });
    await other.put('lab', 'a.txt', 'alpha');
    const store = openStore('s3://lab', { s3Endpoint: other.endpoint });
    assert.equal(text(await store.read('a.txt')), 'alpha');
  });
});
