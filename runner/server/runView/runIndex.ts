import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { eventsFile } from '../../engine/journal.ts';
import type { RunEvent } from '../../protocol/events.ts';
import type { LogPage, LogQuery, LogRow, TaskChanges } from '../../protocol/runView.ts';
import { logWords } from '../../wording/logLine.ts';
import { Growing } from './growing.ts';
import { levels, scanLine } from './logScan.ts';
import { Selection } from './selection.ts';
import { TaskBoard } from './taskBoard.ts';

/** Bytes of the journal looked at before anything else gets a turn. */
const pieceBytes = 2 << 20;
/** Queries whose lines are remembered. */
const selectionLimit = 6;
/** Bytes that rows are read in at most; what lies farther apart is read on its own. */
const spanBytes = 1 << 20;
const errorLevel = levels.indexOf('error');

/** Where each line of the log is in the journal, and what it can be chosen by. 19 bytes a line. */
export interface LogLines {
  readonly starts: Growing<Float64Array>;
  readonly lengths: Growing<Uint32Array>;
  readonly levels: Growing<Uint8Array>;
  /** Index into `tasks`; 0: the run itself. */
  readonly tasks: Growing<Uint32Array>;
  /** Bytes from a line's beginning to where its own words begin. */
  readonly texts: Growing<Uint16Array>;
}

/**
 * A run's journal made ready to be looked at: every line of the log found by number, level, task and words without
 * reading the file anew, and the tasks as they stand. Grows with the journal. The file stays where the text is.
 */
