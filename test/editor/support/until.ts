import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for a condition, asked again and again, and gives what it answers.
 *
 * @param what - for the message when it does not come
 * @param condition - undefined and false mean not yet
 */
export async function until<T>(what: string, condition: () => T | undefined | false | Promise<T | undefined | false>, timeoutMs = 20_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`);
    await delay(50);
  }
}
