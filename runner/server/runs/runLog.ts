import { JournalReader } from '../../engine/journalReader.ts';
import type { LogChunk } from '../../protocol/rpc.ts';
import { logLine } from '../../wording/logLine.ts';

/** Events looked at for one answer at most, so that a log with few words and much progress does not hold up others. */
const eventLimit = 20_000;
/** Readers kept, each at the place where its reader stopped. */
const readerLimit = 8;

/** Logs of runs as text. Places in them are numbers of events, which stay the same for ever. */
export class RunLogs {
  /** By folder and number of the next event: reading on from there needs no look at what comes before. */
  readonly #readers = new Map<string, JournalReader>();

  /** Lines from event `from` + 1 on, at most `limit` of them. `over`: nothing will ever follow. */
  read(folder: string, from: number, limit: number): LogChunk {
    const reader = this.#take(folder, from);
    const lines: string[] = [];
    let over = false;
    let seen = 0;
    while (lines.length < limit && seen < eventLimit) {
      const events = reader.read(limit - lines.length);
      if (events.length === 0) break;
      seen += events.length;
      for (const event of events) {
        const line = logLine(event);
        if (line !== undefined) lines.push(line);
        over ||= event.type === 'run-finished';
      }
    }
    const next = Math.max(from, reader.seq);
    this.#keep(`${folder}\n${next}`, reader);
    return { text: lines.map((line) => `${line}\n`).join(''), next, over };
  }

  #take(folder: string, from: number): JournalReader {
    const key = `${folder}\n${from}`;
    const reader = this.#readers.get(key);
    this.#readers.delete(key);
    return reader ?? new JournalReader(folder, from);
  }

  #keep(key: string, reader: JournalReader): void {
    this.#readers.set(key, reader);
    if (this.#readers.size <= readerLimit) return;
    const [oldest] = this.#readers.keys();
    this.#readers.delete(oldest);
  }
}
