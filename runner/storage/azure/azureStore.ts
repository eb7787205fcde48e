import { randomUUID } from 'node:crypto';
import type { BlobGetPropertiesResponse, BlobItem, ContainerClient, ContainerListBlobFlatSegmentResponse, ContainerListBlobHierarchySegmentResponse } from '@azure/storage-blob';
import { SpimquantError } from '../../protocol/errors.ts';
import { alreadyExists, changedError, changedMeanwhile, checkReplacement } from '../bodyFaults.ts';
import type { Surroundings } from '../connection.ts';
import { contentType } from '../contentType.ts';
import { etagVersion } from '../etag.ts';
import { compareKeys } from '../keyOrder.ts';
import { listedEntries } from '../listedEntries.ts';
import { ObjectRead } from '../objectRead.ts';
import type { Checksums, ListEntry, ListOptions, ObjectStat, ObjectStore, PartUploads, ReadOptions, StatOptions, StorageOptions, StoreRegion, WriteOptions } from '../objectStore.ts';
import { partThreshold } from '../partSize.ts';
import { checkRange } from '../range.ts';
import { bytesSource, withFileSource } from '../uploadSource.ts';
import type { UploadSource } from '../uploadSource.ts';
import { checkKey, folderKey, formatUri } from '../uri.ts';
import type { BucketLocation } from '../uri.ts';
import { AzureParts, uploadInBlocks, uploadWhole } from './azureBlocks.ts';
import type { WriteTarget } from './azureBlocks.ts';
import { AzureConnection } from './azureConnection.ts';
import { azureFault, isMissingBlob } from './azureErrors.ts';
import { fetchAzureBody, isFolderMark, properties } from './azureRead.ts';
import { accessTier, isAzureEndpoint } from './azureSettings.ts';

/** Metadata that tells our own write from another's when the answer to it was lost. Azure allows no hyphens in its name. */
const writeMark = 'spimquant_write';
/** Names in one page of a listing: more would hold up everything else while they are parsed. */
const pageSize = 1000;

/**
 * An {@link ObjectStore} over a container, or a prefix of it, of an Azure storage account (Blob Storage, with or without a
 * hierarchical namespace). Blobs that stand for folders are none, and blobs that none of our keys can name are not listed.
 */
export class AzureStore implements ObjectStore {
  readonly uri: string;
  readonly #prefix: string;
  readonly #options: StorageOptions;
  readonly #connection: AzureConnection;
  readonly #target: WriteTarget;

  constructor(location: Extract<BucketLocation, { scheme: 'az' }>, options: StorageOptions = {}, surroundings: Partial<Surroundings> = {}) {
    this.uri = formatUri(location);
    this.#prefix = location.prefix === '' ? '' : `${location.prefix}/`;
    this.#options = options;
    this.#connection = new AzureConnection(location, options, surroundings);
    this.#target = this.#writeTarget();
  }

  async stat(key: string, options: StatOptions = {}): Promise<ObjectStat | undefined> {
    checkKey(key, this.uri);
    const found = await this.#properties(key, options.signal);
    return found && propertiesStat(key, found);
  }

