import assert from 'node:assert/strict';
import { UserHome } from '../../helpers/userHome.ts';
import { accountSecrets, defaultProject, keyFile, serviceAccount, startGcsServer, userAccount, userFile } from '../../servers/gcsServer.ts';
import type { GcsServer } from '../../servers/gcsServer.ts';
import { consult } from './doctorSupport.ts';
import type { Consultation, Question } from './doctorSupport.ts';

const robot = serviceAccount('robot');
const anna = userAccount('anna@example.org');
const gone = userAccount('gone@example.org', { revoked: true });
const deleted = serviceAccount('deleted');

describe('spimquant doctor at Google Cloud Storage', function () {
  this.timeout(30_000);
  let home: UserHome;
  let server: GcsServer;

  before(async () => {
    const reader = { [anna.email]: ['get', 'list'] as const, [robot.email]: ['get', 'list'] as const };
    server = await startGcsServer({
      accounts: [robot, anna, gone], machine: robot, projects: [defaultProject],
      buckets: {
        lab: { location: 'EUROPE-WEST4' }, open: { public: true }, readable: { grants: reader }, shut: { grants: {} }, paying: { requesterPays: true }, empty: {},
        writable: { grants: { [anna.email]: ['create'], [robot.email]: ['create'] } },
      },
    });
    for (const bucket of ['lab', 'open', 'readable', 'shut', 'paying', 'writable']) await server.put(bucket, 'bids/dataset_description.json', '{}');
  });
  beforeEach(() => {
    home = new UserHome();
    home.write({ 'keys/robot.json': keyFile(robot, server.endpoint) });
  });
  afterEach(() => { home.remove(); });
  after(() => server.close());

  const asRobot = (): Record<string, string> => ({ GOOGLE_APPLICATION_CREDENTIALS: home.path('keys/robot.json') });
  const ask = async ({ storage, ...question }: Question): Promise<Consultation> => consult(home, { ...question, storage: { gcsEndpoint: server.endpoint, ...storage } });

  it('says who a service account is, by what, and what may be done, and leaves nothing behind', async () => {
    const found = await ask({ uri: 'gs://lab/bids', env: asRobot() });
    const { identity, status, region } = found.service();
    assert.equal(status, 'well', found.text);
    assert.equal(identity?.name, robot.email);
    assert.equal(identity?.account, defaultProject);
    assert.equal(identity?.source, `the file of GOOGLE_APPLICATION_CREDENTIALS (${home.path('keys/robot.json')}: key of a service account)`);
    assert.equal(region, 'europe-west4');
    for (const name of ['sign-in', 'identity', 'reach', 'clock', 'bucket', 'list', 'read', 'write'] as const) assert.equal(found.check(name).outcome, 'yes', name);
    assert.deepEqual([...found.notices('error'), ...found.notices('warn'), ...found.notices('info')], []);
    assert.deepEqual(await server.names('lab'), ['bids/dataset_description.json']);
    assert.match(found.text, /Expires +in 60 minutes .* and renewed by itself/);
  });

  it('asks whose a person\'s sign-in is, and knows the machine\'s account and a file that is named', async () => {
    home.write({ '.config/gcloud/application_default_credentials.json': { ...userFile(anna, server.endpoint), account: '' } });
    const person = await ask({ uri: 'gs://lab/bids' });
    assert.equal(person.service().identity?.name, anna.email);
    assert.match(person.service().identity?.source ?? '', /^gcloud auth application-default login \(/);
    const file = await ask({ uri: 'gs://lab/bids', storage: { gcsCredentials: home.path('keys/robot.json') } });
    assert.match(file.service().identity?.source ?? '', /--gcs-credentials/);
    const other = new UserHome();
    try {
      const machine = await consult(other, {
        uri: 'gs://lab/bids', storage: { gcsEndpoint: server.endpoint }, env: { METADATA_SERVER_DETECTION: 'assume-present', GCE_METADATA_HOST: new URL(server.endpoint).host },
      });
      assert.equal(machine.service().identity?.name, robot.email, machine.text);
      assert.equal(machine.service().identity?.source, 'the service account of this machine (metadata server)');
      assert.equal(machine.health.readable, true);
    } finally {
      other.remove();
    }
  });

  const cases: readonly { readonly what: string; readonly question: () => Question; readonly files?: () => Record<string, object | string>; readonly remedy: string; readonly step: RegExp }[] = [
    { what: 'no credentials', question: () => ({}), remedy: 'gs-none', step: /gcloud auth application-default login/ },
    { what: 'a credentials file that is not there', question: () => ({ env: { GOOGLE_APPLICATION_CREDENTIALS: home.path('gone.json') } }), remedy: 'gs-file', step: /Let GOOGLE_APPLICATION_CREDENTIALS name/ },
    { what: 'a credentials file that is none', question: () => ({ storage: { gcsCredentials: home.path('none.json') } }), files: () => ({ 'none.json': '{"private_key": "plantedKey"' }), remedy: 'gs-file', step: /Let --gcs-credentials name/ },
    { what: 'a sign-in that was withdrawn', question: () => ({}), files: () => ({ '.config/gcloud/application_default_credentials.json': userFile(gone, server.endpoint) }), remedy: 'gs-login', step: /Sign in again with "gcloud auth application-default login"/ },
    { what: 'the key of an account that was deleted', question: () => ({ env: { GOOGLE_APPLICATION_CREDENTIALS: home.path('deleted.json') } }), files: () => ({ 'deleted.json': keyFile(deleted, server.endpoint) }), remedy: 'gs-key', step: /keys create .*deleted\.json --iam-account deleted@/ },
    { what: 'a bucket that is not there', question: () => ({ uri: 'gs://labb/bids', env: asRobot() }), remedy: 'gs-no-bucket', step: /gcloud storage buckets list/ },
    { what: 'a bucket that may not be read', question: () => ({ uri: 'gs://shut/bids', env: asRobot() }), remedy: 'gs-read', step: new RegExp(`gs://shut --member=serviceAccount:${robot.email} --role=roles/storage.objectViewer`) },
    { what: 'a bucket that may only be written', question: () => ({ uri: 'gs://writable/bids', env: asRobot() }), remedy: 'gs-read', step: /objectViewer/ },
    { what: 'a bucket that is not public', question: () => ({ uri: 'gs://lab/bids', storage: { anonymous: true } }), remedy: 'gs-not-public', step: /Leave out "--anonymous"/ },
    { what: 'a bucket whose readers pay', question: () => ({ uri: 'gs://paying/bids', env: asRobot() }), remedy: 'gs-payer', step: /--requester-pays --gcs-project/ },
    { what: 'a project that cannot pay', question: () => ({ uri: 'gs://paying/bids', env: asRobot(), storage: { requesterPays: true, gcsProject: 'another' } }), remedy: 'gs-payer-denied', step: /serviceUsageConsumer in another/ },
  ];
  for (const { what, question, files, remedy, step } of cases) {
    it(`says what to do about ${what}`, async () => {
      home.write(files?.() ?? {});
      const found = await ask({ uri: 'gs://lab/bids', ...question() });
      const problems = found.service().checks.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
      const told = problems.find((each) => each.remedy === remedy);
      assert.ok(told !== undefined, `${remedy} is not among ${problems.map((each) => each.remedy).join(', ')}: ${found.text}`);
      assert.match(told.step, step);
      assert.equal(found.health.readable, false);
      assert.ok(found.notices('error').some((notice) => notice.includes(told.step)), found.text);
      const all = JSON.stringify(found.result);
      for (const secret of [...accountSecrets, 'planted']) assert.ok(!all.includes(secret), secret);
    });
  }

  it('tells what may be read and not written, where one pays, and places with nothing in them', async () => {
    const reader = await ask({ uri: 'gs://readable/bids', env: asRobot() });
    assert.equal(reader.health.readable, true);
    assert.match(reader.check('bucket').said, /Granted on it: list, get\./);
    assert.equal(reader.check('write').problem?.remedy, 'gs-write');
    assert.match(reader.notices('info')[0], /roles\/storage\.objectUser/);
    const payer = await ask({ uri: 'gs://paying/bids', env: asRobot(), storage: { requesterPays: true } });
    assert.equal(payer.health.readable, true);
    const empty = await ask({ uri: 'gs://empty/out', env: asRobot() });
    assert.match(empty.check('list').said, /nothing is there yet/);
    assert.equal(empty.health.readable, true);
    const open = await ask({ uri: 'gs://open/bids', storage: { anonymous: true } });
    assert.equal(open.health.readable, true);
    assert.equal(open.check('write').outcome, 'unknown');
  });

  it('without an address lists the buckets of the project, and is content where nothing is set up', async () => {
    const some = await ask({ env: asRobot() });
    assert.match(some.check('buckets', 'gs').said, /^Of loopback-project: empty, lab, open, paying, readable and 2 more\.$/);
    const none = await ask({});
    assert.equal(none.service('gs').status, 'unused');
    assert.deepEqual(none.notices('error'), []);
  });

  it('gives up what hangs and tells the rest', async () => {
    server.inject({ fault: { kind: 'hang' }, match: ({ method, query }) => method === 'GET' && 'prefix' in query, times: 100 });
    try {
      const found = await ask({ uri: 'gs://lab/bids', env: asRobot(), patienceMs: 700 });
      assert.equal(found.check('list').outcome, 'unknown');
      assert.equal(found.check('list').problem?.remedy, 'slow');
      assert.equal(found.check('read').outcome, 'yes');
    } finally {
      server.clearFaults();
    }
  });
});
