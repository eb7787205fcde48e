import { SpimquantError } from '../protocol/errors.ts';
import { changedError } from '../storage/bodyFaults.ts';
import { digestOf, quickestDigest } from '../storage/digest.ts';
import type { Checksums, ObjectStat, PartUploads } from '../storage/objectStore.ts';
import { partThreshold } from '../storage/partSize.ts';
import { isRemote } from '../storage/uri.ts';
import type { Budget } from './budget.ts';
import { copyInParts } from './copyParts.ts';
import type { CopyItem, CopyRecord, DestinationEnd, SourceEnd } from './transfer.types.ts';
import type { Unfinished } from './unfinished.ts';
import { checkBytes, mismatch } from './verify.ts';
import type { Verified } from './verify.ts';

/** What copying needs. */
export interface CopyContext {
  readonly source: SourceEnd;
  readonly destination: DestinationEnd;
  /** Of the destination; undefined: it takes objects whole only. */
  readonly parts: PartUploads | undefined;
  readonly unfinished: Unfinished;
  readonly budget: Budget;
  /** Parts of one object that are on their way at the same time. */
  readonly partsAtOnce: number;
  /** Hold what arrives against the checksums that services tell. */
  readonly verify: boolean;
  readonly signal: AbortSignal;
  /** Told how many bytes have got to the destination; `before`: in an earlier run. Negative: they have to be sent again. */
  readonly arrived: (bytes: number, before: boolean) => void;
  /** Told that the object is another by now. */
  readonly changed: (item: CopyItem, now: CopyItem) => void;
}

/** A copy that was made. */
export interface Copied {
  readonly record: CopyRecord;
  readonly verified: Verified | undefined;
}

/** How often an object is begun anew because it changes while it is read. */
const mostChanges = 3;

/**
 * Copies one object: the destination has the old one or the whole new one, never a part. What changes at the source
 * meanwhile is copied anew, as it is then; undefined: it is no longer there. Throws as stores do, `changed` when it does
 * not keep still, `checksum-mismatch` when content does not arrive as its service says it is, also not the second time.
 */
export async function copyObject(item: CopyItem, context: CopyContext): Promise<Copied | undefined> {
  let current = item;
  let again = false;
  for (let changes = 0; ;) {
    let arrived = 0;
    const counting: CopyContext = {
      ...context,
      arrived: (bytes, before) => {
        arrived += bytes;
        context.arrived(bytes, before);
      },
    };
    try {
      return await (current.size > partThreshold && context.parts !== undefined ? copyInParts(current, counting, context.parts) : copyWhole(current, counting));
    } catch (error) {
      context.arrived(-arrived, false);
      const code = error instanceof SpimquantError ? error.code : undefined;
      if ((code === 'checksum-mismatch' || code === 'upload-lost') && !again) {
        again = true;
        continue;
      }
      if (code !== 'changed' || ++changes > mostChanges) throw error;
      const now = await statOf(current, context);
      if (now === undefined) return undefined;
      const next: CopyItem = { ...current, size: now.size, version: now.version, modified: now.modified, checksums: now.checksums };
      context.changed(current, next);
      current = next;
    }
  }
}

function statOf({ key }: CopyItem, { source, signal }: CopyContext): Promise<ObjectStat | undefined> {
  return source.store.stat(source.keyOf(key), { signal });
}

async function copyWhole(item: CopyItem, context: CopyContext): Promise<Copied> {
  const { source, destination, budget, signal, verify } = context;
  const from = source.keyOf(item.key);
  const where = `${source.store.uri}/${from}`;
  return budget.use(item.size, signal, where, async () => {
    const bytes = await source.store.read(from, { ifVersion: item.version, signal });
    if (bytes?.length !== item.size) throw changedError(where);
    const more = async (): Promise<Checksums | undefined> => (!isRemote(source.store.uri) ? undefined : (await source.store.stat(from, { checksums: true, signal }))?.checksums);
    const verified = verify ? await checkBytes(bytes, item.checksums, more, where) : undefined;
    const written = await destination.store.write(item.key, bytes, { ...(item.modified === undefined ? {} : { modified: item.modified }), signal });
    const kept = verify ? await checkWritten(item, bytes, written, context) : undefined;
    context.arrived(item.size, false);
    return { record: recordOf(item, written), verified: verified ?? kept };
  });
}

/** Holds what the destination tells, or what is read back from a disk, against what was sent. */
async function checkWritten(item: CopyItem, bytes: Uint8Array, written: ObjectStat, { destination, signal }: CopyContext): Promise<Verified | undefined> {
  const where = `${destination.store.uri}/${item.key}`;
  const kind = quickestDigest(written.checksums);
  if (kind !== undefined) {
    const sent = digestOf(kind, bytes);
    if (written.checksums?.[kind] !== sent) throw mismatch(where, kind, written.checksums?.[kind] ?? '', sent);
    return kind;
  }
  if (!destination.local) return undefined;
  const back = await destination.store.read(item.key, { signal });
  if (back === undefined || Buffer.compare(back, bytes) !== 0) {
    throw new SpimquantError('checksum-mismatch', `What was written is not what is read back: ${where}`, { where, hint: 'Check the disk, and that nothing else writes there.' });
  }
  return 'read-back';
}

/** What is remembered of a copy. */
export function recordOf({ key, size, version }: CopyItem, written: ObjectStat): CopyRecord {
  return { key, size, source: version, destination: written.version };
}
