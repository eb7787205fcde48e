import { errorFromReport, reportError } from '../../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../../runner/protocol/errors.ts';
import type { DatasetSummary } from '../../../runner/protocol/datasets.ts';
import type { RunnerClient } from '../../runner-client/client.types.ts';
import type { DatasetRow } from './datasetNodes.ts';

type Ask = RunnerClient['request'];

/** How a summary is asked for: `refresh` bypasses what the runner remembers, `check` has it compared with the storage. */
export type Asking = 'remembered' | 'refresh' | 'check';

/** What is known of the datasets of the list, or why nothing is. */
export class DatasetSummaries {
  readonly #ask: Ask;
  readonly #looksOtherwise: (row: DatasetRow) => void;
  readonly #told: (uri: string, summary: DatasetSummary) => void;
  readonly #summaries = new Map<string, DatasetSummary>();
  readonly #failures = new Map<string, ErrorReport>();
  readonly #asked = new Map<string, Promise<DatasetSummary>>();

  /** `looksOtherwise` hears of rows that show something else now, `told` of every summary. */
  constructor(ask: Ask, looksOtherwise: (row: DatasetRow) => void, told: (uri: string, summary: DatasetSummary) => void) {
    this.#ask = ask;
    this.#looksOtherwise = looksOtherwise;
    this.#told = told;
  }

  get(uri: string): DatasetSummary | undefined {
    return this.#summaries.get(uri);
  }

  failure(uri: string): ErrorReport | undefined {
    return this.#failures.get(uri);
  }

  /** Whether nothing is known of a dataset, not even a failure. */
  isUnknown(uri: string): boolean {
    return !this.#summaries.has(uri) && !this.#failures.has(uri);
  }

  /** What is known of a dataset; asks when nothing is. A failure stays until it is asked to try again. */
  async known(row: DatasetRow): Promise<DatasetSummary> {
    const { uri } = row.dataset;
    const failure = this.#failures.get(uri);
    if (failure !== undefined) throw errorFromReport(failure);
    return this.#summaries.get(uri) ?? await this.ask(row);
  }

  /** Asks for a dataset's summary, once at a time. Rejects with what the runner says. */
  ask(row: DatasetRow, how: Asking = 'remembered'): Promise<DatasetSummary> {
    const { dataset } = row;
    const running = this.#asked.get(dataset.uri);
    if (running !== undefined && how === 'remembered') return running;
    const answer = how === 'check' ? this.#ask('datasets.check', { dataset }) : this.#ask('datasets.describe', { dataset, ...(how === 'refresh' ? { refresh: true } : {}) });
    const asked = answer.then(
      (summary) => {
        this.#take(row, summary);
        return summary;
      },
      (error: unknown) => {
        const report = reportError(error);
        // A comparison that fails leaves what is shown, and says so in the summary.
        if (report.code !== 'cancelled' && how !== 'check') this.#take(row, report);
        throw error;
      },
    ).finally(() => {
      if (this.#asked.get(dataset.uri) === asked) this.#asked.delete(dataset.uri);
    });
    this.#asked.set(dataset.uri, asked);
    return asked;
  }

  /** Asks for a summary, and leaves what goes wrong to the row. */
  async askQuietly(row: DatasetRow, how?: Asking): Promise<void> {
    await this.ask(row, how).catch(() => undefined);
  }

  /** Lets a failure be tried again; left out: all of them. */
  forgetFailure(uri?: string): void {
    if (uri === undefined) this.#failures.clear();
    else this.#failures.delete(uri);
  }

  forget(uri: string): void {
    this.#summaries.delete(uri);
    this.#failures.delete(uri);
    this.#asked.delete(uri);
  }

  #take(row: DatasetRow, news: DatasetSummary | ErrorReport): void {
    const { uri } = row.dataset;
    const before = this.#looks(uri);
    if ('code' in news) {
      this.#summaries.delete(uri);
      this.#failures.set(uri, news);
    } else {
      this.#summaries.set(uri, news);
      this.#failures.delete(uri);
      this.#told(uri, news);
    }
    if (before !== this.#looks(uri)) this.#looksOtherwise(row);
  }

  /** What a dataset's row and those below it show of it; the rest is for its tooltip. */
  #looks(uri: string): string {
    const summary = this.#summaries.get(uri);
    return JSON.stringify([summary && { ...summary, checked: undefined, remembered: undefined }, this.#failures.get(uri)]);
  }
}
