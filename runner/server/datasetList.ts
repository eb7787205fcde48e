import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../engine/runFolder.ts';
import type { DatasetRef } from '../protocol/datasets.ts';
import type { Clock, Logger } from '../protocol/log.ts';
import { cleanStorage } from '../protocol/storageChoice.ts';
import { isAbsent, localError } from '../storage/local/localErrors.ts';

/** What the file holds. */
export interface KeptDatasets {
  /** In the order in which they were added. */
  readonly datasets: readonly DatasetRef[];
  /** Used before and not in the list now; latest first. */
  readonly recent: readonly DatasetRef[];
}

/** Places remembered besides those in the list. */
const recentLimit = 20;

/**
 * The user's list of datasets, in `datasets.json` of the state folder (readable by the user alone). Written whole; a file
 * that cannot be understood is set aside under another name and a new one begun.
 */
export class DatasetList {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string, clock: Clock, log: Logger) {
    this.#folder = folder;
    this.#clock = clock;
    this.#log = log;
  }

  /** Read anew every time: another runner may have written it. */
  async read(): Promise<KeptDatasets> {
    return this.#alone(() => this.#load());
  }

  /** Adds a dataset at the end, or changes how the one with that URI is reached. */
  async add(dataset: DatasetRef): Promise<KeptDatasets> {
    return this.#change(({ datasets, recent }) => ({
      datasets: datasets.some(({ uri }) => uri === dataset.uri) ? datasets.map((old) => (old.uri === dataset.uri ? dataset : old)) : [...datasets, dataset],
      recent: recent.filter(({ uri }) => uri !== dataset.uri),
    }));
  }

  /** Takes a dataset off the list; it stays among the recent ones. */
  async remove(uri: string): Promise<KeptDatasets> {
    return this.#change(({ datasets, recent }) => ({
      datasets: datasets.filter((old) => old.uri !== uri),
      recent: [...datasets.filter((old) => old.uri === uri), ...recent].slice(0, recentLimit),
    }));
  }

  async #change(edit: (kept: KeptDatasets) => KeptDatasets): Promise<KeptDatasets> {
    return this.#alone(async () => {
      const kept = edit(await this.#load());
      await this.#save(kept);
      return kept;
    });
  }

  /** One after the other, so that no change is lost. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  get #path(): string {
    return join(this.#folder, 'datasets.json');
  }

  async #load(): Promise<KeptDatasets> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (isAbsent(error)) return { datasets: [], recent: [] };
      throw localError(error, 'read', this.#path);
    }
    const { kept, damaged } = parseKept(text);
    if (damaged) await this.#setAside(kept);
    return kept;
  }

  async #setAside(kept: KeptDatasets): Promise<void> {
    const copy = join(this.#folder, `datasets.damaged-${this.#clock()}-${randomBytes(2).toString('hex')}.json`);
    try {
      await rename(this.#path, copy);
    } catch (error) {
      throw localError(error, 'write', copy);
    }
    await this.#save(kept);
    this.#log('warn', `The list of datasets could not be read in full. It is kept as ${copy}; ${kept.datasets.length} datasets were recovered.`);
  }

  async #save(kept: KeptDatasets): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      writeAtomically(this.#path, { version: 1, ...kept });
    } catch (error) {
      throw localError(error, 'write', this.#path);
    }
  }
}

/** The text of the file, and whether anything in it was not what it should be. */
export function parseKept(text: string): { readonly kept: KeptDatasets; readonly damaged: boolean } {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { kept: { datasets: [], recent: [] }, damaged: true };
  }
  if (typeof raw !== 'object' || raw === null) return { kept: { datasets: [], recent: [] }, damaged: true };
  const { datasets: listed, recent: used } = raw as { readonly datasets?: unknown; readonly recent?: unknown };
  const [datasets, recent] = [parseRefs(listed), parseRefs(used ?? [])];
  return { kept: { datasets: datasets.refs, recent: recent.refs }, damaged: datasets.damaged || recent.damaged };
}

function parseRefs(raw: unknown): { readonly refs: readonly DatasetRef[]; readonly damaged: boolean } {
  if (!Array.isArray(raw)) return { refs: [], damaged: true };
  const refs = new Map<string, DatasetRef>();
  let damaged = false;
  for (const row of raw as readonly unknown[]) {
    const { uri, storage } = (typeof row === 'object' && row !== null ? row : {}) as { readonly uri?: unknown; readonly storage?: unknown };
    if (typeof uri === 'string' && uri !== '') refs.set(uri, { uri, storage: cleanStorage(storage) });
    else damaged = true;
  }
  return { refs: [...refs.values()], damaged };
}
