import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { withDefaults } from '../../../runner/command/assist/effective.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import type { Parsed } from '../../../runner/command/parse.ts';
import { isRunCommand } from '../../../runner/protocol/options.ts';
import type { Place } from '../ids.ts';

/**
 * What a cell's text comes to: with the options of the cells above it, the nearest winning, and with `--cloud` for a run on
 * Coiled. Throws `bad-option` when the options or the command are wrong.
 */
export function effectiveText(text: string, options: readonly string[], place: Place, cwd: string): string {
  const filled = withDefaults(text, options).text;
  // Only runs go elsewhere; what looks at data answers from here.
  return place === 'cloud' && lacksCloud(parseForNotebook(filled, cwd)) ? `${filled} --cloud` : filled;
}

/** Whether a command starts a run that says nothing of a cloud yet. */
function lacksCloud(parsed: Parsed): boolean {
  const { command } = parsed;
  return isRun(parsed) && !(isRunCommand(command) && command.verb !== 'sync' && command.execution.cloud !== undefined);
}

/** Parses a cell's command; `--config` files are relative to `cwd`. Throws `bad-option`. */
export function parseForNotebook(text: string, cwd: string): Parsed {
  return parseCommandText(text, { readFile: (path) => readFileSync(resolve(cwd, path), 'utf8') });
}

/** Whether a command starts a run, rather than planning or looking. */
export function isRun({ command }: Parsed): boolean {
  return isRunCommand(command) && !command.execution.dryRun;
}
