import { mapBounded } from '../bids/folder.ts';
import { reportError } from '../protocol/errors.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { OutputsRef } from '../protocol/outputs.ts';
import type { Requests } from '../protocol/rpc.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { listOutputs, listParticipants } from './listing.ts';
import { gatherRegions, type RegionTable } from './regions.ts';
import { TableStore } from './tableStore.ts';
import { writeRows } from './tableView.ts';

/** Requests about folders of results. */
export type OutputsRequest = 'outputs.list' | 'outputs.participants' | 'outputs.rows' | 'outputs.export' | 'outputs.regions';

export interface OutputsOptions {
  /** The store of a folder. */
  readonly storeOf: (ref: OutputsRef) => ObjectStore;
  /** A folder could not be read: what was opened for it may be at fault. */
  readonly onFailure: (ref: OutputsRef) => void;
  /** Tells apart those who ask with other rights. Left out: all are equal. */
  readonly asker?: () => string;
  /** Bytes of tables that are kept. */
  readonly keptBytes?: number;
}

/** Rows answered at once, participants looked into at once, and tables put side by side, at most. */
const mostRows = 2000;
const mostParticipants = 64;
const mostTables = 2000;
/** Tables read at once. */
const readsAtOnce = 12;
/** Errors that tell nothing about how the folder was reached. */
const harmless: ReadonlySet<ErrorCode> = new Set(['cancelled', 'not-found', 'bad-option', 'bad-table', 'bad-dataset']);

/** Looks into folders of results for all windows. */
export class OutputsService {
  readonly #options: OutputsOptions;
  readonly #tables: TableStore;

  constructor(options: OutputsOptions) {
    this.#options = options;
    this.#tables = new TableStore(options.keptBytes);
  }

  /** Forgets all tables. */
  rest(): void {
    this.#tables.clear();
  }

  /** Answers a request. Rejects with errors for the user, and with `cancelled` soon after the signal is aborted. */
  async answer<N extends OutputsRequest>(name: N, params: Requests[N]['params'], signal: AbortSignal): Promise<Requests[N]['result']> {
    const answers: { readonly [K in OutputsRequest]: (params: Requests[K]['params']) => Promise<Requests[K]['result']> } = {
      'outputs.list': (asked) => this.#list(asked, signal),
      'outputs.participants': ({ folder, labels }) => listParticipants(this.#options.storeOf(folder), labels.slice(0, mostParticipants), signal),
      'outputs.rows': (asked) => this.#rows(asked, signal),
      'outputs.export': (asked) => this.#export(asked, signal),
      'outputs.regions': (asked) => this.#regions(asked, signal),
    };
    try {
      return await answers[name](params);
    } catch (error) {
      if (!harmless.has(reportError(error).code)) this.#options.onFailure(params.folder);
      throw error;
    }
  }

  #list({ folder, dataset }: Requests['outputs.list']['params'], signal: AbortSignal): Promise<Requests['outputs.list']['result']> {
    const { storeOf } = this.#options;
    const above = /^(.+?)[/\\]derivatives[/\\]/.exec(folder.uri)?.[1];
    const refs = [...(dataset === undefined ? [] : [dataset]), folder, ...(above === undefined ? [] : [{ uri: above, storage: folder.storage }])];
    return listOutputs(storeOf(folder), refs.map(storeOf), signal);
  }

  #table({ folder, path, version }: Pick<Requests['outputs.rows']['params'], 'folder' | 'path' | 'version'>, signal: AbortSignal): ReturnType<TableStore['get']> {
    return this.#tables.get(this.#options.storeOf(folder), this.#placeOf(folder), path, version, signal);
  }

  #placeOf({ uri, storage }: OutputsRef): string {
    return JSON.stringify([this.#options.asker?.() ?? '', uri, storage]);
  }

  async #rows(asked: Requests['outputs.rows']['params'], signal: AbortSignal): Promise<Requests['outputs.rows']['result']> {
    const { view, version, columns } = await this.#table(asked, signal);
    const { matched, rows } = view.page(asked.query, asked.from, Math.min(asked.count, mostRows));
    return { version, columns, total: view.rows, matched, from: asked.from, rows };
  }

  async #export(asked: Requests['outputs.export']['params'], signal: AbortSignal): Promise<Requests['outputs.export']['result']> {
    const { view } = await this.#table(asked, signal);
    return { rows: view.select(asked.query).length, bytes: writeRows(view, asked.query, asked.delimiter) };
  }

  async #regions({ folder, paths, column }: Requests['outputs.regions']['params'], signal: AbortSignal): Promise<Requests['outputs.regions']['result']> {
    const tables = await mapBounded(paths.slice(0, mostTables), readsAtOnce, async ({ path, version }): Promise<RegionTable> => {
      try {
        return { path, table: (await this.#table({ folder, path, version }, signal)).view.table };
      } catch (error) {
        const report = reportError(error);
        // One damaged table is no reason to show none; what ails the storage ails them all.
        if (report.code !== 'bad-table' && report.code !== 'not-found' && report.code !== 'bad-option') throw error;
        return { path, message: report.message };
      }
    });
    return gatherRegions(tables, column);
  }
}
