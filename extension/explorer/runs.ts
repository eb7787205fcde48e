import * as vscode from 'vscode';
import type { Part } from '../services.ts';

export const registerRuns: Part = () => new vscode.Disposable(() => undefined);
