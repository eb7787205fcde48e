import { realpath, stat as fileStat } from 'node:fs/promises';
import { basename, dirname, sep } from 'node:path';
import { SpimquantError } from '../protocol/errors.ts';
import { throwIfCancelled } from '../storage/cancel.ts';
import { LocalStore } from '../storage/local/localStore.ts';
import type { ObjectStat, ObjectStore, StorageOptions } from '../storage/objectStore.ts';
import { openStore } from '../storage/open.ts';
import { expandHome, formatUri, parseUri } from '../storage/uri.ts';
import type { Location } from '../storage/uri.ts';
import type { DestinationEnd, SourceEnd } from './transfer.types.ts';

/** From where to where, as a user writes it. */
export interface EndsRequest {
  readonly source: string;
  readonly destination: string;
  readonly sourceStorage: StorageOptions;
  readonly destinationStorage: StorageOptions;
  /** Folder that relative paths are relative to. */
  readonly cwd?: string;
  /** Whether what the source does not have is to be deleted. */
  readonly deletes: boolean;
  readonly signal: AbortSignal;
}

export interface Ends {
  readonly source: SourceEnd;
  readonly destination: DestinationEnd;
}

/**
 * Finds out what is at both ends. The source is an object when there is one of that name and the address does not end in
 * a slash; it keeps its name when the destination is a folder that is there, or ends in a slash. Throws `not-found` when
 * there is nothing at the source, `bad-option` when one end lies in the other, and as stores do.
 */
export async function openEnds(request: EndsRequest): Promise<Ends> {
  const { signal } = request;
  const source = parseUri(expandHome(request.source), request.cwd);
  const destination = parseUri(expandHome(request.destination), request.cwd);
  await refuseNested(source, destination, request.deletes);
  const single = endsInSlash(request.source) ? undefined : await openSingle(source, request.sourceStorage, signal);
  if (single !== undefined) return single.to(destination, request);
  const sourceStore = openAt(source, request.sourceStorage);
  await checkFolder(source, sourceStore, signal);
  const destinationStore = openAt(destination, request.destinationStorage);
  await checkTarget(destination);
  return {
    source: {
      store: sourceStore, uri: formatUri(source), single: false, keyOf: (key) => key,
      list: (options) => objects(sourceStore, options),
    },
    destination: destinationEnd(destination, destinationStore, (options) => objects(destinationStore, options)),
  };
}

function openAt(location: Location, storage: StorageOptions): ObjectStore {
  return location.scheme === 'local' ? new LocalStore(location.path) : openStore(formatUri(location), storage);
}

function destinationEnd(location: Location, store: ObjectStore, list: DestinationEnd['list']): DestinationEnd {
  return { store, uri: formatUri(location), local: location.scheme === 'local', list };
}

async function* objects(store: ObjectStore, { prefixes = [''], ...options }: Parameters<SourceEnd['list']>[0] | Parameters<DestinationEnd['list']>[0]): AsyncGenerator<ObjectStat> {
  for (const prefix of prefixes) {
    const slash = prefix.lastIndexOf('/');
    const namePrefix = prefix.slice(slash + 1);
    for await (const entry of store.list(prefix.slice(0, Math.max(0, slash)), { ...options, recursive: true, ...(namePrefix === '' ? {} : { namePrefix }) })) if (entry.kind === 'object') yield entry;
  }
}

function endsInSlash(text: string): boolean {
  return text.endsWith('/') || (sep === '\\' && text.endsWith('\\')) || /(^|[/\\])\.\.?$/.test(text);
}

/** The folder above a location, and the name in it; undefined: it has none. */
function split(location: Location): { readonly above: Location; readonly name: string } | undefined {
  if (location.scheme === 'local') {
    const above = dirname(location.path);
    return above === location.path ? undefined : { above: { ...location, path: above }, name: basename(location.path) };
  }
  if (location.prefix === '') return undefined;
  const slash = location.prefix.lastIndexOf('/');
  return { above: { ...location, prefix: slash < 0 ? '' : location.prefix.slice(0, slash) }, name: location.prefix.slice(slash + 1) };
}

/** A source that is one object; undefined: it is none. */
async function openSingle(location: Location, storage: StorageOptions, signal: AbortSignal): Promise<{ readonly to: (destination: Location, request: EndsRequest) => Promise<Ends> } | undefined> {
  const parts = split(location);
  if (parts === undefined || !(await isObject(location, parts, storage, signal))) return undefined;
  const store = openAt(parts.above, storage);
  return {
    async to(destination, request) {
      const target = await singleTarget(destination, request, parts.name);
      if (formatUri(target.above) === formatUri(parts.above) && target.name === parts.name) throw sameEnds(formatUri(location));
      const targetStore = openAt(target.above, request.destinationStorage);
      await checkTarget(target.above);
      const only = async function* (from: ObjectStore, key: string): AsyncGenerator<ObjectStat> {
        const stat = await from.stat(key, { signal });
        if (stat !== undefined) yield { ...stat, key: target.name };
      };
      return {
        source: { store, uri: formatUri(location), single: true, keyOf: () => parts.name, list: () => only(store, parts.name) },
        destination: destinationEnd(target.above, targetStore, () => only(targetStore, target.name)),
      };
    },
  };
}

