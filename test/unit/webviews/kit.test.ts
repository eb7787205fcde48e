import assert from 'node:assert/strict';
import { isBorder, paintSlice, windowTable } from '../../../webviews/kit/slices/pixels.ts';
import { frameAt, panBy, pictureAt, wholePicture, zoomAt } from '../../../webviews/kit/slices/zoom.ts';
import { arrangeRows, rowsAsText } from '../../../webviews/kit/tableRows.ts';
import { chartFigure, chartRange } from '../../../runner/wording/chartSvg.ts';

describe('a slice with layers', () => {
  const gray = { values: Uint8Array.of(0, 51, 102, 255), low: 0, high: 1000, window: { low: 200, high: 400 }, color: '#ffffff' };

  it('shows the window from black to white', () => {
    const table = windowTable(gray);
    assert.deepEqual([table[0], table[51], table[102], table[255]], [0, 0, 255, 255]);
  });

  it('adds channels in their colours', () => {
    const target = new Uint8ClampedArray(4);
    const one = Uint8Array.of(255);
    const channel = { values: one, low: 0, high: 1, window: { low: 0, high: 1 } };
    paintSlice(target, 1, 1, [{ ...channel, color: '#00ff00' }, { ...channel, color: '#ff00ff' }], []);
    assert.deepEqual([...target], [255, 255, 255, 255]);
  });

  it('colours the parts of an overlay, and leaves the picture alone at opacity 0', () => {
    const values = Uint8Array.of(0, 1, 2, 0);
    const overlay = { values, colors: ['#ff0000', '#0000ff'], opacity: 1, outline: false };
    const plain = new Uint8ClampedArray(16);
    paintSlice(plain, 2, 2, [gray], []);
    const coloured = new Uint8ClampedArray(16);
    paintSlice(coloured, 2, 2, [gray], [overlay]);
    assert.deepEqual([...coloured.slice(4, 7), ...coloured.slice(8, 11)], [255, 0, 0, 0, 0, 255]);
    const clear = new Uint8ClampedArray(16);
    paintSlice(clear, 2, 2, [gray], [{ ...overlay, opacity: 0 }]);
    assert.deepEqual(clear, plain);
  });

  it('can show borders alone', () => {
    const values = new Uint8Array(25).fill(0);
    for (const y of [1, 2, 3]) for (const x of [1, 2, 3]) values[5 * y + x] = 1;
    assert.ok(isBorder(values, 5, 5, 1, 1) && !isBorder(values, 5, 5, 2, 2));
    const target = new Uint8ClampedArray(100);
    paintSlice(target, 5, 5, [{ ...gray, values: new Uint8Array(25) }], [{ values, colors: ['#ff0000'], opacity: 1, outline: true }]);
    assert.deepEqual([target[4 * (5 * 2 + 2)], target[4 * (5 * 1 + 1)]], [0, 255]);
  });

  it('zooms about the pointer and stays within the picture', () => {
    const zoom = zoomAt(wholePicture, 4, 0.25, 0.5);
    assert.deepEqual(pictureAt(zoom, 0.25, 0.5), [0.25, 0.5]);
    assert.deepEqual(frameAt(zoom, 0.25, 0.5), [0.25, 0.5]);
    assert.deepEqual(panBy(zoom, 99, -99), { scale: 4, x: 0, y: 0.75 });
    assert.deepEqual(zoomAt(zoom, 0.01, 0.9, 0.9), wholePicture);
  });
});

describe('rows of a table', () => {
  const rows = [['Cerebellum', 3, null], ['Cortex', 20, 1], ['region 10', null, 2], ['region 9', 100, 3]] as const;

  it('are found by all words, whatever the case', () => {
    assert.deepEqual(arrangeRows(rows, 'REGION 9', undefined), [3]);
    assert.deepEqual(arrangeRows(rows, 'c', undefined), [0, 1]);
  });

  it('are sorted by numbers and by words with numbers, empty cells last', () => {
    assert.deepEqual(arrangeRows(rows, '', { column: 1, down: true }), [3, 1, 0, 2]);
    assert.deepEqual(arrangeRows(rows, '', { column: 1, down: false }), [0, 1, 3, 2]);
    assert.deepEqual(arrangeRows(rows, '', { column: 0, down: false }), [0, 1, 3, 2]);
  });

  it('are copied with their headings for a spreadsheet', () => {
    const columns = [{ label: 'region' }, { label: 'density', unit: 'per mm³' }, { label: 'q' }];
    assert.equal(rowsAsText({ columns, rows: [['a\tb', 1.5, null]] }, [0]), 'region\tdensity (per mm³)\tq\na b\t1.5\t\n');
  });
});

describe('a chart as a picture', () => {
  const chart = { kind: 'chart', title: 'Density <by> group', valueLabel: 'per mm³', series: ['control', 'drug'], rows: [{ label: 'Cortex', values: [10, 40] }, { label: 'Thalamus', values: [null, -20] }] } as const;

  it('has bars as wide as their numbers, to both sides of zero', () => {
    const { data } = chartFigure(chart);
    const bars = [...data.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="13"/g)].map(([, x, width]) => ({ x: Number(x), width: Number(width) }));
    assert.equal(bars.length, 3);
    assert.ok(Math.abs(bars[1].width / bars[0].width - 4) < 0.01 && Math.abs(bars[2].width / bars[0].width - 2) < 0.01);
    assert.ok(Math.abs(bars[2].x + bars[2].width - bars[0].x) < 0.02, 'a negative bar ends at zero');
    assert.deepEqual(chartRange(chart), { low: -20, high: 40 });
  });

  it('is no markup of its words', () => {
    const { data, alt } = chartFigure(chart);
    assert.ok(data.includes('Density &lt;by&gt; group') && !data.includes('<by>') && !data.includes('<script'));
    assert.match(alt, /Cortex control 10, drug 40; Thalamus control –, drug -20/);
  });
});
