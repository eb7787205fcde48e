import { parseCommandText } from '../../runner/command/parse.ts';
import { isRunCommand, outputStorageOf } from '../../runner/protocol/options.ts';
import type { Command } from '../../runner/protocol/options.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';

/** A command that was valid once; undefined when it is no longer, or names a configuration file. */
function read(text: string): Command | undefined {
  try {
    return parseCommandText(text, { readFile: () => '' }).command;
  } catch {
    return undefined;
  }
}

/** How a command reaches the storage of what it made or shows. Of what cannot be read: as usual. */
export function storageOf(text: string): StorageChoice {
  const command = read(text);
  if (command === undefined || !('storage' in command)) return {};
  return isRunCommand(command) ? outputStorageOf(command) : command.storage;
}

/** Whether a command starts a run, rather than answering at once. */
export function isRunText(text: string): boolean {
  const command = read(text);
  return command !== undefined && isRunCommand(command) && !command.execution.dryRun;
}
