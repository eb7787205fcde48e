import assert from 'node:assert/strict';
import { S3Signer } from '../../../runner/storage/s3/s3Signature.ts';

describe('the signature of a read', () => {
  const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
  const request = { host: 'examplebucket.s3.amazonaws.com', path: '/test.txt', headers: { range: 'bytes=0-9' } };
  const day = Date.UTC(2013, 4, 24);

  it('is the one of the example in the documentation of S3', () => {
    assert.equal(new S3Signer('us-east-1', 's3').sign(request, keys, day).authorization,
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41');
  });

  it('follows the day, renewed keys, and their token', () => {
    const signer = new S3Signer('us-east-1', 's3');
    const first = signer.sign(request, keys, day);
    const renewed = { ...keys, secretAccessKey: 'other', sessionToken: 'token' };
    for (const [now, by] of [[day + 86_400_000, keys], [day, renewed], [day, keys]] as const) {
      assert.deepEqual(signer.sign(request, by, now), new S3Signer('us-east-1', 's3').sign(request, by, now));
    }
    assert.notEqual(signer.sign(request, renewed, day).authorization, first.authorization);
    assert.match(signer.sign(request, renewed, day).authorization, /x-amz-date;x-amz-security-token,/);
  });
});
