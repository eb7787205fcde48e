import { strict as assert } from 'node:assert';
import * as vscode from 'vscode';

describe('the folder as it is developed', () => {
  it('is what the editor has loaded', () => {
    const extension = vscode.extensions.getExtension('spimquant.spimquant');
    assert.ok(extension);
    assert.ok(!extension.extensionPath.includes('extensions'), extension.extensionPath);
  });
});
