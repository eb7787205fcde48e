import { homedir } from 'node:os';
import { joinWords } from '../command/shell.ts';
import { withCoiled } from '../protocol/coiledAccess.ts';
import { storageFlags } from '../protocol/storageChoice.ts';
import type { HandlerGroup } from './handlers.ts';
import { checkedStorage } from './openStores.ts';

/** Requests `credentials.*`: what can be signed in with, and whether it works. */
export const credentialHandlers: HandlerGroup = ({ explorer }) => (caller) => {
  const lost = new AbortController();
  caller.onClose(() => { lost.abort(); });
  // Loaded when it is asked for: a runner that touches no bucket need not wait for it.
  caller.handle('credentials.choices', async () => (await import('../storage/credentialChoices.ts')).credentialChoices(process.env));
  caller.handle('credentials.check', ({ dataset, coiled }, signal) => explorer.run({
    text: joinWords(['spimquant', 'doctor', ...(dataset === undefined ? [] : [dataset.uri, ...storageFlags(checkedStorage(dataset.storage))])]),
    cwd: homedir(), env: withCoiled(caller.env, coiled), signal: AbortSignal.any([signal, lost.signal]), progress: () => undefined,
  }));
};
