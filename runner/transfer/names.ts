import { compareKeys } from '../storage/keyOrder.ts';

/** Bytes of one name that file systems hold: ext4, APFS (which counts UTF-16 units), NTFS. */
const longestName = 255;
/** Bytes of a whole path. Windows takes long paths too, by the prefix that Node adds. */
const longestPath: Partial<Readonly<Record<NodeJS.Platform, number>>> = { linux: 4095, darwin: 1023 };

/**
 * Why a folder of this machine cannot hold a file of that name, as the second half of a sentence; undefined: it can.
 * `folder`: absolute path of the destination.
 */
export function localNameProblem(key: string, folder: string, platform: NodeJS.Platform): string | undefined {
  const parts = key.split('/');
  if (/[\u0000-\u001f\u007f]/.test(key)) return 'its name holds a control character';
  if (parts.some((part) => Buffer.byteLength(part) > longestName)) return `a part of its name is longer than ${longestName} bytes, more than a disk can hold`;
  if (Buffer.byteLength(folder) + 1 + Buffer.byteLength(key) > (longestPath[platform] ?? Infinity)) return 'its path would be longer than this system takes';
  if (platform !== 'win32') return undefined;
  const bad = parts.find((part) => /[<>:"|?*\\]/.test(part) || /[. ]$/.test(part) || /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i.test(part));
  return bad === undefined ? undefined : `Windows cannot have a file called ${JSON.stringify(bad)}`;
}

/** Why no key leads to an object of a bucket, as the second half of a sentence. */
export function unusableReason(name: string): string {
  const parts = name.split('/');
  if (parts.includes('..') || parts.includes('.')) return 'its name holds "." or ".." as a part, which could lead out of the folder';
  if (name.endsWith('/')) return 'its name ends with a slash';
  return 'its name begins with a slash or has two in a row';
}

/** What a disk that does not tell capitals from small letters, or composed letters from their parts, takes for the same name. */
export function foldedName(key: string): string {
  return key.normalize('NFC').toLowerCase();
}

/**
 * Finds keys that are both an object and a folder of others (`a` and `a/b`), which a bucket can have and a disk cannot.
 * Takes keys in order, and gives each back once that is clear: objects that others lie below with `isFolder`.
 */
export class FolderConflicts<T extends { readonly key: string }> {
  /** Each key is the beginning of the next: what comes between it and those below it in order. */
  readonly #open: { readonly item: T; isFolder: boolean }[] = [];

  /** Takes the next, and gives those back that it settles. */
  next(item: T): { readonly item: T; readonly isFolder: boolean }[] {
    const settled = this.#settle((key) => !item.key.startsWith(key));
    for (const above of this.#open) if (item.key.startsWith(`${above.item.key}/`)) above.isFolder = true;
    this.#open.push({ item, isFolder: false });
    return settled;
  }

  /** The rest. */
  end(): { readonly item: T; readonly isFolder: boolean }[] {
    return this.#settle(() => true);
  }

  #settle(passed: (key: string) => boolean): { readonly item: T; readonly isFolder: boolean }[] {
    const settled = [];
    for (let last = this.#open.at(-1); last !== undefined && passed(last.item.key); last = this.#open.at(-1)) settled.push(this.#open.pop() ?? last);
    return settled.reverse();
  }
}

/** Whether keys come in the order of {@link compareKeys}, each once. */
export function comesAfter(key: string, last: string | undefined): boolean {
  return last === undefined || compareKeys(key, last) > 0;
}

/**
 * Metadata at the root of an OME-Zarr image, by which it is known for one. Copied after everything else: an image that
 * is not all there would be read as if its missing chunks were empty.
 */
export function isImageRoot(key: string): boolean {
  return /\.zarr\/(zarr\.json|\.zattrs|\.zgroup|\.zarray|\.zmetadata)$/i.test(key);
}

/** The OME-Zarr image that a key belongs to: its folder, with the slash; undefined: none. */
export function imageOf(key: string): string | undefined {
  return /^.*?\.zarr\//i.exec(key)?.[0];
}

/** What belongs to a run at work and means nothing elsewhere: locks and temporary files. Neither copied nor deleted. */
export function isProtected(key: string): boolean {
  return /(^|\/)\.spimquant\/(lock\.json$|takeover-[^/]*\.json$|work\/)/.test(key);
}
