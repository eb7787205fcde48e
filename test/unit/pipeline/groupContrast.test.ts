import assert from 'node:assert/strict';
import { chooseContrast } from '../../../runner/pipeline/group/contrast.ts';
import { parseParticipants } from '../../../runner/bids/participants.ts';
import type { ParticipantsTable } from '../../../runner/bids/participants.ts';
import { contrastLabel } from '../../../runner/pipeline/group/groupPaths.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';

const where = '/data/participants.tsv';

function table(text: string): ParticipantsTable {
  return parseParticipants(text, where);
}

function errorOf(run: () => unknown): SpimquantError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof SpimquantError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' });
}

const five = table('participant_id\tgenotype\tage\nsub-1\tWT\t01\nsub-2\tKO\t02\n3\tWT\t01\nsub-4\tKO\tn/a\nsub-5\tHET\t02\n');
const everyone = ['sub-1', 'sub-2', 'sub-3', 'sub-4'];

describe('contrast of two groups', () => {
  it('sorts participants into the groups in the order given', () => {
    const { contrast, notices } = chooseContrast('genotype', ['WT', 'KO'], five, [...everyone, 'sub-5', 'sub-9'], where);
    assert.deepEqual(contrast.participants, [['sub-1', 'sub-3'], ['sub-2', 'sub-4']]);
    assert.match(notices.join('\n'), /no row for them: sub-9/);
    assert.match(notices.join('\n'), /another: sub-5/);
  });

  it('takes the two values of a column that has only two', () => {
    assert.deepEqual(chooseContrast('genotype', undefined, five, everyone, where).contrast.values, ['KO', 'WT']);
  });

  it('keeps values as they are written: 01 is a name', () => {
    const error = errorOf(() => chooseContrast('age', ['1', '2'], five, everyone, where));
    assert.equal(error.code, 'bad-option');
    assert.match(error.hint ?? '', /"01", "02"/);
  });

  it('names the columns there are when one is unknown, and the nearest', () => {
    const error = errorOf(() => chooseContrast('genotyp', ['WT', 'KO'], five, everyone, where));
    assert.equal(error.code, 'bad-option');
    assert.match(error.message, /Did you mean genotype\?/);
    assert.match(error.hint ?? '', /genotype, age/);
    assert.equal(error.where, where);
  });

  it('names the values there are when one is unknown', () => {
    const error = errorOf(() => chooseContrast('genotype', ['WT', 'KI'], five, everyone, where));
    assert.match(error.message, /holds no "KI"/);
    assert.match(error.hint ?? '', /"HET", "KO", "WT"/);
  });

  it('says how many participants a group has when they are too few', () => {
    const error = errorOf(() => chooseContrast('genotype', ['WT', 'HET'], five, [...everyone, 'sub-5'], where));
    assert.equal(error.code, 'bad-option');
    assert.match(error.message, /there are 2 with genotype = WT and 1 with genotype = HET/);
  });

  it('asks which two of three values to compare', () => {
    const error = errorOf(() => chooseContrast('genotype', undefined, five, [...everyone, 'sub-5'], where));
    assert.match(error.hint ?? '', /--contrast_values: "HET", "KO", "WT"/);
  });

  it('makes labels safe for file names', () => {
    assert.equal(contrastLabel('genotype', ['5xFAD', 'WT']), 'genotype+5xFADvsWT');
    assert.equal(contrastLabel('age (months)', ['<6', '6/12']), 'age--months-+-6vs6-12');
  });
});
