import * as vscode from 'vscode';
import { shellScript } from '../../../runner/command/assist/shellScript.ts';
import type { ScriptCell } from '../../../runner/command/assist/shellScript.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { commandLanguage, notebookTypes, optionsLanguage } from '../ids.ts';

/** Shows the notebook that is worked in as a shell script, in a new document that can be saved anywhere. */
export async function exportShellScript(): Promise<void> {
  const types: readonly string[] = Object.values(notebookTypes);
  const notebook = [vscode.window.activeNotebookEditor, ...vscode.window.visibleNotebookEditors]
    .find((editor) => editor !== undefined && types.includes(editor.notebook.notebookType))?.notebook;
  if (notebook === undefined) {
    throw new SpimquantError('bad-option', 'There is no notebook that could be exported.', { hint: 'Open a SPIMquant notebook first.' });
  }
  const name = notebook.uri.path.split('/').at(-1) ?? 'notebook';
  const content = shellScript(notebook.getCells().flatMap(scriptCell), `Written from ${name} by SPIMquant.`);
  const document = await vscode.workspace.openTextDocument({ language: 'shellscript', content });
  await vscode.window.showTextDocument(document);
}

/** Cells in other languages are no part of the script. */
function scriptCell(cell: vscode.NotebookCell): readonly ScriptCell[] {
  const text = cell.document.getText();
  if (cell.kind === vscode.NotebookCellKind.Markup) return [{ kind: 'markdown', text }];
  if (cell.document.languageId === commandLanguage) return [{ kind: 'command', text }];
  return cell.document.languageId === optionsLanguage ? [{ kind: 'options', text }] : [];
}
