import { strict as assert } from 'node:assert';
import { extension } from './support/extension.ts';

describe('the folder as it is developed', () => {
  it('is what the editor has loaded', () => {
    const path = extension().extensionPath;
    assert.ok(!path.includes('extensions'), path);
  });
});