  async read(key: string, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    checkKey(key, this.uri);
    if (options.range) {
      checkRange(options.range);
      const empty = 'suffix' in options.range ? options.range.suffix === 0 : options.range.length === 0;
      if (empty) return this.#readNothing(key, options);
    }
    const reading = new ObjectRead(options, this.#where(key), fetchAzureBody(this.#prefix + key));
    return this.#connection.run('read', this.#where(key), options.signal, ({ container }, signal) => orMissing(reading.attempt(container, signal)));
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
      const from = token === undefined && after?.startsWith(prefix) === true ? after : undefined;
      const page = await this.#connection.run('list', where, options.signal, ({ container }, signal) => onePage(container, { recursive: options.recursive === true, prefix, from }, token, signal));
      for (const entry of this.#entries(page, options.unusable)) {
        // The service begins with that name itself, and some cannot begin anywhere but at the first.
        if (after === undefined || compareKeys(this.#prefix + entry.key, after) > 0) yield entry;
      }
      token = page.continuationToken === '' ? undefined : page.continuationToken;
    } while (token !== undefined);
  }

  #entries({ segment }: Page, unusable: ListOptions['unusable']): Generator<ListEntry> {
    const below = ({ name }: { readonly name: string }): string => name.slice(this.#prefix.length);
    const folders = 'blobPrefixes' in segment ? (segment.blobPrefixes ?? []) : [];
    const objects = segment.blobItems.filter((blob) => !isFolderMark(blob.metadata)).map((blob) => listedStat(below(blob), blob));
    return listedEntries(folders.map(below), objects, unusable);
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
    await this.#connection.run('delete', this.#where(key), undefined, ({ container }) => orMissing(container.getBlobClient(this.#prefix + key).delete()));
  }

  async parts(): Promise<PartUploads> {
    return new AzureParts(this.#target);
  }

  /** Azure does not tell where an account is to those who use it. */
  async region(): Promise<StoreRegion> {
    return { provider: this.#options.azureEndpoint === undefined || isAzureEndpoint(this.#options.azureEndpoint) ? 'azure' : 'other' };
  }

  async #upload(key: string, source: UploadSource, options: WriteOptions): Promise<ObjectStat> {
    const large = source.size > partThreshold;
    const where = this.#where(key);
    const { ifVersion } = options;
    checkReplacement(source.size, partThreshold, ifVersion);
    // What would be refused in the end need not be sent.
    if (options.ifAbsent === true && large && (await this.stat(key, { signal: options.signal })) !== undefined) throw alreadyExists(where);
    const mark = randomUUID();
    try {
      if (large) return await uploadInBlocks(this.#target, key, source, mark, options);
      const { etag, md5 } = await uploadWhole(this.#target, key, source, mark, options);
      return { key, size: source.size, version: etagVersion(etag), ...checksums(md5) };
    } catch (error) {
      const isConditional = options.ifAbsent === true || ifVersion !== undefined;
      if (!isConditional || !(error instanceof SpimquantError) || (error.code !== 'already-exists' && error.code !== 'upload-lost')) throw error;
      // A first answer that was lost makes the second attempt meet our own blob.
      const written = await this.#target.written(key, mark, options.signal);
      if (written === undefined) throw ifVersion === undefined ? alreadyExists(where) : changedMeanwhile(where);
      return written;
    }
  }

  #writeTarget(): WriteTarget {
    const { storageClass, encryptionKey } = this.#options;
    return {
      connection: this.#connection,
      nameOf: (key) => {
        checkKey(key, this.uri);
        return this.#prefix + key;
      },
      where: (key) => this.#where(key),
      headers: (key, mark, ifAbsent) => ({
        blobHTTPHeaders: { blobContentType: contentType(key) },
        metadata: { [writeMark]: mark },
        tier: storageClass === undefined ? undefined : accessTier(storageClass),
        encryptionScope: encryptionKey,
        ...(ifAbsent ? { conditions: { ifNoneMatch: '*' } } : {}),
      }),
      written: async (key, mark, signal) => {
        const found = await this.#properties(key, signal);
        return found?.metadata?.[writeMark] === mark ? propertiesStat(key, found) : undefined;
      },
    };
  }

  async #properties(key: string, signal: AbortSignal | undefined): Promise<BlobGetPropertiesResponse | undefined> {
    return this.#connection.run('read', this.#where(key), signal, ({ container }, abortSignal) => orMissing(properties(container, this.#prefix + key, undefined, abortSignal)));
  }

  #where(key: string): string {
    return `${this.uri}/${key}`;
  }
}

type Page = ContainerListBlobHierarchySegmentResponse | ContainerListBlobFlatSegmentResponse;

interface Listing {
  readonly recursive: boolean;
  readonly prefix: string;
  /** The first name to list. */
  readonly from: string | undefined;
}

/** One page of a listing, by one request, or by two at services that cannot begin at a name. */
async function onePage(container: ContainerClient, { recursive, prefix, from }: Listing, token: string | undefined, abortSignal: AbortSignal | undefined): Promise<Page> {
  // Blobs that stand for folders are known by their metadata only.
  const options = { prefix, includeMetadata: true, abortSignal, ...(from === undefined ? {} : { startFrom: from }) };
  const place = { maxPageSize: pageSize, continuationToken: token };
  try {
    const pages: AsyncIterator<Page> = recursive ? container.listBlobsFlat(options).byPage(place) : container.listBlobsByHierarchy('/', options).byPage(place);
    return ((await pages.next()) as { readonly value: Page }).value;
  } catch (error) {
    if (from === undefined || azureFault(error).status !== 400) throw error;
    return onePage(container, { recursive, prefix, from: undefined }, token, abortSignal);
  }
}

/** Undefined when there is no such blob. */
async function orMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isMissingBlob(azureFault(error))) return undefined;
    throw error;
  }
}

function propertiesStat(key: string, found: BlobGetPropertiesResponse): ObjectStat {
  return { key, size: found.contentLength ?? 0, version: etagVersion(found.etag), ...modified(found.lastModified), ...checksums(found.blobType === 'BlockBlob' ? found.contentMD5 : undefined) };
}

function listedStat(key: string, { properties: found }: BlobItem): ObjectStat {
  return { key, size: found.contentLength ?? 0, version: etagVersion(found.etag), ...modified(found.lastModified), ...checksums(found.blobType === 'BlockBlob' ? found.contentMD5 : undefined) };
}

function modified(time: Date | undefined): Pick<ObjectStat, 'modified'> {
  return time === undefined ? {} : { modified: time.getTime() };
}

/** Of blobs in one piece the service computes the MD5; of others it tells what the writer said. */
function checksums(md5: Uint8Array | undefined): { readonly checksums?: Checksums } {
  return md5?.length === 16 ? { checksums: { md5: Buffer.from(md5).toString('hex') } } : {};
}
