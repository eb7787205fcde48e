import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { explore } from '../../runner/explore/explore.ts';
import { resultMime, runMime } from '../../runner/protocol/results.ts';
import type { Result } from '../../runner/protocol/results.ts';
import type { RunOutput } from '../../runner/protocol/runOutput.ts';
import { formatCell } from '../../webviews/kit/table.ts';
import { resultHtml } from '../../runner/wording/resultHtml.ts';
import { resultText } from '../../runner/wording/resultText.ts';
import { runHtml, runText } from '../../runner/wording/runOutput.ts';
import { tinyBrain, writeDataset } from '../e2e/support/phantoms.ts';
import { decodePng } from '../helpers/png.ts';

interface Output {
  readonly text: string;
  /** Rows of cells. */
  readonly tables: readonly (readonly (readonly string[])[])[];
  readonly images: readonly { readonly src: string; readonly alt: string; readonly width: string }[];
  readonly tags: readonly string[];
  readonly handlers: readonly string[];
  readonly unclosed: readonly string[];
}

const peer = fileURLToPath(new URL('notebookPeer.py', import.meta.url));
const style = { width: 100, color: false };

/** An output as the extension writes it: our own type, and HTML and text for others. */
function resultData(result: Result): Record<string, unknown> {
  return { [resultMime]: result, 'text/html': resultHtml(result), 'text/plain': resultText(result, style) };
}

/** Words and a name that would do harm were they taken for markup. */
const nasty = '<script>alert(1)</script> & "CA1" <b>';

const chart: Result = {
  title: 'Regions', command: 'spimquant results out', blocks: [
    { kind: 'chart', title: 'Abeta', valueLabel: 'objects per mm³', series: ['control', 'drug'], rows: [{ label: 'left thalamus', values: [12.5, 3] }, { label: nasty, values: [0, null] }] },
    { kind: 'table', title: 'Densities', columns: [{ label: 'region' }, { label: 'density', unit: 'per mm³', numeric: true }], rows: [['left thalamus', 12.5], [nasty, null]] },
  ],
};

const failed: RunOutput = {
  run: {
    id: '20260102-030405-a1b2c3', command: 'spimquant bids out participant', verb: 'participant', place: 'local', bids: 'bids', output: 'out', status: 'failed', cancelling: false, started: 0, ended: 65_000,
    counts: { waiting: 0, running: 0, finished: 4, failed: 1, skipped: 2, cancelled: 0 }, reused: 0, fraction: 1, current: [], seq: 20, host: 'lab',
  },
  tail: [{ time: 0, level: 'warn', task: 'sub-01/import', message: `chunk ${nasty}` }],
  failures: [{ title: 'sub-01 import', error: { code: 'bad-zarr', message: `A chunk of ${nasty} is damaged.`, hint: 'Copy the image again.' } }],
  files: [{ uri: '/data/out/sub-01/report.html', title: 'sub-01 report', kind: 'report', bytes: 12 }], bytesRead: 1e6, bytesWritten: 2e6,
};

