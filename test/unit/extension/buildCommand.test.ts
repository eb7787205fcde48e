import assert from 'node:assert/strict';
import { cellText, groupParts, lineOf, lookCommand, planOf, runParts } from '../../../extension/forms/buildCommand.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import { isRunCommand } from '../../../runner/protocol/options.ts';
import type { Command } from '../../../runner/protocol/options.ts';

const dataset = { uri: '/data/my brains', storage: {} };
const base = { dataset, output: '/data/out' };

function parsed(text: string): Command {
  return parseCommandText(text, { readFile: () => { throw new Error('There is no file.'); } }).command;
}

describe('Commands that forms make', () => {
  it('leave out everything that is as the pipeline has it', () => {
    const line = lineOf(runParts('participant', { ...base, participants: 'all', present: ['Abeta', 'PI'], stains: ['Abeta'], methods: ['gmm+n3k1'], template: 'ABAv3', sloppy: false }));
    assert.equal(line, "spimquant '/data/my brains' /data/out participant");
  });

  it('say what was chosen, in flags that the parser reads back', () => {
    const command = parsed(lineOf(runParts('participant', {
      dataset: { uri: 's3://lab/bids', storage: { awsProfile: 'lab one', s3Endpoint: 'http://127.0.0.1:9000' } }, output: 's3://lab/out',
      participants: ['01', '02'], present: ['Abeta', 'PI'], stains: ['Abeta', 'PI'], methods: ['th500', 'otsu+k3i2'], template: 'gubra', cores: 4, sloppy: true,
    })));
    assert.ok(command.verb === 'participant');
    assert.deepEqual(command.options.participantLabel, ['01', '02']);
    assert.deepEqual(command.options.stainsForSeg, ['Abeta', 'PI']);
    assert.deepEqual(command.options.segMethod.map((method) => method.name), ['th500', 'otsu+k3i2']);
    assert.equal(command.options.template, 'gubra');
    assert.equal(command.options.sloppy, true);
    assert.equal(command.execution.cores, 4);
    assert.equal(command.storage.awsProfile, 'lab one');
    assert.equal(command.storage.s3Endpoint, 'http://127.0.0.1:9000');
  });

  it('register only when no stain is ticked, and then name no method', () => {
    const line = lineOf(runParts('participant', { ...base, present: ['Abeta'], stains: [], methods: ['th500'] }));
    assert.match(line, / --no_segmentation$/);
  });

  it('say the stains when not all usual ones are ticked', () => {
    assert.match(lineOf(runParts('participant', { ...base, present: ['Abeta', 'Iba1'], stains: ['Iba1'] })), /--stains_for_seg Iba1$/);
  });

  it('tune N4 without the flags of segmentation', () => {
    const command = parsed(lineOf(runParts('tune_n4', { ...base, participants: ['01'], stains: ['Iba1'], methods: ['th500'], template: 'phantom' })));
    assert.ok(command.verb === 'tune_n4');
    assert.equal(command.options.template, 'phantom');
  });

  it('compare groups whose names have spaces', () => {
    const command = parsed(lineOf(groupParts({ ...base, column: 'genotype', values: ['5x FAD', "wild'type"], test: 'welch', label: 'sex' })));
    assert.ok(command.verb === 'group');
    assert.deepEqual(command.options.contrastValues, ['5x FAD', "wild'type"]);
    assert.equal(command.options.test, 'welch');
    assert.equal(command.options.label, 'sex');
    assert.doesNotMatch(lineOf(groupParts({ ...base, column: 'genotype', values: ['a', 'b'], test: 'student', label: '1' })), /--test|label/);
  });

  it('become dry runs', () => {
    const command = parsed(planOf(lineOf(runParts('participant', base))));
    assert.ok(isRunCommand(command));
    assert.equal(command.execution.dryRun, true);
  });

  it('stand in cells on several lines when they are long, and mean the same', () => {
    const parts = runParts('participant', { ...base, participants: Array.from({ length: 30 }, (_, at) => String(100 + at)), template: 'gubra', cores: 2 });
    const cell = cellText(parts);
    assert.ok(cell.split('\n').length === 4, cell);
    assert.deepEqual(parsed(cell), parsed(lineOf(parts)));
    assert.equal(cellText(runParts('participant', base)), lineOf(runParts('participant', base)));
  });

  it('try one method or compare several', () => {
    const one = parsed(lookCommand('segment', { uri: '/d/sub-01/micr/a.ome.zarr', dataset, stains: ['Abeta'], methods: ['th500'] }));
    assert.ok(one.verb === 'segment');
    assert.match(lookCommand('segment', { uri: '/d/a', dataset, methods: ['th500', 'th600'] }), /--seg_method th500 th600 --compare$/);
    assert.equal(lookCommand('segment', { uri: '/d/a', dataset, methods: ['gmm+n3k1'] }), 'spimquant segment /d/a');
    for (const verb of ['info', 'ls', 'validate', 'slice', 'histogram', 'results'] as const) {
      assert.equal(parsed(lookCommand(verb, { uri: '/d/a b', dataset: { uri: '/d', storage: { anonymous: true } } })).verb, verb);
    }
  });
});
