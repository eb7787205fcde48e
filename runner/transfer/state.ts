import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { localError } from '../storage/local/localErrors.ts';
import { CopyRecords } from './record.ts';
import { Unfinished } from './unfinished.ts';

/** Folder, below that of all transfers, of what is remembered of the way from one end to another. */
export function transferFolder(transfers: string, source: string, destination: string): string {
  return join(transfers, createHash('sha256').update(`${source}\n${destination}`).digest('hex').slice(0, 24));
}

/** Containers may share a folder of temporary files, but not their processes: the machine is part of the name. */
function planPrefix(): string {
  return `spimquant-plan-${createHash('sha256').update(hostname()).digest('hex').slice(0, 8)}-`;
}

async function removeDeadPlans(root: string, isAlive: (pid: number) => boolean): Promise<void> {
  const prefix = planPrefix();
  for (const name of await readdir(root)) {
    const pid = name.startsWith(prefix) ? /^\d+(?=-)/.exec(name.slice(prefix.length))?.[0] : undefined;
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(root, name);
    const found = await lstat(path).catch(() => undefined);
    // Others may put anything into a folder that all share.
    if (found?.isDirectory() !== true || (process.getuid !== undefined && found.uid !== process.getuid())) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** What is remembered of the transfers from one end to another, and room for a plan. */
export class TransferState {
  readonly records: CopyRecords;
  readonly unfinished: Unfinished;
  /** For files of this transfer alone; removed at its end. */
  readonly scratch: string;

  private constructor(folder: string, scratch: string) {
    this.records = new CopyRecords(folder);
    this.unfinished = new Unfinished(folder);
    this.scratch = scratch;
  }

  /**
   * What is remembered, for a plan that changes nothing. Plans of this user that were killed are cleared away; `isAlive`
   * says whether there is a process of that id.
   */
  static async look(folder: string, isAlive: (pid: number) => boolean): Promise<TransferState> {
    try {
      await removeDeadPlans(tmpdir(), isAlive);
      return new TransferState(folder, await mkdtemp(join(tmpdir(), `${planPrefix()}${process.pid}-`)));
    } catch (error) {
      throw localError(error, 'write', tmpdir());
    }
  }

  /** Makes the folder, private to the user. The caller knows that nobody else works in it. Throws as local stores do. */
  static async open(folder: string): Promise<TransferState> {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      // Of transfers that were killed.
      for (const name of await readdir(folder)) if (name.startsWith('plan-')) await rm(join(folder, name), { recursive: true, force: true });
      return new TransferState(folder, await mkdtemp(join(folder, 'plan-')));
    } catch (error) {
      throw localError(error, 'write', folder);
    }
  }

  async close(): Promise<void> {
    await this.records.close();
    this.unfinished.close();
    await rm(this.scratch, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
