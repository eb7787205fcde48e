import * as vscode from 'vscode';
import { optionsLanguage } from '../ids.ts';

/** Texts of the options cells above a cell, in the notebook's order: the nearest is the last. */
export function optionsAbove(cell: vscode.NotebookCell): string[] {
  return cell.notebook.getCells().slice(0, Math.max(0, cell.index))
    .filter(({ kind, document }) => kind === vscode.NotebookCellKind.Code && document.languageId === optionsLanguage)
    .map(({ document }) => document.getText());
}
