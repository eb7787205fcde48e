import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { etagVersion } from '../etag.ts';
import type { FetchBody } from '../objectRead.ts';
import { s3Fault } from './s3Errors.ts';

/** How an object of a bucket is asked for. Its version is its ETag without quotes. */
export function fetchS3Body(object: { readonly Bucket: string; readonly Key: string; readonly RequestPayer?: 'requester' }): FetchBody<S3Client> {
  return async (client, { range, version }, abortSignal) => {
    try {
      const answer = await client.send(
        new GetObjectCommand({ ...object, ...(range === undefined ? {} : { Range: range }), ...(version === undefined ? {} : { IfMatch: `"${version}"` }) }),
        { abortSignal },
      );
      return { contentRange: answer.ContentRange, contentLength: answer.ContentLength, version: etagVersion(answer.ETag) || undefined, body: answer.Body as Readable };
    } catch (error) {
      const { status } = s3Fault(error);
      if (status === 416) return 'beyond';
      if (status === 412 && version !== undefined) return 'changed';
      throw error;
    }
  };
}
