import * as vscode from 'vscode';
import { reportError, SpimquantError } from '../../runner/protocol/errors.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import type { Result } from '../../runner/protocol/results.ts';
import { readRequest } from '../../webviews/renderer/messages.ts';
import type { FollowedRuns, RendererRequest, ResultRef } from '../../webviews/renderer/messages.ts';
import { isThere, offers, openCommands, openView } from '../panels/openViews.ts';
import { showError } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Services } from '../services.ts';
import type { CellExecutor } from './execution/executor.ts';
import { shownResult, shownRun } from './execution/outputItems.ts';
import { rendererId } from './ids.ts';
import { insertBelow } from './insertCell.ts';

/** Does what the buttons in outputs ask for, and tells outputs which runs are followed. */
export function registerRendererMessaging(services: Services, executor: CellExecutor): vscode.Disposable {
  const ends = new DisposableStore();
  const messaging = vscode.notebooks.createRendererMessaging(rendererId);
  let told = '';
  const tell = async (editor?: vscode.NotebookEditor): Promise<void> => {
    const runs = executor.followedRuns();
    if (editor === undefined && runs.join() === told) return;
    told = runs.join();
    const message: FollowedRuns = { type: 'following', runs, now: Date.now(), offers: await offers() };
    await messaging.postMessage(message, editor);
  };
  ends.add(executor.onDidChange(() => { void tell(); }));
  ends.add(messaging.onDidReceiveMessage(({ editor, message }: { readonly editor: vscode.NotebookEditor; readonly message: unknown }) => {
    const request = readRequest(message);
    if (request === undefined) {
      services.log.warn('An output sent a message that is not understood.');
      return;
    }
    if (request.type === 'hello') {
      void tell(editor);
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
    case 'openRun':
      return panels.showRun(request.run);
    case 'openOutputs':
      if (await isThere(openCommands.openOutputs)) await vscode.commands.executeCommand(openCommands.openOutputs, request.run);
      else await panels.showOutputs(recordOf(services, notebook, request.run));
      return;
    case 'resume': {
      const cell = notebook.getCells().find((each) => shownRun(each)?.run.id === request.run);
      if (cell !== undefined) await runCell(cell);
      return;
    }
    case 'openFile': {
      const run = notebook.getCells().map((cell) => shownRun(cell)?.run).find((each) => each?.id === request.run);
      return openLink(services, request.uri, run?.command ?? '');
    }
    case 'openLink':
      return openLink(services, request.uri, request.command);
    case 'openView':
      return openView(request.view, request.command);
    case 'openResult':
      panels.showResult(resultIn(cellOf(notebook, request.result)));
      return;
    case 'copy':
      await vscode.env.clipboard.writeText(request.text);
      return;
    case 'choose':
      return choose(cellOf(notebook, request.result), request.flag, request.value);
    case 'insertCommand':
    case 'runCommand': {
      const cell = await insertBelow(notebook, cellAfter(notebook, request.text), request.text);
      if (cell !== undefined && request.type === 'runCommand') await runCell(cell);
    }
  }
}

/** The cell that shows a result. Throws `not-found`. */
function cellOf(notebook: vscode.NotebookDocument, { title, command }: ResultRef): vscode.NotebookCell {
  const cell = notebook.getCells().find((each) => {
    const result = shownResult(each);
    return result?.command === command && result.title === title;
  });
  if (cell === undefined) throw new SpimquantError('not-found', 'The cell of this result is not there any more.', { hint: 'Run the command again.' });
  return cell;
}

function resultIn(cell: vscode.NotebookCell): Result {
  const result = shownResult(cell);
  if (result === undefined) throw new SpimquantError('not-found', 'The cell shows no result any more.', { hint: 'Run it again.' });
  return result;
}

/** Writes a choice into the command of a cell, in place of the one that it had; a comparison becomes a single trial. */
async function choose(cell: vscode.NotebookCell, flag: string, value: string): Promise<void> {
  const { document } = cell;
  const { withFlag } = await import('../../runner/command/assist/setFlag.ts');
  const text = withFlag(document.getText(), flag.replace(/^-+/, ''), [value], ['compare']);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  if (!await vscode.workspace.applyEdit(edit)) throw new SpimquantError('access-denied', 'The cell cannot be changed.', { hint: `Write ${flag} ${value} into it yourself, or save the notebook elsewhere.` });
  vscode.window.setStatusBarMessage(`SPIMquant: ${flag} ${value} is in the cell now`, 5000);
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
async function openLink(services: Services, uri: string, command: string): Promise<void> {
  if (/^https?:\/\//i.test(uri)) await vscode.env.openExternal(vscode.Uri.parse(uri));
  else {
    const { storageOf } = await import('../runs/readCommand.ts');
    await services.panels.showFile(uri, storageOf(command));
  }
}
