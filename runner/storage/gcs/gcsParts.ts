import { createHash, randomUUID } from 'node:crypto';
import { SpimquantError } from '../../protocol/errors.ts';
import { uploadLost } from '../bodyFaults.ts';
import type { ObjectStat, OpenUpload, PartTag, PartUploads } from '../objectStore.ts';
import { partSize } from '../partSize.ts';
import { elementText, encodeKey } from '../serviceText.ts';
import type { GcsClient, GcsRequest } from './gcsClient.ts';
import type { GcsConnection } from './gcsConnection.ts';
import { gcsFault } from './gcsErrors.ts';
import { textOf as bodyText } from '../serviceHttp.ts';
import type { WriteTarget } from './gcsUpload.ts';

/** What uploads in parts need of their store. */
export interface GcsPartsTarget {
  /** Throws for keys that are none. */
  target(key: string, mark: string, signal: AbortSignal | undefined): Promise<WriteTarget>;
  /** The object, when it is the one that was written with that mark. */
  written(key: string, mark: string, signal: AbortSignal | undefined): Promise<ObjectStat | undefined>;
}

type Stop = { readonly signal?: AbortSignal };

/**
 * Multipart uploads of the service's XML API, because its JSON API takes the content of an object in one order only. An id
 * holds a mark of ours, by which the object is known when the answer to its completion was lost.
 */
export class GcsParts implements PartUploads {
  readonly #connection: GcsConnection;
  readonly #store: GcsPartsTarget;

  constructor(connection: GcsConnection, store: GcsPartsTarget) {
    this.#connection = connection;
    this.#store = store;
  }

  readonly partBytes = partSize;

