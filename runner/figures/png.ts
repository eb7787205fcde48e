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

/** What a byte of a filtered row costs: its distance from 0 as a signed number (PNG specification, section 12.8). */
function magnitude(difference: number): number {
  const signed = (difference << 24) >> 24;
  return signed < 0 ? -signed : signed;
}

/**
 * The cheapest of the filters none, sub and up (PNG specification, section 9) for the row that begins at `start`. A loop for each, without a branch within: there are millions of bytes in a figure.
 */
function cheapestFilter(data: Uint8Array, start: number, stride: number, step: number): 0 | 1 | 2 {
  const end = start + stride;
  let none = 0, sub = 0, up = start === 0 ? Infinity : 0;
  if (start > 0) for (let i = start; i < end; i++) up += magnitude(data[i] - data[i - stride]);
  // Most rows of a chart are those above.
  if (up === 0) return 2;
  for (let i = start; i < end; i++) none += magnitude(data[i]);
  for (let i = start; i < start + step; i++) sub += magnitude(data[i]);
  for (let i = start + step; i < end; i++) sub += magnitude(data[i] - data[i - step]);
  if (up < none && up < sub) return 2;
  return sub < none ? 1 : 0;
}

/** Writes a row, filtered, to `out` from `at`. */
function filterRow(kind: 0 | 1 | 2, data: Uint8Array, start: number, stride: number, step: number, out: Uint8Array, at: number): void {
  const end = start + stride;
  out[at] = kind;
  // Of the first pixel there is nothing to the left; the first row is never filtered by the one above.
  const plain = kind === 0 ? end : kind === 1 ? start + step : start;
  const back = kind === 1 ? step : stride;
  let o = at + 1;
  for (let i = start; i < plain; i++) out[o++] = data[i];
  for (let i = plain; i < end; i++) out[o++] = data[i] - data[i - back];
}

/** How {@link encodePng} writes a picture. */
export interface PngOptions {
  /** Written into the file for printing. */
  readonly dotsPerInch?: number;
  /** False: pixels as they are, for one that is decoded at once and is not kept. */
  readonly compressed?: boolean;
}

/** Encodes a picture as PNG. Equal pixels give equal bytes. Throws a RangeError when the data do not fit the size. */
export function encodePng(raster: Raster, { dotsPerInch, compressed = true }: PngOptions = {}): Uint8Array {
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
  for (let y = 0; y < height; y++) filterRow(compressed ? cheapestFilter(data, y * stride, stride, channels) : 0, data, y * stride, stride, channels, filtered, y * (stride + 1));
  const parts = [signature, chunk('IHDR', header)];
  if (dotsPerInch !== undefined) {
    const density = new Uint8Array(9);
    const dots = new DataView(density.buffer);
    dots.setUint32(0, Math.round(dotsPerInch / 0.0254));
    dots.setUint32(4, Math.round(dotsPerInch / 0.0254));
    density[8] = 1;
    parts.push(chunk('pHYs', density));
  }
  parts.push(chunk('IDAT', deflateSync(filtered, { level: compressed ? 4 : 0 })), chunk('IEND', new Uint8Array(0)));
  return Buffer.concat(parts);
}

/** A `data:` URI of a PNG picture, to be embedded in SVG or HTML. */
export function pngDataUri(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64')}`;
}
