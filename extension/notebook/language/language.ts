import * as vscode from 'vscode';
import { DisposableStore } from '../../platform/lifecycle.ts';
import type { Part } from '../../services.ts';
import { isWatched } from './cells.ts';

/**
 * The command language in the editor: completion, hover, problems with their fixes, and lenses. Needs no process but for data.
 * Loaded with the first document that is written in it.
 */
export const registerLanguage: Part = (services) => {
  const ends = new DisposableStore();
  const waiting = ends.add(new DisposableStore());
  const load = (): void => {
    waiting.dispose();
    void import('./providers.ts').then(({ registerProviders }) => { ends.add(registerProviders(services)); });
  };
  if (vscode.workspace.textDocuments.some(isWatched)) load();
  else waiting.add(vscode.workspace.onDidOpenTextDocument((document) => { if (isWatched(document)) load(); }));
  return ends;
};