export class RunIndex {
  readonly #path: string;
  readonly #lines: LogLines = {
    starts: new Growing((length) => new Float64Array(length)), lengths: new Growing((length) => new Uint32Array(length)),
    levels: new Growing((length) => new Uint8Array(length)), tasks: new Growing((length) => new Uint32Array(length)), texts: new Growing((length) => new Uint16Array(length)),
  };
  readonly #taskNumbers = new Map<string, number>([['', 0]]);
  readonly #board = new TaskBoard();
  readonly #selections = new Map<string, Selection>();
  /** Bytes of whole lines that were looked at, of how many there are. */
  #offset = 0;
  #size = 0;
  #seq = 0;
  #errors = 0;
  #scanning: Promise<void> | undefined;

  constructor(folder: string) {
    this.#path = join(folder, eventsFile);
  }

  /** Lines that fit, from number `from` on (below 0: from the end), at most `count`. While a long journal is still looked through, what is known so far. */
  async page(query: LogQuery, from: number, count: number, patienceMs: number): Promise<LogPage> {
    await this.#settle(patienceMs);
    return this.#withFile(async (file) => {
      const selection = this.#select(query);
      await selection.extend(file, this.#lines.starts.length);
      const total = selection.length;
      const first = Math.max(0, from < 0 ? total + from : Math.min(from, total));
      const numbers = Array.from({ length: Math.max(0, Math.min(count, total - first)) }, (_, index) => selection.at(first + index));
      return { rows: await this.#read(file, numbers), from: first, total, all: this.#lines.starts.length, errors: this.#errors, known: this.#size === 0 ? 1 : this.#offset / this.#size };
    }, { rows: [], from: 0, total: 0, all: 0, errors: 0, known: 1 });
  }

  /** Which of the lines that fit is the next error after (or before) number `from`; undefined: there is none. */
  async nextError(query: LogQuery, from: number, backwards: boolean): Promise<number | undefined> {
    await this.#settle(Infinity);
    return this.#withFile(async (file) => {
      const selection = this.#select(query);
      await selection.extend(file, this.#lines.starts.length);
      for (let at = from + (backwards ? -1 : 1); at >= 0 && at < selection.length; at += backwards ? -1 : 1) {
        if (this.#lines.levels.at(selection.at(at)) === errorLevel) return at;
      }
      return undefined;
    }, undefined);
  }

  /** Tasks that changed after event `since`. */
  async tasks(since: number): Promise<TaskChanges> {
    await this.#settle(Infinity);
    return this.#board.changes(since, this.#seq);
  }

  /** Looks at what is new, and waits for that at most so long. */
  async #settle(patienceMs: number): Promise<void> {
    this.#scanning ??= this.#scan().finally(() => { this.#scanning = undefined; });
    if (patienceMs === Infinity) return this.#scanning;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => { timer = setTimeout(resolve, patienceMs); });
    await Promise.race([this.#scanning, patience]).finally(() => { clearTimeout(timer); });
  }

  async #scan(): Promise<void> {
    await this.#withFile(async (file) => {
      let wanted = pieceBytes;
      const piece = { bytes: Buffer.allocUnsafe(wanted) };
      for (;;) {
        this.#size = (await file.stat()).size;
        const length = Math.min(wanted, this.#size - this.#offset);
        if (length <= 0) return;
        if (piece.bytes.length < length) piece.bytes = Buffer.allocUnsafe(length);
        const { bytesRead } = await file.read(piece.bytes, 0, length, this.#offset);
        const used = this.#take(piece.bytes.toString('latin1', 0, bytesRead));
        if (used < 0) return;
        // A line longer than the piece, or the beginning of one that is being written.
        if (used === 0) {
          if (bytesRead < wanted) return;
          wanted *= 4;
        }
      }
    }, undefined);
  }

  /** Takes the whole lines of a text in. Returns how long they were together; -1: the next one is damaged, as is all that follows. */
  #take(text: string): number {
    let at = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      const line = scanLine(text, at, end);
      if (line === undefined || (line.event !== undefined && line.event.seq !== this.#seq + 1)) {
        this.#offset += at;
        return -1;
      }
      this.#seq += 1;
      if (line.event !== undefined) this.#board.apply(line.event);
      if (line.level >= 0) this.#add(this.#offset + at, end - at, line.level, line.task, line.text);
      at = end + 1;
    }
    this.#offset += at;
    return at;
  }

  #add(start: number, length: number, level: number, task: string, text: number): void {
    let number = this.#taskNumbers.get(task);
    if (number === undefined) {
      number = this.#taskNumbers.size;
      this.#taskNumbers.set(task, number);
    }
    this.#lines.starts.push(start);
    this.#lines.lengths.push(length);
    this.#lines.levels.push(level);
    this.#lines.tasks.push(number);
    this.#lines.texts.push(text);
    if (level === errorLevel) this.#errors += 1;
  }

  #select(query: LogQuery): Selection {
    const key = JSON.stringify([query.level ?? '', query.task ?? '', query.scope ?? '', query.text ?? '']);
    const known = this.#selections.get(key);
    this.#selections.delete(key);
    const selection = known ?? new Selection(this.#lines, {
      level: query.level === undefined ? 0 : levels.indexOf(query.level),
      fits: query.task === undefined && query.scope === undefined ? undefined : (task) => this.#isOf(task, query),
      text: query.text ?? '',
    });
    this.#selections.set(key, selection);
    for (const oldest of this.#selections.keys()) {
      if (this.#selections.size <= selectionLimit) break;
      this.#selections.delete(oldest);
    }
    return selection;
  }

  #isOf(number: number, { task, scope }: LogQuery): boolean {
    if (task !== undefined) return this.#taskNumbers.get(task) === number;
    return scope !== undefined && this.#board.scopeNumbers(scope, this.#taskNumbers).has(number);
  }

  async #read(file: FileHandle, numbers: readonly number[]): Promise<readonly LogRow[]> {
    const { starts, lengths } = this.#lines;
    const rows: LogRow[] = [];
    for (let at = 0; at < numbers.length;) {
      const begin = starts.at(numbers[at]);
      let last = at;
      while (last + 1 < numbers.length && starts.at(numbers[last + 1]) + lengths.at(numbers[last + 1]) - begin <= spanBytes) last += 1;
      const end = starts.at(numbers[last]) + lengths.at(numbers[last]);
      const span = Buffer.allocUnsafe(end - begin);
      await file.read(span, 0, span.length, begin);
      for (; at <= last; at++) {
        const from = starts.at(numbers[at]) - begin;
        rows.push(rowOf(JSON.parse(span.toString('utf8', from, from + lengths.at(numbers[at]))) as RunEvent));
      }
    }
    return rows;
  }

  /** Opens the journal for as long as it is looked at: many runs can be looked at, and any can be deleted. */
  async #withFile<T>(use: (file: FileHandle) => Promise<T>, otherwise: T): Promise<T> {
    let file: FileHandle;
    try {
      file = await open(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
      throw error;
    }
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }
}

function rowOf(event: RunEvent): LogRow {
  const { level, about, message } = logWords(event) ?? { level: 'info', about: '', message: '' };
  return { seq: event.seq, time: event.time, level, ...(about === '' ? {} : { task: about }), message };
}
