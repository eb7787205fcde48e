import * as vscode from 'vscode';
import type { Part } from '../services.ts';

export const registerStatusBar: Part = () => new vscode.Disposable(() => undefined);
