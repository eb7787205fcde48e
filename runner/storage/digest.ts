import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32c } from '../kernels/crc32c.ts';
import type { Checksums } from './objectStore.ts';

/** A digest that content is compared by. */
export type DigestKind = Exclude<keyof Checksums, 'maybeMd5'>;

/** The kinds, those that are computed fastest first. */
const kinds: readonly DigestKind[] = ['crc32', 'md5', 'sha256', 'crc32c'];

/** The kind that it takes least to check some checksums by; undefined: there is none. */
export function quickestDigest(checksums: Checksums | undefined): DigestKind | undefined {
  return kinds.find((kind) => checksums?.[kind] !== undefined);
}

/** Takes bytes piece by piece, in order. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** In lower-case hex. Nothing may follow. */
  done(): string;
}

export function startDigest(kind: DigestKind): Digest {
  if (kind === 'crc32' || kind === 'crc32c') {
    const next = kind === 'crc32' ? crc32 : crc32c;
    let crc = 0;
    return { update: (bytes) => { crc = next(bytes, crc); }, done: () => crcHex(crc) };
  }
  const hash = createHash(kind);
  return { update: (bytes) => { hash.update(bytes); }, done: () => hash.digest('hex') };
}

/** The digest of bytes that are all there. */
export function digestOf(kind: DigestKind, bytes: Uint8Array): string {
  const digest = startDigest(kind);
  digest.update(bytes);
  return digest.done();
}

/** A CRC of 32 bits as services write it, in hex. */
export function crcHex(crc: number): string {
  return (crc >>> 0).toString(16).padStart(8, '0');
}

/** Base64 of a digest, as services write it, in lower-case hex; undefined when it is none of so many bytes. */
export function base64ToHex(text: string | null | undefined, bytes: number): string | undefined {
  if (text === undefined || text === null) return undefined;
  const raw = Buffer.from(text, 'base64');
  return raw.length === bytes ? raw.toString('hex') : undefined;
}
