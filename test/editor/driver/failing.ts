import { strict as assert } from 'node:assert';

describe('a suite that fails', () => {
  it('passes one test', () => { assert.ok(true); });
  it('fails another', () => { assert.equal(1, 2); });
});
