import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { sampleText } from '../../../extension/notebook/commands/sampleText.ts';
import { parseNotebook } from '../../../extension/notebook/file/notebookFile.ts';
import { withDefaults } from '../../../runner/command/assist/effective.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import { isRunCommand } from '../../../runner/protocol/options.ts';

describe('the sample notebook', () => {
  const dataset = 'C:\\Users\\O\'Neil "x"\\demo: $& #1', output = '/tmp/a b/out';

  it('has commands that parse, on whatever paths it is put', async () => {
    const template = await readFile(new URL('../../../extension/samples/sample.spimnb', import.meta.url), 'utf8');
    const { cells } = parseNotebook(sampleText(template, dataset, output));
    const options = cells.filter(({ type }) => type === 'options').map(({ source }) => source);
    const parsed = cells.filter(({ type }) => type === 'command')
      .map(({ source }) => parseCommandText(withDefaults(source, options).text, { readFile: () => '' }).command);
    assert.deepEqual(parsed.map(({ verb }) => verb), ['info', 'slice', 'histogram', 'segment', 'segment', 'participant', 'results', 'group', 'results']);
    const runs = parsed.filter(isRunCommand);
    assert.deepEqual(runs.map(({ bids }) => bids), [dataset, dataset]);
    assert.deepEqual(runs.map((run) => run.output), [output, output]);
  });
});