/** Whether an object counts and not the folder of the same name: empty objects with others below them only stand for folders. */
async function isObject(location: Location, parts: { readonly above: Location; readonly name: string }, storage: StorageOptions, signal: AbortSignal): Promise<boolean> {
  if (location.scheme === 'local') return (await fileStat(location.path).catch(() => undefined))?.isFile() === true;
  let found: ObjectStat | undefined;
  try {
    found = await openAt(parts.above, storage).stat(parts.name, { signal });
  } catch (error) {
    // Without the right to list above it, a service says so also of what is not there. The listing of the folder tells.
    if (error instanceof SpimquantError && error.code === 'access-denied') return false;
    throw error;
  }
  return found !== undefined && (found.size > 0 || !(await hasObjects(openAt(location, storage), signal)));
}

async function hasObjects(store: ObjectStore, signal: AbortSignal): Promise<boolean> {
  // Also what has no usable name is something.
  let any = false;
  for await (const _entry of store.list('', { recursive: true, signal, unusable: () => { any = true; } })) return true;
  return any;
}

/** Where one object goes: into a folder that is there or is written as one, else to that name. */
async function singleTarget(destination: Location, request: EndsRequest, name: string): Promise<{ readonly above: Location; readonly name: string }> {
  const parts = split(destination);
  if (parts === undefined || endsInSlash(request.destination)) return { above: destination, name };
  const isFolder = destination.scheme === 'local'
    ? (await fileStat(destination.path).catch(() => undefined))?.isDirectory() === true
    : await hasObjects(openAt(destination, request.destinationStorage), request.signal);
  return isFolder ? { above: destination, name } : parts;
}

async function checkFolder(location: Location, store: ObjectStore, signal: AbortSignal): Promise<void> {
  throwIfCancelled(signal, formatUri(location));
  const where = formatUri(location);
  if (location.scheme === 'local') {
    if ((await fileStat(where).catch(() => undefined)) !== undefined) return;
    throw new SpimquantError('not-found', `There is no such file or folder: ${where}`, { where, hint: 'Check the spelling, and that the disk is mounted.' });
  }
  if (location.prefix === '' || await hasObjects(store, signal)) return;
  throw new SpimquantError('not-found', `There is nothing at ${where}`, { where, hint: 'Check the spelling, and whether another profile or endpoint is meant.' });
}

/** Throws `bad-option` when a file stands where the destination's folder would be. */
async function checkTarget(location: Location): Promise<void> {
  if (location.scheme !== 'local') return;
  const found = await fileStat(location.path).catch((error: NodeJS.ErrnoException) => error.code);
  if (found === 'ENOTDIR' || (typeof found === 'object' && !found.isDirectory())) {
    throw new SpimquantError('bad-option', `The destination is to be a folder, but a file is there${found === 'ENOTDIR' ? ' or above it' : ''}: ${location.path}`, { where: location.path, hint: 'Choose another destination, or move the file away.' });
  }
}

function sameEnds(where: string): SpimquantError {
  return new SpimquantError('bad-option', `Source and destination are the same: ${where}`, { where, hint: 'Name another destination.' });
}

/** Throws `bad-option` when both ends are the same, or one lies in the other so that the transfer would work on its own copies. */
async function refuseNested(source: Location, destination: Location, deletes: boolean): Promise<void> {
  const [from, to] = [await comparable(source), await comparable(destination)];
  const where = formatUri(destination);
  if (from === to) throw sameEnds(where);
  if (to.startsWith(from)) throw new SpimquantError('bad-option', `The destination lies in the source: ${where}`, { where, hint: 'Copy to a folder beside it: otherwise the copy would be copied too the next time.' });
  if (deletes && from.startsWith(to)) throw new SpimquantError('bad-option', `The source lies in the destination, and --delete would delete it: ${where}`, { where, hint: 'Leave out --delete, or name another destination.' });
}

/** With a slash at the end, links of existing folders resolved. */
async function comparable(location: Location): Promise<string> {
  if (location.scheme !== 'local') return `${formatUri(location)}/`;
  let path = location.path;
  let rest = '';
  for (;;) {
    try {
      const real = await realpath(path);
      return `${real.endsWith(sep) ? real.slice(0, -1) : real}${rest}${sep}`;
    } catch {
      const above = dirname(path);
      if (above === path) return `${location.path}${sep}`;
      rest = `${sep}${basename(path)}${rest}`;
      path = above;
    }
  }
}
