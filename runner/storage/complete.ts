import { homedir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBucketScheme, schemeOf } from '../protocol/bucketAddress.ts';
import type { BucketLocation } from '../protocol/bucketAddress.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { azureAccounts } from './azure/azureFiles.ts';
import { listBuckets, listContainers } from './buckets.ts';
import { LocalStore } from './local/localStore.ts';
import type { ObjectStore, StorageOptions } from './objectStore.ts';
import { openStore } from './open.ts';

/** What a half-written path or URI asks for. */
export type Half =
  | { readonly kind: 'local'; /** Absolute. */ readonly folder: string; readonly name: string }
  | { readonly kind: 'buckets'; readonly scheme: 's3' | 'gs'; readonly name: string }
  /** Storage accounts of Azure. */
  | { readonly kind: 'accounts'; readonly name: string }
  | { readonly kind: 'containers'; readonly account: string; readonly name: string }
  | { readonly kind: 'bucket'; /** Of the bucket, without a slash at its end. */ readonly uri: string; /** Without slashes at its ends; may be empty. */ readonly folder: string; readonly name: string }
  /** No store can say anything to that. */
  | { readonly kind: 'nothing' };

export interface CompleteRequest {
  /** As far as it is written. */
  readonly prefix: string;
  /** Folder that relative paths are relative to. */
  readonly cwd: string;
  readonly limit: number;
  readonly storage?: StorageOptions;
  /** Storage accounts of Azure that are known besides those that the environment and az name: of the user's datasets, say. */
  readonly accounts?: readonly string[];
}

export interface Completion {
  /** Absolute path or URI; of a folder with its slash at the end. */
  readonly uri: string;
  readonly folder: boolean;
}

/** Entries looked at to find folders before files: three pages of a bucket's listing. */
const mostLookedAt = 3000;

/** Takes a half-written path apart: the folder, which is whole, and the beginning of a name in it. Pure but for the home folder. */
export function parseHalf(prefix: string, cwd: string, home: string = homedir()): Half {
  const text = prefix.trimStart();
  const scheme = schemeOf(text);
  if (scheme !== undefined && isBucketScheme(scheme)) return parseHalfBucket(scheme, text.slice(scheme.length + '://'.length));
  if (/^file:\/\//i.test(text)) {
    try {
      return splitLocal(fileURLToPath(text) + (text.endsWith('/') && text !== 'file:///' ? sep : ''));
    } catch {
      return { kind: 'nothing' };
    }
  }
  if (scheme !== undefined) return { kind: 'nothing' };
  if (text === '~') return { kind: 'local', folder: home, name: '' };
  const expanded = /^~[/\\]/.test(text) ? join(home, text.slice(1)) : text;
  const slash = Math.max(expanded.lastIndexOf('/'), sep === '\\' ? expanded.lastIndexOf(sep) : -1) + 1;
  const name = expanded.slice(slash);
  // Two dots are the folder above; one is the beginning of a hidden name.
  return name === '..' ? splitLocal(resolve(cwd, expanded) + sep) : { ...splitLocal(resolve(cwd, expanded.slice(0, slash) || '.') + sep), name };
}

function splitLocal(path: string): Extract<Half, { kind: 'local' }> {
  const at = path.lastIndexOf(sep);
  const folder = path.slice(0, at).replace(/[/\\]+$/, '');
  return { kind: 'local', folder: folder === '' || /^[a-z]:$/i.test(folder) ? folder + sep : folder, name: path.slice(at + 1) };
}

/** `rest` follows the scheme. At Azure an account comes before the container. */
function parseHalfBucket(scheme: BucketLocation['scheme'], rest: string): Half {
  const parts = rest.split('/');
  const account = scheme === 'az' ? parts.shift() : undefined;
  if (account !== undefined && parts.length === 0) return { kind: 'accounts', name: account };
  const bucket = parts.shift() ?? '';
  if (parts.length === 0) return account === undefined ? { kind: 'buckets', scheme: scheme as 's3' | 'gs', name: bucket } : { kind: 'containers', account, name: bucket };
  const key = parts.join('/').replace(/^\/+/, '');
  const last = key.lastIndexOf('/');
  const uri = `${scheme}://${account === undefined ? '' : `${account}/`}${bucket}`;
  return { kind: 'bucket', uri, folder: last < 0 ? '' : key.slice(0, last), name: key.slice(last + 1) };
}

