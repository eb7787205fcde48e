import type { NotificationName, Notifications } from '../protocol/rpc.ts';
import type { Caller } from './connection.ts';

/** What one window is to be told and has not taken yet: of values with the same key only the latest. */
export class Outbox {
  readonly #caller: Caller;
  readonly #waiting = new Map<string, () => Promise<void>>();
  #sending = false;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  put<N extends NotificationName>(name: N, value: Notifications[N], key: string): void {
    const whole = `${name} ${key}`;
    // Taken out first, so that it goes to the end: what is told last is told last.
    this.#waiting.delete(whole);
    this.#waiting.set(whole, () => this.#caller.notify(name, value));
    void this.#send();
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    for (let next = this.#take(); next !== undefined; next = this.#take()) await next();
    this.#sending = false;
  }

  #take(): (() => Promise<void>) | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    this.#waiting.delete(first[0]);
    return first[1];
  }
}
