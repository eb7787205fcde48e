import type { Flag } from '../flag.types.ts';
import { written } from '../flags.ts';

/** What follows a flag, as help shows it: `--seg_method METHOD ...`. */
export function flagUsage(flag: Flag, name = flag.name): string {
  if (flag.value.kind === 'switch') return written(name);
  const value = flag.metavar ?? 'VALUE';
  return `${written(name)} ${flag.arity === 'maybe' ? `[${value}]` : flag.arity === 'many' ? `${value} ...` : value}`;
}
