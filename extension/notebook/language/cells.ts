import * as vscode from 'vscode';
import { optionsAbove } from '../execution/optionsAbove.ts';
import { commandLanguage, notebookTypes, optionsLanguage } from '../ids.ts';

/** Documents that hold a command: cells of both kinds of notebook, and any other in the language. */
export const commandDocuments: vscode.DocumentSelector = { language: commandLanguage };

/** Files that hold options as `--config` reads them, by their names. */
const optionsFiles = /(?:^|\/)spimquant\.ya?ml$/;

/** Options cells, and files of options. Other YAML is left alone. */
export const optionsDocuments: vscode.DocumentSelector = [
  { language: optionsLanguage, notebookType: notebookTypes.own },
  ...['**/spimquant.yaml', '**/spimquant.yml'].map((pattern) => ({ language: optionsLanguage, pattern })),
];

/** Whether a document is judged and helped with. Copies that the editor makes to compare are not. */
export function isWatched(document: vscode.TextDocument): boolean {
  if (!['vscode-notebook-cell', 'file', 'untitled', 'vscode-remote', 'vscode-vfs'].includes(document.uri.scheme)) return false;
  return vscode.languages.match(commandDocuments, document) > 0 || isOptions(document);
}

/** Whether a document is an options cell, or a file of options. */
export function isOptions(document: vscode.TextDocument): boolean {
  if (document.languageId !== optionsLanguage) return false;
  return document.uri.scheme === 'vscode-notebook-cell' ? notebookOf(document)?.notebookType === notebookTypes.own : optionsFiles.test(document.uri.path);
}

/** The notebook that a document is a cell of. */
export function notebookOf(document: vscode.TextDocument): vscode.NotebookDocument | undefined {
  if (document.uri.scheme !== 'vscode-notebook-cell') return undefined;
  return vscode.workspace.notebookDocuments.find((notebook) => notebook.uri.path === document.uri.path && notebook.getCells().some((cell) => cell.document === document));
}

/** Texts of the options cells that hold for a document. */
export function optionsFor(document: vscode.TextDocument): readonly string[] {
  const cell = notebookOf(document)?.getCells().find((each) => each.document === document);
  return cell === undefined ? [] : optionsAbove(cell);
}

/** A stretch of a document. */
export function rangeOf(document: vscode.TextDocument, { start, end }: { readonly start: number; readonly end: number }): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}
