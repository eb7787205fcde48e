import assert from 'node:assert/strict';
import { withAdvice } from '../../../scripts/troubleshootingReference.ts';
import { readFile } from 'node:fs/promises';
import { UserHome } from '../../helpers/userHome.ts';
import { defaultToken, startCoiledServer } from '../../servers/coiledServer.ts';
import type { CoiledServer, CoiledServerOptions } from '../../servers/coiledServer.ts';
import { consult } from '../explore/doctorSupport.ts';
import type { Consultation } from '../explore/doctorSupport.ts';

const lab = { slug: 'lab', isDefault: true, region: 'us-east-1' };

describe('spimquant doctor coiled', () => {
  let home: UserHome;
  let server: CoiledServer;

  const begin = async (options: CoiledServerOptions = {}): Promise<void> => {
    server = await startCoiledServer(options);
    home.write({ '.config/dask/coiled.yaml': `coiled:\n  token: ${defaultToken}\n  server: ${server.address}\n` });
  };
  const ask = (env: Readonly<Record<string, string>> = {}): Promise<Consultation> => consult(home, { uri: 'coiled', env });

  beforeEach(() => {
    home = new UserHome();
  });
  afterEach(async () => {
    await server?.close();
    home.remove();
  });

  it('says who is signed in, where, in which cloud and region, and that there are credits', async () => {
    await begin();
    const found = await ask();
    const { health, text } = found;
    assert.equal(health.readable, true);
    assert.deepEqual(found.service().identity, { name: 'tester', account: 'lab', source: `token in ${home.path('.config/dask/coiled.yaml')}` });
    assert.equal(found.service().region, 'us-east-1');
    assert.deepEqual(found.service().checks.map(({ name, outcome }) => `${name} ${outcome}`), ['sign-in yes', 'identity yes', 'reach yes', 'clock yes', 'workspace yes', 'cloud yes', 'quota yes', 'machines yes']);
    assert.match(found.check('cloud').said, /Amazon Web Services; usual region us-east-1/);
    for (const words of ['tester', 'lab', 'Credits', 'm6i']) assert.ok(text.includes(words), `${words} is shown`);
    assert.equal(JSON.stringify(health).includes(defaultToken) || text.includes(defaultToken), false, 'the token is never shown');
  });

  it('says how to sign in when nobody is', async () => {
    const found = await ask({ DASK_COILED__SERVER: 'http://127.0.0.1:9' });
    assert.equal(found.health.readable, false);
    assert.equal(found.check('sign-in').problem?.remedy, 'coiled-none');
    assert.match(found.notices('error').join('\n'), /Sign in with "coiled login"/);
  });

  const troubles: readonly (readonly [string, string, RegExp, { readonly options?: CoiledServerOptions; readonly env?: Readonly<Record<string, string>>; readonly then?: () => void }])[] = [
    ['a token that is refused, by where it is from', 'coiled-variable', /Set DASK_COILED__TOKEN to a new token/, { env: { DASK_COILED__TOKEN: 'another-token' } }],
    ['a token of "coiled login" that has expired', 'coiled-file', /Sign in again with "coiled login"/, { then: () => { server.expireToken(); } }],
    ['a workspace that one is no member of', 'coiled-workspace', /Name one of your workspaces \(lab\)/, { env: { DASK_COILED__WORKSPACE: 'elsewhere' } }],
    ['a workspace without a cloud', 'coiled-cloud', /coiled setup aws" \(or gcp, azure\) --workspace bare/, { options: { workspaces: [{ slug: 'bare', isDefault: true, backend: '' }] } }],
    ['credits that are used up', 'coiled-quota', /See credits and limits at http/, { then: () => { server.setQuota('lab', false); } }],
    ['an address where nobody answers', 'refused', /correct host and port/, { env: { DASK_COILED__SERVER: 'http://127.0.0.1:9' } }],
  ];
  for (const [what, remedy, step, { options, env, then }] of troubles) {
    it(`names the one step that mends ${what}`, async () => {
      await begin({ workspaces: [lab], ...options });
      then?.();
      const found = await ask(env);
      assert.equal(found.health.readable, false);
      assert.ok(found.service().checks.some(({ problem }) => problem?.remedy === remedy), JSON.stringify(found.service().checks));
      assert.match(found.notices('error').join('\n'), step);
    });
  }

  it('is among all services when somebody is signed in, and not otherwise', async () => {
    await begin();
    const asked = await consult(home, {});
    assert.equal(asked.service('coiled').status, 'well');
    const nobody = new UserHome();
    assert.deepEqual((await consult(nobody, {})).health.services.map(({ scheme }) => scheme), ['s3', 'gs', 'az']);
    nobody.remove();
  });

  it('has its advice in the documentation', async () => {
    const page = await readFile(new URL('../../../docs/troubleshooting.md', import.meta.url), 'utf8');
    assert.equal(withAdvice(page), page, 'run scripts/troubleshootingReference.ts');
    assert.ok(page.includes('### Coiled'));
  });
});
