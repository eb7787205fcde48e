/** How fast something goes: a mean in which the past fades. */
export interface Rate {
  /** Milliseconds since the epoch of the last sample and of the first. */
  readonly at: number;
  readonly since: number;
  /** Weighted sum; see {@link perSecond}. */
  readonly sum: number;
}

/** Seconds in which the past loses about two thirds of its weight. */
const fadeSeconds = 8;

/** A rate of which nothing is known yet. `now`: milliseconds since the epoch. */
export function startRate(now: number): Rate {
  return { at: now, since: now, sum: 0 };
}

/** The rate after `amount` more, which has come since the last sample. Pure. */
export function addToRate(rate: Rate, amount: number, now: number): Rate {
  const seconds = Math.max(0, now - rate.at) / 1000;
  // Nothing can be said of no time: it counts with what comes next.
  const kept = Math.exp(-seconds / fadeSeconds);
  const weight = seconds > 0 ? (1 - kept) / seconds : 1 / fadeSeconds;
  return { at: Math.max(now, rate.at), since: rate.since, sum: rate.sum * kept + amount * weight };
}

/** What it comes to by `now`; 0 before any time has passed. At the beginning, when there is little past, it is the plain mean. */
export function perSecond(rate: Rate, now: number): number {
  const { at, since, sum } = addToRate(rate, 0, now);
  const weight = 1 - Math.exp(-(at - since) / 1000 / fadeSeconds);
  return weight <= 0 ? 0 : sum / weight;
}

/** What is left, in time. */
export interface Left {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Seconds that the rest takes at these rates; undefined when they say nothing. Whichever is slower counts: many small
 * files take time by their number, few large ones by their bytes.
 */
export function secondsLeft(left: Left, rates: { readonly filesPerSecond: number; readonly bytesPerSecond: number }): number | undefined {
  if (left.files === 0) return 0;
  const times = [
    ...(left.bytes > 0 && rates.bytesPerSecond > 0 ? [left.bytes / rates.bytesPerSecond] : []),
    ...(rates.filesPerSecond > 0 ? [left.files / rates.filesPerSecond] : []),
  ];
  return times.length === 0 ? undefined : Math.max(...times);
}
