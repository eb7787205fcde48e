import * as vscode from 'vscode';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Part, Services } from '../services.ts';
import { CellIds } from './cellIdKeeper.ts';
import { CellStatusBar } from './cellStatusBar.ts';
import { registerNotebookCommands } from './commands/commands.ts';
import { Controllers } from './controllers.ts';
import { DeliveredRuns } from './execution/deliveredRuns.ts';
import { DocumentEdits } from './execution/documentEdits.ts';
import { CellExecutor } from './execution/executor.ts';
import { SpimquantNotebookSerializer } from './file/serializer.ts';
import { controllerIds, notebookTypes } from './ids.ts';
import { Reattacher } from './reattach.ts';
import { registerRendererMessaging } from './rendererMessaging.ts';

/** Notebooks: their files, their controllers, what their cells do, and the commands about them. */
export const registerNotebooks: Part = (services) => {
  const ends = new DisposableStore();
  const delivered = new DeliveredRuns(services.context.workspaceState);
  const ids = ends.add(new CellIds(new DocumentEdits()));
  const executor = ends.add(new CellExecutor(services, ids, delivered));
  const controllers = ends.add(new Controllers(executor, services.context.extension.id));
  ends.add(tellOfCoiled(services, controllers));
  ends.add(vscode.workspace.registerNotebookSerializer(notebookTypes.own, new SpimquantNotebookSerializer((message) => { void vscode.window.showErrorMessage(message); })));
  ends.add(new CellStatusBar(services, executor));
  ends.add(registerRendererMessaging(services, executor));
  ends.add(registerNotebookCommands(services));
  ends.add(new Reattacher(services, controllers, executor, delivered));
  return ends;
};

/** Who chooses the controller of Coiled without being signed in there hears of it then, and not from the first cell; once a window. */
function tellOfCoiled(services: Services, controllers: Controllers): vscode.Disposable {
  const ids: readonly string[] = [controllerIds.own.cloud, controllerIds.jupyter.cloud];
  let told = false;
  return controllers.onDidSelect((notebook) => {
    if (told || !ids.includes(controllers.chosen(notebook)?.id ?? '')) return;
    told = true;
    void import('../cloud/coiledSignIn.ts').then(({ tellUnlessSignedIn }) => tellUnlessSignedIn(services));
  });
}
