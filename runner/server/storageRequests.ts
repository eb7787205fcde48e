import type { Requests } from '../protocol/rpc.ts';
import { completeUri } from '../storage/complete.ts';
import { readSmallFile } from '../storage/smallFile.ts';

/** Items of a completion, and bytes of a file, at most: an answer travels as one message. */
const mostItems = 1000;
const mostBytes = 64 << 20;

/** Answers `storage.complete`. */
export async function completeStorage(params: Requests['storage.complete']['params'], signal: AbortSignal): Promise<Requests['storage.complete']['result']> {
  return completeUri({ ...params, limit: Math.min(params.limit, mostItems) }, signal);
}

/** Answers `storage.read`. */
export async function readStorage(params: Requests['storage.read']['params'], signal: AbortSignal): Promise<Requests['storage.read']['result']> {
  const bytes = await readSmallFile(params.uri, Math.min(params.maxBytes, mostBytes), params.storage, signal);
  return { base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') };
}
