import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { crc32c, joinCrc } from '../../../runner/kernels/crc32c.ts';

describe('CRC-32C', () => {
  const bytes = Uint8Array.from({ length: 40_000 }, (_, at) => (at * at * 31 + 7 * at) >>> 3);

  it('is that of RFC 3720', () => {
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e);
  });

  it('goes on from piece to piece, and joins pieces that were summed apart', () => {
    for (const cut of [0, 1, 7, 8, 9, 4096, 39_999, 40_000]) {
      const [first, second] = [bytes.subarray(0, cut), bytes.subarray(cut)];
      assert.equal(crc32c(second, crc32c(first)), crc32c(bytes));
      assert.equal(joinCrc('crc32c', crc32c(first), crc32c(second), second.length), crc32c(bytes));
      assert.equal(joinCrc('crc32', crc32(first), crc32(second), second.length), crc32(bytes));
    }
  });
});
