import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { HeadObjectCommandOutput, ListObjectsV2CommandOutput, S3Client, StorageClass } from '@aws-sdk/client-s3';
import { SpimquantError } from '../../protocol/errors.ts';
import { alreadyExists, changedError, changedMeanwhile, checkReplacement } from '../bodyFaults.ts';
import type { Surroundings } from '../connection.ts';
import { contentType } from '../contentType.ts';
import { base64ToHex } from '../digest.ts';
import { etagVersion } from '../etag.ts';
import type { Checksums, ListEntry, ListOptions, ObjectStat, ObjectStore, PartUploads, ReadOptions, StatOptions, StorageOptions, StoreRegion, WriteOptions } from '../objectStore.ts';
import { compareKeys } from '../keyOrder.ts';
import { listedEntries } from '../listedEntries.ts';
import { ObjectRead } from '../objectRead.ts';
import { partThreshold } from '../partSize.ts';
import { checkRange } from '../range.ts';
import { checkEncryption } from './s3Encryption.ts';
import { S3Connection } from './s3Connection.ts';
import { isMissingObject, s3Fault } from './s3Errors.ts';
import { fetchS3Body } from './s3Read.ts';
import { isAwsHost } from './s3Settings.ts';
import { S3Parts } from './s3Parts.ts';
import { uploadInParts } from './s3Upload.ts';
import type { WriteHeaders } from './s3Upload.ts';
import type { BucketLocation } from '../uri.ts';
import { bytesSource, withFileSource } from '../uploadSource.ts';
import type { UploadSource } from '../uploadSource.ts';
import { checkKey, folderKey, formatUri } from '../uri.ts';

/** Metadata that tells our own write from another's when the answer to it was lost. */
const writeMark = 'spimquant-write';

/**
 * An {@link ObjectStore} over a bucket, or a prefix of it, at Amazon S3 or a compatible service. Objects that none of our
 * keys can name (folder markers ending in a slash, two slashes in a row, parts named `..`) are not listed.
 *
 * `ifAbsent` and `ifVersion` rely on conditional writes (`If-None-Match: *`, `If-Match`). Services that refuse the condition (501), or ignore it,
 * get a look-up before the write instead: there, of two writers at the same moment, the later one wins. Throws `bad-option`
 * when an object was to be encrypted and the service does not say that it is.
 */
export class S3Store implements ObjectStore {
  readonly uri: string;
  readonly #prefix: string;
  readonly #requesterPays: boolean;
  readonly #keeping: Keeping;
  readonly #connection: S3Connection;
  #bucketSeen = false;
  /** Some services compare the tag of a condition with its quotes, and so never find it the same: they get it without. */
  #bareTags = false;

  constructor(location: Extract<BucketLocation, { scheme: 's3' | 'gs' }>, options: StorageOptions = {}, surroundings: Partial<Surroundings> = {}) {
    this.uri = formatUri(location);
    this.#prefix = location.prefix === '' ? '' : `${location.prefix}/`;
    this.#requesterPays = options.requesterPays === true;
    this.#keeping = keeping(options);
    this.#connection = new S3Connection(location.bucket, options, surroundings);
  }

  async stat(key: string, options: StatOptions = {}): Promise<ObjectStat | undefined> {
    checkKey(key, this.uri);
    const head = await this.#head(key, options.signal, options.checksums);
    return head && headStat(key, head);
  }

