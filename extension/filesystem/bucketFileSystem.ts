import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { StorageEntry } from '../../runner/protocol/storageEntry.ts';
import type { BucketCache } from './bucketCache.ts';
import { addressOf } from './bucketUri.ts';
import { Edits } from './edits.ts';
import { fileError } from './fileErrors.ts';

export interface BucketFileSystemOptions {
  readonly cache: BucketCache;
  /** Bytes of a file that is fetched at most. */
  readonly maximumSize: () => number;
  readonly isWritable: () => boolean;
  /** Told what could not be read, of folders that are not shown whole, and of what was written. */
  readonly onFailure: (address: string, error: unknown) => void;
  readonly onCut: (uri: vscode.Uri, address: string, shown: number) => void;
  readonly onWritten: (address: string) => void;
}

/**
 * Files of buckets as files of the editor. Nothing is watched, and nothing is listed but the folder that is asked for:
 * what reads whole trees (searches, say) finds no provider that would do so. Where it is allowed, files are written in
 * place of the version that the editor has read, and of no other; nothing is deleted, moved or made a folder.
 */
export class BucketFileSystem implements vscode.FileSystemProvider {
  readonly #options: BucketFileSystemOptions;
  readonly #edits = new Edits();
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
    return this.#on(uri, async (address) => statOf(await this.#look(address)));
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
        const { bytes, version } = await this.#options.cache.read(address, this.#options.maximumSize());
        this.#edits.hold(address, version);
        return bytes;
      } catch (error) {
        this.#options.onFailure(address, error);
        throw error;
      }
    });
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array, { create, overwrite }: { readonly create: boolean; readonly overwrite: boolean }): Promise<void> {
    if (!this.#options.isWritable()) throw readOnly();
    await this.#on(uri, async (address) => {
      let replaced = this.#edits.replaced(address);
      if (replaced === undefined) {
        await this.#look(address).catch((error: unknown) => { if (reportError(error).code !== 'not-found') throw error; });
        replaced = this.#edits.replaced(address) ?? null;
      }
      if (replaced === null && !create) throw vscode.FileSystemError.FileNotFound(uri);
      if (replaced !== null && !overwrite) throw vscode.FileSystemError.FileExists(uri);
      const written = await this.#options.cache.write(address, content, replaced ?? undefined);
      this.#edits.tell(address, written);
      this.#edits.hold(address, written.version);
      this.#changed.fire([{ type: replaced === null ? vscode.FileChangeType.Created : vscode.FileChangeType.Changed, uri }]);
      this.#options.onWritten(address);
    });
  }

  createDirectory(): never {
    throw vscode.FileSystemError.NoPermissions('Buckets have no folders of their own: a folder is there as soon as a file in it is.');
  }

  delete(): never {
    throw notFromHere('deleted');
  }

  rename(): never {
    throw notFromHere('moved or renamed');
  }

  /** Forgets what is known, and lets the editor look again at what it shows of buckets. */
  refresh(): void {
    this.#options.cache.forget();
    const shown = vscode.workspace.textDocuments.filter(({ uri, isDirty }) => addressOf(uri) !== undefined && !isDirty).map(({ uri }) => uri);
    this.#changed.fire(shown.map((uri) => ({ type: vscode.FileChangeType.Changed, uri })));
  }

  async #look(address: string): Promise<StorageEntry> {
    try {
      const found = await this.#options.cache.stat(address);
      this.#edits.tell(address, found);
      return found;
    } catch (error) {
      if (reportError(error).code === 'not-found') this.#edits.tell(address, undefined);
      throw error;
    }
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
  return vscode.FileSystemError.NoPermissions('Files of buckets are read-only here, unless spimquant.files.writable is on in the settings.');
}

function notFromHere(done: string): vscode.FileSystemError {
  return vscode.FileSystemError.NoPermissions(`Files of buckets are not ${done} from here. Use the tools of the service, which can bring back what was a mistake.`);
}

function statOf(entry: StorageEntry): vscode.FileStat {
  if (entry.kind === 'folder') return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
  const time = entry.modified ?? 0;
  return { type: vscode.FileType.File, ctime: time, mtime: time, size: entry.bytes };
}
