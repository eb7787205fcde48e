import { crc32c } from '../../../runner/kernels/crc32c.ts';
import { FolderBucket, md5, MemoryBucket } from '../s3/bucket.ts';
import type { BucketBackend, Row } from '../s3/bucket.ts';
import type { LoggedRequest } from './loggedRequest.ts';

/** What an account may do at a bucket. `look`: at the bucket's own settings. */
export type Permission = 'get' | 'list' | 'create' | 'delete' | 'look';

/** How a bucket of the server behaves. */
export interface BucketOptions {
  /** Default US. */
  readonly location?: string;
  /** Everybody may read and list. */
  readonly public?: boolean;
  /** Requests without a paying project are refused. */
  readonly requesterPays?: boolean;
  /** By address of the account; others may nothing. Left out: every account may do everything. */
  readonly grants?: Readonly<Record<string, readonly Permission[]>>;
  /** Further requests to deny. */
  readonly deny?: (request: LoggedRequest) => boolean;
  /** The key that objects are encrypted by when none is named. */
  readonly defaultKmsKeyName?: string;
  /** Names looked at for one page of a listing: pages may be short, and name a folder again. Left out: as many as fit. */
  readonly namesPerPage?: number;
  /** Bytes that a request of a resumable upload adds at most: the service may take less than it is sent. */
  readonly takesAtMost?: number;
  /** Bytes that arrive are not those that were sent, for as many uploads. */
  mangles?: number;
  /** Checksums that come with content are not compared with it: some services that speak the language do not. */
  readonly ignoresChecksums?: boolean;
  /** Keep the objects as files of this folder instead of in memory. */
  readonly folder?: string;
}

/** What goes with an object besides its content. */
export interface ObjectInfo {
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly kmsKeyName?: string;
  /** Objects of multipart uploads have no MD5. */
  readonly inParts?: boolean;
}

/** An object as the service describes it. */
export interface StoredObject extends ObjectInfo {
  readonly name: string;
  readonly size: number;
  readonly generation: string;
  readonly created: Date;
  /** Base64. */
  readonly crc32c: string;
  readonly md5Hash?: string;
  /** Bytes from `begin` up to, not including, `end`. */
  read(begin: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A resumable upload. */
export interface Session {
  readonly id: string;
  readonly name: string;
  readonly info: ObjectInfo;
  /** Of the request that began it: `ifGenerationMatch` counts when the object appears. */
  readonly conditions: ReadonlyMap<string, string>;
  readonly promised: { readonly crc32c?: string; readonly md5Hash?: string };
  received: Buffer[];
  size: number;
  /** Once it is finished. */
  done?: StoredObject;
}

/** A multipart upload of the XML API. */
export interface PartsUpload {
  readonly id: string;
  readonly name: string;
  readonly info: ObjectInfo;
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string; readonly modified: Date }>;
}

type Known = ObjectInfo & { readonly etag: string; readonly generation: string; readonly crc32c: string; readonly md5Hash?: string };

/** A bucket while the server runs. Its objects lie where those of the S3 server do; what only Google tells of them is kept here. */
export class Bucket {
  readonly name: string;
  readonly options: BucketOptions;
  readonly sessions = new Map<string, Session>();
  readonly partsUploads = new Map<string, PartsUpload>();
  readonly #backend: BucketBackend;
  readonly #known = new Map<string, Known>();
  #lastWrite: Promise<unknown> = Promise.resolve();
  #lastGeneration = 0n;

  constructor(name: string, options: BucketOptions) {
    this.name = name;
    this.options = options;
    this.#backend = options.folder === undefined ? new MemoryBucket() : new FolderBucket(options.folder);
  }

  get location(): string {
    return this.options.location ?? 'US';
  }

  /** Runs writes one after the other, so that a condition holds until the write is done. */
  async alone<T>(write: () => Promise<T>): Promise<T> {
    const turn = this.#lastWrite.then(write, write);
    this.#lastWrite = turn.catch(() => undefined);
    return turn;
  }

  async get(name: string): Promise<StoredObject | undefined> {
    const found = await this.#backend.get(name);
    if (found === undefined) return undefined;
    const read = found.read.bind(found);
    const described = this.#describe(found, this.#known.get(name));
    // A file that somebody else put there has no checksum yet.
    const crc = described.crc32c === '' ? base64(crc32c(await read(0, found.size))) : described.crc32c;
    return { ...described, crc32c: crc, read, close: found.close.bind(found) };
  }

  async put(name: string, bytes: Uint8Array, info: ObjectInfo): Promise<StoredObject> {
    const row = await this.#backend.put(name, bytes, { contentType: info.contentType, metadata: {} });
    const md5Hash = info.inParts === true ? {} : { md5Hash: Buffer.from(md5(bytes), 'hex').toString('base64') };
    const kmsKeyName = info.kmsKeyName ?? this.options.defaultKmsKeyName;
    const known = { ...info, ...(kmsKeyName === undefined ? {} : { kmsKeyName }), etag: row.etag, generation: this.#nextGeneration(), crc32c: base64(crc32c(bytes)), ...md5Hash };
    this.#known.set(name, known);
    return { ...this.#describe(row, known), read: async (begin, end) => bytes.subarray(begin, end), close: async () => undefined };
  }

  async delete(name: string): Promise<void> {
    this.#known.delete(name);
    await this.#backend.delete(name);
  }

  /** Objects below a prefix, by name, unsorted. Checksums of files that somebody else put there are left empty. */
  async list(prefix: string): Promise<readonly Omit<StoredObject, 'read' | 'close'>[]> {
    const { rows } = await this.#backend.list(prefix, '');
    return rows.map((row) => this.#describe(row, this.#known.get(row.key)));
  }

  #describe(row: Row, known: Known | undefined): Omit<StoredObject, 'read' | 'close'> {
    const told = known?.etag === row.etag ? known : { contentType: 'application/octet-stream', generation: String(BigInt(row.modified.getTime()) * 1000n), crc32c: '' };
    return { ...told, name: row.key, size: row.size, created: row.modified };
  }

  /** Microseconds since the epoch, and never the same twice. */
  #nextGeneration(): string {
    const now = BigInt(Date.now()) * 1000n;
    this.#lastGeneration = now > this.#lastGeneration ? now : this.#lastGeneration + 1n;
    return String(this.#lastGeneration);
  }
}

/** A CRC-32C as the service writes it. */
export function base64(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}
