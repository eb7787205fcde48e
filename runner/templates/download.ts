import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SpimquantError } from '../protocol/errors.ts';
import type { Logger } from '../protocol/log.ts';
import type { DownloadSource } from './template.types.ts';

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Bytes so far, and in all when the server tells (else 0). */
  readonly progress?: (done: number, total: number) => void;
  /** Replaces Zenodo's address in tests. */
  readonly zenodo?: string;
  /** Waits before the n-th new attempt (1, 2, …), in milliseconds. Default: 0.5 s doubled each time. */
  readonly backoff?: (attempt: number) => number;
}

const attempts = 5;
const offlineHint = 'Templates are downloaded once and kept. Without the network, copy the files tpl-…_anat.nii.gz, tpl-…_seg-…_dseg.nii.gz and so on into a folder and give it with --template_dir.';

/** A source with its address and what its content must be. */
interface Target {
  readonly url: string;
  readonly sha256?: string;
  readonly md5?: string;
}

/**
 * Makes sure that a file is in the cache, and is what it should be. A file that is there is checked against the SHA-256
 * remembered beside it (`<file>.sha256`); otherwise the sources are tried in order. Downloads are resumed after a
 * broken connection, checked (a known SHA-256, Zenodo's MD5, or what was remembered before), and moved into place whole.
 *
 * @throws SpimquantError `network`, `not-found`, `access-denied` from the last source; `bad-template` for wrong content
 */
export async function ensureDownloaded(path: string, sources: readonly DownloadSource[], options: DownloadOptions): Promise<void> {
  const remembered = await readRemembered(path);
  if (await exists(path)) {
    const actual = await hashFile(path, options.signal);
    if (remembered === actual) return;
    if (remembered === undefined && sources.some((source) => source.kind === 'url' && source.sha256 === actual)) {
      await remember(path, actual);
      return;
    }
    options.log('warn', `${path} is not what was downloaded before; it is fetched again.`);
  }
  await mkdir(dirname(path), { recursive: true });
  let failure: Error | undefined;
  for (const source of sources) {
    try {
      const target = await locate(source, options);
      if (target === undefined) continue;
      await downloadTo(path, target, remembered, options);
      return;
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof SpimquantError && error.code === 'bad-template') throw error;
      failure = error instanceof Error ? error : new Error(String(error));
    }
  }
  if (failure !== undefined) throw failure;
  throw new SpimquantError('not-found', `None of the known sources has the file ${path.split(/[\\/]/).at(-1)}.`, { where: path, hint: offlineHint });
}

/** The address of a source. Undefined when a Zenodo record has no such file. */
async function locate(source: DownloadSource, options: DownloadOptions): Promise<Target | undefined> {
  if (source.kind === 'url') return source;
  const url = `${options.zenodo ?? 'https://zenodo.org'}/api/records/${source.record}`;
  const body = await retrying(url, options, async () => {
    const response = await request(url, {}, options.signal);
    return (await response.json()) as { readonly files?: unknown };
  });
  const list = Array.isArray(body.files) ? (body.files as readonly { key?: unknown; checksum?: unknown; links?: { self?: unknown } }[]) : [];
  const entry = list.find(({ key }) => key === source.file);
  if (entry === undefined) return undefined;
  const md5 = typeof entry.checksum === 'string' ? /^md5:([0-9a-f]{32})$/.exec(entry.checksum)?.[1] : undefined;
  const link = entry.links?.self;
  return { url: typeof link === 'string' ? link : `${url}/files/${encodeURIComponent(source.file)}/content`, ...(md5 === undefined ? {} : { md5 }) };
}