describe('exported notebooks and nbconvert', function () {
  this.timeout(120_000);
  let folder: string;
  let compared: Result;
  let outputs: readonly Output[];
  let markdown: string;

  before(async () => {
    const program = process.env['SPIMQUANT_PYTHON'];
    assert.ok(program, 'These tests are run by test/conformance/run.ts.');
    folder = await mkdtemp(join(tmpdir(), 'spimquant-conformance-'));
    await writeDataset(join(folder, 'bids'), [tinyBrain('01', 31, 'drug')]);
    compared = await explore('segment bids --participant-label 01 --stain Abeta --seg_method th600 otsu+k3i2 --compare', {
      signal: new AbortController().signal, env: {}, cwd: folder, progress: () => undefined, log: () => undefined,
    });
    const all = [resultData(compared), resultData(chart), { [runMime]: failed, 'text/html': runHtml(failed), 'text/plain': runText(failed) }];
    const path = join(folder, 'saved.ipynb');
    await writeFile(path, JSON.stringify({
      cells: all.map((data, at) => ({
        cell_type: 'code', id: `cell-${at}`, execution_count: at + 1, metadata: { vscode: { languageId: 'spimquant' } }, source: ['spimquant …'],
        outputs: [{ output_type: 'display_data', data, metadata: {} }],
      })),
      metadata: { language_info: { name: 'spimquant' } }, nbformat: 4, nbformat_minor: 5,
    }));
    ({ outputs, markdown } = JSON.parse(execFileSync(program, ['-W', 'ignore', peer, path], { encoding: 'utf8', maxBuffer: 1 << 26 })) as { readonly outputs: readonly Output[]; readonly markdown: string });
  });
  after(async () => rm(folder, { recursive: true, force: true }));

  it('have each output once, whole, and without anything that runs', () => {
    assert.equal(outputs.length, 3);
    for (const { tags, handlers, unclosed, text } of outputs) {
      assert.deepEqual([tags.filter((tag) => ['script', 'style', 'iframe', 'object', 'b'].includes(tag)), handlers, unclosed], [[], [], []]);
      // What nbconvert says of a type that it cannot show.
      assert.ok(!text.includes('application/vnd.'));
    }
  });

  it('show slices as pictures that say what they are, and the numbers of a comparison as a table', () => {
    const [{ images, tables, text }] = outputs;
    assert.ok(text.trimStart().startsWith(compared.title), text.slice(0, 80));
    const pictures = images.filter(({ src }) => src.startsWith('data:image/png;base64,')).map(({ src }) => decodePng(Buffer.from(src.split(',')[1], 'base64')));
    assert.ok(pictures.length >= 1);
    for (const { width, height, channels, pixels } of pictures) {
      assert.ok(width >= 300 && height >= 200);
      // Orange outlines on gray.
      let coloured = 0;
      for (let at = 0; at < pixels.length; at += channels) if (pixels[at] - pixels[at + 2] > 50) coloured += 1;
      assert.ok(coloured > 20, `${coloured} coloured pixels`);
    }
    for (const { alt, width } of images) {
      assert.ok(alt.length > 30, alt);
      assert.ok(Number(width) > 100);
    }
    const block = compared.blocks.find(({ kind }) => kind === 'table');
    assert.ok(block?.kind === 'table');
    const table = tables.find(([head]) => head[0] === block.columns[0].label);
    assert.deepEqual(table?.slice(1).map((row) => row[0]), ['th600', 'otsu+k3i2']);
    assert.equal(table?.[0].length, block.columns.length);
  });

  it('show charts as pictures, with the table of the numbers, and words that look like markup as words', () => {
    const [, { images, tables, text }] = outputs;
    const svg = Buffer.from(images[0].src.replace('data:image/svg+xml;base64,', ''), 'base64').toString();
    assert.match(svg, /^<svg[^>]+xmlns=/);
    assert.match(svg, /left thalamus/);
    assert.ok(!svg.includes('<script'));
    assert.match(images[0].alt, /Abeta/);
    assert.deepEqual(tables, [[['region', 'density (per mm³)'], ['left thalamus', formatCell(12.5)], [nasty, tables[0][2][1]]]]);
    assert.ok(text.includes(nasty));
  });

  it('tell how a run ended, what failed and what to do, and where its files are', () => {
    const [, , { text }] = outputs;
    for (const part of ['failed', 'sub-01 import', nasty, 'Copy the image again.', 'sub-01 report', '/data/out/sub-01/report.html', '1.0 MB']) assert.ok(text.includes(part), `${part} is not in ${text}`);
  });

  it('read well as Markdown too', () => {
    for (const part of ['th600', 'left thalamus', 'Copy the image again.']) assert.ok(markdown.includes(part), part);
    assert.ok(!markdown.includes('application/vnd.'));
  });
});
