import { reportError, SpimquantError } from '../../runner/protocol/errors.ts';
import type { Clock } from '../../runner/protocol/log.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import type { StorageEntry, StorageFile } from '../../runner/protocol/storageEntry.ts';
import { formatBytes } from '../../runner/wording/words.ts';
import type { RunnerClient } from '../runner-client/client.types.ts';
import { folderAbove, isWithin } from './bucketUri.ts';

/** What is in a folder, as far as it is shown. */
export interface FolderContents {
  readonly entries: readonly StorageEntry[];
  /** There is more than is shown. */
  readonly more: boolean;
}

/** What a file holds, and the version that was looked at before. */
export interface FileContent {
  readonly bytes: Uint8Array;
  readonly version: string;
}

export interface BucketCacheOptions {
  readonly ask: RunnerClient['request'];
  readonly reachOf: (address: string) => Promise<StorageChoice>;
  readonly clock: Clock;
  /** Entries of a folder that are shown at most. */
  readonly folderLimit: () => number;
  /** Bytes of a file that are asked for at once. */
  readonly pieceBytes?: number;
}

/** How long what is known holds, in milliseconds: the editor asks for the same many times in a moment. */
const holdsForMs = 5000;
/** Entries kept at most. */
const keptAtMost = 20_000;
/** Bytes of a file that are asked for at once unless it is said, and that one answer can have. */
const usualPiece = 16 * 2 ** 20;
const wholeBytes = 64 * 2 ** 20;
/** How often a file that changes while it is read is begun anew. */
const readAttempts = 3;

interface Known<T> {
  readonly value: Promise<T>;
  /** When the answer came; undefined: it is on its way. */
  at: number | undefined;
}

/**
 * Files and folders of buckets, asked from the runner and remembered for a moment. Who asks for the same at the same
 * time shares one request. A folder that was listed tells of all that is in it, and of what is not.
 */
export class BucketCache {
  readonly #options: BucketCacheOptions;
  readonly #pieceBytes: number;
  readonly #stats = new Map<string, Known<StorageEntry>>();
  readonly #folders = new Map<string, Known<FolderContents>>();

  constructor(options: BucketCacheOptions) {
    this.#options = options;
    this.#pieceBytes = options.pieceBytes ?? usualPiece;
  }

