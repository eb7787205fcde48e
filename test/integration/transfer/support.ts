import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import type { PathFilter } from '../../../runner/protocol/options.ts';
import type { StorageOptions } from '../../../runner/storage/objectStore.ts';
import { carryOut, deleteExtra } from '../../../runner/transfer/carryOut.ts';
import type { CarryOutRequest, CarryOutResult } from '../../../runner/transfer/carryOut.ts';
import { openEnds } from '../../../runner/transfer/ends.ts';
import { chooser } from '../../../runner/transfer/filters.ts';
import { planTransfer } from '../../../runner/transfer/plan.ts';
import type { PlanRequest, TransferPlan } from '../../../runner/transfer/plan.ts';
import { diskRoom } from '../../../runner/transfer/room.ts';
import { TransferState } from '../../../runner/transfer/state.ts';
import type { CopyItem, DeleteItem, Problem } from '../../../runner/transfer/transfer.types.ts';

export interface TransferOptions {
  readonly storage?: StorageOptions;
  readonly toStorage?: StorageOptions;
  readonly filters?: readonly PathFilter[];
  readonly deletes?: boolean;
  readonly byContent?: boolean;
  readonly forced?: boolean;
  readonly dry?: boolean;
  readonly transfers?: number;
  readonly verify?: boolean;
  readonly foldsCase?: boolean;
  readonly platform?: NodeJS.Platform;
  readonly signal?: AbortSignal;
  readonly onProgress?: CarryOutRequest['progress'];
}

/** A plan as lists, and what came of it. */
export interface Transferred {
  readonly plan: TransferPlan;
  readonly items: readonly CopyItem[];
  readonly deletions: readonly DeleteItem[];
  readonly problems: readonly Problem[];
  readonly result?: CarryOutResult;
  readonly failures: readonly { readonly key: string; readonly code: string; readonly message: string }[];
  readonly notes: readonly string[];
}

/** A folder for files of a test and for what transfers remember. */
export class Desk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Desk> {
    return new Desk(await mkdtemp(join(tmpdir(), 'spimquant-transfer-')));
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = this.path(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  /** Contents of the files below a folder by their relative path, temporary ones included. */
  async read(name: string): Promise<Record<string, string>> {
    return filesBelow(this.path(name));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async transfer(source: string, destination: string, options: TransferOptions = {}): Promise<Transferred> {
    const { storage = {}, deletes = false, filters = [], dry = false, transfers = 8, verify = true, signal = new AbortController().signal } = options;
    const ends = await openEnds({ source, destination, sourceStorage: storage, destinationStorage: options.toStorage ?? storage, deletes, signal });
    await using state = await TransferState.open(this.path('state', Buffer.from(`${ends.source.uri} ${ends.destination.uri}`).toString('base64url').slice(-60)));
    const request: PlanRequest = {
      ends, filters, deletes, byContent: options.byContent ?? false, forced: options.forced ?? false, records: state.records, dry, scratch: state.scratch,
      room: ends.destination.local ? await diskRoom(ends.destination.uri) : undefined, platform: options.platform ?? process.platform, signal,
      ...(options.foldsCase === undefined ? {} : { foldsCase: options.foldsCase }),
    };
    const plan = await planTransfer(request);
    const items = [...await all(plan.items(false)), ...await all(plan.items(true))];
    const deletions = await all(plan.deletions());
    const problems = await all(plan.problemList());
    const failures: { key: string; code: string; message: string }[] = [];
    const notes: string[] = [];
    if (dry) return { plan, items, deletions, problems, failures, notes };
    const result = await carryOut({
      plan, ends, records: state.records, unfinished: state.unfinished, chooses: chooser(filters), transfers, memoryBytes: 64e6, verify, clock: Date.now, signal,
      failed: (key, { code, message }) => { failures.push({ key, code, message }); }, note: (message) => { notes.push(message); },
      ...(options.onProgress === undefined ? {} : { progress: options.onProgress }),
    });
    if (deletes) await deleteExtra({ plan, ends, transfers, signal });
    return { plan, items, deletions, problems, result, failures, notes };
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export async function filesBelow(folder: string): Promise<Record<string, string>> {
  const found: [string, string][] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.push([relative(folder, path).split(sep).join('/'), await readFile(path, 'latin1')]);
  }
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export async function modifiedOf(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}

/** Bytes as `filesBelow` reads them. */
export function latin(bytes: Uint8Array | string): string {
  return Buffer.from(bytes).toString('latin1');
}
