import * as vscode from 'vscode';
import { analyse } from '../../../runner/command/assist/analyse.ts';
import { diagnose } from '../../../runner/command/assist/diagnose.ts';
import { withDefaults } from '../../../runner/command/assist/effective.ts';
import { registerCommand } from '../../platform/commands.ts';
import type { Services } from '../../services.ts';
import { commandLanguage } from '../ids.ts';
import { isOptions, optionsFor } from './cells.ts';

const planCommand = 'spimquant.language.plan';

/** Above cells that start a run: what it would do. Nothing above others, which answer at once when they are run. */
export function registerLenses(services: Services): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: changed.event,
    provideCodeLenses(document) {
      const options = optionsFor(document);
      const text = document.getText();
      if (!analyse(text, options).starts || diagnose(text, { options }).some((each) => each.severity === 'error')) return [];
      const line = Math.max(0, text.split('\n').findIndex((each) => each.trim() !== '' && !each.trimStart().startsWith('#')));
      return [new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
        command: planCommand, title: 'Plan', tooltip: 'Show what this run would do, and why, without doing it', arguments: [document.uri],
      })];
    },
  };
  return vscode.Disposable.from(
    changed,
    // Options of a cell decide what the cells below it amount to.
    vscode.workspace.onDidChangeTextDocument(({ document }) => { if (isOptions(document)) changed.fire(); }),
    vscode.languages.registerCodeLensProvider({ language: commandLanguage, scheme: 'vscode-notebook-cell' }, provider),
    registerCommand(planCommand, services.log, async (uri) => {
      const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === String(uri));
      if (document === undefined) return;
      const result = await services.explore(withDefaults(document.getText(), optionsFor(document)).text.replace(/^spimquant /, 'spimquant plan '));
      if (result !== undefined) services.panels.showResult(result);
    }),
  );
}
