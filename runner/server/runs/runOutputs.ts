import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseCommandText } from '../../command/parse.ts';
import { isRunCommand, outputStorageOf } from '../../protocol/options.ts';
import type { OutputFile, RunRecord } from '../../protocol/runs.ts';
import type { ObjectStore, StorageOptions } from '../../storage/objectStore.ts';

/** Files answered at most. */
const fileLimit = 500;
/** Folders listed at most: each is a request in a bucket. */
const folderLimit = 2000;
/** Folders below the output that are looked into. */
const depthLimit = 5;

const kinds: readonly (readonly [OutputFile['kind'], RegExp])[] = [
  ['report', /\.html?$/i],
  ['table', /\.(tsv|csv|parquet)$/i],
  ['figure', /\.(png|svg|jpe?g)$/i],
  ['image', /\.(nii(\.gz)?|ome\.zarr|ozx)$/i],
];
const order: readonly OutputFile['kind'][] = ['report', 'table', 'figure', 'image', 'other'];

/** How a run reaches its output. A command that cannot be read any more is taken for a plain one. */
export function outputStorage(run: Pick<RunRecord, 'command' | 'cwd'>): StorageOptions {
  try {
    const { command } = parseCommandText(run.command, { readFile: (path) => readFileSync(resolve(run.cwd ?? '', path), 'utf8') });
    return isRunCommand(command) ? outputStorageOf(command) : {};
  } catch {
    return {};
  }
}

/**
 * Files of an output that people open: reports first, then tables, figures and images, group before participants. Folders
 * are listed one level at a time, and never the inside of an image.
 */
export async function listOutputs(store: ObjectStore, signal: AbortSignal): Promise<{ readonly files: readonly OutputFile[]; readonly more: boolean }> {
  const files: OutputFile[] = [];
  let level = [''];
  let listed = 0;
  let more = false;
  for (let depth = 0; depth <= depthLimit && level.length > 0 && !more; depth++) {
    const below: string[] = [];
    for (const folder of level) {
      if (++listed > folderLimit) {
        more = true;
        break;
      }
      for await (const entry of store.list(folder, { signal })) {
        if (entry.kind === 'folder') {
          const key = entry.key.replace(/\/$/, '');
          if (!isHidden(key) && !/\.zarr$/i.test(key)) below.push(key);
        } else if (!isHidden(entry.key)) {
          const file = describe(store, entry.key, entry.size);
          if (file !== undefined) files.push(file);
        }
      }
    }
    level = below.sort();
  }
  files.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || Number(b.scope === 'group') - Number(a.scope === 'group') || (a.uri < b.uri ? -1 : 1));
  return { files: files.slice(0, fileLimit), more: more || files.length > fileLimit };
}

function isHidden(key: string): boolean {
  return (key.split('/').at(-1) ?? '').startsWith('.');
}

function describe(store: ObjectStore, key: string, bytes: number): OutputFile | undefined {
  const kind = kinds.find(([, pattern]) => pattern.test(key))?.[0];
  if (kind === undefined) return undefined;
  const scope = /(?:^|\/)sub-([^/_]+)/.exec(key)?.[1] ?? (/^group\//.test(key) ? 'group' : undefined);
  return { uri: `${store.uri}/${key}`, title: key, kind, bytes, ...(scope === undefined ? {} : { scope }) };
}
