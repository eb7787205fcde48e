import assert from 'node:assert/strict';
import { parseCommandText } from '../../../../runner/command/parse.ts';
import { analyse } from '../../../../runner/command/assist/analyse.ts';
import { withDefaults } from '../../../../runner/command/assist/effective.ts';
import { SpimquantError } from '../../../../runner/protocol/errors.ts';

const yaml = `bids_dir: s3://lab/bids
output_dir: 'my out'
analysis_level: participant
participant-label: [007, sub-08]
seg_method:
  - th500
  - otsu+k3i2
registration_level: 3   # coarse
sloppy: true
no_vessels: false
cores: 4
contrast_column: genotype
work_dir: null
`;

const none = { readFile: () => { throw new Error('no file is read'); } };

describe('options of a notebook', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['spimquant participant', "spimquant s3://lab/bids 'my out' participant --participant-label 007 sub-08 --seg_method th500 otsu+k3i2 --registration_level 3 --sloppy --cores 4"],
    ['spimquant a b group', 'spimquant a b group --participant-label 007 sub-08 --seg_method th500 otsu+k3i2 --cores 4 --contrast_column genotype'],
    ['spimquant group --seg_method th1 --cores', "spimquant s3://lab/bids 'my out' group --seg_method th1 --cores --participant-label 007 sub-08 --contrast_column genotype"],
    ['spimquant plan tune_n4 --cores 1', "spimquant plan s3://lab/bids 'my out' tune_n4 --cores 1 --participant-label 007 sub-08 --registration_level 3 --sloppy"],
    ['spimquant -n', "spimquant s3://lab/bids 'my out' participant -n --participant-label 007 sub-08 --seg_method th500 otsu+k3i2 --registration_level 3 --sloppy --cores 4"],
    ['$ pixi run spimquant ./a participant -nc2', "spimquant ./a 'my out' participant -nc2 --participant-label 007 sub-08 --seg_method th500 otsu+k3i2 --registration_level 3 --sloppy"],
    ['spimquant segment --seg_method th9', 'spimquant segment s3://lab/bids --seg_method th9'],
    ['spimquant results', "spimquant results 'my out' --participant-label 007 sub-08 --seg_method th500 otsu+k3i2"],
    ['spimquant runs', 'spimquant runs'],
    ['spimquant doctor', 'spimquant doctor'],
    ['spimquant a b participant --config own.yaml', 'spimquant a b participant --config own.yaml'],
    ['spimquant help group', 'spimquant help group'],
    ['spimquant', 'spimquant'],
    ['spimquant particpant', 'spimquant particpant'],
  ];
  for (const [cell, line] of cases) {
    it(`make of ${JSON.stringify(cell)} what it amounts to`, () => {
      assert.equal(withDefaults(cell, yaml).text, line);
    });
  }

  it('lead to the same command as a configuration file does', () => {
    for (const level of ['participant', 'group', 'tune_n4']) {
      for (const flags of ['', ' --template_crop left', ' -n --cores 2', ' --registration_level 9 --exclude-participant-label 3', ' --template DSURQE']) {
        const cell = `spimquant s3://lab/bids 'my out' ${level}${flags}`;
        // tune_n4 chooses methods itself: a configuration file's are kept without effect, the notebook's are not added.
        const options = level === 'tune_n4' ? yaml.replace(/seg_method:\n(?: {2}- .*\n)*/, '') : yaml;
        const effective = parseCommandText(withDefaults(cell, options).text, none).command;
        const configured = parseCommandText(`${cell} --config notebook.yaml`, { readFile: () => options }).command;
        assert.deepEqual(effective, configured, cell);
      }
    }
    const bare = parseCommandText(withDefaults('spimquant --quiet', yaml).text, none).command;
    assert.deepEqual(bare, parseCommandText('spimquant --quiet --config notebook.yaml', { readFile: () => yaml }).command);
  });

  it('keep labels as they are spelled', () => {
    const { command } = parseCommandText(withDefaults('spimquant participant', yaml).text, none);
    assert.ok(command.verb === 'participant');
    assert.deepEqual(command.options.participantLabel, ['007', '08']);
  });

  it('give way to a flag of the cell that excludes them', () => {
    assert.equal(withDefaults('spimquant a b participant --aws-profile lab', 'anonymous: true').text, 'spimquant a b participant --aws-profile lab');
    assert.equal(withDefaults('spimquant histogram a --no_correction', 'correction_method: gaussian').text, 'spimquant histogram a --no_correction');
  });

  it('of several cells: the later win', () => {
    const { text, added } = withDefaults('a b participant', ['registration_level: 1\nsloppy: true', 'registration_level: 2']);
    assert.equal(text, 'spimquant a b participant --registration_level 2 --sloppy');
    assert.equal(added, '--registration_level 2 --sloppy');
  });

  it('are refused with their line', () => {
    assert.throws(() => withDefaults('a b participant', 'sloppy: true\n\nseg_metod: th5\n'), (error) => {
      assert.ok(error instanceof SpimquantError);
      assert.match(error.message, /^Options of the notebook, line 3: there is no option "seg_metod"\. Did you mean seg_method\?$/);
      return true;
    });
  });

  it('do nothing to a command that has all words and none of their flags to take', () => {
    assert.equal(withDefaults("'my data' out group --label x", 'registration_level: 2').text, "spimquant 'my data' out group --label x");
  });
});

describe('what a command is about', () => {
  const cases: readonly (readonly [string, object])[] = [
    ['spimquant ./bids "my out" participant --participant-label sub-01 02 --stai', { verb: 'participant', level: 'participant', bids: './bids', output: 'my out', participants: ['01', '02'], starts: true, dryRun: false }],
    ['spimquant plan a b group', { verb: 'plan', level: 'group', bids: 'a', output: 'b', starts: false, dryRun: true }],
    ['a b tune_n4 -n', { level: 'tune_n4', starts: false, dryRun: true }],
    ['spimquant s3://lab/bids', { bids: 's3://lab/bids', starts: false }],
    ['spimquant segment img.ome.zarr --anonymous', { verb: 'segment', bids: 'img.ome.zarr', starts: false, storage: { anonymous: true } }],
    ['spimquant results out', { verb: 'results', output: 'out' }],
    ['spimquant logs last', { verb: 'logs', run: 'last' }],
    ['spimquant "open', { bids: 'open' }],
    ['', { starts: false, participants: [] }],
  ];
  for (const [text, expected] of cases) {
    it(`is read from ${JSON.stringify(text)}`, () => {
      const found = analyse(text);
      assert.deepEqual({ ...found, ...expected }, found);
    });
  }

  it('includes what the options say', () => {
    assert.equal(analyse('spimquant participant', yaml).output, 'my out');
    assert.equal(analyse('spimquant participant', yaml).starts, true);
  });
});
