import * as vscode from 'vscode';
import type { Part } from '../services.ts';
import { registerCommand } from './commands.ts';
import { DisposableStore } from './lifecycle.ts';

/** Commands about the program itself: its runner, its documentation. */
export const registerRunnerCommands: Part = ({ log, runner, context }) => {
  const ends = new DisposableStore();
  ends.add(registerCommand('spimquant.documentation.open', log, async () => (await import('./documentation.ts')).openDocumentation(context.extensionUri)));
  ends.add(registerCommand('spimquant.runner.showLog', log, () => { log.show(); }));
  ends.add(registerCommand('spimquant.runner.restart', log, async () => {
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: 'Restarting the SPIMquant runner; runs go on' }, () => runner.restart());
  }));
  return ends;
};