  async begin(key: string, size: number, { signal }: Stop = {}): Promise<OpenUpload> {
    const mark = randomUUID();
    const target = await this.#store.target(key, mark, signal);
    const { contentType, storageClass, metadata = {} } = target.resource;
    const created = await this.#connection.run('write', target.where, signal, ({ client }, abortSignal) => client.text({
      ...this.#object(target, 'POST'), query: { uploads: '' }, body: { length: 0, pieces: [] },
      headers: {
        'content-type': contentType,
        ...(storageClass === undefined ? {} : { 'x-goog-storage-class': storageClass }),
        ...(target.kmsKeyName === undefined ? {} : { 'x-goog-encryption-kms-key-name': target.kmsKeyName }),
        ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-goog-meta-${name}`, value])),
      },
    }, abortSignal));
    return { key, size, id: `${mark} ${unquotedText(created, 'UploadId') ?? ''}` };
  }

  async send(upload: OpenUpload, index: number, bytes: Uint8Array, { signal }: Stop = {}): Promise<PartTag> {
    // The service compares it with what has arrived.
    const digest = createHash('md5').update(bytes).digest('base64');
    return this.#on(upload, signal, async (client, object, abortSignal) => {
      const answer = await client.send({
        ...object('PUT'), query: { ...object('PUT').query, partNumber: String(index + 1) },
        headers: { 'content-md5': digest }, body: { length: bytes.length, pieces: [bytes] },
      }, abortSignal);
      answer.body.resume();
      return { index, tag: answer.headers.etag ?? '' };
    });
  }

  async confirm(upload: OpenUpload, parts: readonly PartTag[], { signal }: Stop = {}): Promise<readonly PartTag[] | undefined> {
    const there = new Map<number, string>();
    let marker: string | undefined;
    do {
      let page: string;
      try {
        page = await this.#on(upload, signal, (client, object, abortSignal) =>
          client.text({ ...object('GET'), query: { ...object('GET').query, 'part-number-marker': marker } }, abortSignal));
      } catch (error) {
        if (isUploadLost(error)) return undefined;
        throw error;
      }
      for (const [, part] of page.matchAll(/<Part>([\s\S]*?)<\/Part>/g)) there.set(Number(unquotedText(part, 'PartNumber')) - 1, unquotedText(part, 'ETag') ?? '');
      marker = unquotedText(page, 'IsTruncated') === 'true' ? unquotedText(page, 'NextPartNumberMarker') : undefined;
    } while (marker !== undefined);
    return parts.filter(({ index, tag }) => there.get(index) === tag);
  }

  async complete(upload: OpenUpload, parts: readonly PartTag[], { signal }: Stop = {}): Promise<ObjectStat> {
    const sorted = [...parts].sort((a, b) => a.index - b.index).map(({ index, tag }) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
    const body = Buffer.from(`<CompleteMultipartUpload>${sorted.join('')}</CompleteMultipartUpload>`);
    try {
      const generation = await this.#on(upload, signal, async (client, object, abortSignal) => {
        const answer = await client.send({ ...object('POST'), headers: { 'content-type': 'application/xml' }, body: { length: body.length, pieces: [body] } }, abortSignal);
        return (await bodyText(answer.body)).includes('<CompleteMultipartUploadResult') ? answer.headers['x-goog-generation'] : undefined;
      });
      if (typeof generation === 'string') return { key: upload.key, size: upload.size, version: generation };
    } catch (error) {
      if (!isUploadLost(error)) throw error;
    }
    // A first answer that was lost makes the second attempt meet an upload that is joined already.
    const { where } = await this.#store.target(upload.key, markOf(upload), signal);
    const written = await this.#store.written(upload.key, markOf(upload), signal);
    if (written === undefined) throw uploadLost(where);
    return written;
  }

  async abandon(upload: OpenUpload, { signal }: Stop = {}): Promise<void> {
    try {
      await this.#on(upload, signal, (client, object, abortSignal) => client.text(object('DELETE'), abortSignal));
    } catch (error) {
      if (!isUploadLost(error)) throw error;
    }
  }

  /** One request about an upload. Throws `upload-lost` when the service does not know it. */
  async #on<T>(upload: OpenUpload, signal: AbortSignal | undefined, request: (client: GcsClient, object: (method: GcsRequest['method']) => GcsRequest, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    const target = await this.#store.target(upload.key, markOf(upload), signal);
    const object = (method: GcsRequest['method']): GcsRequest => ({ ...this.#object(target, method), query: { uploadId: upload.id.slice(upload.id.indexOf(' ') + 1) } });
    return this.#connection.run('write', target.where, signal, async ({ client }, abortSignal) => {
      try {
        return await request(client, object, abortSignal);
      } catch (error) {
        throw gcsFault(error).code === 'NoSuchUpload' ? uploadLost(target.where) : error;
      }
    });
  }

  #object({ name }: WriteTarget, method: GcsRequest['method']): GcsRequest {
    return { method, path: `/${encodeURIComponent(this.#connection.bucket)}/${encodeKey(name)}` };
  }
}

/** Whether uploads in parts are to be had at a service. Google has them; others that speak its JSON API are asked. Throws as the connection does. */
export async function takesParts(connection: GcsConnection, where: string): Promise<boolean> {
  return connection.run('read', where, undefined, async ({ client, settings }, signal) => {
    if (settings.isGoogle) return true;
    try {
      const answer = await client.text({ method: 'GET', path: `/${encodeURIComponent(connection.bucket)}`, query: { uploads: '', 'max-uploads': '1' } }, signal);
      return answer.includes('<ListMultipartUploadsResult');
    } catch (error) {
      const { status, kind } = gcsFault(error);
      if (status === undefined || kind !== 'final' || status === 401) throw error;
      // Whoever may not see the uploads of others may have some.
      return status === 403;
    }
  });
}

function markOf({ id }: OpenUpload): string {
  return id.slice(0, id.indexOf(' '));
}

function isUploadLost(error: unknown): boolean {
  return error instanceof SpimquantError && error.code === 'upload-lost';
}

/** The text of an element. What is taken from documents here needs no unescaping but quotes. */
function unquotedText(xml: string, name: string): string | undefined {
  return elementText(xml, name)?.replaceAll('&quot;', '"').replaceAll('&#34;', '"');
}
