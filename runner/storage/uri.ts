import { isAbsolute, join, normalize, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { homedir } from 'node:os';
import { bucketUri, parseBucketAddress, schemeOf, supportedAddresses } from '../protocol/bucketAddress.ts';
import type { BucketLocation } from '../protocol/bucketAddress.ts';
import { SpimquantError } from '../protocol/errors.ts';

export { bucketUri };
export type { BucketLocation };

/** Where a dataset or an output is: a local folder by absolute path, or a bucket with a prefix. */
export type Location = { readonly scheme: 'local'; readonly path: string } | BucketLocation;

/**
 * Reads a URI or path as a user writes it. Relative paths are resolved against `folder` (the working folder by default).
 * Keys are taken as they stand: nothing in the URI of a bucket is percent-decoded.
 * Throws `bad-option` for other schemes and for names that cannot be a bucket's.
 */
export function parseUri(uri: string, folder: string = process.cwd()): Location {
  if (uri.trim() === '') throw new SpimquantError('bad-option', 'A folder or bucket URI is empty.', { hint: supportedAddresses });
  const scheme = schemeOf(uri);
  if (scheme === undefined) return { scheme: 'local', path: withoutTrailingSeparator(resolve(folder, uri)) };
  if (scheme === 'file') return { scheme: 'local', path: withoutTrailingSeparator(fileUriPath(uri)) };
  return parseBucketAddress(uri);
}

function fileUriPath(uri: string): string {
  try {
    return normalize(fileURLToPath(uri));
  } catch (cause) {
    throw new SpimquantError('bad-option', `Not a usable file URI: ${uri}`, { where: uri, hint: 'Write file:///absolute/path, or the plain path.', cause });
  }
}

function withoutTrailingSeparator(path: string): string {
  return path.length > 1 && path.endsWith(sep) && !path.endsWith(`:${sep}`) ? path.slice(0, -1) : path;
}

/** The one way a location is written: an absolute path, or `s3://bucket/prefix` without a trailing slash. */
export function formatUri(location: Location): string {
  if (location.scheme === 'local') return location.path;
  return location.prefix === '' ? bucketUri(location) : `${bucketUri(location)}/${location.prefix}`;
}

/** A path whose leading `~` is the home folder. Shells do that themselves; notebook cells and configuration files do not. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

/** A URI or path in its one written form. Throws as {@link parseUri}. */
export function normaliseUri(uri: string, folder?: string): string {
  return formatUri(parseUri(uri, folder));
}

/** Whether reading goes over a network. Local paths and `file://` do not. Throws nothing: unknown schemes count as remote. */
export function isRemote(uri: string): boolean {
  const scheme = schemeOf(uri);
  return scheme !== undefined && scheme !== 'file';
}

/** Appends parts (`/` between them) to a URI or path; empty parts are left out. Throws as {@link parseUri}. */
export function joinUri(base: string, ...parts: readonly string[]): string {
  const location = parseUri(base);
  const below = joinKey(...parts);
  if (below === '') return formatUri(location);
  checkKey(below, formatUri(location));
  if (location.scheme === 'local') return join(location.path, ...below.split('/'));
  return formatUri({ ...location, prefix: joinKey(location.prefix, below) });
}

/** Joins parts of a key with `/`; slashes at the ends of parts are dropped and empty parts left out. */
export function joinKey(...parts: readonly string[]): string {
  return parts.map((part) => part.replace(/^\/+|\/+$/g, '')).filter((part) => part !== '').join('/');
}

/**
 * Refuses keys that would leave the store's root or mean different things in different stores: absolute ones, empty
 * parts, `.` and `..`, and control characters. Throws `bad-option`.
 */
export function checkKey(key: string, storeUri: string): void {
  const parts = key.split('/');
  const reason =
    key === '' ? 'it is empty'
    : /[\u0000-\u001f\u007f]/.test(key) ? 'it contains a control character'
    : parts.includes('..') || parts.includes('.') ? 'it contains "." or ".."'
    : parts.includes('') ? 'it begins or ends with a slash, or has two in a row'
    : sep === '\\' && (/[\\:]/.test(key) || isAbsolute(key)) ? 'it contains a backslash or a colon'
    : undefined;
  if (reason === undefined) return;
  throw new SpimquantError('bad-option', `Not a usable name inside ${storeUri}: ${JSON.stringify(key)}, because ${reason}.`, {
    where: storeUri,
    hint: 'Use a path below the folder, with / between its parts.',
  });
}

/** A folder of a listing in its one written form: no slash at either end, `''` for the root. Throws as {@link checkKey}. */
export function folderKey(folder: string, storeUri: string): string {
  const key = folder.endsWith('/') ? folder.slice(0, -1) : folder;
  if (key !== '') checkKey(key, storeUri);
  return key;
}
