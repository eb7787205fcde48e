import * as vscode from 'vscode';
import { isOver } from '../../runner/protocol/runs.ts';
import type { RunPause } from '../../runner/protocol/pauses.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { pauseText, pauseWords } from '../../runner/wording/pause.ts';
import { cloudParts } from '../cloud/cloudWords.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Services } from '../services.ts';
import { optionsAbove } from './execution/optionsAbove.ts';
import type { CellExecutor } from './execution/executor.ts';
import { shownRun } from './execution/outputItems.ts';
import { commandLanguage, notebookTypes, openOutputFolderCommand } from './ids.ts';

/** What a cell says below its text: its place in the queue, what goes on, whether it was edited since its run. */
export class CellStatusBar implements vscode.NotebookCellStatusBarItemProvider, vscode.Disposable {
  readonly #ends = new DisposableStore();
  readonly #changed = this.#ends.add(new vscode.EventEmitter<void>());
  readonly #services: Services;
  readonly #executor: CellExecutor;

  readonly onDidChangeCellStatusBarItems = this.#changed.event;

  constructor(services: Services, executor: CellExecutor) {
    this.#services = services;
    this.#executor = executor;
    this.#ends.add(executor.onDidChange(() => { this.#changed.fire(); }));
    this.#ends.add(services.runs.onDidChange(() => { this.#changed.fire(); }));
    for (const type of Object.values(notebookTypes)) this.#ends.add(vscode.notebooks.registerNotebookCellStatusBarItemProvider(type, this));
  }

  async provideCellStatusBarItems(cell: vscode.NotebookCell): Promise<vscode.NotebookCellStatusBarItem[]> {
    if (cell.document.languageId !== commandLanguage) return [];
    const activity = this.#executor.activity(cell);
    if (activity?.kind === 'queued') return [item(`$(clock) Queued: ${ordinal(activity.before)}`, 'Stop the cell to take it out of the queue.')];
    if (activity?.kind === 'exploring') return [item(activity.progress ?? 'Asking the runner', 'What the runner does for this cell')];
    const shown = shownRun(cell)?.run;
    if (shown === undefined) return [];
    const run = this.#services.runs.get(shown.id) ?? shown;
    const items = activity === undefined ? [] : run.pause === undefined || run.cancelling ? [item(runningText(run), run.current.join('\n'))] : pauseItems(run, run.pause);
    if (await isEdited(cell, run, this.#services.cwd())) items.push(item('$(edit) The cell was edited since this run.', `What was run: ${run.command}`));
    if (isOver(run.status) && run.status !== 'cancelled') {
      const open = item('$(folder-opened) Open outputs', `Open what the run has made in ${run.output}`);
      open.command = { command: openOutputFolderCommand, title: 'Open Outputs', arguments: [run.id] };
      items.push(open);
    }
    return items;
  }

  dispose(): void {
    this.#ends.dispose();
  }
}

function item(text: string, tooltip: string): vscode.NotebookCellStatusBarItem {
  const made = new vscode.NotebookCellStatusBarItem(text, vscode.NotebookCellStatusBarAlignment.Left);
  made.tooltip = tooltip;
  return made;
}

function runningText(run: RunRecord): string {
  if (run.cancelling) return 'Cancelling';
  // The editor shows beside it that the cell is busy, and for how long.
  return [run.status === 'starting' ? 'Planning' : `${Math.floor(100 * run.fraction)} %`, ...cloudParts(run)].join(' · ');
}

/** Why a run waits, and what can be done about it. */
function pauseItems({ id }: RunRecord, pause: RunPause): vscode.NotebookCellStatusBarItem[] {
  const act = (text: string, tooltip: string, command: string, title: string): vscode.NotebookCellStatusBarItem => {
    const made = item(text, tooltip);
    made.command = { command, title, arguments: [id] };
    return made;
  };
  return [
    item(`$(debug-pause) Paused: ${pauseWords[pause.kind]}`, pauseText(pause)),
    ...(pause.kind === 'sign-in' ? [act('$(key) Sign in again', 'Sign in by the provider\'s own command, in a terminal', 'spimquant.run.signIn', 'Sign In Again')] : []),
    act('$(debug-continue) Resume now', 'Try at once whether it can go on', 'spimquant.run.resumeNow', 'Resume Now'),
  ];
}

function ordinal(before: number): string {
  return before <= 1 ? 'next' : `${before} before it`;
}

/** Whether the cell, with its options, would run something else now than it did. */
async function isEdited(cell: vscode.NotebookCell, run: RunRecord, cwd: string): Promise<boolean> {
  const { effectiveText, parseForNotebook } = await import('./execution/commandText.ts');
  try {
    const text = effectiveText(cell.document.getText(), optionsAbove(cell), run.place, cwd);
    return parseForNotebook(text, cwd).text !== run.command;
  } catch {
    // No longer a command that can be run.
    return true;
  }
}
