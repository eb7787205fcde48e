import assert from 'node:assert/strict';
import type { Result } from '../../../runner/protocol/results.ts';
import { resultHtml } from '../../../runner/wording/resultHtml.ts';
import { resultText, widthOf } from '../../../runner/wording/resultText.ts';

const evil = '<img src=x onerror=alert(1)>"\'&';

const page: Result = {
  title: 'Segmentation of Aβ',
  command: 'spimquant segment x',
  blocks: [
    { kind: 'facts', facts: [{ label: 'Stain', value: 'Aβ' }, { label: 'Smallest object', value: '200 voxels at full resolution, and this goes on for longer than a line has room for' }] },
    {
      kind: 'table', title: 'Regions', total: 9,
      columns: [{ label: 'region' }, { label: 'density', unit: 'per mm³', numeric: true }],
      rows: [['left hippocampal formation of the whole long-named brain', 0.5], ['視覚野', 12345.678], ['none', null]],
    },
    { kind: 'figures', figures: [{ title: 'Slices', alt: 'Three slices.', mediaType: 'image/png', data: 'iVBORw0KGgo=', width: 300, height: 200 }] },
    { kind: 'chart', title: 'Regions with the most objects', valueLabel: 'objects per mm³', series: ['control', 'drug'], rows: [{ label: 'Hippocampal formation', values: [12.5, 25] }, { label: 'Cerebellum', values: [null, -3] }] },
    {
      kind: 'slices', alt: 'A slice.', layout: 'stack', channels: [{ label: 'Aβ', color: '#ffffff', low: 0, high: 1, window: [0, 1] }], overlays: [{ label: 'th900', parts: [{ label: 'objects', color: '#ff9500' }] }],
      stacks: [{ plane: 'axial', width: 1, height: 1, pixel: 1, origin: [0, 0], letters: { left: 'L', right: 'R', top: 'A', bottom: 'P' }, at: 0, slices: [{ mm: 1, channels: ['AA=='], overlays: ['AA=='] }] }],
      pictures: [{ alt: 'A coronal slice with the plaques outlined.', mediaType: 'image/png', data: 'iVBORw0KGgo=', width: 300, height: 200 }],
    },
    { kind: 'notice', level: 'warn', text: 'Illumination is left as it is.' },
    { kind: 'text', text: 'one\n  two' },
    { kind: 'links', title: 'Reports', links: [{ title: 'sub-01', uri: '/data/out/report.html' }, { title: 'Help', uri: 'https://example.org/a?b=1&c=2' }] },
    { kind: 'commands', title: 'From here', commands: [{ title: 'Another threshold', text: "spimquant segment 'a b' --seg_method th900" }] },
  ],
};

/** A result with the same text wherever there is any. */
function filled(text: string): Result {
  return {
    title: text, command: text,
    blocks: [
      { kind: 'facts', facts: [{ label: text, value: text }] },
      { kind: 'table', title: text, columns: [{ label: text, unit: text }], rows: [[text]] },
      { kind: 'figures', figures: [{ title: text, alt: text, mediaType: 'image/svg+xml', data: `<svg><text>${text}</text></svg>`, width: 1, height: 1 }, { alt: text, mediaType: 'image/png', data: `AA==${text}`, width: 1, height: 1 }] },
      { kind: 'chart', title: text, valueLabel: text, series: [text, text], rows: [{ label: text, values: [1, null] }] },
      {
        kind: 'slices', title: text, alt: text, layout: 'stack', channels: [], overlays: [], stacks: [], pictures: [{ title: text, alt: text, mediaType: 'image/png', data: 'AA==', width: 1, height: 1 }],
      },
      { kind: 'notice', level: 'error', text }, { kind: 'text', text },
      { kind: 'links', title: text, links: [{ title: text, uri: text }, { title: text, uri: `javascript:${text}` }, { title: text, uri: `https://a/${text}` }] },
      { kind: 'commands', title: text, commands: [{ title: text, text }] },
    ],
  };
}

