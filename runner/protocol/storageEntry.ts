/** A file or folder of a local folder or a bucket, by its name in the folder above. */
export type StorageEntry = StorageFile | StorageFolder;

export interface StorageFile {
  readonly kind: 'file';
  readonly name: string;
  readonly bytes: number;
  /** Changes whenever the content does. */
  readonly version: string;
  /** Milliseconds since the epoch, where the store tells. */
  readonly modified?: number;
}

/** In a bucket, a folder is what keys have before a slash. */
export interface StorageFolder {
  readonly kind: 'folder';
  readonly name: string;
}
