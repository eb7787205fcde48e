import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../protocol/events.ts';
import { eventsFile } from './journal.ts';

/** Bytes read at once. */
const pieceBytes = 256 * 1024;
const newline = 10;

/** Reads a run's events in pieces, from the last place on, while somebody else appends. See `parseEvents` for what is left out. */
export class JournalReader {
  readonly #path: string;
  /** Bytes of the whole lines that were read. */
  #offset = 0;
  #seq = 0;
  readonly #skipTo: number;
  #signature = '';

  /** Events up to number `after` are passed over. */
  constructor(folder: string, after = 0) {
    this.#path = join(folder, eventsFile);
    this.#skipTo = after;
  }

  /** Number of the last event that was read or passed over. */
  get seq(): number {
    return this.#seq;
  }

  /** Size and time of the file when it was last read to its end: what it was like. */
  get signature(): string {
    return this.#signature;
  }

  /** The next events, at most `limit`; fewer only when there are no more for now. None when there is no journal yet. */
  read(limit: number): RunEvent[] {
    const events: RunEvent[] = [];
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return events;
      throw error;
    }
    try {
      let wanted = pieceBytes;
      while (events.length < limit) {
        const { size, mtimeMs } = fstatSync(file);
        const piece = Buffer.allocUnsafe(Math.max(0, Math.min(wanted, size - this.#offset)));
        const bytes = readSync(file, piece, 0, piece.length, this.#offset);
        const used = this.#parse(piece.subarray(0, bytes), events, limit);
        if (used < 0) break;
        if (used === 0) {
          // The rest is part of a line: of one that is longer than the piece, or of one that is being written.
          if (this.#offset + bytes >= size || bytes === 0) {
            this.#signature = `${size}:${mtimeMs}`;
            break;
          }
          wanted *= 4;
        }
      }
    } finally {
      closeSync(file);
    }
    return events;
  }

  /** Takes whole lines from a piece that begins at the offset. Returns how many bytes they had; -1: the next line is damaged. */
  #parse(piece: Buffer, events: RunEvent[], limit: number): number {
    let at = 0;
    while (events.length < limit) {
      const end = piece.indexOf(newline, at);
      if (end < 0) break;
      // Lines are numbered without gaps, so those that are passed over need no look.
      if (this.#seq >= this.#skipTo) {
        const event = parseLine(piece.toString('utf8', at, end));
        if (event?.seq !== this.#seq + 1) {
          // Damaged. Looked at again next time: whoever finds the run's process gone cuts this off.
          this.#offset += at;
          return -1;
        }
        events.push(event);
      }
      this.#seq += 1;
      at = end + 1;
    }
    this.#offset += at;
    return at;
  }
}

function parseLine(line: string): RunEvent | undefined {
  try {
    return (JSON.parse(line) ?? undefined) as RunEvent | undefined;
  } catch {
    return undefined;
  }
}
