import type { Json, JsonObject } from '../protocol/json.ts';
import type { PathFilter, SyncCommand, SyncOptions } from '../protocol/options.ts';
import { destinationPrefix, ownStorage, reachFlags } from '../protocol/storageChoice.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import { executionOptions } from './build.ts';
import { checkFlags, checkWords } from './buildExplore.ts';
import { Given, storageChoice } from './given.ts';
import { bad, telling } from './problem.ts';
import type { Tell } from './problem.ts';
import type { Positional, Reading } from './read.ts';

/** Objects and parts copied at the same time, where nothing is said. */
export const usualTransfers = 16;

/** A transfer from its parts, or undefined when `tell` was told why there is none. `words` follow the verb. */
export function buildSync(words: readonly Positional[], reading: Reading, tell: Tell): SyncCommand | undefined {
  const { values } = reading;
  telling(tell, () => { checkWords('sync', words); });
  checkFlags('sync', values, tell);
  return telling(tell, () => {
    const given = new Given(values);
    const [source, destination] = words;
    const storage = storageChoice(given);
    return { verb: 'sync', bids: source?.text ?? '', output: destination?.text ?? '', options: syncOptions(given, reading), execution: executionOptions(given), storage, toStorage: destinationStorage(given, storage) };
  });
}

function syncOptions(given: Given, reading: Reading): SyncOptions {
  const deletes = given.on('delete');
  for (const name of ['yes', 'max_delete']) {
    if (!deletes && given.has(name)) throw bad(`--${name} has no effect without --delete.`, undefined, { place: { kind: 'flag', name } });
  }
  if (given.on('forceall') && given.on('checksum')) throw bad('--forceall and --checksum exclude each other: one copies everything, the other what differs.', undefined, { place: { kind: 'flag', name: 'checksum' } });
  const maxDelete = given.one<number>('max_delete');
  return {
    filters: filtersOf(reading), deletes, yes: given.on('yes'), ...(maxDelete === undefined ? {} : { maxDelete }),
    byContent: given.on('checksum'), verify: !given.on('no_verify'), transfers: given.one<number>('transfers') ?? usualTransfers,
  };
}

/** Patterns in the order in which they stand there. Those of a configuration file, which knows no order, come first: what it excludes, then what it includes. */
function filtersOf({ uses, values }: Reading): readonly PathFilter[] {
  const ofLine = uses.flatMap(({ flag, words }) => (flag?.name === 'include' || flag?.name === 'exclude' ? words.map((pattern) => ({ include: flag.name === 'include', pattern })) : []));
  const ofFile = ([false, true] as const).filter((include) => !ofLine.some((filter) => filter.include === include))
    .flatMap((include) => ((values.get(include ? 'include' : 'exclude') ?? []) as readonly string[]).map((pattern) => ({ include, pattern })));
  return [...ofFile, ...ofLine];
}

/**
 * How the destination is reached: by the flags that begin with `to-` alone, if there are any, else as the source. Nobody
 * writes as the public, or pays the owner for it. Storage class and encryption are the destination's in any case.
 */
function destinationStorage(given: Given, storage: StorageChoice): StorageChoice {
  const own = reachFlags.some((flag) => given.has(destinationPrefix + flag));
  if (!own) return ownStorage(storage);
  const { storageClass, encryption, encryptionKey } = storage;
  return {
    ...storageChoice(given, destinationPrefix),
    ...(storageClass === undefined ? {} : { storageClass }), ...(encryption === undefined ? {} : { encryption }), ...(encryptionKey === undefined ? {} : { encryptionKey }),
  };
}

/** The options of a transfer by their names, for the journal. */
export function syncConfiguration({ bids, output, options }: SyncCommand): JsonObject {
  const filters: Json = options.filters.map(({ include, pattern }) => `${include ? 'include' : 'exclude'} ${pattern}`);
  return { source: bids, destination: output, filters, delete: options.deletes, checksum: options.byContent, transfers: options.transfers };
}
