import { parseCommandText } from '../../runner/command/parse.ts';
import type { StorageChoice } from '../../runner/protocol/options.ts';

/** How a run's command reaches its storage, so that its outputs are opened the same way. Of what cannot be read: as usual. */
export function storageOf(command: string): StorageChoice {
  try {
    const parsed = parseCommandText(command, { readFile: () => '' });
    return 'storage' in parsed.command ? parsed.command.storage : {};
  } catch {
    return {};
  }
}
