import { rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { ErrorCode, ErrorReport } from '../protocol/errors.ts';
import type { Clock } from '../protocol/log.ts';
import type { PartUploads } from '../storage/objectStore.ts';
import { Budget } from './budget.ts';
import { copyObject } from './copyObject.ts';
import type { CopyContext } from './copyObject.ts';
import type { Ends } from './ends.ts';
import { inLanes } from './lanes.ts';
import { imageOf } from './names.ts';
import type { TransferPlan } from './plan.ts';
import { addToRate, perSecond, secondsLeft, startRate } from './rate.ts';
import type { CopyRecords } from './record.ts';
import type { CopyItem, Sum } from './transfer.types.ts';
import type { Unfinished } from './unfinished.ts';
import type { Verified } from './verify.ts';

/** How far a transfer has come. */
export interface TransferProgress {
  readonly files: { readonly done: number; readonly total: number };
  readonly bytes: { readonly done: number; readonly total: number };
  /** Smoothed. */
  readonly bytesPerSecond: number;
  /** Undefined: it cannot be told yet. */
  readonly secondsLeft: number | undefined;
}

/** What carrying out a plan needs. */
export interface CarryOutRequest {
  readonly plan: TransferPlan;
  readonly ends: Ends;
  readonly records: CopyRecords;
  readonly unfinished: Unfinished;
  /** Whether filters let a key take part: what was begun of others is left alone. */
  readonly chooses: (key: string) => boolean;
  /** Objects, and parts of large ones, that are on their way at the same time. */
  readonly transfers: number;
  /** Bytes held in memory at the same time. */
  readonly memoryBytes: number;
  readonly verify: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress?: (progress: TransferProgress) => void;
  /** Told of every object that could not be copied. */
  readonly failed?: (key: string, error: ErrorReport) => void;
  readonly note?: (message: string) => void;
  /**
   * Asked when an error is not about one object only, because credentials have expired or the network is away, say. True:
   * it is tried again. False, or left out: the object fails, or the transfer ends with the error.
   */
  readonly recover?: (error: SpimquantError) => Promise<boolean>;
}

/** What came of it. */
export interface CarryOutResult {
  readonly copied: Sum;
  /** Objects that were gone from the source when they were to be copied. */
  readonly gone: number;
  readonly failed: number;
  /** How many copies were found right by what. */
  readonly verified: Readonly<Partial<Record<Verified, number>>>;
}

/** Errors that the next object would meet as well. */
const general: ReadonlySet<ErrorCode> = new Set(['auth-expired', 'auth-missing', 'disk-full', 'requester-pays', 'region-mismatch', 'out-of-memory']);
/** Errors that may be about the object or about the line to its service. */
const ofTheLine: ReadonlySet<ErrorCode> = new Set(['network', 'throttled']);
/** How often one object is tried again because of the line. */
const mostRecoveries = 3;
/** Failures in a row after which nothing is expected of the next. */
const hopeless = 100;
const hopelessOnline = 12;

/** Copies what the plan says, and removes what earlier runs have left half copied of other objects. Throws what stops it all; failures of single objects are told and counted. */
export async function carryOut(request: CarryOutRequest): Promise<CarryOutResult> {
  return new Transfer(request).run();
}

class Transfer {
  readonly #request: CarryOutRequest;
  readonly #verified: Partial<Record<Verified, number>> = {};
  readonly #copied = { files: 0, bytes: 0 };
  readonly #failedImages = new Set<string>();
  readonly #attempted = new Set<string>();
  readonly #stop = new AbortController();
  #gone = 0;
  #failed = 0;
  #inRow = 0;
  #fatal: SpimquantError | undefined;
  #recovering: Promise<boolean> | undefined;
  #done = { files: 0, bytes: 0 };
  /** Change of the sum to copy since the plan: objects that grew or shrank. */
  #drift = 0;
  #rates: { files: ReturnType<typeof startRate>; bytes: ReturnType<typeof startRate> };

  constructor(request: CarryOutRequest) {
    this.#request = request;
    const now = request.clock();
    this.#rates = { files: startRate(now), bytes: startRate(now) };
  }

  async run(): Promise<CarryOutResult> {
    const { plan, ends, unfinished, signal, transfers, memoryBytes, verify } = this.#request;
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    const parts = await ends.destination.store.parts?.();
    const context: CopyContext = {
      source: ends.source, destination: ends.destination, parts, unfinished, verify, signal: stop,
      budget: new Budget(transfers, memoryBytes), partsAtOnce: transfers,
      arrived: (bytes, before) => { this.#arrived(bytes, before); },
      changed: (item, now) => {
        this.#drift += now.size - item.size;
        this.#request.note?.(`${item.key} changed while it was copied, and is copied anew.`);
      },
    };
    for (const last of [false, true]) await inLanes(plan.items(last), transfers, stop, (item) => this.#copy(item, context, last));
    if (this.#fatal !== undefined) throw this.#fatal;
    if (signal.aborted) throw new SpimquantError('cancelled', 'Cancelled.');
    await this.#removeLeftovers(parts);
    this.#tell();
    return { copied: this.#copied, gone: this.#gone, failed: this.#failed, verified: this.#verified };
  }

  async #copy(item: CopyItem, context: CopyContext, last: boolean): Promise<void> {
    const { records, unfinished } = this.#request;
    const image = imageOf(item.key);
    if (last && image !== undefined && this.#failedImages.has(image)) {
      this.#fail(item, { code: 'not-found', message: 'It is left out, because other files of the image could not be copied: without it the image is not taken for whole.' });
      return;
    }
    if (unfinished.uploads.has(item.key)) this.#attempted.add(item.key);
    for (let recoveries = 0; ;) {
      try {
        const copied = await copyObject(item, context);
        if (copied === undefined) {
          this.#gone += 1;
          this.#drift -= item.size;
        } else {
          records.add(copied.record);
          this.#copied.files += 1;
          this.#copied.bytes += copied.record.size;
          if (copied.verified !== undefined) this.#verified[copied.verified] = (this.#verified[copied.verified] ?? 0) + 1;
        }
        this.#inRow = 0;
        this.#fileDone();
        return;
      } catch (error) {
        if (context.signal.aborted) return;
        const known = error instanceof SpimquantError ? error : undefined;
        // Anything but what stores say, such as a full disk under the records: the transfer cannot go on.
        if (known === undefined) throw error;
        if ((general.has(known.code) || (ofTheLine.has(known.code) && ++recoveries <= mostRecoveries)) && await this.#recovered(known)) continue;
        if (context.signal.aborted) return;
        if (general.has(known.code)) {
          this.#end(known);
          return;
        }
        if (image !== undefined) this.#failedImages.add(image);
        this.#fail(item, reportError(known));
        this.#inRow += 1;
        if (this.#inRow >= (ofTheLine.has(known.code) ? hopelessOnline : hopeless)) this.#end(known);
        return;
      }
    }
  }

  /** Asks once for all lanes that meet the same error. */
  #recovered(error: SpimquantError): Promise<boolean> {
    const { recover } = this.#request;
    if (recover === undefined) return Promise.resolve(false);
    this.#recovering ??= recover(error).finally(() => { this.#recovering = undefined; });
    return this.#recovering;
  }

  #end(error: SpimquantError): void {
    this.#fatal ??= error;
    this.#stop.abort();
  }

  #fail(item: CopyItem, error: ErrorReport): void {
    this.#failed += 1;
    this.#drift -= item.size;
    this.#request.failed?.(item.key, error);
    this.#fileDone();
  }

  #arrived(bytes: number, before: boolean): void {
    this.#done.bytes += bytes;
    if (bytes > 0 && !before) this.#rates.bytes = addToRate(this.#rates.bytes, bytes, this.#request.clock());
    this.#tell();
  }

  #fileDone(): void {
    this.#done.files += 1;
    this.#rates.files = addToRate(this.#rates.files, 1, this.#request.clock());
    this.#tell();
  }

  #tell(): void {
    const { plan, progress, clock } = this.#request;
    if (progress === undefined) return;
    const now = clock();
    const total = { files: plan.copy.files, bytes: Math.max(0, plan.copy.bytes + this.#drift) };
    const rates = { filesPerSecond: perSecond(this.#rates.files, now), bytesPerSecond: perSecond(this.#rates.bytes, now) };
    progress({
      files: { done: this.#done.files, total: total.files }, bytes: { done: Math.min(this.#done.bytes, total.bytes), total: total.bytes }, bytesPerSecond: rates.bytesPerSecond,
      secondsLeft: secondsLeft({ files: total.files - this.#done.files, bytes: Math.max(0, total.bytes - this.#done.bytes) }, rates),
    });
  }

  /** Removes what was begun of objects that are no longer to be copied. */
  async #removeLeftovers(parts: PartUploads | undefined): Promise<void> {
    const { unfinished, chooses, signal, note } = this.#request;
    for (const [key, { upload }] of [...unfinished.uploads]) {
      if (this.#attempted.has(key) || !chooses(key)) continue;
      try {
        await parts?.abandon(upload, { signal });
        unfinished.end(key);
      } catch (error) {
        note?.(`What an earlier run had begun of ${key} could not be removed: ${reportError(error).message}`);
      }
    }
  }
}

/** What deleting needs. */
export interface DeleteRequest {
  readonly plan: TransferPlan;
  readonly ends: Ends;
  readonly transfers: number;
  readonly signal: AbortSignal;
  readonly progress?: (done: number) => void;
  readonly failed?: (key: string, error: ErrorReport) => void;
}

/** Deletes what the plan says, and folders of this machine that become empty by it. Failures of single objects are told and counted. */
export async function deleteExtra({ plan, ends, transfers, signal, progress, failed }: DeleteRequest): Promise<{ readonly deleted: number; readonly failed: number }> {
  const { destination } = ends;
  let deleted = 0;
  let failures = 0;
  await inLanes(plan.deletions(), transfers, signal, async ({ key }) => {
    try {
      await destination.store.delete(key);
      if (destination.local) await removeEmptyFolders(destination.store.uri, key);
      deleted += 1;
    } catch (error) {
      failures += 1;
      failed?.(key, reportError(error));
      if (error instanceof SpimquantError && general.has(error.code)) throw error;
    }
    progress?.(deleted + failures);
  });
  if (signal.aborted) throw new SpimquantError('cancelled', 'Cancelled.');
  return { deleted, failed: failures };
}

/** Removes the folders above a file that was deleted as long as they are empty, never the root itself. */
async function removeEmptyFolders(root: string, key: string): Promise<void> {
  for (let folder = dirname(key); folder !== '.'; folder = dirname(folder)) {
    try {
      await rmdir(join(root, folder));
    } catch {
      return;
    }
  }
}
