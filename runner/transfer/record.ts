import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { localError } from '../storage/local/localErrors.ts';
import { LineWriter, readLines } from './lineFile.ts';
import { sortByKey } from './sorting.ts';
import type { CopyRecord } from './transfer.types.ts';

const recordFile = 'copied.ndjson';
const latestFile = 'copied-latest.ndjson';
const newFile = 'copied-new.ndjson';

/**
 * What was copied between two ends so far: a file in the order of the keys, and beside it what has come since, in the
 * order in which it was finished. The first is written anew with every plan, so that it is read as one list.
 */
export class CopyRecords {
  readonly #folder: string;
  #file: number | undefined;
  #writer: LineWriter | undefined;

  /** `folder` is there, and nobody else writes in it. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** All in the order of the keys; of one key the latest. */
  async *all(): AsyncGenerator<CopyRecord> {
    let held: CopyRecord | undefined;
    for await (const record of sortByKey(this.#both(), this.#folder)) {
      if (held !== undefined && held.key !== record.key) yield held;
      held = record;
    }
    if (held !== undefined) yield held;
  }

  async *#both(): AsyncGenerator<CopyRecord> {
    for (const name of [recordFile, latestFile]) {
      for await (const line of readLines(join(this.#folder, name))) {
        const record = parse(line);
        if (record !== undefined) yield record;
      }
    }
  }

  /** Begins to write the list anew. What is kept of it follows by {@link keep}, in order. */
  async renew(): Promise<void> {
    await this.#writer?.abandon();
    this.#writer = await LineWriter.create(join(this.#folder, newFile));
  }

  async keep({ key, size, source, destination }: CopyRecord): Promise<void> {
    await this.#writer?.add([key, size, source, destination]);
  }

  /** Puts the renewed list into the place of the old one. */
  async renewed(): Promise<void> {
    await this.#writer?.close();
    this.#writer = undefined;
    renameSync(join(this.#folder, newFile), join(this.#folder, recordFile));
    rmSync(join(this.#folder, latestFile), { force: true });
  }

  /** Notes a copy that has just been finished: on its way to the disk when this returns, so that not even a kill loses it. */
  add({ key, size, source, destination }: CopyRecord): void {
    const path = join(this.#folder, latestFile);
    try {
      this.#file ??= openSync(path, 'a', 0o600);
      writeSync(this.#file, `${JSON.stringify([key, size, source, destination])}\n`);
    } catch (error) {
      throw localError(error, 'write', path);
    }
  }

  async close(): Promise<void> {
    await this.#writer?.abandon();
    this.#writer = undefined;
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function parse(line: unknown): CopyRecord | undefined {
  if (!Array.isArray(line)) return undefined;
  const [key, size, source, destination] = line as readonly unknown[];
  return typeof key === 'string' && typeof size === 'number' && typeof source === 'string' && typeof destination === 'string' ? { key, size, source, destination } : undefined;
}
