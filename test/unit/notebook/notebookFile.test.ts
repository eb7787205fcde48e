import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { parseNotebook, printNotebook } from '../../../extension/notebook/file/notebookFile.ts';
import { withFewFigures } from '../../../extension/notebook/file/outputs.ts';
import type { Result, SlicesBlock } from '../../../runner/protocol/results.ts';
import { resultMime } from '../../../runner/protocol/results.ts';

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`;

const file = lines(
  '{',
  '  "format": "spimquant-notebook",',
  '  "version": 1,',
  '  "cells": [',
  '    {',
  '      "id": "a1b2c3d4",',
  '      "type": "command",',
  '      "source": [',
  '        "spimquant info data \\\\",',
  '        "  --anonymous"',
  '      ],',
  '      "outputs": [',
  '        {',
  '          "data": {',
  '            "application/vnd.spimquant.result+json": {',
  '              "title": "data",',
  '              "command": "spimquant info data",',
  '              "blocks": []',
  '            }',
  '          }',
  '        }',
  '      ]',
  '    },',
  '    {',
  '      "id": "0f0f0f0f",',
  '      "type": "code",',
  '      "language": "python",',
  '      "source": []',
  '    }',
  '  ]',
  '}',
);

describe('a notebook file', () => {
  it('is the same byte for byte when nothing changed', () => {
    assert.equal(printNotebook(parseNotebook(file)), file);
  });

  it('of the sample is written as it is read', async () => {
    const sample = await readFile(new URL('../../../extension/samples/sample.spimnb', import.meta.url), 'utf8');
    assert.equal(printNotebook(parseNotebook(sample)), sample);
  });

  it('keeps what this version does not know, where it stood', () => {
    const later = JSON.stringify({
      format: 'spimquant-notebook', made: { by: 'later' }, version: 1,
      cells: [{ note: 7, id: 'a', type: 'chart', source: ['x'], folded: true, outputs: [{ data: { 'text/plain': ['hello', 'you'] }, kind: 'stdout' }] }],
    }, undefined, 2);
    assert.equal(printNotebook(parseNotebook(later)), `${later}\n`);
  });

  it('changes in one line when one line of a cell changes', () => {
    const notebook = parseNotebook(file);
    const edited = { ...notebook, cells: notebook.cells.map((cell, index) => (index === 0 ? { ...cell, source: cell.source.replace('--anonymous', '--requester-pays') } : cell)) };
    const before = file.split('\n'), after = printNotebook(edited).split('\n');
    assert.deepEqual(after.filter((line, index) => line !== before[index]), ['        "  --requester-pays"']);
  });

  it('keeps text with line ends of Windows as lines', () => {
    const notebook = parseNotebook(file);
    const printed = printNotebook({ cells: [{ ...notebook.cells[1], source: 'a\r\nb' }] });
    assert.deepEqual((JSON.parse(printed) as { cells: { source: string[] }[] }).cells[0].source, ['a', 'b']);
  });

  it('keeps bytes that are no text', () => {
    const data = Uint8Array.of(0, 255, 128, 7);
    const printed = printNotebook({ cells: [{ id: 'a', type: 'command', source: '', outputs: [{ items: [{ mime: 'image/png', data }] }] }] });
    assert.deepEqual(parseNotebook(printed).cells[0].outputs[0].items[0].data, data);
  });

  it('holds only the JSON of our own outputs', () => {
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
    const items = [{ mime: resultMime, data: encode('{"title":"t","command":"c","blocks":[]}') }, { mime: 'text/html', data: encode('<p>t</p>') }];
    const printed = printNotebook({ cells: [{ id: 'a', type: 'command', source: '', outputs: [{ items }] }] });
    assert.ok(!printed.includes('text/html'));
    assert.ok(printed.includes(resultMime));
  });

  it('that was just created has no cells yet', () => {
    assert.deepEqual(parseNotebook('  \n').cells, []);
  });

  for (const [what, text, says] of [
    ['is cut off', file.slice(0, 200), /damaged.*not valid JSON.*left as it is/],
    ['is something else', '{"cells": []}', /no SPIMquant notebook/],
    ['is newer', '{"format": "spimquant-notebook", "version": 2, "cells": []}', /newer SPIMquant \(format 2.*Update the extension/],
    ['has no cells', '{"format": "spimquant-notebook", "version": 1}', /no list of cells/],
    ['has a cell without source', '{"format": "spimquant-notebook", "version": 1, "cells": [{"id": "a", "type": "command"}]}', /cell 1 has no source/],
    ['has a damaged output', '{"format": "spimquant-notebook", "version": 1, "cells": [{"type": "command", "source": [], "outputs": [3]}]}', /cell 1 has a damaged output/],
  ] as const) {
    it(`that ${what} gives an error that says so`, () => {
      assert.throws(() => parseNotebook(text), says);
    });
  }
});

describe('figures in a file', () => {
  const figure = (size: number) => ({ alt: 'a slice', mediaType: 'image/png' as const, data: 'x'.repeat(size), width: 1, height: 1 });
  const result = (...sizes: readonly number[]): Result => ({ title: 't', command: 'c', blocks: [{ kind: 'figures', figures: sizes.map(figure) }] });

  it('are kept up to the limit, and a note tells of the others', () => {
    const kept = withFewFigures(result(60, 3000, 30), 100);
    assert.equal(kept.blocks.length, 2);
    assert.equal(kept.blocks[0].kind === 'figures' && kept.blocks[0].figures.length, 2);
    assert.match(kept.blocks[1].kind === 'notice' ? kept.blocks[1].text : '', /^A figure of 3\.0 kB is not kept in the notebook's file\. Run the cell again to see it\.$/);
  });

  it('stay as they are when they fit', () => {
    assert.deepEqual(withFewFigures(result(60, 30), 100), result(60, 30));
  });

  it('of slices lose what is beside the first, then their layers, and keep the plain picture', () => {
    const slice = { mm: 1, channels: ['x'.repeat(20)], overlays: ['x'.repeat(10)] };
    const slices: SlicesBlock = {
      kind: 'slices', alt: 'a slice', layout: 'stack', channels: [{ label: 'Abeta', color: '#ffffff', low: 0, high: 1, window: [0, 1] }], overlays: [{ label: 'th900', parts: [] }],
      stacks: [{ plane: 'axial', width: 1, height: 1, pixel: 1, origin: [0, 0], letters: { left: 'L', right: 'R', top: 'A', bottom: 'P' }, at: 1, slices: [slice, { ...slice, mm: 2 }, slice] }],
      pictures: [figure(40)],
    };
    const page: Result = { title: 't', command: 'c', blocks: [slices] };
    assert.deepEqual(withFewFigures(page, 130), page);
    const [one] = withFewFigures(page, 129).blocks;
    assert.ok(one.kind === 'slices');
    assert.deepEqual([one.stacks[0].at, one.stacks[0].slices.map(({ mm }) => mm)], [0, [2]]);
    assert.deepEqual(withFewFigures(page, 69).blocks.map(({ kind }) => kind), ['figures']);
    assert.deepEqual(withFewFigures(page, 39).blocks.map(({ kind }) => kind), ['notice']);
  });
});
