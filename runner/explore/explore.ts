import type { Result } from '../protocol/results.ts';
import type { ExploreContext } from './explore.types.ts';

/** Carries out a command that is not a run. Throws errors for the user. */
export async function explore(_text: string, _context: ExploreContext): Promise<Result> {
  throw new Error('Not built yet.');
}
