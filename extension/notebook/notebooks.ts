import * as vscode from 'vscode';
import type { Part } from '../services.ts';

export const registerNotebooks: Part = () => new vscode.Disposable(() => undefined);
