import assert from 'node:assert/strict';
import { participantOptions } from '../../../runner/command/build.ts';
import { checkStains } from '../../../runner/pipeline/plan/stains.ts';
import type { ParticipantOptions } from '../../../runner/protocol/options.ts';

const defaults = participantOptions(new Map());
const images = [['YoPro', 'Abeta', 'Iba1'], ['YoPro', 'Abeta']];
const check = (changed: Partial<ParticipantOptions>): readonly string[] => checkStains(images, { ...defaults, ...changed }, defaults);

describe('stains that the options name', () => {
  it('says nothing of the usual candidates, of which most datasets have few', () => {
    assert.deepEqual(check({}), []);
    assert.deepEqual(check({ stainsForSeg: ['Iba1'], stainsForReg: ['PI', 'YoPro'] }), []);
  });

  it('refuses to run for hours without segmenting anything when the only stain is misspelt', () => {
    assert.throws(() => check({ stainsForSeg: ['Abetta'] }), (error: { code: string; message: string; hint?: string }) => {
      assert.equal(error.code, 'bad-option');
      assert.match(error.message, /Abetta.*--stains_for_seg.*Did you mean Abeta\?/);
      assert.match(error.hint ?? '', /Abeta, Iba1, YoPro/);
      return true;
    });
    assert.deepEqual(check({ stainsForSeg: ['Abetta'], noSegmentation: true }), []);
  });

  it('tells of one misspelt stain among others', () => {
    const [notice, ...rest] = check({ stainsForSeg: ['Abeta', 'Ibba1'] });
    assert.match(notice, /No image has the stain Ibba1.*Did you mean Iba1\?/);
    assert.equal(rest.length, 0);
  });

  it('tells when a stain for registration is nowhere', () => {
    assert.match(check({ stainsForReg: ['AutoFl'] })[0], /AutoFl.*--stains_for_reg/);
  });
});
