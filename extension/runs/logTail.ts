import type { LogChunk } from '../../runner/protocol/rpc.ts';

/** Events that are read back from the end of a run: what came before is left out of the document. */
const eventsBack = 200_000;
/** Lines kept. */
const lineLimit = 50_000;
/** Lines asked for at once. */
const chunkLines = 5000;

/** Reads lines from event `from` + 1 on, at most `limit`. */
export type ReadLog = (from: number, limit: number) => Promise<LogChunk>;

/** The end of a run's log as text, read on as it grows; of bounded size, however long the run. */
export class LogTail {
  readonly #read: ReadLog;
  #lines: string[] = [];
  #next: number;
  #left: boolean;
  #over = false;

  /** @param seq number of the run's last event when the log is opened */
  constructor(read: ReadLog, seq: number) {
    this.#read = read;
    this.#next = Math.max(0, seq - eventsBack);
    this.#left = this.#next > 0;
  }

  /** Nothing will follow. */
  get over(): boolean {
    return this.#over;
  }

  get text(): string {
    const head = this.#left ? ['Earlier lines are left out. The command `spimquant logs` with the run\'s id prints all.'] : [];
    const body = this.#lines.length === 0 && this.#over ? ['The run has logged nothing.'] : this.#lines;
    return [...head, ...body, ''].join('\n');
  }

  /** Reads what has come since. True when there is more text than before. */
  async advance(): Promise<boolean> {
    const before = this.#next;
    let grown = false;
    while (!this.#over) {
      const chunk = await this.#read(this.#next, chunkLines);
      if (chunk.text !== '') {
        this.#lines = this.#lines.concat(chunk.text.replace(/\n$/, '').split('\n'));
        if (this.#lines.length > lineLimit) {
          this.#lines = this.#lines.slice(-lineLimit);
          this.#left = true;
        }
        grown = true;
      }
      this.#over = chunk.over;
      if (chunk.next === this.#next) break;
      this.#next = chunk.next;
    }
    return grown || (this.#over && before === 0);
  }
}
