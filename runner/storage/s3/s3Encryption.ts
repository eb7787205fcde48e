import type { PutObjectCommandOutput } from '@aws-sdk/client-s3';
import { SpimquantError } from '../../protocol/errors.ts';
import type { WriteHeaders } from './s3Upload.ts';

/**
 * Compares what was asked for with what the service says that it does: services that do not know the wish pass over it
 * without a word. Throws `bad-option`. `where`: the object's URI.
 */
export function checkEncryption({ ServerSideEncryption: asked }: Pick<WriteHeaders, 'ServerSideEncryption'>, { ServerSideEncryption: told }: Pick<PutObjectCommandOutput, 'ServerSideEncryption'>, where: string): void {
  if (asked === undefined || (asked === 'AES256' ? told !== undefined : told?.startsWith('aws:kms') === true)) return;
  throw new SpimquantError('bad-option', `The service does not encrypt on request: ${where}`, {
    where,
    hint: 'It passed over --encryption without a word. Leave the option out, and have the operator of the service encrypt the bucket. What was written so far is not encrypted by it.',
  });
}