/**
 * Folders, then files, that a half-written path or URI could go on to. One folder is listed, never below. Hidden files
 * come only when the name begins with a dot. What does not exist yields nothing, and so do buckets that may not be
 * listed by name; a folder that may not be read is an error (`access-denied`, `auth-missing` …).
 */
export async function completeUri(request: CompleteRequest, signal?: AbortSignal): Promise<{ readonly items: readonly Completion[]; readonly more: boolean }> {
  const half = parseHalf(request.prefix, request.cwd);
  switch (half.kind) {
    case 'nothing': return { items: [], more: false };
    case 'buckets': return namesLike(half, `${half.scheme}://`, request, () => listBuckets(half.scheme, request.storage, signal));
    case 'accounts': return namesLike(half, 'az://', request, async () => [...new Set([...await azureAccounts(process.env), ...(request.accounts ?? [])])].sort());
    case 'containers': return namesLike(half, `az://${half.account}/`, request, () => listContainers(half.account, request.storage, signal));
    case 'local': return listNames(new LocalStore(half.folder), '', half.name, half.folder.endsWith(sep) ? half.folder : half.folder + sep, request.limit, signal);
    case 'bucket': return completeInBucket(half, request, signal);
  }
}

/** What can be named and begins so. Many may not ask for names: then there are none. */
async function namesLike({ name }: { readonly name: string }, above: string, { limit }: CompleteRequest, list: () => Promise<readonly string[]>): ReturnType<typeof completeUri> {
  try {
    const names = (await list()).filter((each) => each.startsWith(name));
    return cutTo(limit, names.map((each) => ({ uri: `${above}${each}/`, folder: true })), []);
  } catch (error) {
    if (!(error instanceof SpimquantError) || error.code === 'cancelled') throw error;
    return { items: [], more: false };
  }
}

async function completeInBucket(half: Extract<Half, { kind: 'bucket' }>, request: CompleteRequest, signal: AbortSignal | undefined): ReturnType<typeof completeUri> {
  try {
    const above = half.folder === '' ? `${half.uri}/` : `${half.uri}/${half.folder}/`;
    return await listNames(openStore(half.uri, request.storage), half.folder, half.name, above, request.limit, signal);
  } catch (error) {
    // A bucket that does not exist, or cannot (yet) be a bucket's name.
    if (error instanceof SpimquantError && (error.code === 'not-found' || error.code === 'bad-option')) return { items: [], more: false };
    throw error;
  }
}

async function listNames(store: ObjectStore, folder: string, name: string, above: string, limit: number, signal: AbortSignal | undefined): ReturnType<typeof completeUri> {
  const folders: Completion[] = [];
  const files: Completion[] = [];
  const skip = folder === '' ? 0 : folder.length + 1;
  let seen = 0;
  for await (const entry of store.list(folder, { namePrefix: name, signal })) {
    seen += 1;
    const own = entry.key.slice(skip);
    if (own.startsWith('.') && !name.startsWith('.')) continue;
    if (entry.kind === 'folder') folders.push({ uri: above + own, folder: true });
    else files.push({ uri: above + own, folder: false });
    if (folders.length > limit || seen >= mostLookedAt) break;
  }
  const { items, more } = cutTo(limit, folders, files);
  return { items, more: more || seen >= mostLookedAt };
}

function cutTo(limit: number, folders: readonly Completion[], files: readonly Completion[]): { readonly items: readonly Completion[]; readonly more: boolean } {
  const all = [...folders, ...files];
  return { items: all.slice(0, Math.max(0, limit)), more: all.length > limit };
}
