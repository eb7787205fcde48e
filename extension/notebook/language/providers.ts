import * as vscode from 'vscode';
import type { Services } from '../../services.ts';
import { registerCompletions } from './completions.ts';
import { registerDiagnostics } from './diagnostics.ts';
import { registerHovers } from './hovers.ts';
import { registerLenses } from './lenses.ts';

/** What answers the editor about commands and options. */
export function registerProviders(services: Services): vscode.Disposable {
  return vscode.Disposable.from(registerCompletions(services), registerHovers(), registerDiagnostics(), registerLenses(services));
}
