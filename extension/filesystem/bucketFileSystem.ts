import * as vscode from 'vscode';
import type { StorageEntry } from '../../runner/protocol/storageEntry.ts';
import type { BucketCache } from './bucketCache.ts';
import { addressOf } from './bucketUri.ts';
import { fileError } from './fileErrors.ts';

export interface BucketFileSystemOptions {
  readonly cache: BucketCache;
  /** Bytes of a file that is fetched at most. */
  readonly maximumSize: () => number;
  /** Told what could not be read, and of folders that are not shown whole. */
  readonly onFailure: (address: string, error: unknown) => void;
  readonly onCut: (uri: vscode.Uri, address: string, shown: number) => void;
}

/**
 * Files of buckets as files of the editor, to be read. Nothing is watched, and nothing is listed but the folder that is
 * asked for: what reads whole trees (searches, say) finds no provider that would do so.
 */
export class BucketFileSystem implements vscode.FileSystemProvider {
  readonly #options: BucketFileSystemOptions;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;

  constructor(options: BucketFileSystemOptions) {
    this.#options = options;
  }

  /** Buckets tell of no changes. Those that this window makes or finds are told all the same. */
  watch(): vscode.Disposable {
    return { dispose: () => undefined };
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    return this.#on(uri, async (address) => statOf(await this.#options.cache.stat(address)));
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    return this.#on(uri, async (address) => {
      const { entries, more } = await this.#options.cache.list(address);
      if (more) this.#options.onCut(uri, address, entries.length);
      return entries.map(({ name, kind }) => [name, kind === 'folder' ? vscode.FileType.Directory : vscode.FileType.File]);
    });
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return this.#on(uri, async (address) => {
      try {
        return (await this.#options.cache.read(address, this.#options.maximumSize())).bytes;
      } catch (error) {
        this.#options.onFailure(address, error);
        throw error;
      }
    });
  }

  writeFile(): never {
    throw readOnly();
  }

  createDirectory(): never {
    throw readOnly();
  }

  delete(): never {
    throw readOnly();
  }

  rename(): never {
    throw readOnly();
  }

  /** Forgets what is known, and lets the editor look again at what it shows of buckets. */
  refresh(): void {
    this.#options.cache.forget();
    const shown = vscode.workspace.textDocuments.filter(({ uri, isDirty }) => addressOf(uri) !== undefined && !isDirty).map(({ uri }) => uri);
    this.#changed.fire(shown.map((uri) => ({ type: vscode.FileChangeType.Changed, uri })));
  }

  async #on<T>(uri: vscode.Uri, ask: (address: string) => Promise<T>): Promise<T> {
    const address = addressOf(uri);
    if (address === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    try {
      return await ask(address);
    } catch (error) {
      throw fileError(error);
    }
  }
}

function readOnly(): vscode.FileSystemError {
  return vscode.FileSystemError.NoPermissions('Files of buckets are read-only here.');
}

function statOf(entry: StorageEntry): vscode.FileStat {
  if (entry.kind === 'folder') return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
  const time = entry.modified ?? 0;
  return { type: vscode.FileType.File, ctime: time, mtime: time, size: entry.bytes };
}
