import assert from 'node:assert/strict';
import { withFlag } from '../../../../runner/command/assist/setFlag.ts';

describe('setting a flag in the text of a command', () => {
  const set = (text: string): string => withFlag(text, 'seg_method', ['otsu+k2i1'], ['compare']);

  it('adds it at the end, before a comment', () => {
    assert.equal(set('spimquant segment bids --stain Abeta  # a try'), 'spimquant segment bids --stain Abeta --seg_method otsu+k2i1  # a try');
  });

  it('puts it in place of the values that are there, however many', () => {
    assert.equal(set('segment bids --seg_method th900 gmm+n3k1 --stain Abeta'), 'segment bids --seg_method otsu+k2i1 --stain Abeta');
    assert.equal(set('segment bids --seg-method=th900'), 'segment bids --seg_method otsu+k2i1');
  });

  it('takes out what no longer fits, with the line that it stood on', () => {
    assert.equal(set('spimquant segment "my bids" \\\n  --compare \\\n  --stain Abeta'), 'spimquant segment "my bids" \\\n  --stain Abeta --seg_method otsu+k2i1');
    assert.equal(set('segment bids --compare --seg_method th1 th2'), 'segment bids --seg_method otsu+k2i1');
    assert.equal(set('segment bids --seg_method th1 th2 --compare'), 'segment bids --seg_method otsu+k2i1');
    assert.equal(set('segment bids --compare'), 'segment bids --seg_method otsu+k2i1');
  });
});
