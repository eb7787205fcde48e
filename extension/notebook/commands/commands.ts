import type * as vscode from 'vscode';
import { registerCommand } from '../../platform/commands.ts';
import { DisposableStore } from '../../platform/lifecycle.ts';
import type { Services } from '../../services.ts';
import { openOutputFolderCommand } from '../ids.ts';
import { exportShellScript } from './exportShellScript.ts';
import { newNotebook } from './newNotebook.ts';
import { openOutputFolder } from './openOutputFolder.ts';
import { openSample } from './sample.ts';

/** Commands about notebooks, with the ids of package.json. */
export function registerNotebookCommands(services: Services): vscode.Disposable {
  const ends = new DisposableStore();
  const add = (id: string, run: (...args: readonly unknown[]) => unknown): void => { ends.add(registerCommand(id, services.log, run)); };
  add('spimquant.notebook.new', () => newNotebook(services));
  add('spimquant.notebook.openSample', () => openSample(services));
  add('spimquant.notebook.exportShellScript', exportShellScript);
  add(openOutputFolderCommand, (run) => openOutputFolder(services, typeof run === 'string' ? run : undefined));
  return ends;
}
