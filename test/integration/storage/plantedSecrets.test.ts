import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunnerClient } from '../../../extension/runner-client/client.types.ts';
import { reportError } from '../../../runner/protocol/errors.ts';
import { isOver, newRunId } from '../../../runner/protocol/runs.ts';
import { resultHtml } from '../../../runner/wording/resultHtml.ts';
import { resultText } from '../../../runner/wording/resultText.ts';
import { toyTask } from '../../fixtures/engine/toyTasks.ts';
import { filesBelow, whereSecretsAre } from '../../helpers/searchFor.ts';
import { UserHome } from '../../helpers/userHome.ts';
import { startAzurite } from '../../servers/azurite.ts';
import type { Azurite } from '../../servers/azurite.ts';
import { startEchoServer } from '../../servers/echoServer.ts';
import type { EchoServer } from '../../servers/echoServer.ts';
import { keyFile, serviceAccount, startGcsServer, userAccount, userFile } from '../../servers/gcsServer.ts';
import type { GcsServer } from '../../servers/gcsServer.ts';
import { startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { ended } from '../engine/cliProcess.ts';
import { RunnerBench, until } from '../server/runnerBench.ts';

const program = (name: string): string => fileURLToPath(new URL(`../../../runner/${name}.ts`, import.meta.url));
const crashing = fileURLToPath(new URL('../../fixtures/engine/crashing.ts', import.meta.url));

/** Keys as long and as odd as real ones, of no shape by which alone they could be told. */
const planted = (name: string): string => createHash('sha512').update(`planted ${name}`).digest('base64').replace(/=+$/, '').slice(0, 64);
const keys = { accessKeyId: `AKIA${createHash('sha256').update('id').digest('hex').toUpperCase().replace(/[^A-F2-7]/g, '').slice(0, 16)}`, secretAccessKey: planted('secret access key'), sessionToken: planted('session token') };
const person = { ...userAccount('me@example.org'), user: { clientId: 'planted.apps.googleusercontent.com', clientSecret: planted('client secret'), refreshToken: planted('refresh token') } };
const machine = serviceAccount('planted');
const azureKey = Buffer.from(planted('azure key')).toString('base64');
const sasSignature = planted('sas');
const sas = `sv=2022-11-02&ss=b&srt=sco&sp=rl&se=2099-01-01T00%3A00%3A00Z&sig=${encodeURIComponent(sasSignature)}`;
const proxyPassword = planted('proxy').replaceAll('/', '_');

/** A user with one way to sign in, and what is asked in their name. */
interface Scenario {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly uri: string;
  readonly flags: string;
  /** Whether the place answers as it should. */
  readonly works: boolean;
}

describe('planted secrets', function () {
  this.timeout(180_000);
  const home = new UserHome();
  const texts: (readonly [string, string])[] = [];
  const secrets: Record<string, string> = {};
  let bench: RunnerBench, echo: EchoServer, s3: S3Server, gcs: GcsServer, azure: Azurite;
  let scenarios: readonly Scenario[];

  before(async () => {
    [echo, s3, gcs, azure] = await Promise.all([startEchoServer(), startS3Server({ credentials: [keys], buckets: { lab: {} } }), startGcsServer({ accounts: [machine, person], buckets: { lab: {} } }), startAzurite()]);
    await azure.container('lab').create();
    for (const [name, content] of [['bids/dataset_description.json', '{"Name":"Mice","BIDSVersion":"1.9.0"}'], ['bids/sub-01/micr/x.txt', 'x']]) {
      await Promise.all([s3.put('lab', name, content), gcs.put('lab', name, content), azure.put('lab', name, content)]);
    }
    const account = keyFile(machine, gcs.endpoint);
    Object.assign(secrets, {
      'secret access key': keys.secretAccessKey, 'session token': keys.sessionToken, 'access key': keys.accessKeyId, 'SSO token': planted('sso'), 'SSO client secret': planted('sso client'), 'client secret': person.user.clientSecret,
      'refresh token': person.user.refreshToken, 'line of the private key': (account as { readonly private_key: string }).private_key.split('\n')[3], 'key of Azure': azureKey, 'signature of Azure': sasSignature,
      'key of azurite': azure.key(), 'password of the proxy': proxyPassword, 'token of Coiled': planted('coiled'), 'client secret of Azure': planted('azure client'), 'password of a database': planted('database'),
      'Google token': 'loopback-token-',
    });
    home.write({
      '.aws/credentials': `[planted]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\naws_session_token = ${keys.sessionToken}\n`,
      '.aws/config': `[profile planted]\nregion = us-east-1\n[profile sso]\nregion = us-east-1\nsso_session = lab\nsso_account_id = 123456789012\nsso_role_name = Analyst\n[sso-session lab]\nsso_region = us-east-1\nsso_start_url = https://lab.awsapps.com/start\n`,
      [`.aws/sso/cache/${createHash('sha1').update('lab').digest('hex')}.json`]: { accessToken: planted('sso'), expiresAt: '2099-01-01T00:00:00Z', region: 'us-east-1', startUrl: 'https://lab.awsapps.com/start', clientId: 'x', clientSecret: planted('sso client'), registrationExpiresAt: '2099-01-01T00:00:00Z' },
      'account.json': account, 'accountOfEcho.json': keyFile(machine, echo.endpoint), 'personOfEcho.json': userFile(person, echo.endpoint), 'person.json': userFile(person, gcs.endpoint),
    });
    bench = new RunnerBench([]);
    const aws = { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey, AWS_SESSION_TOKEN: keys.sessionToken, AWS_REGION: 'us-east-1' };
    const others = { DASK_COILED__TOKEN: planted('coiled'), DATABASE_PASSWORD: planted('database'), SPIMQUANT_STATE_DIR: bench.state, SPIMQUANT_CACHE_DIR: join(bench.folder, 'cache') };
    const scenario = (name: string, uri: string, flags: string, env: Record<string, string>, works = false): Scenario => ({ name, uri, flags, env: home.env({ ...others, ...env }), works });
    scenarios = [
      scenario('keys of AWS', 's3://lab/bids', `--s3-endpoint ${s3.endpoint}`, aws, true),
      scenario('keys of AWS, echoed', 's3://lab/bids', `--s3-endpoint ${echo.endpoint}`, { ...aws, AWS_ENDPOINT_URL_STS: echo.endpoint }),
      scenario('a profile of AWS', 's3://lab/bids', `--s3-endpoint ${s3.endpoint} --aws-profile planted`, {}, true),
      scenario('a profile of AWS, echoed', 's3://lab/bids', `--s3-endpoint ${echo.endpoint} --aws-profile planted`, { AWS_ENDPOINT_URL_STS: echo.endpoint }),
      scenario('SSO of AWS, echoed', 's3://lab/bids', `--s3-endpoint ${echo.endpoint} --aws-profile sso`, { AWS_ENDPOINT_URL_SSO: echo.endpoint, AWS_ENDPOINT_URL: echo.endpoint }),
      scenario('a proxy with a password', 's3://lab/bids', '--s3-endpoint http://s3.lab.example', { ...aws, HTTP_PROXY: echo.endpoint.replace('://', `://someone:${encodeURIComponent(proxyPassword)}@`) }),
      scenario('a service account', 'gs://lab/bids', `--gcs-endpoint ${gcs.endpoint} --gcs-credentials ${home.path('account.json')}`, {}, true),
      scenario('a service account, its token service echoing', 'gs://lab/bids', `--gcs-endpoint ${gcs.endpoint} --gcs-credentials ${home.path('accountOfEcho.json')}`, {}),
      scenario('a service account, the storage echoing', 'gs://lab/bids', `--gcs-endpoint ${echo.endpoint} --gcs-credentials ${home.path('account.json')}`, {}),
      scenario('a person at Google, echoed', 'gs://lab/bids', `--gcs-endpoint ${gcs.endpoint}`, { GOOGLE_APPLICATION_CREDENTIALS: home.path('personOfEcho.json') }),
      scenario('a key of azurite', 'az://lab/lab/bids', `--azure-endpoint ${azure.endpoint()}`, { AZURE_STORAGE_KEY: azure.key() }, true),
      scenario('a connection string, echoed', 'az://lab/lab/bids', '', { AZURE_STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=http;AccountName=lab;AccountKey=${azureKey};BlobEndpoint=${echo.endpoint}/lab;` }),
      scenario('a signature of Azure, echoed', 'az://lab/lab/bids', `--azure-endpoint ${echo.endpoint}/lab`, { AZURE_STORAGE_SAS_TOKEN: sas }),
      scenario('a service principal, refused', 'az://lab/lab/bids', `--azure-endpoint ${echo.endpoint}/lab`, { AZURE_CLIENT_ID: 'c', AZURE_TENANT_ID: 't', AZURE_CLIENT_SECRET: planted('azure client') }),
    ];
  });
  after(async () => {
    await bench.remove();
    await Promise.all([echo, s3, gcs, azure].map((server) => server.close()));
    home.remove();
  });

  /** Nothing of it may be anywhere that anybody can read. */
  function assertNowhere(): void {
    assert.deepEqual(whereSecretsAre(secrets, [...texts, ...filesBelow(bench.folder)]), []);
  }

  it('are in nothing that the command line prints or writes, whether it succeeds or fails', async () => {
    const queue = scenarios.flatMap((scenario, at) => {
      const target = join(bench.folder, `copy-${at}`);
      return [`doctor ${scenario.uri} ${scenario.flags}${at % 2 === 0 ? ' --json' : ''}`, `sync ${scenario.uri} ${target} ${scenario.flags}${at % 2 === 0 ? '' : ' --json'}`].map((words) => ({ scenario, words }));
    });
    queue.push({ scenario: scenarios[1], words: `s3://lab/bids ${join(bench.folder, 'out')} participant ${scenarios[1].flags} --cores 1` });
    await Promise.all([1, 2, 3].map(async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { scenario, words } = next;
        const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program('cli'), ...words.trim().split(/\s+/)], { env: { ...scenario.env, NO_COLOR: '1' }, cwd: bench.folder });
        const { code, stdout, stderr } = await ended(child);
        texts.push([`${scenario.name}: ${words}`, stdout + stderr]);
        if (words.startsWith('sync')) assert.equal(code === 0, scenario.works, `${words}\n${stdout}${stderr}`);
      }
    }));
    for (const name of ['session token', 'refresh token', 'password of the proxy'] as const) {
      assert.ok(whereSecretsAre({ [name]: secrets[name] }, [['', echo.heard]]).length > 0, `the servers have seen the ${name}`);
    }
    assertNowhere();
  });

  it('are in no answer of the runner, nor in what a notebook keeps of it, nor in its log and journals', async () => {
    const window = (env: Readonly<Record<string, string>>): RunnerClient => bench.client({ env, serverFile: program('server'), log: (message) => { texts.push(['window', message]); } });
    mkdirSync(join(bench.folder, 'notebooks'), { recursive: true });
    const cwd = join(bench.folder, 'notebooks');
    for (const [at, scenario] of scenarios.entries()) {
      const client = window(scenario.env);
      const told = (what: string, value: unknown): void => void texts.push([`${scenario.name}: ${what}`, JSON.stringify(value)]);
      client.on('explore.progress', (value) => { told('progress', value); });
      client.on('runs.changed', (value) => { told('run', value); });
      const ask = async (what: string, request: () => Promise<unknown>): Promise<void> => {
        try {
          told(what, await request());
        } catch (error) {
          told(what, [reportError(error), (error as Error).stack]);
        }
      };
      for (const verb of ['doctor', 'ls', ...(at % 3 === 0 ? ['info', 'validate'] : [])]) {
        await ask(verb, async () => {
          const result = await client.request('explore', { text: `${verb} ${scenario.uri} ${scenario.flags}`.trim(), cwd, token: 't' });
          return [result, resultText(result, { width: 200, color: false }), resultHtml(result)];
        });
      }
      const storage = Object.fromEntries([...scenario.flags.matchAll(/--(\S+) (\S+)/g)].map(([, name, value]) => [name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()), value]));
      const dataset = { uri: scenario.uri, storage };
      await ask('read', () => client.request('storage.read', { uri: `${scenario.uri}/dataset_description.json`, maxBytes: 1000, storage }));
      await ask('list', () => client.request('storage.list', { uri: scenario.uri, limit: 10, storage }));
      await ask('complete', () => client.request('storage.complete', { prefix: `${scenario.uri}/sub`, cwd, limit: 10, storage }));
      await ask('add', () => client.request('datasets.add', { dataset, force: true }));
      await ask('describe', () => client.request('datasets.describe', { dataset }));
      await ask('check', () => client.request('credentials.check', { dataset }));
      await ask('image', () => client.request('image.open', { image: { uri: `${scenario.uri}/a.ome.zarr`, storage }, pixels: 10, channels: 1 }));
      if (at % 3 === 1) {
        const id = newRunId(Date.now());
        await ask('start', () => client.request('runs.start', { id, text: `spimquant sync ${scenario.uri} ${join(bench.folder, `by-server-${at}`)} ${scenario.flags}`, cwd }));
        await until(async () => (await client.request('runs.list', { limit: 100 })).runs.some((run) => run.id === id && isOver(run.status)), 'the run is over', 60_000);
        await ask('log', () => client.request('runs.log', { id, from: 0, limit: 1000 }));
        await ask('lines', () => client.request('runs.lines', { id, query: {}, from: 0, count: 100 }));
      }
      client.dispose();
    }
    assert.ok(texts.some(([name, text]) => name.endsWith('doctor') && text.includes('"title"')));
    assertNowhere();
  });

  it('are in no crash, log, journal or answer of a program that says all it knows', async () => {
    const env = Object.fromEntries(Object.entries(scenarios[0].env).filter(([name]) => !name.startsWith('SPIMQUANT_')));
    const all = { ...env, AZURE_STORAGE_SAS_TOKEN: sas, AZURE_STORAGE_KEY: azureKey, AZURE_CLIENT_SECRET: planted('azure client'), HTTPS_PROXY: `someone:${proxyPassword}@proxy:3128` };
    const crash = await ended(spawn(process.execPath, ['--disable-warning=ExperimentalWarning', crashing], { env: all }));
    assert.equal(crash.code, 1);
    assert.match(crash.stderr, /Error: a defect that says .*\n\s+at /);
    assert.match(crash.stdout, /^ä .*\nö /);
    texts.push(['crash', crash.stdout + crash.stderr]);

    const toys = new RunnerBench([toyTask('sub-01/blurt', ['dataset:image.txt'], ['output:sub-01/a.tsv'], { stage: 'blurt' })], all);
    try {
      const client = toys.client({ log: (message) => { texts.push(['window', message]); } });
      client.on('explore.progress', (value) => texts.push(['progress', JSON.stringify(value)]));
      const { id } = await toys.start(client);
      assert.equal((await toys.over(client, id)).status, 'failed');
      assert.match(JSON.stringify(toys.events(id)), /a defect that says/);
      texts.push(['run', JSON.stringify(await client.request('runs.list', { limit: 10 })) + JSON.stringify(toys.events(id))]);
      const ask = (text: string): Promise<unknown> => client.request('explore', { text, cwd: toys.folder, token: 't' });
      texts.push(['explored', JSON.stringify(await ask('blurt'))]);
      await assert.rejects(ask('blurt fail'), (error: Error) => {
        texts.push(['failed', error.message + (error.stack ?? '')]);
        return /AZURE_STORAGE_SAS_TOKEN/.test(error.message);
      });
      assert.deepEqual(whereSecretsAre(secrets, filesBelow(toys.state)), []);
    } finally {
      await toys.remove();
    }
    assertNowhere();
  });
});
