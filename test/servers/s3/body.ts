import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Failure } from './failure.ts';
import { sha256, signChunk } from './signature.ts';
import type { Signer } from './signature.ts';

/** The content of a request's body: chunk framing taken off, hashes, chunk signatures and checksums checked. */
export function openBody(raw: Buffer, headers: Readonly<Record<string, string | undefined>>, signer: Signer | undefined): Buffer {
  const declared = signer?.payloadHash ?? headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  if (declared.startsWith('STREAMING-')) return openChunks(raw, declared, signer);
  if (/^[0-9a-f]{64}$/.test(declared) && sha256(raw) !== declared) throw new S3Failure(400, 'XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' header does not match what was computed.");
  checkChecksums(raw, headers);
  const md5 = headers['content-md5'];
  if (md5 !== undefined && createHash('md5').update(raw).digest('base64') !== md5) throw new S3Failure(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  return raw;
}

function openChunks(raw: Buffer, declared: string, signer: Signer | undefined): Buffer {
  const signed = declared === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
  if (!signed && declared !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') throw new S3Failure(501, 'NotImplemented', `This server does not know ${declared}.`);
  const chunks: Buffer[] = [];
  let previous = signer?.signature ?? '';
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at);
    if (lineEnd < 0) throw new S3Failure(400, 'IncompleteBody', 'The request body terminated unexpectedly.');
    const [sizeText, signatureText] = raw.toString('latin1', at, lineEnd).split(';chunk-signature=');
    const size = Number.parseInt(sizeText, 16);
    const begin = lineEnd + 2;
    if (!Number.isInteger(size) || begin + size > raw.length) throw new S3Failure(400, 'IncompleteBody', 'The request body terminated unexpectedly.');
    const chunk = raw.subarray(begin, begin + size);
    if (signed && signer) {
      previous = signChunk(signer.key, signer.date, signer.scope, previous, chunk);
      if (previous !== signatureText) throw new S3Failure(403, 'SignatureDoesNotMatch', 'The chunk signature does not match.');
    }
    if (size === 0) {
      const content = Buffer.concat(chunks);
      checkChecksums(content, trailers(raw.toString('latin1', begin)));
      return content;
    }
    chunks.push(chunk);
    at = begin + size + 2;
  }
}

function trailers(text: string): Record<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
}

function checkChecksums(content: Buffer, headers: Readonly<Record<string, string | undefined>>): void {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(content));
  const expected: Readonly<Record<string, () => string>> = {
    'x-amz-checksum-crc32': () => crc.toString('base64'),
    'x-amz-checksum-sha1': () => createHash('sha1').update(content).digest('base64'),
    'x-amz-checksum-sha256': () => createHash('sha256').update(content).digest('base64'),
  };
  for (const [name, compute] of Object.entries(expected)) {
    if (headers[name] !== undefined && headers[name] !== compute()) throw new S3Failure(400, 'BadDigest', `The ${name} you specified did not match the calculated checksum.`);
  }
}
