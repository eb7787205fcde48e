import type { FileHandle } from 'node:fs/promises';
import { Growing } from './growing.ts';
import type { LogLines } from './runIndex.ts';

/** Bytes of the journal that are searched at once. */
const pieceBytes = 4 << 20;

/** What lines must be like. */
export interface Wanted {
  /** Least level, by number. */
  readonly level: number;
  /** Whether a task, by number, is one of those asked for; undefined: all are. */
  readonly fits: ((task: number) => boolean) | undefined;
  /** Empty: whatever they say. */
  readonly text: string;
}

/** Numbers of the lines that fit, found once and added to as the log grows. */
export class Selection {
  readonly #lines: LogLines;
  readonly #wanted: Wanted;
  readonly #needle: string;
  readonly #found = new Growing((length) => new Uint32Array(length));
  /** Lines looked at. */
  #done = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(lines: LogLines, wanted: Wanted) {
    this.#lines = lines;
    this.#wanted = wanted;
    // As it stands in the file: escaped as JSON, each byte a character.
    this.#needle = Buffer.from(JSON.stringify(wanted.text).slice(1, -1), 'utf8').toString('latin1').toLowerCase();
  }

  get #isAll(): boolean {
    return this.#wanted.level <= 0 && this.#wanted.fits === undefined && this.#needle === '';
  }

  get length(): number {
    return this.#isAll ? this.#done : this.#found.length;
  }

  at(index: number): number {
    return this.#isAll ? index : this.#found.at(index);
  }

  /** Looks at lines up to number `end`. */
  async extend(file: FileHandle, end: number): Promise<void> {
    this.#turn = this.#turn.catch(() => undefined).then(() => this.#extend(file, end));
    return this.#turn;
  }

  async #extend(file: FileHandle, end: number): Promise<void> {
    if (this.#isAll) {
      this.#done = Math.max(this.#done, end);
      return;
    }
    while (this.#done < end) {
      if (this.#needle === '') this.#pass(end);
      else await this.#search(file, end);
    }
  }

  #pass(end: number): void {
    for (let line = this.#done; line < end; line++) if (this.#fits(line)) this.#found.push(line);
    this.#done = end;
  }

  #fits(line: number): boolean {
    return this.#lines.levels.at(line) >= this.#wanted.level && (this.#wanted.fits?.(this.#lines.tasks.at(line)) ?? true);
  }

  /** Searches as many lines as a piece of the file holds, at least one. */
  async #search(file: FileHandle, end: number): Promise<void> {
    const { starts, lengths, texts } = this.#lines;
    const first = this.#done;
    const begin = starts.at(first);
    let last = first;
    while (last + 1 < end && starts.at(last + 1) + lengths.at(last + 1) - begin <= pieceBytes) last += 1;
    const piece = Buffer.allocUnsafe(starts.at(last) + lengths.at(last) - begin);
    await file.read(piece, 0, piece.length, begin);
    const text = piece.toString('latin1').toLowerCase();
    let line = first;
    for (let match = text.indexOf(this.#needle); match >= 0 && line <= last;) {
      while (line <= last && starts.at(line) + lengths.at(line) - begin <= match) line += 1;
      if (line > last) break;
      const words = starts.at(line) - begin + texts.at(line);
      if (match >= words) {
        if (this.#fits(line)) this.#found.push(line);
        line += 1;
        if (line > last) break;
      }
      match = text.indexOf(this.#needle, match >= words ? starts.at(line) - begin + texts.at(line) : words);
    }
    this.#done = last + 1;
  }
}
