import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../runner/protocol/errors.ts';
import { untrusted } from './trust.ts';

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

/** Shows an error: what happened, what to do with a button for it where there is one, and the log on demand. */
export function showError(error: ErrorReport, log: vscode.LogOutputChannel): void {
  if (error.code === 'cancelled') return;
  log.error(`[${error.code}] ${error.message}${error.where === undefined ? '' : ` (${error.where})`}${error.stack === undefined ? '' : `\n${error.stack}`}`);
  const text = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
  const mend = mendingAction(error);
  const titles = [...(mend === undefined ? [] : [mend.title]), 'Show Log'];
  void vscode.window.showErrorMessage(text, ...titles).then((answer) => {
    if (answer === 'Show Log') log.show();
    else if (answer !== undefined && mend !== undefined) void vscode.commands.executeCommand(mend.command, ...mend.args);
  });
}

/** The command that mends an error, where the editor has one. */
function mendingAction(error: ErrorReport): { readonly title: string; readonly command: string; readonly args: readonly unknown[] } | undefined {
  if (error.where === untrusted) return { title: 'Manage Workspace Trust', command: 'workbench.trust.manage', args: [] };
  const setting = /\bspimquant(?:\.\w+){2}/.exec(`${error.where ?? ''} ${error.hint ?? ''}`)?.[0];
  if (setting !== undefined) return { title: 'Open Settings', command: 'workbench.action.openSettings', args: [setting] };
  if (error.hint?.includes('SPIMquant: Sign in to Coiled') === true) return { title: 'Sign in to Coiled', command: 'spimquant.coiled.signIn', args: [] };
  if (error.code === 'auth-expired' || error.code === 'auth-missing') return { title: 'Sign In Again', command: 'spimquant.signIn', args: error.where === undefined ? [] : [error.where] };
  if (error.code === 'runner-lost') return { title: 'Restart Runner', command: 'spimquant.runner.restart', args: [] };
  return undefined;
}
