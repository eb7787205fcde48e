import { withCoiled } from '../protocol/coiledAccess.ts';
import type { HandlerGroup } from './handlers.ts';

/** Exploring commands. */
export const exploreHandlers: HandlerGroup = ({ explorer, onToken }) => (caller) => {
  explorer.warm();
  const lost = new AbortController();
  caller.onClose(() => { lost.abort(); });
  caller.handle('explore', ({ text, cwd, token, coiled }, signal) => {
    const env = withCoiled(caller.env, coiled);
    if (coiled?.token !== undefined) onToken(env);
    return explorer.run({
      text, cwd, env, signal: AbortSignal.any([signal, lost.signal]),
      progress: (message) => void caller.notify('explore.progress', { token, message }),
    });
  });
};
