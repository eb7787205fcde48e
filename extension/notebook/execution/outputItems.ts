import * as vscode from 'vscode';
import { resultMime, runMime } from '../../../runner/protocol/results.ts';
import type { Result } from '../../../runner/protocol/results.ts';
import type { RunOutput } from '../../../runner/protocol/runOutput.ts';
import { resultHtml } from '../../../runner/wording/resultHtml.ts';
import { resultText } from '../../../runner/wording/resultText.ts';
import { runHtml, runText } from '../../../runner/wording/runOutput.ts';
import { isResult } from '../file/outputs.ts';
import { isRunOutput } from './cellOutput.ts';

const htmlMime = 'text/html';
const textMime = 'text/plain';
const textStyle = { width: 100, color: false };

/** A result's representations: for our renderer, for others, for none. */
export function resultItems(result: Result): vscode.NotebookCellOutputItem[] {
  return [
    vscode.NotebookCellOutputItem.json(result, resultMime),
    vscode.NotebookCellOutputItem.text(resultHtml(result), htmlMime),
    vscode.NotebookCellOutputItem.text(resultText(result, textStyle), textMime),
  ];
}

/** A run's representations. */
export function runItems(run: RunOutput): vscode.NotebookCellOutputItem[] {
  return [
    vscode.NotebookCellOutputItem.json(run, runMime),
    vscode.NotebookCellOutputItem.text(runHtml(run), htmlMime),
    vscode.NotebookCellOutputItem.text(runText(run), textMime),
  ];
}

/** The run that a cell's output shows. */
export function shownRun(cell: vscode.NotebookCell): RunOutput | undefined {
  const value = readItem(cell, runMime);
  return isRunOutput(value) ? value : undefined;
}

/** The result that a cell's output shows. */
export function shownResult(cell: vscode.NotebookCell): Result | undefined {
  const value = readItem(cell, resultMime);
  return isResult(value) ? value : undefined;
}

/** Whether a cell shows a result. */
export function showsResult(cell: vscode.NotebookCell): boolean {
  return cell.outputs.some(({ items }) => items.some(({ mime }) => mime === resultMime));
}

function readItem(cell: vscode.NotebookCell, wanted: string): unknown {
  for (const { items } of cell.outputs) {
    for (const { mime, data } of items) {
      if (mime !== wanted) continue;
      try {
        return JSON.parse(new TextDecoder().decode(data));
      } catch {
        // Somebody else's output under our name: as good as none.
        return undefined;
      }
    }
  }
  return undefined;
}
