import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { load, YAMLException } from 'js-yaml';
import type { Environment } from '../protocol/callerEnvironment.ts';
import { coiledVariableNames } from '../protocol/coiledAccess.ts';
import { rememberSecrets } from '../protocol/knownSecrets.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { homeOf, variable } from '../storage/environment.ts';
import { expandHome } from '../storage/uri.ts';
import type { CoiledSettings, CoiledToken } from './token.types.ts';

export const usualServer = 'https://cloud.coiled.io';

/** What is given with a request, by options, configuration or the editor. */
export interface GivenSettings {
  /** That the editor keeps. It goes before files, and after the environment. */
  readonly token?: string;
  /** Server and workspace that are given go before everything. */
  readonly server?: string;
  readonly workspace?: string;
}

/**
 * Coiled's settings of this machine. The token: of the environment (DASK_COILED__TOKEN, and COILED_API_TOKEN as Coiled's
 * documentation of its API has it), then the given one, then of the files of Dask's configuration, where `coiled login`
 * writes. Nothing is kept, and nothing written.
 *
 * @throws SpimquantError `bad-option` for an address that is none
 */
export async function coiledSettings(env: Environment, asked: GivenSettings = {}): Promise<CoiledSettings> {
  const given = { ...ofEditor(env), ...asked };
  const files = await readConfigured(env);
  const token = tokenOfVariables(env) ?? (given.token === undefined || given.token.trim() === '' ? undefined : { value: given.token.trim(), source: { kind: 'editor' } as const }) ?? files.token;
  if (token !== undefined) rememberSecrets([token.value]);
  const workspace = given.workspace ?? variable(env, 'DASK_COILED__WORKSPACE') ?? variable(env, 'DASK_COILED__ACCOUNT') ?? files.workspace ?? files.account;
  return {
    server: normalServer(given.server ?? variable(env, 'DASK_COILED__SERVER') ?? files.server ?? usualServer),
    ...(token === undefined ? {} : { token }), ...(workspace === undefined ? {} : { workspace }),
  };
}

/** The token of settings. Throws `auth-missing` when nobody is signed in, `bad-option` for one that cannot be sent. */
export function requiredToken({ token, server }: CoiledSettings): CoiledToken {
  if (token === undefined) {
    throw new SpimquantError('auth-missing', 'Nobody is signed in to Coiled on this machine.', {
      where: server, hint: 'Sign in with "coiled login" in a terminal, or with the command "SPIMquant: Sign in to Coiled".',
    });
  }
  // Header values cannot have them, and Node's own error would repeat the token.
  if (!/^[\x21-\x7e]+$/.test(token.value)) throw new SpimquantError('auth-missing', 'The Coiled token has characters that no token has.', { where: server, hint: 'Copy it anew, whole and without quotes.' });
  return token;
}

/** What the editor has put into the environment of its programs. */
function ofEditor(env: Environment): GivenSettings {
  const entries = Object.entries(coiledVariableNames).flatMap(([part, name]) => {
    const value = variable(env, name);
    return value === undefined ? [] : [[part, value]];
  });
  return Object.fromEntries(entries) as GivenSettings;
}

function tokenOfVariables(env: Environment): CoiledToken | undefined {
  const name = ['DASK_COILED__TOKEN', 'COILED_API_TOKEN'].find((candidate) => variable(env, candidate) !== undefined);
  return name === undefined ? undefined : { value: variable(env, name) ?? '', source: { kind: 'variable', name } };
}

/** An address with a protocol and without a slash at its end. Throws `bad-option`. */
export function normalServer(server: string): string {
  const whole = /^https?:\/\//i.test(server) ? server : `http://${server}`;
  if (!URL.canParse(whole) || /[\s@]/.test(whole)) throw new SpimquantError('bad-option', 'The address of Coiled is none.', { hint: `Correct spimquant.coiled.server or DASK_COILED__SERVER, or leave it out for ${usualServer}.` });
  return whole.replace(/\/+$/, '');
}

/** Where Dask looks for its configuration, later ones winning; and the file that `coiled login` writes. */
export function configFolders(env: Environment): readonly string[] {
  const named = variable(env, 'DASK_CONFIG');
  return ['/etc/dask', join(homeOf(env), '.config', 'dask'), ...(named === undefined ? [] : [expandHome(named)])];
}

interface Configured {
  readonly token?: CoiledToken;
  readonly server?: string;
  readonly workspace?: string;
  readonly account?: string;
}

async function readConfigured(env: Environment): Promise<Configured> {
  let merged: Configured = {};
  for (const place of configFolders(env)) {
    for (const path of await filesAt(place)) merged = { ...merged, ...(await readFileAt(path)) };
  }
  return merged;
}

/** Every file of a folder counts, in the order of their names; or the one file that the place is. */
async function filesAt(place: string): Promise<readonly string[]> {
  try {
    const names = await readdir(place);
    return names.filter((name) => /\.(?:ya?ml|json)$/i.test(name)).sort().map((name) => join(place, name));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? [place] : [];
  }
}

/** What a file says of Coiled. Files that cannot be read, or are no YAML, are another program's trouble. */
async function readFileAt(path: string): Promise<Configured> {
  let raw: unknown;
  try {
    raw = load(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof YAMLException || (error as NodeJS.ErrnoException).code !== undefined) return {};
    throw error;
  }
  const coiled = raw !== null && typeof raw === 'object' ? (raw as Readonly<Record<string, unknown>>).coiled : undefined;
  if (coiled === null || typeof coiled !== 'object') return {};
  const text = (name: string): string | undefined => {
    const value = (coiled as Readonly<Record<string, unknown>>)[name];
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  };
  const [token, server, workspace, account] = ['token', 'server', 'workspace', 'account'].map(text);
  return {
    ...(token === undefined ? {} : { token: { value: token, source: { kind: 'file', path } } }),
    ...(server === undefined ? {} : { server }), ...(workspace === undefined ? {} : { workspace }), ...(account === undefined ? {} : { account }),
  };
}
