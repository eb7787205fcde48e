import type { StorageEntry } from '../../runner/protocol/storageEntry.ts';

/** What the editor knows of a file: enough to tell that it is another by now. */
interface Seen {
  readonly version: string;
  /** As the editor was told; undefined: it was not. */
  readonly modified?: number;
  readonly bytes?: number;
}

/** Files kept in mind at most. */
const keptAtMost = 2000;

/**
 * Which version of a file an editor changes. The editor itself compares time and size when it saves, and lets the user
 * decide when they differ; what it cannot notice, a write that names the version does.
 */
export class Edits {
  /** Of the content that the editor has. */
  readonly #read = new Map<string, Seen>();
  /** As it was told last; null: there is none. */
  readonly #told = new Map<string, Seen | null>();

  /** The editor is told what is at an address; undefined: nothing. */
  tell(address: string, entry: StorageEntry | undefined): void {
    if (entry?.kind === 'folder') return;
    keep(this.#told, address, entry === undefined ? null : { version: entry.version, bytes: entry.bytes, ...(entry.modified === undefined ? {} : { modified: entry.modified }) });
  }

  /** The editor has read a version, or has written it. */
  hold(address: string, version: string): void {
    keep(this.#read, address, { ...this.#told.get(address), version });
  }

  /**
   * The version that is to be replaced when the editor saves; null: there is to be none; undefined: nothing is known of the
   * file. When the editor was told of another time or size than it has read, it has asked the user, who wants that replaced.
   */
  replaced(address: string): string | null | undefined {
    const read = this.#read.get(address);
    const told = this.#told.get(address);
    if (told === null) return null;
    if (read === undefined) return told?.version;
    const noticed = told !== undefined && read.bytes !== undefined && (told.modified !== read.modified || told.bytes !== read.bytes);
    return noticed ? told.version : read.version;
  }
}

function keep<T>(map: Map<string, T>, address: string, value: T): void {
  map.delete(address);
  map.set(address, value);
  for (const oldest of map.keys()) {
    if (map.size <= keptAtMost) break;
    map.delete(oldest);
  }
}
