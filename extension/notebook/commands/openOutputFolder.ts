import * as vscode from 'vscode';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { isRunCommand } from '../../../runner/protocol/options.ts';
import type { Services } from '../../services.ts';
import { effectiveText, parseForNotebook } from '../execution/commandText.ts';
import { optionsAbove } from '../execution/optionsAbove.ts';
import { shownRun } from '../execution/outputItems.ts';
import { commandLanguage } from '../ids.ts';

/**
 * Opens what a run has made: the run that is named, else that of the selected cell, else the latest that wrote to the
 * output of the selected cell's command, else the latest of all.
 */
export async function openOutputFolder(services: Services, runId: string | undefined): Promise<void> {
  const { runs, panels } = services;
  const cell = selectedCell();
  const shown = vscode.window.visibleNotebookEditors.flatMap(({ notebook }) => notebook.getCells())
    .map((each) => shownRun(each)?.run).find((run) => run !== undefined && run.id === runId);
  if (runId !== undefined) {
    const run = runs.get(runId) ?? shown;
    if (run === undefined) throw new SpimquantError('not-found', 'There is no record of this run any more.', { where: runId });
    return panels.showOutputs(run);
  }
  const own = cell === undefined ? undefined : shownRun(cell)?.run;
  if (own !== undefined) return panels.showOutputs(runs.get(own.id) ?? own);
  if (runs.runs.length === 0) await runs.load();
  const output = cell === undefined ? undefined : outputOf(cell, services.cwd());
  const run = runs.runs.find((each) => each.output === output) ?? runs.runs[0];
  if (run === undefined) throw new SpimquantError('not-found', 'There is no run yet whose outputs could be opened.', { hint: 'Run a cell with a participant or group command first.' });
  return panels.showOutputs(run);
}

function selectedCell(): vscode.NotebookCell | undefined {
  const editor = vscode.window.activeNotebookEditor;
  return editor === undefined || editor.notebook.cellCount === 0 ? undefined : editor.notebook.cellAt(editor.selection.start);
}

/** Where a cell's command writes to, if it is one that does. */
function outputOf(cell: vscode.NotebookCell, cwd: string): string | undefined {
  if (cell.document.languageId !== commandLanguage) return undefined;
  try {
    const { command } = parseForNotebook(effectiveText(cell.document.getText(), optionsAbove(cell), 'local', cwd), cwd);
    return isRunCommand(command) ? command.output : undefined;
  } catch {
    return undefined;
  }
}
