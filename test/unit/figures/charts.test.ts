import assert from 'node:assert/strict';
import { drawBars } from '../../../runner/figures/bars.ts';
import { colormapHex, colormapTable, labelColor } from '../../../runner/figures/colormaps.ts';
import { drawHeatMap } from '../../../runner/figures/heatmap.ts';
import { overlayFraction, overlayOutlines, paint, percentileWindow } from '../../../runner/figures/panels.ts';
import { drawPlot } from '../../../runner/figures/plot.ts';
import { renderSvg } from '../../../runner/figures/render.ts';
import { fitText, svgDocument, textWidth } from '../../../runner/figures/svg.ts';
import { escapeHtml } from '../../../runner/wording/escape.ts';
import { thresholdsFigure, thresholdsSvg } from '../../../runner/figures/thresholds.ts';

const frame = { x: 0, y: 0, width: 400, height: 300 };

/** Pixels of a picture that are close to a colour. */
async function pixelsOf(body: string, rgb: readonly [number, number, number]): Promise<{ count: number; left: number; right: number; top: number }> {
  const { width, data } = await renderSvg(svgDocument({ width: 400, height: 300, title: 't', body }), 1);
  const found = { count: 0, left: Infinity, right: -Infinity, top: Infinity };
  for (let i = 0; i < data.length; i += 3) {
    if (rgb.some((value, c) => Math.abs(data[i + c] - value) > 6)) continue;
    const [x, y] = [(i / 3) % width, Math.floor(i / 3 / width)];
    found.count++;
    found.left = Math.min(found.left, x);
    found.right = Math.max(found.right, x);
    found.top = Math.min(found.top, y);
  }
  return found;
}

describe('charts', () => {
  it('draws bars in proportion to their values', async () => {
    const chart = (value: number): string => drawBars(frame, { title: '', valueLabel: '', color: '#00ff00', rows: [{ label: 'a', value: 10, color: '#0000ff' }, { label: 'b', value }] });
    const [long, short] = [await pixelsOf(chart(2.5), [0, 0, 255]), await pixelsOf(chart(2.5), [0, 255, 0])];
    const ratio = (short.right - short.left + 1) / (long.right - long.left + 1);
    assert.ok(Math.abs(ratio - 0.25) < 0.02, `a quarter as long: ${ratio}`);
  });

  it('says so when there is nothing to draw', () => {
    assert.match(drawBars(frame, { title: 'x', valueLabel: '', color: '#000', rows: [], empty: 'no region has any' }), /no region has any/);
  });

  it('leaves gaps in a line where values are missing', () => {
    const svg = drawPlot(frame, { x: { label: 'x', domain: [0, 3] }, y: { label: 'y', domain: [0, 1] }, marks: [{ kind: 'line', x: [0, 1, 2, 3], y: [0, NaN, 1, 1], color: '#123456' }] });
    assert.match(svg, /d="M[^L"]+M[^L"]+L[^L"]+"/);
  });

  it('marks missing values of a heat map by more than colour', () => {
    const map = { title: '', rows: ['r'], columns: ['a', 'b'], colormap: 'YlOrRd', domain: [0, 1], valueLabel: '', rowLabelWidth: 50 } as const;
    const cells = (svg: string): number => svg.split('<line').length;
    assert.ok(cells(drawHeatMap(frame, { ...map, values: [[1, NaN]] })) > cells(drawHeatMap(frame, { ...map, values: [[1, 1]] })));
  });

  it('escapes names', () => {
    assert.ok(drawBars(frame, { title: 'a<b', valueLabel: '&', color: '#000', rows: [{ label: '"x"<', value: 1 }] }).includes('&quot;x&quot;&lt;'));
    assert.equal(escapeHtml('a\u0000b'), 'a b', 'control characters are not allowed in XML');
  });

  it('shortens names that do not fit, keeping both ends', () => {
    const short = fitText('Left posterior parietal association areas, layer 4', 200, 12);
    assert.ok(textWidth(short, 12) <= 200);
    assert.match(short, /^Left .*….*layer 4$/);
  });

  it('draws the thresholds where they are, and the same bytes each time', async () => {
    const input = { stain: 'Abeta', method: 'otsu+k3i2', counts: [5, 50, 500, 50, 5, 1], range: [0, 600] as const, thresholds: [200, 400], chosen: 400 };
    assert.match(thresholdsSvg(input), /chosen: 400/);
    assert.match(thresholdsSvg(input), /0\.982 % of the voxels/, '6 of 611');
    assert.deepEqual(await thresholdsFigure(input), await thresholdsFigure(input));
  });
});

describe('colours', () => {
  it('runs from end to end', () => {
    const ends = (name: Parameters<typeof colormapTable>[0]): string[] => [0, 1].map((t) => colormapHex(colormapTable(name), t));
    assert.deepEqual(ends('gray'), ['#000000', '#ffffff']);
    assert.deepEqual(ends('viridis'), ['#440154', '#fde725']);
    assert.deepEqual(ends('RdBu_r'), ['#053061', '#67001f']);
    assert.match(colormapHex(colormapTable('RdBu_r'), 0.5), /^#f[67]f[67]f[67]$/, 'no effect is almost white');
  });

  it('takes the atlas\' own colours where it has them', () => {
    assert.deepEqual(labelColor(3, '#0a0b0c'), [10, 11, 12]);
    assert.deepEqual(labelColor(21), labelColor(1));
  });
});

describe('pictures of slices', () => {
  const slice = (values: number[]): { width: number; height: number; values: Float32Array; pixel: readonly [number, number] } =>
    ({ width: values.length, height: 1, values: Float32Array.from(values), pixel: [1, 1] });

  it('shows the middle of the intensities between black and white', () => {
    const window = percentileWindow(Float32Array.from({ length: 1001 }, (_, i) => i));
    assert.deepEqual(window, { low: 10, high: 990 });
    assert.deepEqual(Array.from(paint(slice([0, 500, 2000]), window).data.filter((_, i) => i % 3 === 0)), [0, 128, 255]);
    assert.deepEqual(percentileWindow(new Float32Array(10).fill(7)), { low: 7, high: 8 }, 'a flat image');
  });

  it('shows a field fraction from 1 % on', () => {
    const picture = paint(slice([100, 100, 100]), { low: 0, high: 200 });
    overlayFraction(picture, slice([0.99, 1, 100]));
    const red = Array.from(picture.data.filter((_, i) => i % 3 === 0));
    assert.equal(red[0], 128);
    assert.ok(red[1] > 140 && red[2] > 200);
  });

  it('outlines a label on its own side only', () => {
    const picture = paint(slice([0, 0, 0, 0]), { low: 0, high: 1 });
    overlayOutlines(picture, slice([0, 2, 2, 0]), [255, 0, 0], 1);
    assert.deepEqual(Array.from(picture.data.filter((_, i) => i % 3 === 0)), [0, 255, 255, 0]);
  });
});
