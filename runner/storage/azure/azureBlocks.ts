import { createHash, randomUUID } from 'node:crypto';
import type { BlockBlobUploadOptions } from '@azure/storage-blob';
import { uploadLost } from '../bodyFaults.ts';
import { throwIfCancelled } from '../cancel.ts';
import { etagVersion } from '../etag.ts';
import type { ObjectStat, OpenUpload, PartTag, PartUploads } from '../objectStore.ts';
import { partSize } from '../partSize.ts';
import { sendParts } from '../uploadParts.ts';
import type { UploadSource } from '../uploadSource.ts';
import type { AzureConnection } from './azureConnection.ts';
import { azureFault, isMissingBlob } from './azureErrors.ts';

/** How often an upload begins anew when another program's write of the same blob swept its blocks away. */
const attempts = 4;

/** What goes with every blob that is written, in one piece or in blocks. */
export type WriteHeaders = Pick<BlockBlobUploadOptions, 'blobHTTPHeaders' | 'metadata' | 'tier' | 'encryptionScope' | 'conditions'>;

/** What writing needs of its store. */
export interface WriteTarget {
  readonly connection: AzureConnection;
  /** Name of the blob; throws for keys that are none. */
  nameOf(key: string): string;
  where(key: string): string;
  /** `mark` goes into the metadata. */
  headers(key: string, mark: string, ifAbsent: boolean): WriteHeaders;
  /** The object, when it is the one that was written with that mark. */
  written(key: string, mark: string, signal: AbortSignal | undefined): Promise<ObjectStat | undefined>;
}

type Stop = { readonly signal?: AbortSignal };

/**
 * Uploads in blocks that outlive their process. Nothing is begun at the service: the blocks of an upload are known by its
 * id, a mark of ours, which becomes metadata of the blob. Azure discards blocks that are not committed after a week, and
 * when another program writes the same blob; nobody can remove them before.
 */
export class AzureParts implements PartUploads {
  readonly #target: WriteTarget;

  constructor(target: WriteTarget) {
    this.#target = target;
  }

  readonly partBytes = partSize;

  async begin(key: string, size: number, { signal }: Stop = {}): Promise<OpenUpload> {
    this.#target.nameOf(key);
    throwIfCancelled(signal, this.#target.where(key));
    return { key, size, id: randomUUID() };
  }

  async send({ key, id }: OpenUpload, index: number, bytes: Uint8Array, { signal }: Stop = {}): Promise<PartTag> {
    const target = this.#target;
    const md5 = createHash('md5').update(bytes).digest();
    const tag = blockId(id, index, md5);
    const { encryptionScope } = target.headers(key, id, false);
    await target.connection.run('write', target.where(key), signal, ({ container }, abortSignal) =>
      container.getBlockBlobClient(target.nameOf(key)).stageBlock(tag, bytes, bytes.length, { abortSignal, encryptionScope, transactionalContentMD5: md5 }));
    return { index, tag };
  }

  async confirm({ key, size }: OpenUpload, parts: readonly PartTag[], { signal }: Stop = {}): Promise<readonly PartTag[] | undefined> {
    if (parts.length === 0) return [];
    const target = this.#target;
    const there = await target.connection.run('read', target.where(key), signal, async ({ container }, abortSignal) => {
      try {
        return (await container.getBlockBlobClient(target.nameOf(key)).getBlockList('uncommitted', { abortSignal })).uncommittedBlocks ?? [];
      } catch (error) {
        if (isMissingBlob(azureFault(error))) return [];
        throw error;
      }
    });
    const sizes = new Map(there.map((block) => [block.name, block.size]));
    const bytes = partSize(size);
    const found = parts.filter(({ index, tag }) => sizes.get(tag) === Math.min(bytes, size - index * bytes));
    return found.length === 0 ? undefined : found;
  }

  async complete(upload: OpenUpload, parts: readonly PartTag[], { signal, ifAbsent = false }: Stop & { readonly ifAbsent?: boolean } = {}): Promise<ObjectStat> {
    const { key, size, id } = upload;
    const target = this.#target;
    const tags = [...parts].sort((a, b) => a.index - b.index).map(({ tag }) => tag);
    const etag = await target.connection.run('write', target.where(key), signal, async ({ container }, abortSignal) => {
      try {
        return (await container.getBlockBlobClient(target.nameOf(key)).commitBlockList(tags, { ...target.headers(key, id, ifAbsent), abortSignal })).etag ?? '';
      } catch (error) {
        if (azureFault(error).code === 'InvalidBlockList') return undefined;
        throw error;
      }
    });
    if (etag !== undefined) return { key, size, version: etagVersion(etag) };
    // A first answer that was lost makes the second attempt meet our own blob.
    const written = await target.written(key, id, signal);
    if (written === undefined) throw uploadLost(target.where(key));
    return written;
  }

  async abandon(): Promise<void> {
    // Azure does it, after a week.
  }
}

/**
 * An id by which a block is known, also by its content. As long as those of Azure's own tools: all blocks of a blob must
 * have ids of one length, those included that a broken upload left behind.
 */
function blockId(upload: string, index: number, md5: Buffer): string {
  return Buffer.from(`${upload}${String(index).padStart(5, '0')}${md5.toString('hex').slice(0, 7)}`).toString('base64');
}

/** Uploads a whole source in blocks: the blob appears whole or not at all. Throws as the connection does. */
export async function uploadInBlocks(target: WriteTarget, key: string, source: UploadSource, mark: string, { ifAbsent, signal }: Stop & { readonly ifAbsent?: boolean }): Promise<ObjectStat> {
  const parts = new AzureParts(target);
  for (let attempt = 1; ; attempt++) {
    const upload = { key, size: source.size, id: mark };
    const tags = await sendParts(source, partSize(source.size), signal, (index, bytes, partSignal) => parts.send(upload, index, bytes, { signal: partSignal }));
    try {
      return await parts.complete(upload, tags, { signal, ifAbsent });
    } catch (error) {
      const swept = error instanceof Error && 'code' in error && error.code === 'upload-lost';
      // With the condition, what swept the blocks away is in the way as well.
      if (!swept || attempt === attempts || ifAbsent === true) throw error;
    }
  }
}

/** Uploads a whole source by one request. Returns what is known of the blob. Throws as the connection does. */
export async function uploadWhole(target: WriteTarget, key: string, source: UploadSource, mark: string, { ifAbsent = false, ifVersion, signal }: Stop & { readonly ifAbsent?: boolean; readonly ifVersion?: string }): Promise<{ readonly etag?: string; readonly md5?: Uint8Array }> {
  const body = await source.read(0, source.size);
  return target.connection.run('write', target.where(key), signal, async ({ container }, abortSignal) => {
    const { etag, contentMD5 } = await container.getBlockBlobClient(target.nameOf(key)).upload(body, body.length, { ...target.headers(key, mark, ifAbsent), ...(ifVersion === undefined ? {} : { conditions: { ifMatch: `"${ifVersion}"` } }), abortSignal });
    return { etag, md5: contentMD5 };
  });
}
