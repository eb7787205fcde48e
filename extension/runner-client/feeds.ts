import type { RunEvent } from '../../runner/protocol/events.ts';
import type { RunListener } from './client.types.ts';

interface Subscriber {
  readonly listener: RunListener;
  /** Number of the last event that it was told. */
  seen: number;
}

/** Who hears which run, and how far each has heard. */
export class Feeds {
  readonly #feeds = new Map<string, Set<Subscriber>>();

  /** Ids of runs that somebody hears. */
  get ids(): readonly string[] {
    return [...this.#feeds.keys()];
  }

  /** Adds a listener that has heard up to event `after`. Returns how to take it away; that returns whether it was the run's last. */
  add(id: string, after: number, listener: RunListener): () => boolean {
    const subscriber: Subscriber = { listener, seen: after };
    const feed = this.#feeds.get(id) ?? new Set();
    this.#feeds.set(id, feed.add(subscriber));
    return () => {
      const present = this.#feeds.get(id);
      if (present?.delete(subscriber) !== true || present.size > 0) return false;
      this.#feeds.delete(id);
      return true;
    };
  }

  /** The number of the last event that all listeners of a run have heard: where the runner has to go on. */
  heard(id: string): number {
    return Math.min(...[...(this.#feeds.get(id) ?? [])].map(({ seen }) => seen));
  }

  /**
   * Tells events, which follow each other. What a listener has heard already is left out, and what does not follow on is
   * not told: the runner was asked to send again from an earlier place, and what is missing is on its way.
   */
  deliver(id: string, events: readonly RunEvent[]): void {
    for (const subscriber of [...(this.#feeds.get(id) ?? [])]) {
      const next = events.findIndex(({ seq }) => seq === subscriber.seen + 1);
      if (next < 0) continue;
      const news = next === 0 ? events : events.slice(next);
      subscriber.seen += news.length;
      subscriber.listener.events(news);
    }
  }

  /** Tells that a run's record is no more. */
  remove(id: string): void {
    const feed = this.#feeds.get(id);
    this.#feeds.delete(id);
    for (const { listener } of feed ?? []) listener.gone();
  }

  clear(): void {
    this.#feeds.clear();
  }
}
