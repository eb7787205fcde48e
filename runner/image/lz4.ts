/**
 * Decodes an LZ4 block (the format without frame) into `out` from `start` on, filling it up to `end` exactly.
 * Throws a RangeError when the block does not decode to that many bytes. Written after the public description of the
 * LZ4 block format.
 */
export function decodeLz4Block(source: Uint8Array, out: Uint8Array, start: number, end: number): void {
  let from = 0;
  let to = start;
  const size = source.length;
  while (from < size) {
    const token = source[from++];
    let literals = token >>> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && from < size) literals += more = source[from++];
    }
    if (from + literals > size || to + literals > end) throw new RangeError('The LZ4 data are damaged.');
    if (literals > 24) {
      out.set(source.subarray(from, from + literals), to);
      to += literals;
      from += literals;
    } else {
      for (const stop = to + literals; to < stop;) out[to++] = source[from++];
    }
    if (from === size) break;
    const distance = source[from] | (source[from + 1] << 8);
    from += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255 && from < size) length += more = source[from++];
    }
    const match = to - distance;
    if (distance === 0 || match < start || to + length > end) throw new RangeError('The LZ4 data are damaged.');
    if (distance === 1 && length > 16) {
      out.fill(out[match], to, to + length);
      to += length;
    } else if (distance >= length && length > 24) {
      out.copyWithin(to, match, match + length);
      to += length;
    } else {
      for (let at = match, stop = to + length; to < stop;) out[to++] = out[at++];
    }
  }
  if (to !== end) throw new RangeError('The LZ4 data end too early.');
}
