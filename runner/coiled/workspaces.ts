import { SpimquantError } from '../protocol/errors.ts';
import type { CoiledUser, CoiledWorkspace } from './client.types.ts';

/**
 * The workspace to work in, as Coiled's own client chooses it: the wanted one, the default, the only one, or the one that
 * is called like the user.
 *
 * @throws SpimquantError `not-found` when the user is no member of the wanted one, or none can be told
 */
export function chooseWorkspace(wanted: string | undefined, user: CoiledUser, all: readonly CoiledWorkspace[]): CoiledWorkspace {
  const names = all.map(({ slug }) => slug).join(', ');
  if (wanted !== undefined) {
    const found = all.find(({ slug, title }) => slug === wanted || title === wanted);
    if (found !== undefined) return found;
    throw new SpimquantError('not-found', `${user.name} is no member of the Coiled workspace "${wanted}".`, {
      where: wanted, hint: all.length === 0 ? 'Ask its owner to invite you.' : `Choose one of ${names}, or ask its owner to invite you.`,
    });
  }
  const chosen = all.find(({ isDefault }) => isDefault) ?? all.find(({ slug }) => slug === user.defaultWorkspace)
    ?? (all.length === 1 ? all[0] : all.find(({ slug }) => slug.toLowerCase() === user.name.toLowerCase()));
  if (chosen !== undefined) return chosen;
  throw new SpimquantError('not-found', all.length === 0 ? `${user.name} has no Coiled workspace.` : 'It is not clear in which Coiled workspace to work.', {
    hint: all.length === 0 ? 'Make one at https://cloud.coiled.io, or ask a colleague to invite you to theirs.' : `Set the workspace to one of ${names}.`,
  });
}
