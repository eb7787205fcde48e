import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetFacts } from '../../bids/browse.ts';
import type { ParticipantsTable } from '../../bids/participants.ts';
import type { DatasetRef } from '../../protocol/datasets.ts';
import { reportError } from '../../protocol/errors.ts';
import type { Clock, Logger } from '../../protocol/log.ts';
import { isAbsent } from '../../storage/local/localErrors.ts';
import type { KeptItem } from './keptItems.ts';
import type { LookedIntoSnapshot } from './lookedInto.ts';
import type { RootSnapshot } from './rootIndex.ts';

/** Everything that is kept of a dataset between runners. */
export interface IndexSnapshot extends LookedIntoSnapshot {
  readonly root: RootSnapshot;
}

/** What a file is about: a dataset, reached from an environment that may mean another place by the same words. */
export interface KeptPlace extends DatasetRef {
  /** See {@link placeOfEnvironment}. */
  readonly seenFrom: string;
}

/** Variables that decide which service, account or profile an address leads to; no keys and tokens, which change with every sign-in. */
const deciding = /^(?:AWS_(?:DEFAULT_)?(?:PROFILE|REGION)|AWS_ENDPOINT_URL(?:_S3)?|AWS_CONFIG_FILE|AWS_SHARED_CREDENTIALS_FILE|STORAGE_EMULATOR_HOST|GOOGLE_APPLICATION_CREDENTIALS|GOOGLE_CLOUD_PROJECT|CLOUDSDK_.*CONFIG.*|AZURE_(?:CLIENT|TENANT)_ID|AZURE_CONFIG_DIR|HOME)$/i;

/** Tells environments apart in which the same address leads to different places. */
export function placeOfEnvironment(env: Readonly<Record<string, string | undefined>>): string {
  return sha256(JSON.stringify(Object.entries(env).filter(([name]) => deciding.test(name)).sort(([a], [b]) => (a < b ? -1 : 1))));
}

export interface IndexCacheOptions {
  /** A folder of its own. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Bytes of all files. */
  readonly limit?: number;
}

/** Raised whenever the lines of a file mean something else: files of other versions are dropped. */
const version = 1;
const ending = '.index';
const defaultLimit = 64 << 20;
/** Milliseconds after which a file that was not finished is one of a runner that died. */
const unfinishedMs = 3_600_000;

/**
 * What is known of datasets, one file for each dataset and way to reach it. A file is written whole and carries a checksum;
 * one that is damaged, or of another version, is dropped, and so are the oldest when there is too much. Holds no secret, and
 * is readable by the user alone.
 */
export class IndexCache {
  readonly #options: IndexCacheOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: IndexCacheOptions) {
    this.#options = options;
  }

  /** What is kept of a dataset; undefined: nothing. Never throws. */
  async load(dataset: KeptPlace): Promise<IndexSnapshot | undefined> {
    const path = this.#pathOf(dataset);
    try {
      const text = await readFile(path, 'utf8');
      const snapshot = parseIndex(text, dataset);
      if (snapshot !== undefined) {
        const now = this.#options.clock() / 1000;
        await utimes(path, now, now);
        return snapshot;
      }
      this.#options.log('warn', `What was kept of ${dataset.uri} is damaged, or of another version: it is dropped.`);
      await rm(path, { force: true });
    } catch (error) {
      if (!isAbsent(error)) this.#options.log('warn', `What was kept of ${dataset.uri} cannot be read: ${reportError(error).message}`);
    }
    return undefined;
  }

  /** Keeps what is known of a dataset. Never throws. */
  async save(dataset: KeptPlace, snapshot: IndexSnapshot): Promise<void> {
    return this.#alone(async () => {
      const { folder } = this.#options;
      const path = this.#pathOf(dataset);
      const temporary = temporaryOf(path);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const file = await open(temporary, 'wx', 0o600);
        try {
          await file.writeFile(formatIndex(dataset, snapshot));
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, path);
        await this.#trim(path);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        this.#complain(dataset, error);
      }
    });
  }

  /** As {@link save}, at once: while the runner ends. */
  saveNow(dataset: KeptPlace, snapshot: IndexSnapshot): void {
    const path = this.#pathOf(dataset);
    const temporary = temporaryOf(path);
    try {
      mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
      const file = openSync(temporary, 'wx', 0o600);
      try {
        writeFileSync(file, formatIndex(dataset, snapshot));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      this.#complain(dataset, error);
    }
  }

  /** Drops what is kept of a dataset. Never throws. */
  async remove(dataset: KeptPlace): Promise<void> {
    return this.#alone(async () => {
      await rm(this.#pathOf(dataset), { force: true }).catch((error: unknown) => { this.#complain(dataset, error); });
    });
  }

  /** Removes the files not used for longest while there is too much, and what writers that died have left. */
  async #trim(newest: string): Promise<void> {
    const { folder, clock, limit = defaultLimit } = this.#options;
    const files: { readonly path: string; readonly size: number; readonly used: number }[] = [];
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() !== true) continue;
      if (name.endsWith(ending)) files.push({ path, size: found.size, used: found.mtimeMs });
      else if (clock() - found.mtimeMs > unfinishedMs) await rm(path, { force: true });
    }
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
      if (total <= limit) return;
      if (path === newest) continue;
      await rm(path, { force: true });
      total -= size;
    }
  }

  #complain(dataset: DatasetRef, error: unknown): void {
    this.#options.log('warn', `What is known of ${dataset.uri} cannot be kept: ${reportError(error).message}`);
  }

  #pathOf(dataset: KeptPlace): string {
    return join(this.#options.folder, `${sha256(JSON.stringify([dataset.uri, dataset.storage, dataset.seenFrom])).slice(0, 32)}${ending}`);
  }

  /** One after the other, so that the last that was asked for is what stays. */
  #alone(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work, work);
    this.#last = turn;
    return turn;
  }
}

