import * as vscode from 'vscode';
import { reportError, SpimquantError } from '../../runner/protocol/errors.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { readRequest } from '../../webviews/renderer/messages.ts';
import type { FollowedRuns, RendererRequest } from '../../webviews/renderer/messages.ts';
import { showError } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Services } from '../services.ts';
import type { CellExecutor } from './execution/executor.ts';
import { shownRun } from './execution/outputItems.ts';
import { rendererId } from './ids.ts';
import { insertBelow } from './insertCell.ts';

/** Does what the buttons in outputs ask for, and tells outputs which runs are followed. */
export function registerRendererMessaging(services: Services, executor: CellExecutor): vscode.Disposable {
  const ends = new DisposableStore();
  const messaging = vscode.notebooks.createRendererMessaging(rendererId);
  let told = '';
  const tell = (editor?: vscode.NotebookEditor): void => {
    const runs = executor.followedRuns();
    if (editor === undefined && runs.join() === told) return;
    told = runs.join();
    const message: FollowedRuns = { type: 'following', runs, now: Date.now() };
    void messaging.postMessage(message, editor);
  };
  ends.add(executor.onDidChange(() => { tell(); }));
  ends.add(messaging.onDidReceiveMessage(({ editor, message }: { readonly editor: vscode.NotebookEditor; readonly message: unknown }) => {
    const request = readRequest(message);
    if (request === undefined) {
      services.log.warn('An output sent a message that is not understood.');
      return;
    }
    if (request.type === 'hello') {
      tell(editor);
      return;
    }
    answer(services, executor, editor.notebook, request).catch((error: unknown) => { showError(reportError(error), services.log); });
  }));
  return ends;
}

async function answer(services: Services, executor: CellExecutor, notebook: vscode.NotebookDocument, request: Exclude<RendererRequest, { type: 'hello' }>): Promise<void> {
  const { panels } = services;
  switch (request.type) {
    case 'cancel':
      return executor.cancelRun(request.run);
    case 'resumeNow':
      await vscode.commands.executeCommand('spimquant.run.resumeNow', request.run);
      return;
    case 'signIn':
      await vscode.commands.executeCommand('spimquant.run.signIn', request.run);
      return;
    case 'openLog':
      return panels.showLog(request.run);
    case 'openOutputs':
      return panels.showOutputs(recordOf(services, notebook, request.run));
    case 'resume': {
      const cell = notebook.getCells().find((each) => shownRun(each)?.run.id === request.run);
      if (cell !== undefined) await runCell(cell);
      return;
    }
    case 'openFile':
    case 'openLink':
      return openLink(services, request.uri);
    case 'insertCommand':
    case 'runCommand': {
      const cell = await insertBelow(notebook, cellAfter(notebook, request.text), request.text);
      if (cell !== undefined && request.type === 'runCommand') await runCell(cell);
    }
  }
}

/** Below the cell whose result offers the command, else below the last. */
function cellAfter(notebook: vscode.NotebookDocument, text: string): number {
  const quoted = JSON.stringify(text);
  const offering = notebook.getCells().find(({ outputs }) => outputs.some(({ items }) =>
    items.some(({ mime, data }) => mime.startsWith('application/vnd.spimquant.') && new TextDecoder().decode(data).includes(quoted))));
  return (offering?.index ?? notebook.cellCount - 1) + 1;
}

/** Carries out a cell as its own play button does: with the controller that is chosen, asking for one if there is none. */
async function runCell(cell: vscode.NotebookCell): Promise<void> {
  await vscode.commands.executeCommand('notebook.cell.execute', { ranges: [{ start: cell.index, end: cell.index + 1 }], document: cell.notebook.uri });
}

function recordOf(services: Services, notebook: vscode.NotebookDocument, id: string): RunRecord {
  const run = services.runs.get(id) ?? notebook.getCells().map((cell) => shownRun(cell)?.run).find((each) => each?.id === id);
  if (run === undefined) throw new SpimquantError('not-found', 'There is no record of this run any more.', { where: id });
  return run;
}

/** Opens what a result links to: a page of the web, or a file. Commands of the editor are no links. */
async function openLink(services: Services, uri: string): Promise<void> {
  if (/^https?:\/\//i.test(uri)) {
    await vscode.env.openExternal(vscode.Uri.parse(uri));
  } else {
    await services.panels.showFile(uri);
  }
}
