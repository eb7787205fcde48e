import { FolderBucket, MemoryBucket } from './bucket.ts';
import type { BucketBackend, ObjectInfo } from './bucket.ts';
import type { LoggedRequest } from './loggedRequest.ts';

/** How a bucket of the server behaves. */
export interface BucketOptions {
  /** Default us-east-1. Requests signed for another are refused as `wrongRegion` says. */
  readonly region?: string;
  /** `redirect`: 301 with the region in a header. `malformed`: 400 with the region in the body. `mute`: 301 without a region. */
  readonly wrongRegion?: 'redirect' | 'malformed' | 'mute';
  /** Unsigned reading and listing are allowed. */
  readonly public?: boolean;
  /** Requests without x-amz-request-payer are denied. */
  readonly requesterPays?: boolean;
  /** Without the right to list: listing is denied, and so is a missing object. */
  readonly listable?: boolean;
  /** Further requests to deny. */
  readonly deny?: (request: LoggedRequest) => boolean;
  /**
   * What becomes of conditional writes. Some compatible services ignore the condition, some refuse it (501), and some
   * compare the tag of `If-Match` as it is sent, quotes and all, so that only a bare one is ever the same (Ceph 16).
   */
  readonly conditionalWrites?: 'honour' | 'ignore' | 'refuse' | 'bare-tags';
  /** False: the wish for encryption is passed over without a word. */
  readonly encrypts?: boolean;
  /** Whether `encoding-type=url` is understood. Default true. */
  readonly encodesKeys?: boolean;
  /** Keep the objects as files of this folder instead of in memory. */
  readonly folder?: string;
  /** Serve objects from elsewhere, e.g. computed as they are read. */
  readonly backend?: BucketBackend;
}

export interface MultipartUpload {
  readonly id: string;
  readonly key: string;
  readonly started: Date;
  readonly info: ObjectInfo;
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string }>;
}

/** A bucket while the server runs. */
export class Bucket {
  readonly name: string;
  readonly options: BucketOptions;
  readonly backend: BucketBackend;
  readonly uploads = new Map<string, MultipartUpload>();
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(name: string, options: BucketOptions) {
    this.name = name;
    this.options = options;
    this.backend = options.backend ?? (options.folder === undefined ? new MemoryBucket() : new FolderBucket(options.folder));
  }

  get region(): string {
    return this.options.region ?? 'us-east-1';
  }

  /** Runs writes one after the other, so that a condition holds until the write is done. */
  async alone<T>(write: () => Promise<T>): Promise<T> {
    const turn = this.#lastWrite.then(write, write);
    this.#lastWrite = turn.catch(() => undefined);
    return turn;
  }
}