function temporaryOf(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Facts as JSON has them: the table by columns, each value once. */
interface KeptFacts extends Omit<DatasetFacts, 'table'> {
  readonly table?: { readonly columns: readonly string[]; readonly labels: readonly string[]; readonly values: readonly string[]; readonly cells: readonly (readonly (number | null)[])[] };
}

/** The text of a file: a line with version and checksum, one each for the dataset, its root and its facts, then two for each participant and image. */
export function formatIndex(dataset: KeptPlace, { root: { root, facts, checked }, participants, images }: IndexSnapshot): string {
  const { labels, skipped, files, folders, versions, crowded } = root;
  const lines = [
    JSON.stringify({ ...dataset, checked }),
    JSON.stringify({ labels, skipped, files, folders, versions: [...versions], crowded }),
    JSON.stringify({ ...facts, table: facts.table && keptTable(facts.table) } satisfies KeptFacts),
  ];
  const add = (kind: 'participant' | 'image', [name, { json, mark }]: readonly [string, KeptItem]): void => { lines.push(JSON.stringify([kind, name, mark]), json); };
  for (const each of participants) add('participant', each);
  for (const each of images) add('image', each);
  const body = lines.join('\n');
  return `spimquant-index ${version} ${sha256(body)}\n${body}\n`;
}

/** What a file holds; undefined: it is damaged, of another version, or about another dataset. */
export function parseIndex(text: string, dataset: KeptPlace): IndexSnapshot | undefined {
  const end = text.indexOf('\n');
  const body = text.slice(end + 1, -1);
  if (end < 0 || !text.endsWith('\n') || text.slice(0, end) !== `spimquant-index ${version} ${sha256(body)}`) return undefined;
  // The checksum is right, so the lines are those of formatIndex.
  const lines = body.split('\n');
  const { uri, storage, seenFrom, checked } = JSON.parse(lines[0]) as KeptPlace & { readonly checked: number };
  if (uri !== dataset.uri || seenFrom !== dataset.seenFrom || JSON.stringify(storage) !== JSON.stringify(dataset.storage)) return undefined;
  const root = JSON.parse(lines[1]) as Omit<RootSnapshot['root'], 'versions'> & { readonly versions: readonly (readonly [string, string])[] };
  const { table, ...facts } = JSON.parse(lines[2]) as KeptFacts;
  const items: Record<'participant' | 'image', [string, KeptItem][]> = { participant: [], image: [] };
  for (let at = 3; at + 1 < lines.length; at += 2) {
    const [kind, name, mark] = JSON.parse(lines[at]) as ['participant' | 'image', string, string];
    items[kind].push([name, { json: lines[at + 1], mark, checked: -Infinity }]);
  }
  return {
    root: { root: { ...root, versions: new Map(root.versions) }, facts: { ...facts, ...(table === undefined ? {} : { table: tableOf(table) }) }, checked },
    participants: items.participant, images: items.image,
  };
}

function keptTable({ columns, rows }: ParticipantsTable): NonNullable<KeptFacts['table']> {
  const places = new Map<string, number>();
  const placeOf = (value: string): number => {
    const known = places.get(value) ?? places.size;
    places.set(value, known);
    return known;
  };
  const cells = columns.map((name) => [...rows.values()].map((row) => { const value = row[name]; return value === undefined ? null : placeOf(value); }));
  return { columns, labels: [...rows.keys()], values: [...places.keys()], cells };
}

function tableOf({ columns, labels, values, cells }: NonNullable<KeptFacts['table']>): ParticipantsTable {
  const rows = labels.map((label, row): [string, Record<string, string | undefined>] => [label, Object.fromEntries(columns.map((name, column) => {
    const place = cells[column][row];
    return [name, place === null ? undefined : values[place]];
  }))]);
  return { columns, rows: new Map(rows) };
}
