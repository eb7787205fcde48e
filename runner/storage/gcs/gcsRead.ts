import type { FetchBody } from '../objectRead.ts';
import type { GcsClient } from './gcsClient.ts';
import { objectPath } from './gcsObjects.ts';

/** How an object of a bucket is asked for. Its version is its generation. */
export function fetchGcsBody(bucket: string, name: string): FetchBody<GcsClient> {
  return async (client, { range, version }, signal) => {
    const answer = await client.send({
      method: 'GET', path: objectPath(bucket, name), query: { alt: 'media', ifGenerationMatch: version },
      // Objects that were stored compressed come as they are, and their ranges mean what is stored; otherwise the service unpacks them and ignores ranges.
      headers: { 'accept-encoding': 'gzip', ...(range === undefined ? {} : { range }) },
      accepted: [412, 416],
    }, signal);
    if (answer.status === 412 || answer.status === 416) {
      answer.body.resume();
      return answer.status === 416 ? 'beyond' : 'changed';
    }
    const { 'content-range': contentRange, 'content-length': length, 'x-goog-generation': generation } = answer.headers;
    return {
      contentRange,
      contentLength: length === undefined ? undefined : Number(length),
      version: typeof generation === 'string' ? generation : undefined,
      body: answer.body,
    };
  };
}
