import { readJsonObject } from '../bids/sidecars.ts';
import { sharedLoads } from '../image/sharedLoads.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { ViewedColumn } from '../protocol/outputs.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { readSmallFile } from '../storage/smallFile.ts';
import { joinUri } from '../storage/uri.ts';
import { readParquet } from '../tables/parquet.ts';
import type { Table } from '../tables/table.ts';
import { readTsv } from '../tables/tsv.ts';
import { TableView } from './tableView.ts';

/** Bytes of tables that are kept, and of a file that is read at all. */
const keptBytes = 384 << 20;
const largestFile = 256 << 20;
/** Columns that stay text even where every cell looks like a number. */
const labels = ['participant_id', 'name', 'abbreviation', 'stain', 'session', 'sample'];

/** A table that was read. */
export interface OpenTable {
  readonly view: TableView;
  readonly version: string;
  /** What the JSON file beside it says of its columns. */
  readonly columns: readonly ViewedColumn[];
}

/** Tables that were read, so that the next look, order or row needs no storage. */
export class TableStore {
  readonly #tables = new Map<string, OpenTable>();
  readonly #loads = sharedLoads<OpenTable>();
  readonly #limit: number;

  constructor(limit = keptBytes) {
    this.#limit = limit;
  }

  /**
   * The table at a path. `place` tells stores and those who ask apart; `version`: of the file as it was seen last; when that is
   * known nothing is asked of the storage. Throws `bad-table`, `not-found`, and as stores do.
   */
  async get(store: ObjectStore, place: string, path: string, version: string | undefined, signal: AbortSignal): Promise<OpenTable> {
    const key = `${place}\n${path}`;
    const known = this.#tables.get(key);
    if (known !== undefined && (version === undefined || known.version === version)) {
      this.#tables.delete(key);
      this.#tables.set(key, known);
      return known;
    }
    return this.#loads.get(key, async (shared) => {
      const opened = await openTable(store, path, shared);
      this.#keep(key, opened);
      return opened;
    }, signal);
  }

  /** Forgets all: nobody has looked for a while. */
  clear(): void {
    this.#tables.clear();
  }

  #keep(key: string, opened: OpenTable): void {
    this.#tables.delete(key);
    this.#tables.set(key, opened);
    let bytes = [...this.#tables.values()].reduce((sum, { view }) => sum + view.bytes, 0);
    for (const [oldest, { view }] of this.#tables) {
      if (bytes <= this.#limit || oldest === key) break;
      this.#tables.delete(oldest);
      bytes -= view.bytes;
    }
  }
}

async function openTable(store: ObjectStore, path: string, signal: AbortSignal): Promise<OpenTable> {
  const where = joinUri(store.uri, path);
  const [{ bytes, version }, sidecar] = await Promise.all([
    readSmallFile({ store, key: path, where }, largestFile, signal),
    readJsonObject(store, path.replace(/\.[^./]+$/, '.json'), signal).catch((error: unknown) => {
      if (reportError(error).code === 'cancelled') throw error;
      return undefined;
    }),
  ]);
  const view = new TableView(await parse(bytes, where));
  return { view, version, columns: view.columns().map((column) => ({ ...column, ...describedBy(sidecar, column.name) })) };
}

async function parse(bytes: Uint8Array, where: string): Promise<Table> {
  if (/\.parquet$/i.test(where)) return readParquet(bytes, { name: where });
  if (!/\.(tsv|csv)$/i.test(where)) throw new SpimquantError('bad-table', `${where} is no table.`, { where, hint: 'Tables are .tsv, .csv and .parquet files.' });
  return readTsv(bytes, { name: where, text: labels, delimiter: /\.csv$/i.test(where) ? ',' : '\t' });
}

/** `Description` and `Units` of a column, as BIDS has them. */
function describedBy(sidecar: Readonly<Record<string, unknown>> | undefined, column: string): Pick<ViewedColumn, 'description' | 'units'> {
  const said = sidecar?.[column];
  if (typeof said !== 'object' || said === null) return {};
  const { Description: description, Units: units } = said as { readonly Description?: unknown; readonly Units?: unknown };
  return { ...(typeof description === 'string' ? { description } : {}), ...(typeof units === 'string' ? { units } : {}) };
}
