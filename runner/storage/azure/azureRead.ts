import type { Readable } from 'node:stream';
import type { BlobGetPropertiesResponse, ContainerClient } from '@azure/storage-blob';
import { etagVersion } from '../etag.ts';
import type { BodyAnswer, FetchBody } from '../objectRead.ts';
import { resolveRange } from '../range.ts';
import { azureFault } from './azureErrors.ts';

/** Whether a blob stands for a folder: in accounts with a hierarchical namespace, and where tools leave such marks. */
export function isFolderMark(metadata: Readonly<Record<string, string>> | undefined): boolean {
  return metadata?.hdi_isfolder?.toLowerCase() === 'true';
}

/**
 * How a blob is asked for. Its version is its ETag without quotes. Azure has no ranges counted from the end: a suffix costs
 * a second request, which asks for the size first.
 */
export function fetchAzureBody(name: string): FetchBody<ContainerClient> {
  return async (container, { range, version }, signal) => {
    try {
      const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
      if (range === undefined) return await download(container, name, undefined, undefined, version, signal);
      if (from !== '') return await download(container, name, Number(from), to === '' ? undefined : Number(to) - Number(from) + 1, version, signal);
      const { contentLength = 0, etag } = await properties(container, name, version, signal);
      const { begin, end } = resolveRange({ suffix: Number(to) }, contentLength);
      return begin === end ? 'beyond' : await download(container, name, begin, end - begin, etagVersion(etag), signal);
    } catch (error) {
      const { status } = azureFault(error);
      if (status === 416) return 'beyond';
      if (status !== 412) throw error;
      // Where there is none, the condition fails as well.
      await properties(container, name, undefined, signal);
      return 'changed';
    }
  };
}

/** What is known of a blob. Throws what the SDK throws, with a reason; folders are no blobs. `version`: the one it must have. */
export async function properties(container: ContainerClient, name: string, version: string | undefined, abortSignal: AbortSignal | undefined): Promise<BlobGetPropertiesResponse> {
  const blob = container.getBlobClient(name);
  try {
    const found = await blob.getProperties({ abortSignal, ...ifMatch(version) });
    if (isFolderMark(found.metadata)) throw noBlob();
    return found;
  } catch (error) {
    if (azureFault(error).code !== 'AuthenticationFailed') throw error;
    // An answer to HEAD has no body that could give a reason: ask for one byte, whose refusal says more.
    const { readableStreamBody } = await blob.download(0, 1, { abortSignal, maxRetryRequests: 0 });
    (readableStreamBody as Readable | undefined)?.destroy();
    throw error;
  }
}

async function download(container: ContainerClient, name: string, offset: number | undefined, count: number | undefined, version: string | undefined, abortSignal: AbortSignal | undefined): Promise<BodyAnswer> {
  const answer = await container.getBlobClient(name).download(offset, count, { abortSignal, maxRetryRequests: 0, ...ifMatch(version) });
  const body = answer.readableStreamBody as Readable;
  if (isFolderMark(answer.metadata)) {
    body.destroy();
    throw noBlob();
  }
  return { contentRange: answer.contentRange, contentLength: answer.contentLength, version: etagVersion(answer.etag), body };
}

/** As the SDK would throw it. */
function noBlob(): Error {
  return Object.assign(new Error('It stands for a folder'), { code: 'BlobNotFound', statusCode: 404 });
}

function ifMatch(version: string | undefined): { readonly conditions?: { readonly ifMatch: string } } {
  return version === undefined ? {} : { conditions: { ifMatch: `"${version}"` } };
}
