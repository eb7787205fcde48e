import { SpimquantError } from '../protocol/errors.ts';
import { changedError } from '../storage/bodyFaults.ts';
import { throwIfCancelled } from '../storage/cancel.ts';
import type { Checksums, PartUploads } from '../storage/objectStore.ts';
import { recordOf } from './copyObject.ts';
import type { Copied, CopyContext } from './copyObject.ts';
import type { CopyItem } from './transfer.types.ts';
import type { HalfCopied, SentPart } from './unfinished.ts';
import { certainKind, mismatch, startWhole } from './verify.ts';
import type { Verified, WholeDigest } from './verify.ts';

/**
 * Copies a large object part by part, several at once, each of the version that was planned. Goes on from the parts that
 * an earlier run has sent. Leaves the parts where they are when it is cancelled or fails for a reason that passes.
 */
export async function copyInParts(item: CopyItem, context: CopyContext, uploads: PartUploads): Promise<Copied> {
  const { source, destination, unfinished, verify, signal } = context;
  const from = source.keyOf(item.key);
  const where = `${source.store.uri}/${from}`;
  const told = verify ? await toldOf(item, context) : undefined;
  const half = await takeUp(item, context, uploads);
  const kind = certainKind(told);
  // A local file is read back whole in any case, by which it is checked before it is seen.
  const whole = kind === undefined || destination.local ? undefined : startWhole(kind, item.size, uploads.partBytes(item.size));
  try {
    await sendMissing(item, half, context, uploads, whole);
    const found = whole?.done();
    if (kind !== undefined && found !== undefined && found !== told?.[kind]) throw mismatch(where, kind, found, told?.[kind] ?? '');
    const written = await uploads.complete(half.upload, [...half.parts.values()], {
      ...(item.modified === undefined ? {} : { modified: item.modified }), ...(told === undefined ? {} : { expected: told }), signal,
    });
    unfinished.end(item.key);
    const verified: Verified = kind !== undefined && (destination.local || found !== undefined) ? kind : destination.local ? 'read-back' : 'parts';
    return { record: recordOf(item, written), verified: verify ? verified : undefined };
  } catch (error) {
    const code = error instanceof SpimquantError ? error.code : undefined;
    // Of no use any more.
    if (code === 'changed' || code === 'checksum-mismatch') await abandon(item.key, half, context, uploads);
    if (code === 'upload-lost') unfinished.end(item.key);
    throw error;
  }
}

/** The checksums of the source, with those that listings leave out. Throws `changed` when it is another by now. */
async function toldOf(item: CopyItem, { source, signal }: CopyContext): Promise<Checksums | undefined> {
  if (certainKind(item.checksums) !== undefined) return item.checksums;
  const from = source.keyOf(item.key);
  const stat = await source.store.stat(from, { checksums: true, signal });
  if (stat?.version !== item.version) throw changedError(`${source.store.uri}/${from}`);
  return stat.checksums;
}

/** The upload that was begun for this version, with the parts that the destination still has; else a new one. */
async function takeUp(item: CopyItem, context: CopyContext, uploads: PartUploads): Promise<HalfCopied> {
  const { unfinished, signal, arrived } = context;
  const known = unfinished.uploads.get(item.key);
  if (known !== undefined && (known.version !== item.version || known.upload.size !== item.size)) await abandon(item.key, known, context, uploads);
  else if (known !== undefined) {
    const there = await uploads.confirm(known.upload, [...known.parts.values()], { signal });
    if (there === undefined) unfinished.end(item.key);
    else {
      const kept = new Set(there.map(({ index }) => index));
      for (const index of [...known.parts.keys()]) {
        if (kept.has(index)) arrived(lengthOf(item.size, index, uploads), true);
        else known.parts.delete(index);
      }
      return known;
    }
  }
  return unfinished.begin(await uploads.begin(item.key, item.size, { signal }), item.version);
}

function lengthOf(size: number, index: number, uploads: PartUploads): number {
  const partBytes = uploads.partBytes(size);
  return Math.min(partBytes, size - index * partBytes);
}

async function sendMissing(item: CopyItem, half: HalfCopied, context: CopyContext, uploads: PartUploads, whole: WholeDigest | undefined): Promise<void> {
  const { source, budget, unfinished, partsAtOnce } = context;
  const from = source.keyOf(item.key);
  const where = `${source.store.uri}/${from}`;
  const partBytes = uploads.partBytes(item.size);
  const missing: number[] = [];
  for (let index = 0; index * partBytes < item.size; index++) {
    const had = half.parts.get(index);
    if (had === undefined) missing.push(index);
    else whole?.had(index, had.crc);
  }
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < missing.length) {
      const index = missing[next++];
      const length = lengthOf(item.size, index, uploads);
      await budget.use(length, signal, where, async () => {
        const bytes = await source.store.read(from, { range: { offset: index * partBytes, length }, ifVersion: item.version, signal });
        if (bytes?.length !== length) throw changedError(where);
        const [tag, digest] = await Promise.all([uploads.send(half.upload, index, bytes, { signal }), whole?.add(index, bytes)]);
        const part: SentPart = { ...tag, ...digest };
        unfinished.sent(half, part);
        context.arrived(length, false);
      });
    }
  };
  const lanes = Array.from({ length: Math.min(partsAtOnce, missing.length) }, lane);
  try {
    await Promise.all(lanes);
  } catch (error) {
    failed.abort();
    whole?.stop();
    await Promise.allSettled(lanes);
    throw error;
  }
  throwIfCancelled(context.signal, where);
}

async function abandon(key: string, half: HalfCopied, { unfinished, signal }: CopyContext, uploads: PartUploads): Promise<void> {
  try {
    await uploads.abandon(half.upload, { signal });
  } finally {
    unfinished.end(key);
  }
}
