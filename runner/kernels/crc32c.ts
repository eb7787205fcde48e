/** Tables of the Castagnoli polynomial (reflected 0x82f63b78) for eight bytes at a time. */
const tables: readonly Int32Array[] = (() => {
  const made = Array.from({ length: 8 }, () => new Int32Array(256));
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    made[0][n] = c;
  }
  for (let n = 0; n < 256; n++) {
    for (let t = 1; t < 8; t++) made[t][n] = (made[t - 1][n] >>> 8) ^ made[0][made[t - 1][n] & 0xff];
  }
  return made;
})();

/** CRC-32C (RFC 3720) of the bytes, as an unsigned number. `before`: that of the bytes before them. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  let crc = ~before;
  let i = 0;
  for (const last = bytes.length - 7; i < last; i += 8) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc = t7[crc & 0xff] ^ t6[(crc >>> 8) & 0xff] ^ t5[(crc >>> 16) & 0xff] ^ t4[crc >>> 24] ^
      t3[bytes[i + 4]] ^ t2[bytes[i + 5]] ^ t1[bytes[i + 6]] ^ t0[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]) & 0xff];
  return (crc ^ -1) >>> 0;
}

/** The polynomials of two checksums, reflected. `crc32` is that of zlib. */
const polynomials = { crc32: 0xedb88320, crc32c: 0x82f63b78 } as const;

/**
 * The checksum of two pieces one after the other, from theirs and the length of the second in bytes: adding a zero byte
 * is linear over GF(2), and matrices of 2, 4, 8 … zeros are squares of the one before (the method of zlib's
 * `crc32_combine`).
 */
export function joinCrc(kind: keyof typeof polynomials, first: number, second: number, secondBytes: number): number {
  if (secondBytes <= 0) return first;
  // One zero bit.
  let even: Int32Array = Int32Array.from({ length: 32 }, (_, n) => (n === 0 ? polynomials[kind] : 1 << (n - 1)));
  // Two, then four.
  even = square(square(even));
  let crc = first;
  for (let left = secondBytes; left > 0; left = Math.floor(left / 2)) {
    // The first time this is one byte of zeros.
    even = square(even);
    if (left % 2 === 1) crc = times(even, crc);
  }
  return (crc ^ second) >>> 0;
}

function times(matrix: Int32Array, vector: number): number {
  let sum = 0;
  for (let bits = vector >>> 0, n = 0; bits !== 0; bits >>>= 1, n++) if ((bits & 1) === 1) sum ^= matrix[n];
  return sum;
}

function square(matrix: Int32Array): Int32Array {
  return matrix.map((row) => times(matrix, row));
}
