import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localError } from '../storage/local/localErrors.ts';
import { CopyRecords } from './record.ts';
import { Unfinished } from './unfinished.ts';

/** Folder, below that of all transfers, of what is remembered of the way from one end to another. */
export function transferFolder(transfers: string, source: string, destination: string): string {
  return join(transfers, createHash('sha256').update(`${source}\n${destination}`).digest('hex').slice(0, 24));
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

  /** What is remembered, for a plan that changes nothing. */
  static async look(folder: string): Promise<TransferState> {
    try {
      return new TransferState(folder, await mkdtemp(join(tmpdir(), 'spimquant-plan-')));
    } catch (error) {
      throw localError(error, 'write', tmpdir());
    }
  }

  /** Makes the folder, private to the user. The caller knows that nobody else works in it. Throws as local stores do. */
  static async open(folder: string): Promise<TransferState> {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
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
