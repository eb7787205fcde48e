import type { HandlerGroup } from './handlers.ts';

/** Requests `credentials.*`: what can be signed in with, and whether it works. */
export const credentialHandlers: HandlerGroup = () => (caller) => {
  // Loaded when it is asked for: a runner that touches no bucket need not wait for it.
  caller.handle('credentials.choices', async () => (await import('../storage/credentialChoices.ts')).credentialChoices(process.env));
};
