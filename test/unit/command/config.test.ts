import assert from 'node:assert/strict';
import { dump } from 'js-yaml';
import { mergedConfiguration } from '../../../runner/command/build.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import { isRunCommand } from '../../../runner/protocol/options.ts';

describe('merged configuration', () => {
  const lines = [
    'a b participant --seg_method th5 gmm+n2k1p5 --filter-spim acq:match=4x.* ses:none run=1 --participant-label 01 007 --template_crop left --min_object_voxels 9 --sloppy',
    'a b participant',
    'a b tune_n4 --correction_level 4 --sloppy --ignore_stains x',
    'a b group --contrast_column g --contrast_values WT KO --label x --test welch',
  ];
  for (const line of lines) {
    it(`of ${line} leads to the same run`, () => {
      const { command } = parseCommandText(line, { readFile: () => '' });
      assert.ok(isRunCommand(command) && command.verb !== 'sync');
      const text = dump(mergedConfiguration(command));
      const again = parseCommandText('spimquant --config spimquant.yml', { readFile: () => text });
      assert.deepEqual(again.command, command);
    });
  }
});
