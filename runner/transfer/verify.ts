import { crc32 } from 'node:zlib';
import { crc32c, joinCrc } from '../kernels/crc32c.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { crcHex, digestOf, startDigest } from '../storage/digest.ts';
import type { Digest, DigestKind } from '../storage/digest.ts';
import type { Checksums } from '../storage/objectStore.ts';

/** By what a copy was found to be the source's: a digest that a service told, what was read back, or part by part as it was sent. */
export type Verified = DigestKind | 'read-back' | 'parts';

/** The kind of digest of some checksums that content is checked by; undefined: none is certain. */
export function certainKind(checksums: Checksums | undefined): DigestKind | undefined {
  return (['md5', 'crc32', 'crc32c', 'sha256'] as const).find((kind) => checksums?.[kind] !== undefined);
}

/**
 * Holds bytes against what their source tells of them. `more` asks the source for all it knows: listings may only tell
 * a tag that is perhaps an MD5. Throws `checksum-mismatch`; answers with how it was checked, or undefined when nothing
 * was told.
 */
export async function checkBytes(bytes: Uint8Array, listed: Checksums | undefined, more: () => Promise<Checksums | undefined>, where: string): Promise<DigestKind | undefined> {
  let told = listed;
  if (certainKind(told) === undefined) {
    if (told?.maybeMd5 !== undefined && digestOf('md5', bytes) === told.maybeMd5) return 'md5';
    told = await more();
  }
  const kind = certainKind(told);
  if (kind === undefined) return undefined;
  const found = digestOf(kind, bytes);
  if (found !== told?.[kind]) throw mismatch(where, kind, found, told?.[kind] ?? '');
  return kind;
}

/** The error of content that is not what its service says it is. */
export function mismatch(where: string, kind: DigestKind, found: string, told: string): SpimquantError {
  return new SpimquantError('checksum-mismatch', `What arrived is not what the service says it is: ${where} (${kind.toUpperCase()} ${found} instead of ${told})`, {
    where, hint: 'Run the same command again. If it happens again, the object is damaged where it lies. --no_verify copies it as it is.',
  });
}

/** The digest of a whole that arrives in parts, which may come in any order. */
export interface WholeDigest {
  readonly kind: DigestKind;
  /** Takes a part. Resolves when the part is no longer needed: at once, or when those before it have come. */
  add(index: number, bytes: Uint8Array): Promise<{ readonly crc?: number }>;
  /** A part of an earlier process, with what {@link WholeDigest.add} answered then. */
  had(index: number, crc: number | undefined): void;
  /** Lets go of parts that wait for others which will not come. */
  stop(): void;
  /** Of the whole; undefined when it cannot be told, because parts were not seen. */
  done(): string | undefined;
}

/** Starts the digest of a whole of so many bytes in parts of so many. CRCs of parts can be joined; others need the parts in order. */
export function startWhole(kind: DigestKind, size: number, partBytes: number): WholeDigest {
  const count = Math.ceil(size / partBytes);
  return kind === 'crc32' || kind === 'crc32c' ? new JoinedCrc(kind, count, size, partBytes) : new InOrder(kind, count);
}

class JoinedCrc implements WholeDigest {
  readonly kind: 'crc32' | 'crc32c';
  readonly #crcs: (number | undefined)[];
  readonly #size: number;
  readonly #partBytes: number;

  constructor(kind: 'crc32' | 'crc32c', count: number, size: number, partBytes: number) {
    this.kind = kind;
    this.#crcs = new Array<undefined>(count).fill(undefined);
    this.#size = size;
    this.#partBytes = partBytes;
  }

  async add(index: number, bytes: Uint8Array): Promise<{ readonly crc: number }> {
    const crc = this.kind === 'crc32' ? crc32(bytes) : crc32c(bytes);
    this.#crcs[index] = crc;
    return { crc };
  }

  had(index: number, crc: number | undefined): void {
    this.#crcs[index] = crc;
  }

  stop(): void {
    // Nothing waits.
  }

  done(): string | undefined {
    let whole = 0;
    for (const [index, crc] of this.#crcs.entries()) {
      if (crc === undefined) return undefined;
      whole = joinCrc(this.kind, whole, crc, Math.min(this.#partBytes, this.#size - index * this.#partBytes));
    }
    return crcHex(whole);
  }
}

class InOrder implements WholeDigest {
  readonly kind: DigestKind;
  readonly #digest: Digest;
  readonly #count: number;
  readonly #waiting = new Map<number, { readonly bytes: Uint8Array; readonly taken: () => void }>();
  #next = 0;
  /** Parts are missing that will never come. */
  #broken = false;

  constructor(kind: DigestKind, count: number) {
    this.kind = kind;
    this.#digest = startDigest(kind);
    this.#count = count;
  }

  async add(index: number, bytes: Uint8Array): Promise<Record<string, never>> {
    if (this.#broken) return {};
    await new Promise<void>((taken) => {
      this.#waiting.set(index, { bytes, taken });
      this.#go();
    });
    return {};
  }

  had(): void {
    this.stop();
  }

  stop(): void {
    this.#broken = true;
    for (const { taken } of this.#waiting.values()) taken();
    this.#waiting.clear();
  }

  #go(): void {
    for (let part = this.#waiting.get(this.#next); part !== undefined; part = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next);
      this.#digest.update(part.bytes);
      this.#next += 1;
      part.taken();
    }
  }

  done(): string | undefined {
    return this.#broken || this.#next < this.#count ? undefined : this.#digest.done();
  }
}
