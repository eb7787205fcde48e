import { JournalReader } from '../../engine/journalReader.ts';
import type { RunEvent } from '../../protocol/events.ts';

/** Events in one message at most. */
const batchLimit = 500;

/** Sends a run's events to one window, each once and in order, no faster than the window takes them. */
export class Follower {
  readonly #reader: JournalReader;
  readonly #send: (events: readonly RunEvent[]) => Promise<void>;
  #stopNews: () => void = () => undefined;
  #pumping = false;
  #again = false;
  #ended = false;

  /** Begins with event `after` + 1 of the run in `folder`. `send` resolves when the window can take more. */
  constructor(folder: string, after: number, send: (events: readonly RunEvent[]) => Promise<void>) {
    this.#reader = new JournalReader(folder, after);
    this.#send = send;
  }

  /** Sends what there is, and again whenever there is news; `onNews` returns how to stop hearing of it. */
  start(onNews: (listener: () => void) => () => void): void {
    this.#stopNews = onNews(() => { void this.#pump(); });
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    this.#pumping = true;
    try {
      do {
        this.#again = false;
        for (;;) {
          const events = this.#ended ? [] : this.#reader.read(batchLimit);
          if (events.length === 0) break;
          await this.#send(events);
        }
      } while (this.#again && !this.#ended);
    } finally {
      this.#pumping = false;
    }
  }

  stop(): void {
    this.#ended = true;
    this.#stopNews();
  }
}
