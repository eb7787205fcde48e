import { randomUUID } from 'node:crypto';
import { SpimquantError } from '../../protocol/errors.ts';
import { changedError, changedMeanwhile, checkReplacement } from '../bodyFaults.ts';
import type { Surroundings } from '../connection.ts';
import { contentType } from '../contentType.ts';
import { compareKeys } from '../keyOrder.ts';
import { listedEntries } from '../listedEntries.ts';
import type { ListEntry, ListOptions, ObjectStat, ObjectStore, PartUploads, ReadOptions, StatOptions, StorageOptions, StoreRegion, WriteOptions } from '../objectStore.ts';
import { ObjectRead } from '../objectRead.ts';
import { partThreshold } from '../partSize.ts';
import { checkRange } from '../range.ts';
import type { BucketLocation } from '../uri.ts';
import { bytesSource, withFileSource } from '../uploadSource.ts';
import type { UploadSource } from '../uploadSource.ts';
import { checkKey, folderKey, formatUri } from '../uri.ts';
import { GcsRefusal } from './gcsClient.ts';
import type { GcsClient } from './gcsClient.ts';
import { GcsConnection } from './gcsConnection.ts';
import { gcsFault, isMissingObject } from './gcsErrors.ts';
import { bucketPath, getObject, listPage, objectPath, statOf } from './gcsObjects.ts';
import type { ObjectResource } from './gcsObjects.ts';
import { GcsParts, takesParts } from './gcsParts.ts';
import { fetchGcsBody } from './gcsRead.ts';
import { uploadAtOnce, uploadInSession } from './gcsUpload.ts';
import type { WriteTarget } from './gcsUpload.ts';

/** Metadata that tells our own write from another's when the answer to it was lost. */
const writeMark = 'spimquant-write';

/**
 * An {@link ObjectStore} over a bucket, or a prefix of it, at Google Cloud Storage or a service that speaks its JSON API.
 * The version of an object is its generation. Objects that none of our keys can name (folder markers ending in a slash,
 * two slashes in a row, parts named `..`) are not listed.
 */
export class GcsStore implements ObjectStore {
  readonly uri: string;
  readonly #prefix: string;
  readonly #options: StorageOptions;
  readonly #connection: GcsConnection;
  #bucketSeen = false;
  #bucketKey: Promise<string> | undefined;
  #takesParts: Promise<boolean> | undefined;

  constructor(location: Extract<BucketLocation, { scheme: 's3' | 'gs' }>, options: StorageOptions = {}, surroundings: Partial<Surroundings> = {}) {
    this.uri = formatUri(location);
    this.#prefix = location.prefix === '' ? '' : `${location.prefix}/`;
    this.#options = options;
    this.#connection = new GcsConnection(location.bucket, options, surroundings);
  }

  async stat(key: string, options: StatOptions = {}): Promise<ObjectStat | undefined> {
    checkKey(key, this.uri);
    const found = await this.#find(key, options.signal);
    return found && statOf(key, found);
  }

