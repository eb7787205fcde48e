/*
 * How often something is looked at: soon at first, because most that goes wrong does so then and somebody is watching; seldom
 * later, because runs take hours. Pure; times in milliseconds.
 */

/** Until the next look for events in the bucket, when it has been followed for so long. */
export function eventsPace(elapsed: number): number {
  return between(1000, elapsed / 20, 5000);
}

/** Until Coiled is asked again about so many jobs, when they have been followed for so long. Of many each is asked about less often. */
export function coiledPace(elapsed: number, jobs: number): number {
  return between(3000, elapsed / 10, 15_000) * Math.max(1, jobs / 4);
}

/** Until the next look at machines that were told to end so long ago. */
export function endPace(elapsed: number): number {
  return between(500, elapsed / 5, 5000);
}

function between(least: number, wish: number, most: number): number {
  return Math.max(least, Math.min(most, wish));
}
