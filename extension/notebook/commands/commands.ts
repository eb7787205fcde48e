import type * as vscode from 'vscode';
import { registerCommand } from '../../platform/commands.ts';
import { DisposableStore } from '../../platform/lifecycle.ts';
import type { Services } from '../../services.ts';
import { openOutputFolderCommand } from '../ids.ts';

/** Commands about notebooks, with the ids of package.json. What they do is loaded by the first use of each. */
export function registerNotebookCommands(services: Services): vscode.Disposable {
  const ends = new DisposableStore();
  const add = (id: string, run: (...args: readonly unknown[]) => unknown): void => { ends.add(registerCommand(id, services.log, run)); };
  add('spimquant.notebook.new', async () => (await import('./newNotebook.ts')).newNotebook(services));
  add('spimquant.notebook.openSample', async () => (await import('./sample.ts')).openSample(services));
  add('spimquant.notebook.exportShellScript', async () => (await import('./exportShellScript.ts')).exportShellScript());
  add(openOutputFolderCommand, async (run) => (await import('./openOutputFolder.ts')).openOutputFolder(services, typeof run === 'string' ? run : undefined));
  return ends;
}
