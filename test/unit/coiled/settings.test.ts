import assert from 'node:assert/strict';
import { withCoiled } from '../../../runner/protocol/coiledAccess.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { coiledSettings, normalServer, requiredToken } from '../../../runner/coiled/settings.ts';
import { UserHome } from '../../helpers/userHome.ts';

describe('Coiled\'s settings of a machine', () => {
  let home: UserHome;

  beforeEach(() => {
    home = new UserHome();
  });
  afterEach(() => home.remove());

  /** Without what the machine that runs the tests has in its environment. */
  const env = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({ ...Object.fromEntries(Object.entries(home.env()).filter(([name]) => !/^(DASK|COILED)_/.test(name))), ...more });

  it('are the usual ones when nobody is signed in', async () => {
    const settings = await coiledSettings(env());
    assert.deepEqual(settings, { server: 'https://cloud.coiled.io' });
    assert.throws(() => requiredToken(settings), (error) => error instanceof SpimquantError && error.code === 'auth-missing' && /coiled login/.test(error.hint ?? ''));
  });

  it('are read from where "coiled login" writes them', async () => {
    home.write({ '.config/dask/coiled.yaml': 'coiled:\n  token: file-token\n  server: https://coiled.example/\n  user: someone\n  workspace: lab\n' });
    assert.deepEqual(await coiledSettings(env()), { server: 'https://coiled.example', workspace: 'lab', token: { value: 'file-token', source: { kind: 'file', path: home.path('.config/dask/coiled.yaml') } } });
  });

  it('are those of the last file that names them, of the folder that DASK_CONFIG names at the end', async () => {
    home.write({
      '.config/dask/coiled.yaml': 'coiled: {token: first-token, account: old}', '.config/dask/zz.json': { coiled: { token: 'second-token' } },
      '.config/dask/broken.yaml': 'coiled: [', '.config/dask/notes.txt': 'coiled: {token: no-token}', 'own/a.yml': 'coiled: {token: third-token}',
    });
    assert.deepEqual((await coiledSettings(env())).token?.value, 'second-token');
    const settings = await coiledSettings(env({ DASK_CONFIG: home.path('own') }));
    assert.deepEqual([settings.token?.value, settings.workspace], ['third-token', 'old']);
    assert.equal((await coiledSettings(env({ DASK_CONFIG: home.path('own/a.yml') }))).token?.value, 'third-token');
  });

  it('take the token of the environment first, then that of the editor, then that of a file', async () => {
    home.write({ '.config/dask/coiled.yaml': 'coiled: {token: file-token, workspace: of-file}' });
    const given = { token: ' editor-token ', workspace: 'of-settings' };
    assert.deepEqual((await coiledSettings(env(), given)).token, { value: 'editor-token', source: { kind: 'editor' } });
    const both = await coiledSettings(env({ DASK_COILED__TOKEN: 'env-token', COILED_API_TOKEN: 'other', DASK_COILED__WORKSPACE: 'of-env' }), given);
    assert.deepEqual([both.token, both.workspace], [{ value: 'env-token', source: { kind: 'variable', name: 'DASK_COILED__TOKEN' } }, 'of-settings']);
    assert.deepEqual((await coiledSettings(env({ COILED_API_TOKEN: 'api-token' }))).token, { value: 'api-token', source: { kind: 'variable', name: 'COILED_API_TOKEN' } });
    assert.equal((await coiledSettings(env({ DASK_COILED__WORKSPACE: 'of-env' }))).workspace, 'of-env');
  });

  it('have what the editor gives with a request, in the environment of the program that works for it', async () => {
    const given = withCoiled(env(), { token: 'editor-token', server: 'https://coiled.example', workspace: 'of-editor' });
    assert.deepEqual(await coiledSettings(given), { server: 'https://coiled.example', workspace: 'of-editor', token: { value: 'editor-token', source: { kind: 'editor' } } });
    assert.equal((await coiledSettings(given, { workspace: 'of-command' })).workspace, 'of-command');
    assert.equal((await coiledSettings({ ...given, DASK_COILED__TOKEN: 'env-token' })).token?.value, 'env-token');
    const same = env();
    assert.equal(withCoiled(same, undefined), same);
  });

  it('refuse a token that cannot be sent, without showing it', async () => {
    const settings = await coiledSettings(env({ DASK_COILED__TOKEN: 'two\nlines-of-token' }));
    assert.throws(() => requiredToken(settings), (error) => error instanceof SpimquantError && error.code === 'auth-missing' && !`${error.message}${error.hint}`.includes('lines-of-token'));
  });

  it('read addresses as Coiled\'s client does', () => {
    assert.equal(normalServer('https://cloud.coiled.io//'), 'https://cloud.coiled.io');
    assert.equal(normalServer('127.0.0.1:8000'), 'http://127.0.0.1:8000');
    for (const bad of ['http://', 'https://user:pass@coiled.example', 'a b']) {
      assert.throws(() => normalServer(bad), (error) => error instanceof SpimquantError && error.code === 'bad-option' && !error.message.includes('pass'));
    }
  });
});
