import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../runner/protocol/errors.ts';

/** Registers a command. What it throws is shown to the user, with what to do about it; a cancellation is silent. */
export function registerCommand(id: string, log: vscode.LogOutputChannel, run: (...args: readonly unknown[]) => unknown): vscode.Disposable {
  return vscode.commands.registerCommand(id, async (...args: readonly unknown[]) => {
    try {
      return await run(...args);
    } catch (error) {
      showError(reportError(error), log);
      return undefined;
    }
  });
}

/** Shows an error: what happened, what to do, and the log on demand. */
export function showError(error: ErrorReport, log: vscode.LogOutputChannel): void {
  if (error.code === 'cancelled') return;
  log.error(`[${error.code}] ${error.message}${error.where === undefined ? '' : ` (${error.where})`}${error.stack === undefined ? '' : `\n${error.stack}`}`);
  const text = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
  void vscode.window.showErrorMessage(text, 'Show Log').then((answer) => {
    if (answer === 'Show Log') log.show();
  });
}
