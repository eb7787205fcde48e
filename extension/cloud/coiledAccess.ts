import type * as vscode from 'vscode';
import type { CoiledAccess } from '../../runner/protocol/coiledAccess.ts';
import type { Settings } from '../platform/settings.ts';

/** Where the editor's secret storage has the token. */
export const tokenKey = 'spimquant.coiled.token';

/** The token that the editor keeps, if any, and the user's settings of Coiled. */
export async function coiledAccess(secrets: vscode.SecretStorage, settings: Settings): Promise<CoiledAccess> {
  const [token, server, workspace] = [await secrets.get(tokenKey), settings.coiledServer(), settings.coiledWorkspace()];
  return { ...(token === undefined ? {} : { token }), ...(server === undefined ? {} : { server }), ...(workspace === undefined ? {} : { workspace }) };
}
