import type * as vscode from 'vscode';
import type { Services } from '../services.ts';

/** Builds what every part of the extension uses. */
export function createServices(_context: vscode.ExtensionContext): Services {
  throw new Error('Not built yet.');
}
