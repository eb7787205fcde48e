import type { BigIntStats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './localErrors.ts';
import type { ObjectStat } from '../objectStore.ts';

/** Names of files being written begin with this; they are never listed. */
export const temporaryPrefix = '.spimquant-tmp-';

/** What a store tells of a file. */
export function toStat(key: string, found: BigIntStats): ObjectStat {
  return { key, size: Number(found.size), version: versionOf(found), modified: Number(found.mtimeMs) };
}

/** Changes whenever the content does, as far as the system tells: size and time of the last change. */
export function versionOf(found: BigIntStats): string {
  return `${found.size}-${found.mtimeNs}`;
}

/**
 * Makes a folder and those above it. Not by the recursive option of `mkdir`, which never returns on places that say
 * "no such file" for every new folder, such as automounted ones and `/proc`.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makeFolder(dirname(path));
      await mkdir(path).catch((second: unknown) => {
        if (systemCode(second) !== 'EEXIST') throw second;
      });
      return;
    }
    // Read-only disks and protected folders may refuse before they say that it is there.
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory() !== true) throw error;
  }
}

/** Makes a rename survive a power cut. Windows cannot sync folders and does not need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    await using handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) throw error;
  }
}
