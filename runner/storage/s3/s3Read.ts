import { etagVersion } from '../etag.ts';
import type { FetchBody } from '../objectRead.ts';
import { s3Fault } from './s3Errors.ts';
import type { S3Gets } from './s3Gets.ts';

/** How an object of a bucket is asked for. Its version is its ETag without quotes. */
export function fetchS3Body(object: { readonly Bucket: string; readonly Key: string; readonly RequestPayer?: 'requester' }): FetchBody<S3Gets> {
  return async (gets, { range, version }, abortSignal) => {
    try {
      const answer = await gets.get({ ...object, ...(range === undefined ? {} : { Range: range }), ...(version === undefined ? {} : { IfMatch: `"${version}"` }) }, abortSignal);
      return { contentRange: answer.contentRange, contentLength: answer.contentLength, version: etagVersion(answer.etag) || undefined, body: answer.body };
    } catch (error) {
      const { status } = s3Fault(error);
      if (status === 416) return 'beyond';
      if (status === 412 && version !== undefined) return 'changed';
      throw error;
    }
  };
}
