import { createHash, randomUUID } from 'node:crypto';
import { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, ListPartsCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import type { ListPartsCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { SpimquantError } from '../../protocol/errors.ts';
import { uploadLost } from '../bodyFaults.ts';
import type { ObjectStat, OpenUpload, PartTag, PartUploads } from '../objectStore.ts';
import { partSize } from '../partSize.ts';
import { checkEncryption } from './s3Encryption.ts';
import type { S3Connection } from './s3Connection.ts';
import { isMissingObject, s3Fault } from './s3Errors.ts';
import type { S3Fault } from './s3Errors.ts';
import { etagVersion } from '../etag.ts';
import type { UploadTarget } from './s3Upload.ts';

/** What uploads in parts need of their store. */
export interface S3PartsTarget {
  /** Of the bucket; throws for keys that are none. */
  keyOf(key: string): string;
  where(key: string): string;
  headers(key: string, mark: string): UploadTarget['headers'];
  /** The object, when it is the one that was written with that mark. */
  written(key: string, mark: string, signal: AbortSignal | undefined): Promise<ObjectStat | undefined>;
}

type Stop = { readonly signal?: AbortSignal };

/** Multipart uploads that outlive their process. An id holds a mark of ours, by which the object is known when the answer to its completion was lost. */
export class S3Parts implements PartUploads {
  readonly #connection: S3Connection;
  readonly #target: S3PartsTarget;

  constructor(connection: S3Connection, target: S3PartsTarget) {
    this.#connection = connection;
    this.#target = target;
  }

  readonly partBytes = partSize;

  async begin(key: string, size: number, { signal }: Stop = {}): Promise<OpenUpload> {
    const mark = randomUUID();
    const object = { Bucket: this.#connection.bucket, Key: this.#target.keyOf(key), ...this.#target.headers(key, mark) };
    const created = await this.#connection.run('write', this.#target.where(key), signal, ({ client }, abortSignal) => client.send(new CreateMultipartUploadCommand(object), { abortSignal }));
    const upload = { key, size, id: `${mark} ${created.UploadId ?? ''}` };
    try {
      checkEncryption(object, created, this.#target.where(key));
    } catch (error) {
      await this.abandon(upload).catch(() => undefined);
      throw error;
    }
    return upload;
  }

  async send(upload: OpenUpload, index: number, bytes: Uint8Array, { signal }: Stop = {}): Promise<PartTag> {
    // The service compares it with what has arrived.
    const digest = createHash('md5').update(bytes).digest('base64');
    const sent = await this.#on(upload, signal, (client, object, abortSignal) => client.send(new UploadPartCommand({ ...object, PartNumber: index + 1, Body: bytes, ContentMD5: digest }), { abortSignal }));
    return { index, tag: sent.ETag ?? '' };
  }

  async confirm(upload: OpenUpload, parts: readonly PartTag[], { signal }: Stop = {}): Promise<readonly PartTag[] | undefined> {
    const there = new Map<number, string>();
    let marker: string | undefined;
    do {
      let page: ListPartsCommandOutput;
      try {
        page = await this.#on(upload, signal, (client, object, abortSignal) => client.send(new ListPartsCommand({ ...object, PartNumberMarker: marker }), { abortSignal }));
      } catch (error) {
        if (isUploadLost(error)) return undefined;
        throw error;
      }
      for (const { PartNumber, ETag } of page.Parts ?? []) there.set((PartNumber ?? 0) - 1, ETag ?? '');
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
    return parts.filter(({ index, tag }) => there.get(index) === tag);
  }

  async complete(upload: OpenUpload, parts: readonly PartTag[], { signal }: Stop = {}): Promise<ObjectStat> {
    const sorted = [...parts].sort((a, b) => a.index - b.index).map(({ index, tag }) => ({ PartNumber: index + 1, ETag: tag }));
    try {
      const completed = await this.#on(upload, signal, (client, object, abortSignal) => client.send(new CompleteMultipartUploadCommand({ ...object, MultipartUpload: { Parts: sorted } }), { abortSignal }));
      if (completed.ETag) return { key: upload.key, size: upload.size, version: etagVersion(completed.ETag) };
    } catch (error) {
      if (!isUploadLost(error)) throw error;
    }
    // A first answer that was lost makes the second attempt meet an upload that is joined already; and some services do not tell the tag.
    const written = await this.#target.written(upload.key, markOf(upload), signal);
    if (written === undefined) throw uploadLost(this.#target.where(upload.key));
    return written;
  }

  async abandon(upload: OpenUpload, { signal }: Stop = {}): Promise<void> {
    try {
      await this.#on(upload, signal, (client, object, abortSignal) => client.send(new AbortMultipartUploadCommand(object), { abortSignal }));
    } catch (error) {
      if (!isUploadLost(error)) throw error;
    }
  }

  /** One request about an upload. Throws `upload-lost` when the service does not know it. */
  #on<T>({ key, id }: OpenUpload, signal: AbortSignal | undefined, request: (client: S3Client, object: UploadObject, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    const { RequestPayer } = this.#target.headers(key, '');
    const object = { Bucket: this.#connection.bucket, Key: this.#target.keyOf(key), UploadId: id.slice(id.indexOf(' ') + 1), RequestPayer };
    return this.#connection.run('write', this.#target.where(key), signal, async ({ client }, abortSignal) => {
      try {
        return await request(client, object, abortSignal);
      } catch (error) {
        throw isUnknownUpload(s3Fault(error)) ? uploadLost(this.#target.where(key)) : error;
      }
    });
  }
}

interface UploadObject {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
  readonly RequestPayer: 'requester' | undefined;
}

function markOf({ id }: OpenUpload): string {
  return id.slice(0, id.indexOf(' '));
}

function isUploadLost(error: unknown): boolean {
  return error instanceof SpimquantError && error.code === 'upload-lost';
}

/** Some services say of an upload that they do not know that there is no such object. */
function isUnknownUpload(fault: S3Fault): boolean {
  return fault.code === 'NoSuchUpload' || isMissingObject(fault);
}
