/** What a window and a runner tell each other about themselves. */
export interface ProgramIdentity {
  readonly protocol: number;
  readonly version: string;
  readonly build: string;
}

/** `use`: talk to it. `replace`: end it and start one's own. `reload-window`: it is newer, and only a newer window can talk to it. */
export type ConnectionDecision = 'use' | 'replace' | 'reload-window';

/**
 * What a window does with a runner that it finds. An older runner is replaced; a newer one is used as long as it speaks
 * the same protocol, so that two windows of different age do not take turns in replacing. For the same reason another
 * build of the same version is replaced only by a window that has not been `connected` before.
 */
export function decideConnection(mine: ProgramIdentity, theirs: ProgramIdentity, connected: boolean): ConnectionDecision {
  const order = compareVersions(mine.version, theirs.version);
  if (order > 0 || (order === 0 && mine.protocol > theirs.protocol)) return 'replace';
  if (mine.protocol !== theirs.protocol) return 'reload-window';
  if (order === 0 && mine.build !== theirs.build && !connected) return 'replace';
  return 'use';
}

/** Negative when `a` is older, positive when it is newer. What follows the numbers (`-beta`) is not looked at. */
function compareVersions(a: string, b: string): number {
  const numbers = (version: string): readonly number[] => version.split('-')[0].split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(a), numbers(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
