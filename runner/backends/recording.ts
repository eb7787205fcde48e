import { hostname } from 'node:os';
import type { Journal } from '../engine/journal.ts';
import { recordResources } from '../monitor/recorder.ts';
import { laterByTimer } from '../monitor/sampler.ts';
import { reportError } from '../protocol/errors.ts';
import type { ErrorReport } from '../protocol/errors.ts';
import type { RunEvent, RunOutcome } from '../protocol/events.ts';
import type { Clock } from '../protocol/log.ts';
import { RunFold } from '../protocol/runState.ts';
import type { RunState } from '../protocol/runState.ts';

/** What a recording needs. */
export interface RecordingOptions {
  /** Makes the run's journal. */
  readonly open: () => Journal;
  readonly clock: Clock;
  /** Whether what this process takes is not written into the run's folder: somebody else records it. */
  readonly unwatched?: boolean;
  /** Told every event after it is on disk, with the state it leads to. */
  readonly onEvent?: (event: RunEvent, state: RunState) => void;
}

/** A run's journal, begun when there is first something to write, and the state that it leads to. */
export class Recording {
  readonly #options: RecordingOptions;
  readonly #fold = new RunFold();
  #journal: Journal | undefined;

  constructor(options: RecordingOptions) {
    this.#options = options;
  }

  get state(): RunState {
    return this.#fold.state;
  }

  /** The journal, if it was begun. */
  get journal(): Journal | undefined {
    return this.#journal;
  }

  /** The journal; the first time its first event is written. */
  begin(): Journal {
    if (this.#journal !== undefined) return this.#journal;
    const journal = this.#options.open();
    this.#journal = journal;
    journal.subscribe((event) => {
      this.#fold.apply(event);
      this.#options.onEvent?.(event, this.#fold.state);
    });
    if (this.#options.unwatched !== true) {
      const stopRecording = recordResources(journal.folder, this.#options.clock, laterByTimer);
      journal.subscribe(({ type }) => { if (type === 'run-finished') stopRecording(); });
    }
    journal.append({ type: 'run-started', pid: process.pid, host: hostname() });
    return journal;
  }

  /** Writes the run's last event. */
  end(outcome: RunOutcome, error?: ErrorReport): void {
    this.#journal?.append({ type: 'run-finished', outcome, ...(error === undefined ? {} : { error }) });
  }

  /** Writes what was thrown as the end of a run that has begun and has not ended. */
  endBy(thrown: unknown, cancelled: boolean): void {
    if (this.#journal === undefined || this.#journal.over) return;
    const report = reportError(thrown);
    if (cancelled || report.code === 'cancelled') this.end('cancelled');
    else this.end('failed', report);
  }

  close(): void {
    this.#journal?.close();
  }
}
