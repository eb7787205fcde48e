import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SpimquantError } from '../protocol/errors.ts';
import { isAbsent } from '../storage/local/localErrors.ts';
import { formatBytes } from '../wording/words.ts';

/** Room on the disk of a folder, which need not exist yet. */
export interface DiskRoom {
  /** Bytes that this user may still write. */
  readonly free: number;
  /** Bytes that a file takes at least, and by whose multiples it grows. */
  readonly block: number;
}

/** The room on the disk that a folder is, or would be, on; undefined: the system does not tell. */
export async function diskRoom(folder: string): Promise<DiskRoom | undefined> {
  for (let path = folder; ;) {
    try {
      const { bavail, bsize } = await statfs(path);
      return { free: bavail * bsize, block: bsize };
    } catch (error) {
      const above = dirname(path);
      if (!isAbsent(error) || above === path) return undefined;
      path = above;
    }
  }
}

/** Throws `disk-full` when what is to be written does not fit, before anything is. */
export function checkRoom(room: DiskRoom | undefined, needed: number, folder: string): void {
  if (room === undefined || needed <= room.free) return;
  throw new SpimquantError('disk-full', `There is not enough room for ${formatBytes(needed)}: the disk has ${formatBytes(room.free)} left at ${folder}`, {
    where: folder, hint: 'Free some space, choose another folder, or copy less by --include and --exclude.',
  });
}
