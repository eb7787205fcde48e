import * as vscode from 'vscode';
import { verbs } from '../../runner/command/verbs.ts';
import { isDatasetNode, datasetOf } from '../explorer/datasets/datasetNodes.ts';
import type { Services } from '../services.ts';
import { createDemo } from './demo.ts';
import { openGroupForm } from './groupForm.ts';
import { openDatasetLook, openLookForm, openResultsForm, show } from './lookForm.ts';
import type { FormCommand } from './forms.ts';
import { openRunForm } from './participantForm.ts';
import { pickOne } from './pickers.ts';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';

/** What the command of an id does, with what it was called with. */
type Deed = (services: Services, argument: unknown) => unknown;

const dataset = (arg: unknown): DatasetRef | undefined => (isDatasetNode(arg) ? datasetOf(arg) : undefined);

async function openPlanForm(services: Services): Promise<void> {
  const level = await pickOne<'participant' | 'group' | 'tune_n4'>({
    title: 'Plan a Run (Dry Run)', placeholder: 'What is planned?',
    choices: (['participant', 'group', 'tune_n4'] as const).map((name) => ({ label: name, description: verbs.find((verb) => verb.name === name)?.help, value: name })),
  });
  if (level.kind !== 'picked') return;
  if (level.value === 'group') await openGroupForm(services, { deed: 'plan' });
  else await openRunForm(services, level.value, { deed: 'plan' });
}

async function openHelp(services: Services): Promise<void> {
  const verb = await pickOne<string>({
    title: 'Help on Commands', placeholder: 'Which command?',
    choices: verbs.filter((each) => each.offered).map((each) => ({ label: each.name, description: each.help, value: each.name })),
  });
  if (verb.kind === 'picked') await show(services, `spimquant help ${verb.value}`);
}

async function createDemoDataset(services: Services): Promise<string | undefined> {
  const made = await createDemo(services);
  if (made !== undefined) await vscode.commands.executeCommand('spimquant.datasets.focus');
  return made?.uri;
}

/** Every command of the forms. */
export const formCommands: Readonly<Record<FormCommand, Deed>> = {
  'spimquant.form.participant': (services, arg) => openRunForm(services, 'participant', { dataset: dataset(arg) }),
  'spimquant.form.coiled': (services, arg) => openRunForm(services, 'participant', { dataset: dataset(arg), cloud: true }),
  'spimquant.form.group': (services, arg) => openGroupForm(services, { dataset: dataset(arg) }),
  'spimquant.form.tuneN4': (services, arg) => openRunForm(services, 'tune_n4', { dataset: dataset(arg) }),
  'spimquant.form.plan': openPlanForm,
  'spimquant.verb.info': (services) => openLookForm(services, 'info'),
  'spimquant.verb.slice': (services) => openLookForm(services, 'slice'),
  'spimquant.verb.histogram': (services) => openLookForm(services, 'histogram'),
  'spimquant.verb.segment': (services) => openLookForm(services, 'segment'),
  'spimquant.verb.ls': (services) => openDatasetLook(services, 'ls'),
  'spimquant.verb.validate': (services) => openDatasetLook(services, 'validate'),
  'spimquant.verb.results': openResultsForm,
  'spimquant.verb.help': openHelp,
  'spimquant.demo.create': createDemoDataset,
};
