import * as vscode from 'vscode';
import type { Part } from '../../services.ts';
import { registerCompletions } from './completions.ts';
import { registerDiagnostics } from './diagnostics.ts';
import { registerHovers } from './hovers.ts';
import { registerLenses } from './lenses.ts';

/** The command language in the editor: completion, hover, problems with their fixes, and lenses. Needs no process but for data. */
export const registerLanguage: Part = (services) => vscode.Disposable.from(
  registerCompletions(services), registerHovers(), registerDiagnostics(), registerLenses(services),
);
