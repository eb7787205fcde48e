import { withCoiled } from '../protocol/coiledAccess.ts';
import type { HandlerGroup } from './handlers.ts';

/** Exploring commands. */
export const exploreHandlers: HandlerGroup = ({ explorer }) => (caller) => {
  explorer.warm();
  const lost = new AbortController();
  caller.onClose(() => { lost.abort(); });
  caller.handle('explore', ({ text, cwd, token, coiled }, signal) => explorer.run({
    text, cwd, env: withCoiled(caller.env, coiled), signal: AbortSignal.any([signal, lost.signal]),
    progress: (message) => void caller.notify('explore.progress', { token, message }),
  }));
};