  /** What is at an address. Rejects with `not-found` when nothing is, and as the runner does. */
  async stat(address: string): Promise<StorageEntry> {
    const known = this.#fresh(this.#stats, address);
    if (known !== undefined) return known;
    if (await this.#isKnownAbsent(address)) throw nothingAt(address);
    return this.#fresh(this.#stats, address) ?? this.#remember(this.#stats, address, async () => this.#options.ask('storage.stat', { uri: address, storage: await this.#options.reachOf(address) }));
  }

  /** What is in a folder: the first entries, never what lies deeper. Rejects as {@link stat}. */
  list(address: string): Promise<FolderContents> {
    return this.#fresh(this.#folders, address) ?? this.#remember(this.#folders, address, async () => {
      const { entries, continuation } = await this.#options.ask('storage.list', { uri: address, limit: this.#options.folderLimit(), storage: await this.#options.reachOf(address) });
      return { entries: withoutDoubles(entries), more: continuation !== undefined };
    }, ({ entries }) => {
      this.#keep(this.#stats, address, { kind: 'folder', name: address.slice(address.lastIndexOf('/') + 1) });
      for (const entry of entries) this.#keep(this.#stats, `${address}/${entry.name}`, entry);
    });
  }

  /**
   * The bytes of a file, all of one version. Rejects with `bad-option` when there are more than `maxBytes`, and as
   * {@link stat}.
   */
  async read(address: string, maxBytes: number): Promise<FileContent> {
    const file = await this.#fileAt(address);
    if (file.bytes > maxBytes) throw new FileTooLarge(address, file.bytes, maxBytes);
    if (file.bytes > this.#pieceBytes) return this.#readPieces(address, maxBytes);
    const { base64, version = '' } = await this.#options.ask('storage.read', { uri: address, maxBytes: Math.min(maxBytes, wholeBytes), storage: await this.#options.reachOf(address) });
    if (version !== file.version) this.forget(address);
    return { bytes: Buffer.from(base64, 'base64'), version };
  }

  /** Piece by piece, all of one version. */
  async #readPieces(address: string, maxBytes: number): Promise<FileContent> {
    for (let attempt = 1; ; attempt++) {
      this.forget(address);
      const file = await this.#fileAt(address);
      if (file.bytes > maxBytes) throw new FileTooLarge(address, file.bytes, maxBytes);
      try {
        return { bytes: await this.#piecesOf(address, file), version: file.version };
      } catch (error) {
        if (attempt === readAttempts || reportError(error).code !== 'changed') throw error;
      }
    }
  }

  /**
   * Writes a file whole in place of one version; undefined: where there is none. Rejects with `changed` and
   * `already-exists` when that is not so (any more), and as the runner does.
   */
  async write(address: string, bytes: Uint8Array, version: string | undefined): Promise<StorageFile> {
    try {
      const storage = await this.#options.reachOf(address);
      const written = await this.#options.ask('storage.write', { uri: address, base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'), storage, ...(version === undefined ? {} : { ifVersion: version }) });
      this.forget(address);
      this.#keep(this.#stats, address, written);
      return written;
    } catch (error) {
      this.forget(address);
      throw error;
    }
  }

  /** Drops what is known of an address and all below it, and of the folder above; undefined: everything. */
  forget(address?: string): void {
    for (const map of [this.#stats, this.#folders]) {
      if (address === undefined) map.clear();
      else for (const known of map.keys()) if (isWithin(known, address)) map.delete(known);
    }
    const above = address === undefined ? undefined : folderAbove(address);
    if (above !== undefined) this.#folders.delete(above);
  }

  async #fileAt(address: string): Promise<StorageFile> {
    const found = await this.stat(address);
    if (found.kind === 'folder') throw new SpimquantError('bad-option', `This is a folder, not a file: ${address}`, { where: address });
    return found;
  }

  async #piecesOf(address: string, { bytes: size, version }: StorageFile): Promise<Uint8Array> {
    const storage = await this.#options.reachOf(address);
    const pieces: Buffer[] = [];
    for (let offset = 0; offset < size; offset += this.#pieceBytes) {
      const length = Math.min(this.#pieceBytes, size - offset);
      const { base64 } = await this.#options.ask('storage.read', { uri: address, maxBytes: this.#pieceBytes, range: { offset, length }, ifVersion: version, storage });
      pieces.push(Buffer.from(base64, 'base64'));
    }
    return Buffer.concat(pieces);
  }

  /** Whether a folder above was looked into a moment ago, and this is not in it. */
  async #isKnownAbsent(address: string): Promise<boolean> {
    for (let child = address, above = folderAbove(address); above !== undefined; child = above, above = folderAbove(above)) {
      const contents = await this.#fresh(this.#folders, above)?.catch(() => undefined);
      const name = child.slice(above.length + 1);
      if (contents?.more === false && !contents.entries.some((entry) => entry.name === name)) return true;
      const folder = this.#fresh(this.#stats, above);
      if (folder !== undefined && await folder.then(({ kind }) => kind === 'file', (error: unknown) => reportError(error).code === 'not-found')) return true;
    }
    return false;
  }

  #fresh<T>(map: Map<string, Known<T>>, address: string): Promise<T> | undefined {
    const known = map.get(address);
    if (known === undefined) return undefined;
    if (known.at === undefined || this.#options.clock() - known.at < holdsForMs) return known.value;
    map.delete(address);
    return undefined;
  }

  /** `then` is told the answer, unless it was forgotten meanwhile. */
  #remember<T>(map: Map<string, Known<T>>, address: string, load: () => Promise<T>, then: (value: T) => void = () => undefined): Promise<T> {
    const loading = load();
    const known: Known<T> = { value: loading, at: undefined };
    loading.then((value) => {
      known.at = this.#options.clock();
      if (map.get(address) === known) then(value);
    }, (error: unknown) => {
      known.at = this.#options.clock();
      if (reportError(error).code === 'cancelled' && map.get(address) === known) map.delete(address);
    });
    this.#put(map, address, known);
    return loading;
  }

  #keep<T>(map: Map<string, Known<T>>, address: string, value: T): void {
    this.#put(map, address, { value: Promise.resolve(value), at: this.#options.clock() });
  }

  #put<T>(map: Map<string, Known<T>>, address: string, known: Known<T>): void {
    map.delete(address);
    map.set(address, known);
    for (const oldest of map.keys()) {
      if (map.size <= keptAtMost) break;
      map.delete(oldest);
    }
  }
}

/** A file that is not fetched because of its size. */
export class FileTooLarge extends SpimquantError {
  readonly bytes: number;

  constructor(address: string, bytes: number, limit: number) {
    super('bad-option', `${address.slice(address.lastIndexOf('/') + 1)} is ${formatBytes(bytes)}. Files of more than ${formatBytes(limit)} are not fetched to be shown.`, {
      where: address,
      hint: insteadOf(address),
    });
    this.bytes = bytes;
  }
}

/** Whether an address is that of a file that the image viewer opens piece by piece. */
export function isImageFile(address: string): boolean {
  return /\.(?:ozx|zarr\.zip|nii|nii\.gz|ims)$/i.test(address);
}

function insteadOf(address: string): string {
  return isImageFile(address)
    ? 'Open it as an image, which reads only what is looked at, or download it.'
    : 'Download it, or raise spimquant.files.maximumSize in the settings.';
}

function nothingAt(address: string): SpimquantError {
  return new SpimquantError('not-found', `There is no such file or folder: ${address}`, { where: address });
}

/** A folder of the editor has one entry of a name: the file, unless it is empty, as the runner has it. */
function withoutDoubles(entries: readonly StorageEntry[]): readonly StorageEntry[] {
  const byName = new Map<string, StorageEntry>();
  for (const entry of entries) {
    const other = byName.get(entry.name);
    if (other === undefined || (other.kind === 'folder' && entry.kind === 'file' && entry.bytes > 0) || (other.kind === 'file' && other.bytes === 0)) byName.set(entry.name, entry);
  }
  return [...byName.values()];
}
