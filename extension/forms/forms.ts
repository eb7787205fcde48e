import * as vscode from 'vscode';
import { verbs } from '../../runner/command/verbs.ts';
import { isDatasetNode, datasetOf } from '../explorer/datasetNodes.ts';
import { registerCommand } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Part } from '../services.ts';
import { createDemo } from './demo.ts';
import { openGroupForm } from './groupForm.ts';
import { openDatasetLook, openLookForm, openResultsForm, show } from './lookForm.ts';
import { openRunForm } from './participantForm.ts';
import { pickOne } from './pickers.ts';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';

/** Forms of quick picks for runs, and the exploring verbs of the palette. */
export const registerForms: Part = (services) => {
  const store = new DisposableStore();
  const on = (id: string, run: (...args: readonly unknown[]) => unknown): void => { store.add(registerCommand(id, services.log, run)); };
  const dataset = (arg: unknown): DatasetRef | undefined => (isDatasetNode(arg) ? datasetOf(arg) : undefined);

  on('spimquant.form.participant', (arg) => openRunForm(services, 'participant', { dataset: dataset(arg) }));
  on('spimquant.form.group', (arg) => openGroupForm(services, { dataset: dataset(arg) }));
  on('spimquant.form.tuneN4', (arg) => openRunForm(services, 'tune_n4', { dataset: dataset(arg) }));
  on('spimquant.form.plan', async () => {
    const level = await pickOne<'participant' | 'group' | 'tune_n4'>({
      title: 'Plan a Run (Dry Run)', placeholder: 'What is planned?',
      choices: (['participant', 'group', 'tune_n4'] as const).map((name) => ({ label: name, description: verbs.find((verb) => verb.name === name)?.help, value: name })),
    });
    if (level.kind !== 'picked') return;
    if (level.value === 'group') await openGroupForm(services, { deed: 'plan' });
    else await openRunForm(services, level.value, { deed: 'plan' });
  });
  for (const verb of ['info', 'slice', 'histogram', 'segment'] as const) on(`spimquant.verb.${verb}`, () => openLookForm(services, verb));
  for (const verb of ['ls', 'validate'] as const) on(`spimquant.verb.${verb}`, () => openDatasetLook(services, verb));
  on('spimquant.verb.results', () => openResultsForm(services));
  on('spimquant.verb.help', async () => {
    const verb = await pickOne<string>({
      title: 'Help on Commands', placeholder: 'Which command?',
      choices: verbs.filter((each) => each.offered).map((each) => ({ label: each.name, description: each.help, value: each.name })),
    });
    if (verb.kind === 'picked') await show(services, `spimquant help ${verb.value}`);
  });
  on('spimquant.demo.create', async () => {
    const made = await createDemo(services);
    if (made !== undefined) await vscode.commands.executeCommand('spimquant.datasets.focus');
    return made?.uri;
  });
  return store;
};
