import type { Flag } from '../flag.types.ts';
import { written } from '../flags.ts';

/** What follows a flag, as help shows it: `--seg_method METHOD ...`. */
export function flagUsage(flag: Flag): string {
  return [written(flag.name), valueUsage(flag)].filter((word) => word !== '').join(' ');
}

/** The value of a flag, as help shows it: `METHOD ...`; empty for those that take none. */
export function valueUsage(flag: Flag): string {
  if (flag.value.kind === 'switch') return '';
  const value = flag.metavar ?? 'VALUE';
  return flag.arity === 'maybe' ? `[${value}]` : flag.arity === 'many' ? `${value} ...` : value;
}
