import { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import type { CompletedPart, CreateMultipartUploadCommandInput } from '@aws-sdk/client-s3';
import { partSize } from '../partSize.ts';
import { sendParts } from '../uploadParts.ts';
import type { UploadSource } from '../uploadSource.ts';
import { checkEncryption } from './s3Encryption.ts';
import type { S3Connection } from './s3Connection.ts';

/** How long a failed upload may take to be withdrawn before the failure is reported. */
const withdrawMs = 1000;

/** What goes with every object that is written, in one piece or in parts. */
export type WriteHeaders = Pick<CreateMultipartUploadCommandInput, 'ContentType' | 'Metadata' | 'RequestPayer' | 'StorageClass' | 'ServerSideEncryption' | 'SSEKMSKeyId'>;

export interface UploadTarget {
  readonly key: string;
  /** Full URI, for errors. */
  readonly where: string;
  readonly headers: WriteHeaders;
  readonly ifAbsent: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Uploads in parts and joins them: the object appears whole or not at all. When anything fails the parts are withdrawn.
 * Returns the ETag. Throws as the connection does.
 */
export async function uploadInParts(connection: S3Connection, target: UploadTarget, source: UploadSource): Promise<string | undefined> {
  const { where, signal } = target;
  const object = { Bucket: connection.bucket, Key: target.key };
  const created = await connection.run('write', where, signal, ({ client }, abortSignal) =>
    client.send(new CreateMultipartUploadCommand({ ...object, ...target.headers }), { abortSignal }));
  const upload = { ...object, UploadId: created.UploadId, RequestPayer: target.headers.RequestPayer };
  try {
    checkEncryption(target.headers, created, where);
    const parts = await sendParts(source, partSize(source.size), signal, async (index, body, partSignal): Promise<CompletedPart> => {
      const sent = await connection.run('write', where, partSignal, ({ client }, abortSignal) => client.send(new UploadPartCommand({ ...upload, PartNumber: index + 1, Body: body }), { abortSignal }));
      return { PartNumber: index + 1, ETag: sent.ETag };
    });
    const completed = await connection.run('write', where, signal, ({ client }, abortSignal) =>
      client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts }, ...(target.ifAbsent ? { IfNoneMatch: '*' } : {}) }), { abortSignal }));
    return completed.ETag;
  } catch (error) {
    // What could not be withdrawn stays invisible; a lifecycle rule of the bucket clears it away.
    await connection
      .run('write', where, AbortSignal.timeout(withdrawMs), ({ client }, abortSignal) => client.send(new AbortMultipartUploadCommand(upload), { abortSignal }))
      .catch(() => undefined);
    throw error;
  }
}
