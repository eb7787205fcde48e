import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { SpimquantApi } from '../../../extension/main.ts';
import type { RunRecord } from '../../../runner/protocol/runs.ts';

/** The extension that is tested. */
export function extension(): vscode.Extension<SpimquantApi> {
  const found = vscode.extensions.getExtension<SpimquantApi>('spimquant.spimquant');
  assert.ok(found, 'The extension is not installed.');
  return found;
}

/** The runs that the extension knows, the newest first. */
export async function knownRuns(): Promise<readonly RunRecord[]> {
  return (await extension().activate()).runs();
}
