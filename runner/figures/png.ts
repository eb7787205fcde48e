import { crc32, deflateSync } from 'node:zlib';

/** Pixels from left to right, rows from top to bottom, channels interleaved: 1 gray, 3 RGB or 4 RGBA bytes a pixel. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
}

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const colorTypes = { 1: 0, 3: 2, 4: 6 } as const;

function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(body, 8);
  view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)));
  return out;
}

/** Filters one row: 0 none, 1 sub, 2 up (PNG specification, section 9). */
function filterRow(kind: 0 | 1 | 2, row: Uint8Array, above: Uint8Array | undefined, step: number, out: Uint8Array, at: number): number {
  out[at] = kind;
  let cost = 0;
  for (let i = 0; i < row.length; i++) {
    const left = kind === 1 && i >= step ? row[i - step] : 0;
    const up = kind === 2 && above !== undefined ? above[i] : 0;
    const value = (row[i] - left - up) & 255;
    out[at + 1 + i] = value;
    cost += value < 128 ? value : 256 - value;
  }
  return cost;
}

/**
 * Encodes a picture as PNG. Equal pixels give equal bytes. `dotsPerInch` is written into the file for printing.
 * Throws a RangeError when the data do not fit the size.
 */
export function encodePng(raster: Raster, dotsPerInch?: number): Uint8Array {
  const { width, height, channels, data } = raster;
  const stride = width * channels;
  if (width < 1 || height < 1 || data.length !== stride * height) {
    throw new RangeError(`A picture of ${width}x${height}x${channels} needs ${stride * height} bytes, not ${data.length}.`);
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = colorTypes[channels];
  const filtered = new Uint8Array((stride + 1) * height);
  const scratch = new Uint8Array(stride + 1);
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * stride, (y + 1) * stride);
    const above = y === 0 ? undefined : data.subarray((y - 1) * stride, y * stride);
    const at = y * (stride + 1);
    let best = filterRow(0, row, above, channels, filtered, at);
    for (const kind of [1, 2] as const) {
      const cost = filterRow(kind, row, above, channels, scratch, 0);
      if (cost < best) {
        best = cost;
        filtered.set(scratch, at);
      }
    }
  }
  const parts = [signature, chunk('IHDR', header)];
  if (dotsPerInch !== undefined) {
    const density = new Uint8Array(9);
    const dots = new DataView(density.buffer);
    dots.setUint32(0, Math.round(dotsPerInch / 0.0254));
    dots.setUint32(4, Math.round(dotsPerInch / 0.0254));
    density[8] = 1;
    parts.push(chunk('pHYs', density));
  }
  parts.push(chunk('IDAT', deflateSync(filtered, { level: 4 })), chunk('IEND', new Uint8Array(0)));
  return Buffer.concat(parts);
}

/** A `data:` URI of a PNG picture, to be embedded in SVG or HTML. */
export function pngDataUri(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64')}`;
}
