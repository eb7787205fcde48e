import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { SpimquantError } from '../protocol/errors.ts';

/** The runner in one piece, as machines fetch it. */
export interface Bundle {
  readonly bytes: Uint8Array;
  /** Of the bytes, in lower-case hex. */
  readonly sha256: string;
}

/** What a machine does not need: pages and the editor's side, sources of the text, other programs. */
const left = /\.map$|^webviews\/|^extension\.|^start-\w+\.js$|^(?:server|explorer|viewer|run|cli)\.js$|^build\.txt$/;

/**
 * The runner of a build (the folder `dist`) as one gzipped piece: a line of JSON with paths and sizes, then the files one
 * after another. Equal builds give equal bytes. Throws `not-found` when the build is not there.
 */
export async function packRunner(dist: string): Promise<Bundle> {
  const entries = await readdir(dist, { recursive: true, withFileTypes: true }).catch((): [] => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(dist, join(entry.parentPath, entry.name)).split(sep).join('/')).filter((path) => !left.test(path)).sort();
  if (!paths.includes('task.js')) {
    throw new SpimquantError('not-found', `The program that machines run is not built: ${join(dist, 'task.js')}`, { where: dist, hint: 'In a checkout: npm run build. An installed SPIMquant has it; install it anew.' });
  }
  const contents = await Promise.all(paths.map((path) => readFile(join(dist, path))));
  const header = Buffer.from(`${JSON.stringify(paths.map((path, index) => ({ path, size: contents[index].length })))}\n`);
  const bytes = await promisify(gzip)(Buffer.concat([header, ...contents]), { level: 6 });
  return { bytes, sha256: digest(bytes) };
}

/**
 * Puts a bundle's files into a folder, whole or not at all: one that is there already is left as it is. Throws
 * `checksum-mismatch` when the bytes are not those that are meant: nothing of them is used then.
 */
export async function unpackRunner(bytes: Uint8Array, sha256: string, folder: string): Promise<void> {
  if (digest(bytes) !== sha256) throw new SpimquantError('checksum-mismatch', 'The runner that was fetched is not the one that the run was started with.', { hint: 'Somebody has changed it in the output, or the transfer is damaged: nothing of it was run.' });
  const whole = await promisify(gunzip)(bytes);
  const end = whole.indexOf(10);
  const files = JSON.parse(whole.subarray(0, end).toString('utf8')) as readonly { readonly path: string; readonly size: number }[];
  const temporary = `${folder}.${process.pid}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  let at = end + 1;
  for (const { path, size } of files) {
    if (path.split('/').includes('..') || path.startsWith('/')) throw new SpimquantError('checksum-mismatch', `The runner holds an impossible path: ${path}`);
    const target = join(temporary, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, whole.subarray(at, at + size));
    at += size;
  }
  try {
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another task of this machine was faster.
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
