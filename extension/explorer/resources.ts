import * as vscode from 'vscode';
import type { Part } from '../services.ts';

export const registerResources: Part = () => new vscode.Disposable(() => undefined);
