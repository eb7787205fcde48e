import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { SpimquantError } from '../protocol/errors.ts';
import { parseUri } from '../storage/uri.ts';
import { count } from '../wording/words.ts';
import type { TransferPlan } from './plan.ts';

/** Objects that are deleted without being asked for by number, and the part of all that there are. */
const mostUnasked = 1000;
const largestPart = 0.5;
/** Fewer than these are never too large a part. */
const few = 20;

/** What decides whether deleting is too much to be meant. */
export interface DeletionBounds {
  /** Of `--max_delete`; undefined: not given. */
  readonly maxDelete: number | undefined;
}

/**
 * Refuses deletions that a slip would explain better than a wish: everything, because the source is empty; very many, or
 * most of what there is; in a whole bucket, disk or home folder. All but the first are possible with `--max_delete`.
 * Throws `bad-option`. Pure but for the home folder.
 */
export function checkDeletion(plan: Pick<TransferPlan, 'delete' | 'sourceFiles' | 'destinationFiles'>, destination: string, { maxDelete }: DeletionBounds, home: string = homedir()): void {
  const { files } = plan.delete;
  if (files === 0) return;
  const what = `${count(files, 'file')} of ${destination}`;
  const refuse = (why: string, hint: string): never => {
    throw new SpimquantError('bad-option', `--delete would delete ${what}, and ${why}. Nothing was changed.`, { where: destination, hint });
  };
  if (plan.sourceFiles === 0) refuse('the source is empty', 'Check the source. Without --delete nothing is deleted.');
  if (maxDelete !== undefined) {
    if (files > maxDelete) refuse(`--max_delete allows ${maxDelete}`, `Look at the plan with -n; if it is right, raise --max_delete to ${files}.`);
    return;
  }
  const hint = `Look at the plan with -n; if it is right, add --max_delete ${files}.`;
  if (isHighUp(destination, home)) refuse('the destination is a whole bucket, disk or home folder', hint);
  if (files > mostUnasked) refuse(`that is more than ${mostUnasked}`, hint);
  if (files >= few && files > largestPart * plan.destinationFiles) refuse(`that is more than half of the ${plan.destinationFiles} that are there`, hint);
}

function isHighUp(destination: string, home: string): boolean {
  const location = parseUri(destination);
  if (location.scheme !== 'local') return location.prefix === '';
  return location.path === home || dirname(location.path) === location.path || home.startsWith(`${location.path}/`);
}
