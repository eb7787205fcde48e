import assert from 'node:assert/strict';
import { flags, offeredFlags, normaliseName, written } from '../../../runner/command/flags.ts';
import { formatHelp } from '../../../runner/command/help.ts';
import { nearest } from '../../../runner/protocol/nearest.ts';

describe('help', () => {
  it('names every flag that works, and none that does not', () => {
    const text = formatHelp(undefined, { width: 100, color: false });
    for (const flag of offeredFlags) assert.ok(text.includes(`${written(flag.name)}`), flag.name);
    for (const flag of flags.filter((each) => each.support !== undefined)) assert.ok(!text.includes(` --${flag.name} `), flag.name);
  });

  for (const width of [40, 60, 80, 200]) {
    it(`keeps its lines within ${width} columns`, () => {
      const most = Math.max(...formatHelp(undefined, { width, color: false }).split('\n')
        .filter((line) => !/^ {2}(spimquant|-|\S+$)/.test(line)).map((line) => line.length));
      assert.ok(most <= Math.max(width, 40), `${most}`);
    });
  }

  it('of a level leaves the other level\'s flags out', () => {
    const text = formatHelp('group', { width: 100, color: false });
    assert.ok(text.includes('--contrast_column'));
    assert.ok(!text.includes('--registration_level'));
  });

  it('of tune_n4 has the flags that lead to a channel and its mask', () => {
    const text = formatHelp('tune_n4', { width: 100, color: false });
    for (const flag of ['--correction_level', '--stains_for_reg', '--participant-label', '--sloppy']) assert.ok(text.includes(flag), flag);
    for (const flag of ['--contrast_column', '--seg_method', '--correction_n4_iters']) assert.ok(!text.includes(flag), flag);
    assert.match(text, /spimquant bids out tune_n4/);
  });

  it('has no escape codes unless colours are wanted', () => {
    assert.ok(!formatHelp(undefined, { width: 80, color: false }).includes('\u001b'));
    assert.ok(formatHelp(undefined, { width: 80, color: true }).includes('\u001b[1m'));
  });
});

describe('flag table', () => {
  it('has every spelling once', () => {
    const seen = new Map<string, string>();
    for (const flag of flags) {
      for (const name of [flag.name, ...(flag.aliases ?? [])].map(normaliseName)) {
        assert.ok(!seen.has(name), `${name}: ${seen.get(name) ?? ''} and ${flag.name}`);
        seen.set(name, flag.name);
      }
    }
  });
});

describe('nearest match', () => {
  it('finds slips and leaves strangers alone', () => {
    assert.equal(nearest('partcipant', ['participant', 'group']), 'participant');
    assert.equal(nearest('gruop', ['participant', 'group']), 'group');
    assert.equal(nearest('ABAV3', ['ABAv3', 'DSURQE']), 'ABAv3');
    assert.equal(nearest('zebra', ['participant', 'group']), undefined);
  });
});
