import { isRemote } from '../storage/uri.ts';
import { changedError } from '../storage/bodyFaults.ts';
import { throwIfCancelled } from '../storage/cancel.ts';
import { startDigest } from '../storage/digest.ts';
import type { DigestKind } from '../storage/digest.ts';
import type { Checksums, ObjectStat, ObjectStore } from '../storage/objectStore.ts';
import { sameChecksums } from './policy.ts';

/** Bytes read at once. */
const block = 8 * 1024 * 1024;

/** An object as one side has it, with the store's own key. */
export interface Content {
  readonly store: ObjectStore;
  readonly key: string;
  readonly stat: ObjectStat;
}

/**
 * Whether two objects of equal size have equal content, by the checksums that services keep and by reading what lies on
 * this machine. Nothing is read over a network for it. Undefined: a service tells no checksum of it that could be compared.
 */
export async function sameContent(a: Content, b: Content, signal: AbortSignal): Promise<boolean | undefined> {
  const [left, right] = [await checksumsOf(a, signal), await checksumsOf(b, signal)];
  const told = sameChecksums(left, right);
  if (told !== undefined) return told;
  if (isRemote(a.store.uri) && isRemote(b.store.uri)) return undefined;
  if (!isRemote(a.store.uri) && !isRemote(b.store.uri)) return (await digestOfObject('sha256', a, signal)) === (await digestOfObject('sha256', b, signal));
  const [here, there] = isRemote(a.store.uri) ? [b, left] : [a, right];
  const kind = (['md5', 'crc32', 'crc32c', 'sha256'] as const).find((each) => there?.[each] !== undefined);
  return kind === undefined ? undefined : (await digestOfObject(kind, here, signal)) === there?.[kind];
}

/** All checksums that a side keeps of an object. */
async function checksumsOf({ store, key, stat }: Content, signal: AbortSignal): Promise<Checksums | undefined> {
  if (!isRemote(store.uri)) return undefined;
  const known = stat.checksums;
  if (known !== undefined && Object.keys(known).some((kind) => kind !== 'maybeMd5')) return known;
  return { ...known, ...(await store.stat(key, { checksums: true, signal }))?.checksums };
}

/** The digest of an object, read in pieces. Throws `changed` when it is not the version that was listed. */
export async function digestOfObject(kind: DigestKind, { store, key, stat }: Content, signal: AbortSignal): Promise<string> {
  const where = `${store.uri}/${key}`;
  const digest = startDigest(kind);
  for (let offset = 0; offset < stat.size; offset += block) {
    throwIfCancelled(signal, where);
    const bytes = await store.read(key, { range: { offset, length: Math.min(block, stat.size - offset) }, ifVersion: stat.version, signal });
    if (bytes === undefined) throw changedError(where);
    digest.update(bytes);
  }
  return digest.done();
}
