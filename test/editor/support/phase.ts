import type { PhaseInfo } from '../../../scripts/editor/driver.types.ts';

// Every bundled suite has a copy of this module, so what they share is kept outside.
const shared = globalThis as typeof globalThis & { spimquantPhase?: PhaseInfo };

/** Called once, before the suites are loaded. */
export function enterPhase(info: PhaseInfo): void {
  shared.spimquantPhase = info;
}

export function currentPhase(): PhaseInfo {
  if (shared.spimquantPhase === undefined) throw new Error('Suites are loaded by test/editor/support/index.ts.');
  return shared.spimquantPhase;
}

/** A block of tests for one phase of its scenario; in the others it is not there. */
export function inPhase(name: string, tests: (this: Mocha.Suite) => void): void {
  if (currentPhase().phase === name) describe(name, tests);
}

/** What an earlier phase kept under a name. */
export function kept<T>(name: string): T {
  const value = currentPhase().kept[name];
  if (value === undefined) throw new Error(`No earlier phase kept "${name}".`);
  return value as T;
}