  async read(key: string, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    checkKey(key, this.uri);
    if (options.range) {
      checkRange(options.range);
      const empty = 'suffix' in options.range ? options.range.suffix === 0 : options.range.length === 0;
      if (empty) return this.#readNothing(key, options);
    }
    const reading = new ObjectRead(options, this.#where(key), fetchS3Body({ Bucket: this.#connection.bucket, Key: this.#prefix + key, ...this.#payer() }));
    return this.#connection.run('read', this.#where(key), options.signal, async ({ gets }, signal) => {
      try {
        return await reading.attempt(gets, signal);
      } catch (error) {
        if (isMissingObject(s3Fault(error))) return undefined;
        throw error;
      }
    });
  }

  async #readNothing(key: string, { ifVersion, signal }: ReadOptions): Promise<Uint8Array | undefined> {
    const found = await this.stat(key, { signal });
    if (found !== undefined && ifVersion !== undefined && found.version !== ifVersion) throw changedError(this.#where(key));
    return found && new Uint8Array(0);
  }

  async *list(folder: string, options: ListOptions = {}): AsyncGenerator<ListEntry> {
    const parent = folderKey(folder, this.uri);
    const above = this.#prefix + (parent === '' ? '' : `${parent}/`);
    const prefix = above + (options.namePrefix ?? '');
    const after = options.startAfter === undefined ? undefined : above + options.startAfter;
    const where = parent === '' ? this.uri : this.#where(parent);
    let token: string | undefined;
    do {
      const page: ListObjectsV2CommandOutput = await this.#connection.run('list', where, options.signal, ({ client }, signal) =>
        client.send(
          new ListObjectsV2Command({
            Bucket: this.#connection.bucket,
            Prefix: prefix,
            EncodingType: 'url',
            ...(options.recursive === true ? {} : { Delimiter: '/' }),
            ...(token === undefined ? {} : { ContinuationToken: token }),
            ...(after === undefined || token !== undefined ? {} : { StartAfter: after }),
            ...this.#payer(),
          }),
          { abortSignal: signal },
        ));
      this.#bucketSeen = true;
      for (const entry of this.#entries(page, options.unusable)) {
        // What is in a folder comes after the folder's name, so that the service may name the folder once more.
        if (after === undefined || compareKeys(this.#prefix + entry.key, after) > 0) yield entry;
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  *#entries(page: ListObjectsV2CommandOutput, unusable: ListOptions['unusable']): Generator<ListEntry> {
    // Services that do not know the encoding leave it out of the answer and send plain keys.
    const decode = page.EncodingType === 'url' ? (text: string) => decodeURIComponent(text.replaceAll('+', ' ')) : (text: string) => text;
    const keyOf = (text: string | undefined): string => decode(text ?? '').slice(this.#prefix.length);
    const objects = (page.Contents ?? []).map(({ Key, Size, ETag, LastModified }) => ({
      key: keyOf(Key), size: Size ?? 0, version: etagVersion(ETag), ...(LastModified ? { modified: LastModified.getTime() } : {}), ...listedChecksums(ETag),
    }));
    yield* listedEntries((page.CommonPrefixes ?? []).map(({ Prefix }) => keyOf(Prefix)), objects, unusable);
  }

  async write(key: string, data: Uint8Array | string, options: WriteOptions = {}): Promise<ObjectStat> {
    checkKey(key, this.uri);
    return this.#upload(key, bytesSource(typeof data === 'string' ? new TextEncoder().encode(data) : data), options);
  }

  async writeFile(key: string, localPath: string, options: WriteOptions = {}): Promise<ObjectStat> {
    checkKey(key, this.uri);
    return withFileSource(localPath, (source) => this.#upload(key, source, options));
  }

  async delete(key: string): Promise<void> {
    checkKey(key, this.uri);
    await this.#connection.run('delete', this.#where(key), undefined, async ({ client }) => {
      try {
        await client.send(new DeleteObjectCommand({ Bucket: this.#connection.bucket, Key: this.#prefix + key, ...this.#payer() }));
      } catch (error) {
        if (!isMissingObject(s3Fault(error))) throw error;
      }
    });
  }

  async #upload(key: string, source: UploadSource, options: WriteOptions): Promise<ObjectStat> {
    const { ifAbsent = false, ifVersion } = options;
    const where = this.#where(key);
    checkReplacement(source.size, partThreshold, ifVersion);
    if (ifAbsent && (await this.stat(key, options)) !== undefined) throw alreadyExists(where);
    // For services that ignore the condition.
    if (ifVersion !== undefined && (await this.stat(key, options))?.version !== ifVersion) throw changedMeanwhile(where);
    const mark = randomUUID();
    const bare = this.#bareTags;
    const send = source.size > partThreshold ? this.#sendParts.bind(this) : this.#sendWhole.bind(this);
    try {
      return await send(key, source, options, mark, ifAbsent);
    } catch (error) {
      const code = error instanceof SpimquantError ? error.code : undefined;
      if (code !== 'already-exists' && code !== 'not-found') throw error;
      // A first answer that was lost makes the second attempt meet our own object, or an upload that is joined already.
      const found = await this.#head(key, options.signal);
      if (found?.Metadata?.[writeMark] === mark) return headStat(key, found);
      if (ifVersion !== undefined) {
        if (bare || found === undefined || etagVersion(found.ETag) !== ifVersion) throw changedMeanwhile(where);
        // Refused although nobody has changed it. Without quotes it is a condition still.
        this.#bareTags = true;
        return this.#upload(key, source, options);
      }
      throw ifAbsent && found !== undefined ? alreadyExists(where) : error;
    }
  }

  async #sendWhole(key: string, source: UploadSource, options: WriteOptions, mark: string, ifAbsent: boolean): Promise<ObjectStat> {
    const body = await source.read(0, source.size);
    const tag = this.#bareTags ? options.ifVersion : `"${options.ifVersion ?? ''}"`;
    const condition = ifAbsent ? { IfNoneMatch: '*' } : options.ifVersion !== undefined ? { IfMatch: tag } : undefined;
    const put = { Bucket: this.#connection.bucket, Key: this.#prefix + key, Body: body, ...this.#headers(key, condition === undefined ? undefined : mark) };
    const answer = await this.#connection.run('write', this.#where(key), options.signal, async ({ client }, signal) => {
      try {
        return await client.send(new PutObjectCommand({ ...put, ...condition }), { abortSignal: signal });
      } catch (error) {
        if (condition === undefined || s3Fault(error).status !== 501) throw error;
        return client.send(new PutObjectCommand(put), { abortSignal: signal });
      }
    });
    checkEncryption(put, answer, this.#where(key));
    return { key, size: source.size, version: etagVersion(answer.ETag), ...knownChecksums(answer) };
  }

  async #sendParts(key: string, source: UploadSource, options: WriteOptions, mark: string, ifAbsent: boolean): Promise<ObjectStat> {
    const target = { key: this.#prefix + key, where: this.#where(key), headers: this.#headers(key, mark), ifAbsent, signal: options.signal };
    const tag = await uploadInParts(this.#connection, target, source);
    // Some services do not tell it.
    const written = tag ? undefined : await this.#head(key, options.signal);
    return written === undefined ? { key, size: source.size, version: etagVersion(tag) } : headStat(key, written);
  }

  #headers(key: string, mark: string | undefined): WriteHeaders {
    return { ContentType: contentType(key), ...(mark === undefined ? {} : { Metadata: { [writeMark]: mark } }), ...this.#keeping, ...this.#payer() };
  }

  async parts(): Promise<PartUploads> {
    return new S3Parts(this.#connection, {
      keyOf: (key) => {
        checkKey(key, this.uri);
        return this.#prefix + key;
      },
      where: (key) => this.#where(key),
      headers: (key, mark) => this.#headers(key, mark),
      /** The object, when it is the one that was written with that mark. */
      written: async (key, mark, signal) => {
        const found = await this.#head(key, signal);
        return found?.Metadata?.[writeMark] === mark ? headStat(key, found) : undefined;
      },
    });
  }

  async region(options: { readonly signal?: AbortSignal } = {}): Promise<StoreRegion> {
    let known: { readonly region: string; readonly endpoint: string | undefined } | undefined;
    try {
      const told = await this.#connection.run('read', this.uri, options.signal, async ({ client, region, settings }, abortSignal) => {
        known = { region, endpoint: settings.endpoint };
        return (await client.send(new HeadBucketCommand({ Bucket: this.#connection.bucket }), { abortSignal })).BucketRegion;
      });
      if (known !== undefined && told !== undefined) known = { ...known, region: told };
    } catch (error) {
      if (error instanceof SpimquantError && error.code === 'cancelled') throw error;
      // Whoever may not look at the bucket has learnt where it is by other requests.
    }
    if (known === undefined) return { provider: 'aws' };
    return known.endpoint === undefined || isAwsHost(known.endpoint) ? { provider: 'aws', name: known.region } : { provider: 'other' };
  }

  async #head(key: string, signal: AbortSignal | undefined, checksums = false): Promise<HeadObjectCommandOutput | undefined> {
    const object = { Bucket: this.#connection.bucket, Key: this.#prefix + key, ...(checksums ? { ChecksumMode: 'ENABLED' as const } : {}), ...this.#payer() };
    return this.#connection.run('read', this.#where(key), signal, async ({ client }, abortSignal) => {
      try {
        return await client.send(new HeadObjectCommand(object), { abortSignal });
      } catch (error) {
        const fault = s3Fault(error);
        if (isMissingObject(fault)) {
          await this.#seeBucket(client, abortSignal);
          return undefined;
        }
        // An answer to HEAD has no body that could give a reason: ask for one byte, whose refusal says more.
        const silent = (fault.status === 400 && fault.region === undefined) || fault.status === 403;
        if (!silent) throw error;
        const answer = await client.send(new GetObjectCommand({ ...object, ChecksumMode: undefined, Range: 'bytes=0-0' }), { abortSignal });
        (answer.Body as { destroy?: () => void } | undefined)?.destroy?.();
        throw error;
      }
    });
  }

  /** Tells a missing object from a missing bucket, once: HEAD answers 404 to both. */
  async #seeBucket(client: S3Client, signal: AbortSignal | undefined): Promise<void> {
    if (this.#bucketSeen) return;
    try {
      await client.send(new HeadBucketCommand({ Bucket: this.#connection.bucket }), { abortSignal: signal });
    } catch (error) {
      if (s3Fault(error).status === 404) throw Object.assign(new Error('The bucket does not exist'), { name: 'NoSuchBucket', $metadata: { httpStatusCode: 404 } });
      // Whoever may not look at the bucket may still read objects in it.
    }
    this.#bucketSeen = true;
  }

  #payer(): { readonly RequestPayer?: 'requester' } {
    return this.#requesterPays ? { RequestPayer: 'requester' } : {};
  }

  #where(key: string): string {
    return `${this.uri}/${key}`;
  }
}

type Keeping = Pick<WriteHeaders, 'StorageClass' | 'ServerSideEncryption' | 'SSEKMSKeyId'>;

/** How the service is to keep what is written. Compatible services have storage classes of their own, so any is passed on. */
export function keeping({ storageClass, encryption, encryptionKey }: StorageOptions): Keeping {
  return {
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
    ...(encryption === undefined ? {} : { ServerSideEncryption: encryption === 'kms' ? 'aws:kms' : 'AES256' }),
    ...(encryption === 'kms' && encryptionKey !== undefined ? { SSEKMSKeyId: encryptionKey } : {}),
  };
}

function headStat(key: string, head: HeadObjectCommandOutput): ObjectStat {
  return { key, size: head.ContentLength ?? 0, version: etagVersion(head.ETag), ...(head.LastModified ? { modified: head.LastModified.getTime() } : {}), ...knownChecksums(head) };
}

/** What an answer about one object tells of its content: its tag is the MD5 unless it was written in parts or is encrypted by a key of its own. */
function knownChecksums(answer: Pick<HeadObjectCommandOutput, 'ETag' | 'ServerSideEncryption' | 'SSECustomerAlgorithm' | 'ChecksumCRC32' | 'ChecksumCRC32C' | 'ChecksumSHA256' | 'ChecksumType'>): { readonly checksums?: Checksums } {
  const ownKey = (answer.ServerSideEncryption ?? 'AES256') !== 'AES256' || answer.SSECustomerAlgorithm !== undefined;
  const tag = etagVersion(answer.ETag);
  // Of objects in parts the services may tell a checksum of the parts' checksums.
  const whole = (text: string | undefined, bytes: number): string | undefined => (answer.ChecksumType === 'COMPOSITE' || text?.includes('-') === true ? undefined : base64ToHex(text, bytes));
  const told = { md5: !ownKey && isMd5(tag) ? tag : undefined, crc32: whole(answer.ChecksumCRC32, 4), crc32c: whole(answer.ChecksumCRC32C, 4), sha256: whole(answer.ChecksumSHA256, 32) };
  const checksums = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) as Checksums;
  return Object.keys(checksums).length === 0 ? {} : { checksums };
}

function listedChecksums(etag: string | undefined): { readonly checksums?: Checksums } {
  const tag = etagVersion(etag);
  return isMd5(tag) ? { checksums: { maybeMd5: tag } } : {};
}

function isMd5(tag: string): boolean {
  return /^[0-9a-f]{32}$/.test(tag);
}
