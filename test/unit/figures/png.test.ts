import assert from 'node:assert/strict';
import { crc32, inflateSync } from 'node:zlib';
import { encodePng } from '../../../runner/figures/png.ts';

/** Takes a PNG apart by the rules of its specification; filters 0 to 2 only. */
function decode(png: Uint8Array): { width: number; height: number; colorType: number; pixels: Uint8Array; chunks: string[] } {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks: string[] = [];
  let [width, height, colorType] = [0, 0, 0];
  let data = new Uint8Array(0);
  for (let at = 8; at < png.length; at += 12 + view.getUint32(at)) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    assert.equal(view.getUint32(at + 8 + length), crc32(png.subarray(at + 4, at + 8 + length)), `checksum of ${type}`);
    chunks.push(type);
    if (type === 'IHDR') [width, height, colorType] = [view.getUint32(at + 8), view.getUint32(at + 12), png[at + 17]];
    if (type === 'IDAT') data = new Uint8Array(inflateSync(png.subarray(at + 8, at + 8 + length)));
  }
  const step = colorType === 0 ? 1 : colorType === 2 ? 3 : 4;
  const stride = width * step;
  const pixels = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (stride + 1)];
    assert.ok(filter <= 2);
    for (let i = 0; i < stride; i++) {
      const left = i >= step ? pixels[y * stride + i - step] : 0;
      const up = y > 0 ? pixels[(y - 1) * stride + i] : 0;
      pixels[y * stride + i] = data[y * (stride + 1) + 1 + i] + (filter === 1 ? left : filter === 2 ? up : 0);
    }
  }
  return { width, height, colorType, pixels, chunks };
}

describe('PNG pictures', () => {
  for (const [channels, colorType] of [[1, 0], [3, 2], [4, 6]] as const) {
    it(`keeps every pixel with ${channels} channels`, () => {
      const [width, height] = [37, 23];
      const data = Uint8Array.from({ length: width * height * channels }, (_, i) => (i < 800 ? i / 4 : (i * 7919) % 251));
      const decoded = decode(encodePng({ width, height, channels, data }, { dotsPerInch: 150 }));
      assert.deepEqual([decoded.width, decoded.height, decoded.colorType], [width, height, colorType]);
      assert.deepEqual(decoded.chunks, ['IHDR', 'pHYs', 'IDAT', 'IEND']);
      assert.deepEqual(decoded.pixels, data);
    });
  }

  it('keeps rows that are those above, and pixels that are not compressed', () => {
    const [width, height] = [40, 30];
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i < width * 60 ? (i % (width * 3)) * 2 : i % 7));
    const raster = { width, height, channels: 3, data } as const;
    assert.deepEqual(decode(encodePng(raster)).pixels, data);
    assert.deepEqual(decode(encodePng(raster, { compressed: false })).pixels, data);
    assert.ok(encodePng(raster).length < encodePng(raster, { compressed: false }).length / 4);
  });

  it('refuses data that do not fit the size', () => {
    assert.throws(() => encodePng({ width: 2, height: 2, channels: 3, data: new Uint8Array(11) }), RangeError);
  });
});