async function downloadTo(path: string, target: Target, remembered: string | undefined, options: DownloadOptions): Promise<void> {
  const partial = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    await fetchInto(partial, target.url, options);
    const sha256 = await hashFile(partial, options.signal);
    const expected = target.sha256 ?? (target.md5 === undefined ? remembered : undefined);
    if (expected !== undefined && expected !== sha256) throw changed(path, target.url, target.sha256 === undefined);
    if (target.md5 !== undefined && (await hashFile(partial, options.signal, 'md5')) !== target.md5) throw changed(path, target.url, false);
    // The record first: a file without its record would be fetched again, a record without its file does no harm.
    await remember(path, sha256);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

function changed(path: string, url: string, sinceLast: boolean): SpimquantError {
  return new SpimquantError('bad-template', sinceLast
    ? `${url} is not the file that was downloaded from there before.`
    : `What was downloaded from ${url} has the wrong checksum.`, {
    where: url,
    hint: sinceLast ? `If the new version is wanted, delete ${path}.sha256 and run again.` : 'Run again; if it stays wrong, a proxy on the way may change downloads.',
  });
}

/** Downloads into a new file, going on where a connection broke when the server still has the same version. */
async function fetchInto(path: string, url: string, options: DownloadOptions): Promise<void> {
  const file = await open(path, 'wx');
  let done = 0;
  let version: string | undefined;
  try {
    await retrying(url, options, async () => {
      const resume: Record<string, string> = done > 0 && version !== undefined ? { range: `bytes=${done}-`, 'if-range': version } : {};
      const response = await request(url, resume, options.signal);
      if (response.status !== 206) {
        done = 0;
        await file.truncate(0);
      }
      version = versionOf(response);
      const total = done + remainingLength(response);
      if (response.body !== null) {
        for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
          await file.write(chunk, 0, chunk.length, done);
          done += chunk.length;
          options.progress?.(done, Number.isFinite(total) ? total : 0);
        }
      }
      if (done < total) throw new TypeError(`The connection ended after ${done} of ${total} bytes.`);
    });
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What tells one version of a file from another, strongly enough to put parts of it together. */
function versionOf(response: Response): string | undefined {
  const etag = response.headers.get('etag');
  return etag !== null && !etag.startsWith('W/') ? etag : (response.headers.get('last-modified') ?? undefined);
}

/** NaN when unknown: with a content coding the length is that of the coded bytes, which are not the ones that arrive here. */
function remainingLength(response: Response): number {
  const { headers } = response;
  return headers.get('content-encoding') === null ? Number(headers.get('content-length') ?? NaN) : NaN;
}

/** Runs an attempt again after network faults, throttling and server errors. */
async function retrying<T>(url: string, options: DownloadOptions, attempt: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt();
    } catch (error) {
      options.signal.throwIfAborted();
      const final = error instanceof SpimquantError && error.code !== 'network' && error.code !== 'throttled';
      if (final) throw error;
      if (number >= attempts) throw error instanceof SpimquantError ? error : networkError(url, error);
      options.log('info', `Downloading ${url} was interrupted; trying again (${number + 1} of ${attempts}).`);
      await delay(options.backoff?.(number) ?? 500 * 2 ** (number - 1), undefined, { signal: options.signal });
    }
  }
}

function networkError(url: string, cause: unknown): SpimquantError {
  const inner = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
  return new SpimquantError('network', `${url} could not be downloaded: ${inner}`, { where: url, hint: offlineHint, cause });
}

async function request(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const response = await fetch(url, { headers, signal, redirect: 'follow' });
  if (response.ok) return response;
  await response.body?.cancel();
  const said = `${url} answered ${response.status}${response.statusText === '' ? '' : ` ${response.statusText}`}.`;
  if (response.status === 404 || response.status === 410) throw new SpimquantError('not-found', said, { where: url, hint: offlineHint });
  if (response.status === 401 || response.status === 403) throw new SpimquantError('access-denied', said, { where: url, hint: offlineHint });
  if (response.status === 429) throw new SpimquantError('throttled', said, { where: url, hint: 'The server asks for patience: run again later.' });
  throw new SpimquantError('network', said, { where: url, hint: offlineHint });
}

async function hashFile(path: string, signal: AbortSignal, algorithm: 'sha256' | 'md5' = 'sha256'): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function readRemembered(path: string): Promise<string | undefined> {
  try {
    return /^[0-9a-f]{64}/.exec(await readFile(`${path}.sha256`, 'utf8'))?.[0];
  } catch {
    return undefined;
  }
}

async function remember(path: string, sha256: string): Promise<void> {
  const temporary = `${path}.sha256.${randomBytes(6).toString('hex')}.part`;
  await writeFile(temporary, `${sha256}\n`);
  await rename(temporary, `${path}.sha256`);
}
