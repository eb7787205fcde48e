import type { Result } from '../../../runner/protocol/results.ts';

/** What an options cell sets, as its output. Throws `bad-option` with what is wrong in it. */
export function showOptions(_yaml: string, _above: readonly string[]): Result {
  return { title: 'Options', command: '', blocks: [] };
}
