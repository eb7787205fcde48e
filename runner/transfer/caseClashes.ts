import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { foldedName } from './names.ts';
import { sortByKey } from './sorting.ts';

/** A name of the plan: of an object to copy, of one that stays, or of one that only the destination has. */
export interface PlannedName {
  readonly key: string;
  readonly kind: 'copy' | 'skip' | 'extra';
}

/** Those that stay before those that come, and both before those that go. */
const order = { skip: 0, copy: 1, extra: 2 } as const;

/**
 * Names that a disk which does not tell capitals from small letters takes for an earlier one. A file of the destination
 * that is written differently there but is the source's own is among them as `extra`, so that it is not deleted.
 */
export async function* clashes(names: AsyncIterable<PlannedName>, scratch: string): AsyncGenerator<PlannedName & { readonly other: string }> {
  const folded = async function* (): AsyncGenerator<{ readonly key: string; readonly name: PlannedName }> {
    for await (const name of names) yield { key: `${foldedName(name.key)}\u0000${order[name.kind]}${name.key}`, name };
  };
  let first: { readonly fold: string; readonly name: PlannedName } | undefined;
  for await (const { name } of sortByKey(folded(), scratch)) {
    const fold = foldedName(name.key);
    // What only the destination has cannot clash with others of its kind: they are there side by side.
    if (first?.fold === fold && !(name.kind === 'extra' && first.name.kind === 'extra')) yield { ...name, other: first.name.key };
    else if (first?.fold !== fold) first = { fold, name };
  }
}

/**
 * Whether the disk of a folder takes capitals and small letters for the same, seen at a folder that is there: whether it
 * answers to its name with the letters changed. Writes nothing.
 */
export async function foldsCase(folder: string): Promise<boolean> {
  for (let path = folder; dirname(path) !== path; path = dirname(path)) {
    const name = basename(path);
    const other = [...name].map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase())).join('');
    if (other === name) continue;
    const [found, changed] = await Promise.all([path, join(dirname(path), other)].map((each) => stat(each, { bigint: true }).catch(() => undefined)));
    if (found === undefined) continue;
    return changed !== undefined && changed.ino === found.ino && changed.dev === found.dev;
  }
  return false;
}
