import type { Environment } from '../protocol/callerEnvironment.ts';
import { coiledClient } from './client.ts';
import type { CoiledClient } from './client.types.ts';
import { coiledSettings, requiredToken } from './settings.ts';
import type { GivenSettings } from './settings.ts';

/**
 * A way to Coiled with whatever this machine has for signing in, and the workspace that is wanted there. When a token is
 * refused, it is looked for again: who signs in anew goes on.
 *
 * @throws SpimquantError `auth-missing` when nobody is signed in; `bad-option` for an address that is none
 */
export async function openCoiled(env: Environment, given: GivenSettings = {}): Promise<{ readonly client: CoiledClient; readonly workspace: string | undefined }> {
  const settings = await coiledSettings(env, given);
  requiredToken(settings);
  const client = coiledClient({ server: settings.server, env, token: async () => requiredToken(await coiledSettings(env, given)) });
  return { client, workspace: settings.workspace };
}
