import { registerCommand } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Part } from '../services.ts';

const ids = [
  'spimquant.form.participant', 'spimquant.form.coiled', 'spimquant.form.group', 'spimquant.form.tuneN4', 'spimquant.form.plan',
  'spimquant.verb.info', 'spimquant.verb.slice', 'spimquant.verb.histogram', 'spimquant.verb.segment', 'spimquant.verb.ls',
  'spimquant.verb.validate', 'spimquant.verb.results', 'spimquant.verb.help', 'spimquant.demo.create',
] as const;

/** Id of a command of the forms. */
export type FormCommand = typeof ids[number];

/** Forms of quick picks for runs, and the exploring verbs of the palette. What they do is loaded by the first of them. */
export const registerForms: Part = (services) => {
  const store = new DisposableStore();
  for (const id of ids) store.add(registerCommand(id, services.log, async (argument) => (await import('./formCommands.ts')).formCommands[id](services, argument)));
  return store;
};
