import * as vscode from 'vscode';
import { count } from '../../../runner/wording/words.ts';
import type { DatasetNode } from './datasetNodes.ts';

const scheme = 'spimquant-row';

/** The address by which a row with warnings gets its mark: it carries the warnings, so that a new set of them makes a new mark. */
export function markUri(node: DatasetNode, warnings: readonly string[]): vscode.Uri {
  return vscode.Uri.from({ scheme, path: `/${node.id}`, query: JSON.stringify(warnings.slice(0, 5)), fragment: String(warnings.length) });
}

/** Marks rows that have warnings with their number; the sentences are the mark's tooltip. */
export function registerDatasetMarks(): vscode.Disposable {
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration(uri) {
      if (uri.scheme !== scheme) return undefined;
      const total = Number(uri.fragment);
      const sentences = JSON.parse(uri.query) as readonly string[];
      const mark = new vscode.FileDecoration(total > 9 ? '9+' : String(total), `${count(total, 'warning')}: ${sentences.join(' ')}`, new vscode.ThemeColor('list.warningForeground'));
      mark.propagate = false;
      return mark;
    },
  });
}
