/** An item with the batch it was asked for in, e.g. by "Run All". */
export interface Queued<T> {
  readonly item: T;
  readonly batch: number;
}

/** What a notebook carries out and what waits for it. */
export interface QueueState<T> {
  /** At most one that was begun here; more only when they were found running. */
  readonly active: readonly Queued<T>[];
  /** In the order in which they will be carried out. */
  readonly waiting: readonly Queued<T>[];
  /** Number of the last batch. */
  readonly batches: number;
}

export function emptyQueue<T>(): QueueState<T> {
  return { active: [], waiting: [], batches: 0 };
}

/** Puts items that were asked for together at the end. */
export function enqueue<T>(queue: QueueState<T>, items: readonly T[]): QueueState<T> {
  const batch = queue.batches + 1;
  return { ...queue, waiting: [...queue.waiting, ...items.map((item) => ({ item, batch }))], batches: batch };
}

/** Takes up something that is going on already: what waits, waits for it too. */
export function adopt<T>(queue: QueueState<T>, item: T): QueueState<T> {
  const batch = queue.batches + 1;
  return { ...queue, active: [...queue.active, { item, batch }], batches: batch };
}

/** The next item to begin, if nothing is going on. */
export function begin<T>(queue: QueueState<T>): { readonly queue: QueueState<T>; readonly item?: T } {
  const [next, ...waiting] = queue.waiting;
  if (queue.active.length > 0 || next === undefined) return { queue };
  return { queue: { ...queue, active: [next], waiting }, item: next.item };
}

/** An active item has ended. When it did not succeed, those that wait in its batch are dropped. */
export function end<T>(queue: QueueState<T>, item: T, succeeded: boolean): { readonly queue: QueueState<T>; readonly dropped: readonly T[] } {
  const ended = queue.active.find((each) => each.item === item);
  if (ended === undefined) return { queue, dropped: [] };
  const active = queue.active.filter((each) => each !== ended);
  if (succeeded) return { queue: { ...queue, active }, dropped: [] };
  const dropped = queue.waiting.filter(({ batch }) => batch === ended.batch);
  return { queue: { ...queue, active, waiting: queue.waiting.filter(({ batch }) => batch !== ended.batch) }, dropped: dropped.map((each) => each.item) };
}

/** Takes an item out that still waits; the rest of its batch stays. */
export function remove<T>(queue: QueueState<T>, item: T): QueueState<T> {
  return { ...queue, waiting: queue.waiting.filter((each) => each.item !== item) };
}

/** How many go before a waiting item, those under way included; undefined when it does not wait. */
export function placeInQueue<T>(queue: QueueState<T>, item: T): number | undefined {
  const index = queue.waiting.findIndex((each) => each.item === item);
  return index < 0 ? undefined : index + queue.active.length;
}