describe('a result as text', () => {
  for (const width of [40, 60, 100]) {
    it(`keeps within ${width} columns, but for what is copied`, () => {
      const text = resultText(page, { width, color: false });
      for (const line of text.split('\n').filter((each) => !/spimquant|https?:|\/data\//.test(each))) assert.ok(widthOf(line) <= width, `${widthOf(line)}: ${line}`);
    });
  }

  it('draws bars as long as their numbers, and says what a slice shows', () => {
    const lines = resultText(page, { width: 80, color: false }).split('\n');
    const bars = lines.filter((line) => line.includes('█')).map((line) => [...line].filter((letter) => letter === '█').length);
    assert.equal(bars.length, 2);
    assert.ok(Math.abs(bars[1] - 2 * bars[0]) <= 1, bars.join());
    assert.ok(lines.some((line) => /control +–$/.test(line)) && lines.some((line) => /drug +-3$/.test(line)));
    assert.ok(lines.some((line) => line.includes('A coronal slice with the plaques outlined.')));
  });

  it('shows the first rows of a long table, and how many there are', () => {
    const rows = Array.from({ length: 40 }, (_, i) => [`region ${i}`]);
    const text = resultText({ ...page, blocks: [{ kind: 'table', columns: [{ label: 'region' }], rows, total: 300, first: 15 }] }, { width: 80, color: false });
    assert.ok(text.includes('region 14') && !text.includes('region 15'));
    assert.ok(text.endsWith('15 of 300 rows'));
  });

  it('aligns the columns of a table, wide letters too', () => {
    const lines = resultText(page, { width: 60, color: false }).split('\n');
    const rows = lines.slice(lines.indexOf('Regions') + 1, lines.indexOf('Regions') + 5);
    assert.match(rows[0], /^region\s+density \(per mm³\)$/);
    assert.equal(new Set(rows.map(widthOf)).size, 1, rows.join('\n'));
    assert.ok(rows[2].endsWith('12345.678'));
    assert.ok(rows[3].endsWith('–'));
    assert.ok(lines.includes('3 of 9 rows'));
  });

  it('shows figures by their words, and commands whole', () => {
    const text = resultText(page, { width: 40, color: false });
    assert.match(text, /\[figure\] Slices\. Three slices\./);
    assert.match(text, /warning: Illumination/);
    assert.ok(text.includes("  spimquant segment 'a b' --seg_method th900"));
    assert.ok(!text.includes('iVBOR'));
  });

  it('lets nothing through that would steer a terminal', () => {
    const text = resultText(filled('a\u001b[2Jb\u0007\rc\u202ed\u009b1m'), { width: 80, color: false });
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it('has colours only when they are wanted', () => {
    assert.ok(resultText(page, { width: 80, color: true }).includes('\u001b['));
    assert.ok(!resultText(page, { width: 80, color: false }).includes('\u001b['));
  });
});

describe('a result as HTML', () => {
  it('escapes whatever others have named', () => {
    const html = resultHtml(filled(evil));
    assert.doesNotMatch(html, /<img src=x/);
    assert.doesNotMatch(html, /href="javascript/i);
    assert.ok(html.includes('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;'));
    const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)/g)].map(([, tag]) => tag));
    for (const tag of tags) assert.ok(['div', 'h4', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'p', 'strong', 'img', 'pre', 'ul', 'li', 'code', 'a'].includes(tag), tag);
    for (const [, attribute] of html.matchAll(/ ([a-z]+)="/g)) assert.ok(['align', 'src', 'alt', 'width', 'href', 'rel'].includes(attribute), attribute);
  });

  it('holds its pictures, and colours nothing', () => {
    const html = resultHtml(page);
    assert.ok(html.includes('src="data:image/png;base64,iVBORw0KGgo="'));
    assert.doesNotMatch(html, /style=|color|<script/);
    assert.ok(html.includes('<a href="https://example.org/a?b=1&amp;c=2"'));
    assert.ok(html.includes('sub-01: <code>/data/out/report.html</code>'));
  });

  it('keeps an SVG as it is', () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><text>Aβ “µm”</text></svg>';
    const html = resultHtml({ ...page, blocks: [{ kind: 'figures', figures: [{ alt: 'x', mediaType: 'image/svg+xml', data: svg, width: 10, height: 10 }] }] });
    const [, data] = /base64,([^"]+)"/.exec(html) ?? [];
    assert.equal(Buffer.from(data, 'base64').toString('utf8'), svg);
  });
});
