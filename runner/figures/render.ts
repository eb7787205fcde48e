import { readFile } from 'node:fs/promises';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { assetPath } from '../assets.ts';
import { encodePng } from './png.ts';
import type { Raster } from './png.ts';

let ready: Promise<readonly Uint8Array[]> | undefined;

/** Loads the renderer and the fonts, once per thread: the module refuses to be initialised twice. */
async function load(): Promise<readonly Uint8Array[]> {
  const [wasm, ...fonts] = await Promise.all(['resvg.wasm', 'DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) => readFile(assetPath(name))));
  await initWasm(wasm);
  return fonts;
}

/** Draws an SVG file, `zoom` pixels per user unit, on white. */
export async function renderSvg(svg: string, zoom = 1.5): Promise<Raster> {
  ready ??= load();
  const fontBuffers = [...(await ready)];
  const resvg = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: zoom },
    background: '#ffffff',
    font: { fontBuffers, defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' },
  });
  const image = resvg.render();
  try {
    const { width, height } = image;
    const rgba = image.pixels;
    const data = new Uint8Array(width * height * 3);
    for (let i = 0, j = 0; j < data.length; i += 4, j += 3) {
      data[j] = rgba[i];
      data[j + 1] = rgba[i + 1];
      data[j + 2] = rgba[i + 2];
    }
    return { width, height, channels: 3, data };
  } finally {
    image.free();
    resvg.free();
  }
}

/** Draws an SVG file as PNG. 100 user units are one inch in print. */
export async function svgToPng(svg: string, zoom = 1.5): Promise<Uint8Array> {
  return encodePng(await renderSvg(svg, zoom), { dotsPerInch: 100 * zoom });
}
