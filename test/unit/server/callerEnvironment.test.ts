import assert from 'node:assert/strict';
import { callerEnvironment, inCallersPlace } from '../../../runner/protocol/callerEnvironment.ts';

describe('the environment of a window', () => {
  it('has credentials, proxies, certificates and places, and nothing else', () => {
    const taken = {
      AWS_PROFILE: 'lab', GOOGLE_APPLICATION_CREDENTIALS: '/k', CLOUDSDK_ACTIVE_CONFIG_NAME: 'lab', GCLOUD_PROJECT: 'p', AZURE_CONFIG_DIR: '/a', DASK_COILED__TOKEN: 't',
      https_proxy: 'p', HTTPS_PROXY: 'P', NO_PROXY: 'x', NODE_EXTRA_CA_CERTS: '/c', HOME: '/h', PATH: '/bin', XDG_STATE_HOME: '/s', SPIMQUANT_STATE_DIR: '/d',
    };
    const left = { GITHUB_TOKEN: 'secret', VSCODE_IPC_HOOK: 'x', NODE_OPTIONS: '--inspect', LANG: 'C', EMPTY: undefined };
    assert.deepEqual(callerEnvironment({ ...taken, ...left }), taken);
  });

  it('takes the place of the runner\'s own, also where it has nothing', () => {
    const own = { AWS_PROFILE: 'of long ago', AWS_REGION: 'x', LANG: 'C', HOME: '/old' };
    assert.deepEqual(inCallersPlace(own, { AWS_REGION: 'y', HOME: '/new', GITHUB_TOKEN: 'secret' }), { LANG: 'C', AWS_REGION: 'y', HOME: '/new' });
    assert.deepEqual(inCallersPlace(own, undefined), own);
  });
});
