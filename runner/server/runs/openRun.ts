import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { JournalReader } from '../../engine/journalReader.ts';
import { cancelWish, finishForGone, hasBegun, readIntent } from '../../engine/runFolder.ts';
import { digestRun } from '../../wording/runRecord.ts';
import { isSameProcess } from '../../monitor/process.ts';
import type { RunIntent, RunRecord } from '../../protocol/runs.ts';
import { isOver } from '../../protocol/runs.ts';
import { RunFold } from '../../protocol/runState.ts';

/** Events taken from a journal before anything else gets a turn. */
const pieceEvents = 5000;

/** Time for a process that was started to say so in the run's folder, in milliseconds. After it the run is given up. */
const startPatience = 15_000;

/** A run that is not over, or was not when it was opened: follows its journal and watches over its process. */
export class OpenRun {
  readonly folder: string;
  #intent: RunIntent;
  readonly #reader: JournalReader;
  readonly #fold = new RunFold();
  readonly #host: string;
  #watcher: FSWatcher | undefined;
  #begun = false;
  #record: RunRecord;

  constructor(folder: string, intent: RunIntent, host: string) {
    this.folder = folder;
    this.#intent = intent;
    this.#host = host;
    this.#reader = new JournalReader(folder);
    this.#record = this.#digest();
  }

  get record(): RunRecord {
    return this.#record;
  }

  /** What the journal was like when the record was made. */
  get signature(): string {
    return this.#reader.signature;
  }

  /** Whether its process is one of this machine: others are never touched. */
  get isHere(): boolean {
    return this.#intent.host === this.#host;
  }

  /** Whether the installed SPIMquant does its work, as a process below its own. */
  get isExternal(): boolean {
    return this.#intent.options['engine'] !== undefined;
  }

  get pid(): number {
    return this.#intent.pid;
  }

  /** Calls `listener` soon after something changed in the run's folder. Not all systems tell: look now and then as well. */
  watch(listener: () => void): void {
    try {
      this.#watcher = watch(this.folder, { persistent: false }, listener);
      this.#watcher.on('error', () => undefined);
    } catch {
      // Too many watchers, or a network folder.
    }
  }

  /** Reads what was written since. True when the record is another. */
  async refresh(): Promise<boolean> {
    let news = false;
    for (;;) {
      const events = this.#reader.read(pieceEvents);
      for (const event of events) this.#fold.apply(event);
      news ||= events.length > 0;
      if (events.length < pieceEvents) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const cancelling = cancelWish(this.folder) !== undefined && !isOver(this.#fold.state.status);
    if (!news && cancelling === this.#record.cancelling) return false;
    this.#record = this.#digest();
    return true;
  }

  #digest(): RunRecord {
    return digestRun(this.#intent, this.#fold.state, { seq: this.#reader.seq, cancelling: cancelWish(this.folder) !== undefined });
  }

  /** Whether its process runs; asks the system. Always true for other machines. */
  isAlive(now: number): boolean {
    if (!this.isHere) return true;
    // The process writes its own intent, which may say another process than the request and the note of its starter.
    if (this.#intent.pid === 0 || !this.#begun) {
      this.#intent = readIntent(this.folder) ?? this.#intent;
      this.#begun = hasBegun(this.folder);
    }
    if (this.#intent.pid === 0) return now - Date.parse(this.#intent.started) < startPatience;
    return isSameProcess(this.#intent.pid, this.#intent.process ?? '');
  }

  /** Writes the end of the run, whose process is gone, unless it has written it itself. */
  async settle(now: number): Promise<void> {
    await this.refresh();
    if (isOver(this.#record.status)) return;
    finishForGone(this.folder, this.#intent, cancelWish(this.folder) === undefined ? 'interrupted' : 'cancelled', now);
    await this.refresh();
  }

  dispose(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
