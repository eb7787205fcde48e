import * as vscode from 'vscode';
import type { Part } from '../services.ts';

export const registerForms: Part = () => new vscode.Disposable(() => undefined);
