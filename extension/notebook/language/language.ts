import * as vscode from 'vscode';
import type { Part } from '../../services.ts';

export const registerLanguage: Part = () => new vscode.Disposable(() => undefined);
