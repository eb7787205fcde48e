import * as vscode from 'vscode';
import type { Part } from '../services.ts';

export const registerDatasets: Part = () => new vscode.Disposable(() => undefined);