  async read(key: string, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    checkKey(key, this.uri);
    if (options.range) {
      checkRange(options.range);
      const empty = 'suffix' in options.range ? options.range.suffix === 0 : options.range.length === 0;
      if (empty) return this.#readNothing(key, options);
    }
    const reading = new ObjectRead(options, this.#where(key), fetchGcsBody(this.#connection.bucket, this.#prefix + key));
    return this.#ifThere('read', key, options.signal, (client, signal) => reading.attempt(client, signal));
  }

  async #readNothing(key: string, { ifVersion, signal }: ReadOptions): Promise<Uint8Array | undefined> {
    const found = await this.stat(key, { signal });
    if (found !== undefined && ifVersion !== undefined && found.version !== ifVersion) throw changedError(this.#where(key));
    return found && new Uint8Array(0);
  }

  async *list(folder: string, options: ListOptions = {}): AsyncGenerator<ListEntry> {
    const parent = folderKey(folder, this.uri);
    const above = this.#prefix + (parent === '' ? '' : `${parent}/`);
    const after = options.startAfter === undefined ? undefined : above + options.startAfter;
    const where = parent === '' ? this.uri : this.#where(parent);
    const below = (name: string): string => name.slice(this.#prefix.length);
    const request = { prefix: above + (options.namePrefix ?? ''), oneLevel: options.recursive !== true, from: after };
    let pageToken: string | undefined;
    let lastFolder: string | undefined;
    do {
      const page = await this.#connection.run('list', where, options.signal, ({ client }, signal) => listPage(client, this.#connection.bucket, { ...request, pageToken }, signal));
      this.#bucketSeen = true;
      // A page may end within a folder, which the next then names once more.
      const folders = (page.prefixes ?? []).map(below).filter((name) => name !== lastFolder);
      lastFolder = page.prefixes === undefined ? lastFolder : below(page.prefixes[page.prefixes.length - 1]);
      for (const entry of listedEntries(folders, (page.items ?? []).map((item) => statOf(below(item.name), item)), options.unusable)) {
        // The service begins with the name itself, not after it.
        if (after === undefined || compareKeys(this.#prefix + entry.key, after) > 0) yield entry;
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
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
    await this.#ifThere('delete', key, undefined, (client, signal) => client.text({ method: 'DELETE', path: this.#path(key) }, signal));
  }

  async #upload(key: string, source: UploadSource, options: WriteOptions): Promise<ObjectStat> {
    const { ifAbsent = false, ifVersion } = options;
    const large = source.size > partThreshold;
    checkReplacement(source.size, partThreshold, ifVersion);
    const mark = randomUUID();
    const target = await this.#target(key, ifAbsent || ifVersion !== undefined || large ? mark : undefined, options);
    try {
      return statOf(key, large ? await uploadInSession(this.#connection, target, source) : await uploadAtOnce(this.#connection, target, await source.read(0, source.size)));
    } catch (error) {
      if (!(ifAbsent || ifVersion !== undefined) || !(error instanceof SpimquantError) || error.code !== 'already-exists') throw error;
      // A first answer that was lost makes the second attempt meet our own object.
      const found = await this.#written(key, mark, options.signal);
      if (found === undefined) throw ifVersion === undefined ? error : changedMeanwhile(this.#where(key));
      return statOf(key, found);
    }
  }

  async #target(key: string, mark: string | undefined, { ifAbsent, ifVersion, signal }: WriteOptions): Promise<WriteTarget> {
    const { storageClass } = this.#options;
    return {
      name: this.#prefix + key,
      where: this.#where(key),
      resource: {
        contentType: contentType(key),
        ...(storageClass === undefined ? {} : { storageClass }),
        ...(mark === undefined ? {} : { metadata: { [writeMark]: mark } }),
      },
      kmsKeyName: await this.#kmsKey(key, signal),
      ifAbsent: ifAbsent === true,
      ...(ifVersion === undefined ? {} : { ifVersion }),
      signal,
    };
  }

  /** The key to encrypt by; undefined: the bucket's, or the provider's own. */
  async #kmsKey(key: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    const { encryption, encryptionKey } = this.#options;
    if (encryption !== 'kms' || encryptionKey !== undefined) return encryption === 'kms' ? encryptionKey : undefined;
    this.#bucketKey ??= this.#defaultKey(key, signal);
    this.#bucketKey.catch(() => {
      this.#bucketKey = undefined;
    });
    return this.#bucketKey;
  }

  /** The key that the bucket encrypts by. Without one the service would quietly use its own. */
  async #defaultKey(key: string, signal: AbortSignal | undefined): Promise<string> {
    const hint = 'Name a key with --encryption-key projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY.';
    const bucket = await this.#connection.run('write', this.#where(key), signal, async ({ client }, abortSignal) => {
      try {
        return await client.json<{ readonly encryption?: { readonly defaultKmsKeyName?: string } }>({ method: 'GET', path: bucketPath(this.#connection.bucket), query: { fields: 'encryption' } }, abortSignal);
      } catch (error) {
        if (gcsFault(error).status === 403) throw new SpimquantError('bad-option', `The credentials may not look up which key the bucket encrypts by: ${this.#where(key)}`, { where: this.#where(key), hint });
        throw error;
      }
    });
    const found = bucket.encryption?.defaultKmsKeyName;
    if (found === undefined) throw new SpimquantError('bad-option', `The bucket has no key of its own to encrypt by: could not write ${this.#where(key)}`, { where: this.#where(key), hint });
    return found;
  }

  /** Undefined at services that speak the JSON API only: parts are a matter of the XML API. */
  async parts(): Promise<PartUploads | undefined> {
    this.#takesParts ??= takesParts(this.#connection, this.uri);
    this.#takesParts.catch(() => {
      this.#takesParts = undefined;
    });
    if (!(await this.#takesParts)) return undefined;
    return new GcsParts(this.#connection, {
      target: async (key, mark, signal) => {
        checkKey(key, this.uri);
        return this.#target(key, mark, { signal });
      },
      written: async (key, mark, signal) => {
        const found = await this.#written(key, mark, signal);
        return found && statOf(key, found);
      },
    });
  }

  async region(options: { readonly signal?: AbortSignal } = {}): Promise<StoreRegion> {
    let isGoogle = true;
    try {
      const { location } = await this.#connection.run('read', this.uri, options.signal, async ({ client, settings }, signal) => {
        isGoogle = settings.isGoogle;
        return client.json<{ readonly location?: string }>({ method: 'GET', path: bucketPath(this.#connection.bucket), query: { fields: 'location' } }, signal);
      });
      if (isGoogle && location !== undefined) return { provider: 'google', name: location.toLowerCase() };
    } catch (error) {
      if (error instanceof SpimquantError && error.code === 'cancelled') throw error;
      // Many may read objects and not look at the bucket.
    }
    return { provider: isGoogle ? 'google' : 'other' };
  }

  async #find(key: string, signal: AbortSignal | undefined): Promise<ObjectResource | undefined> {
    return this.#ifThere('read', key, signal, (client, abortSignal) => getObject(client, this.#connection.bucket, this.#prefix + key, abortSignal));
  }

  /** The object, when it is the one that was written with that mark. */
  async #written(key: string, mark: string, signal: AbortSignal | undefined): Promise<ObjectResource | undefined> {
    const found = await this.#find(key, signal);
    return found?.metadata?.[writeMark] === mark ? found : undefined;
  }

  /** Does something with an object; undefined when there is none. */
  async #ifThere<T>(doing: string, key: string, signal: AbortSignal | undefined, work: (client: GcsClient, signal: AbortSignal | undefined) => Promise<T>): Promise<T | undefined> {
    return this.#connection.run(doing, this.#where(key), signal, async ({ client }, abortSignal) => {
      try {
        return await work(client, abortSignal);
      } catch (error) {
        if (!isMissingObject(gcsFault(error))) throw error;
        await this.#seeBucket(client, abortSignal);
        return undefined;
      }
    });
  }

  /** Tells a missing object from a missing bucket, once, where the answer itself does not. */
  async #seeBucket(client: GcsClient, signal: AbortSignal | undefined): Promise<void> {
    if (this.#bucketSeen) return;
    try {
      await client.json({ method: 'GET', path: `${bucketPath(this.#connection.bucket)}/o`, query: { maxResults: '1', fields: 'kind' } }, signal);
    } catch (error) {
      // A listing is there unless its bucket is not, in whatever words the service says so.
      if (gcsFault(error).status === 404) throw new GcsRefusal(404, 'NoSuchBucket', '', 0);
      // Whoever may not list the bucket may still read objects in it.
    }
    this.#bucketSeen = true;
  }

  #path(key: string): string {
    return objectPath(this.#connection.bucket, this.#prefix + key);
  }

  #where(key: string): string {
    return `${this.uri}/${key}`;
  }
}
