import type { HandlerGroup } from './handlers.ts';

/** Exploring commands. */
export const exploreHandlers: HandlerGroup = ({ env, explorer }) => (caller) => {
  explorer.warm();
  const lost = new AbortController();
  caller.onClose(() => { lost.abort(); });
  caller.handle('explore', ({ text, cwd, token, env: own }, signal) => explorer.run({
    text, cwd, env: withoutGaps({ ...env, ...own }), signal: AbortSignal.any([signal, lost.signal]),
    progress: (message) => void caller.notify('explore.progress', { token, message }),
  }));
};

function withoutGaps(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
