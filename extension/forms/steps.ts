import * as vscode from 'vscode';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import { count } from '../../runner/wording/words.ts';
import { addDataset } from '../explorer/datasets/addDataset.ts';
import { suggestedOutput } from '../explorer/datasets/commandsOfNodes.ts';
import type { Services } from '../services.ts';
import { datasetChoices } from './choices.ts';
import { allParticipants } from './data.ts';
import { pickMany, pickOne } from './pickers.ts';
import type { Picked } from './pickers.ts';
import { pickPath } from './pickPath.ts';
import type { Place, Step } from './walk.ts';

/** Asks for a dataset of the list, or a new one. */
export async function pickDataset(services: Services, title: string, place?: Place, chosen?: string): Promise<Picked<DatasetRef>> {
  const picked = await pickOne<DatasetRef | 'add'>({
    title, place, placeholder: 'Which dataset?',
    choices: async (signal) => {
      const { datasets } = await services.runner.request('datasets.list', {}, { signal });
      return [...datasetChoices(datasets, chosen), ...(datasets.length === 0 ? [] : [{ label: '' }]), { label: '$(add) Add dataset…', value: 'add' as const }];
    },
  });
  if (picked.kind !== 'picked') return { kind: picked.kind };
  if (picked.value !== 'add') return { kind: 'picked', value: picked.value };
  const added = await addDataset(services);
  return added === undefined ? { kind: 'cancel' } : { kind: 'picked', value: added };
}

/** The question for the dataset. Another dataset makes what was said about the first one void. */
export function datasetStep<A extends { readonly dataset: DatasetRef }>(services: Services, title: string, fresh: (dataset: DatasetRef) => Partial<A>): Step<A> {
  return {
    name: 'dataset',
    async ask(answers, place) {
      const picked = await pickDataset(services, title, place, answers.dataset?.uri);
      if (picked.kind !== 'picked') return { kind: picked.kind };
      return { kind: 'next', answers: picked.value.uri === answers.dataset?.uri ? {} : fresh(picked.value) };
    },
  };
}

/** The question for participants: all, or some of them. */
export async function pickParticipants(services: Services, title: string, dataset: DatasetRef, chosen: readonly string[] | 'all' | undefined, place: Place): Promise<Picked<readonly string[] | 'all'>> {
  const abort = new AbortController();
  let labels: Promise<readonly string[]> | undefined;
  const load = (): Promise<readonly string[]> => {
    labels ??= allParticipants(services.runner, dataset, abort.signal);
    labels.catch(() => { labels = undefined; });
    return labels;
  };
  try {
    for (;;) {
      const scope = await pickOne<'all' | 'some'>({
        title, place, placeholder: 'Which participants?',
        choices: async () => {
          const known = await load();
          const some = chosen === undefined || chosen === 'all' ? undefined : chosen;
          return [
            { label: '$(organization) All participants', description: count(known.length, 'participant'), value: 'all', picked: some === undefined },
            { label: '$(account) Some participants…', description: some === undefined ? undefined : listed(some), value: 'some', picked: some !== undefined },
          ];
        },
      });
      if (scope.kind !== 'picked') return { kind: scope.kind };
      if (scope.value === 'all') return { kind: 'picked', value: 'all' };
      const ticked = chosen === undefined || chosen === 'all' ? [] : chosen;
      const some = await pickMany<string>({
        title, place: { ...place, canGoBack: true }, placeholder: 'Tick participants; type to search',
        choices: async () => (await load()).map((label) => ({ label: `sub-${label}`, value: label, picked: ticked.includes(label) })),
      });
      if (some.kind === 'cancel') return some;
      if (some.kind === 'picked') return some;
      if (some.value !== undefined && some.value.length > 0) chosen = some.value;
    }
  } finally {
    abort.abort();
  }
}

function listed(labels: readonly string[]): string {
  const shown = labels.slice(0, 5).map((label) => `sub-${label}`).join(', ');
  return labels.length > 5 ? `${shown} and ${labels.length - 5} more` : shown;
}

/** The question for the output: the suggestion, what results there are already, or any folder or bucket. */
export async function pickOutput(services: Services, title: string, dataset: DatasetRef, chosen: string | undefined, place: Place, purpose: 'write' | 'read'): Promise<Picked<string>> {
  const suggested = suggestedOutput(dataset);
  for (;;) {
    const picked = await pickOne<{ readonly uri: string } | 'other'>({
      title, place, placeholder: purpose === 'write' ? 'Where do the results go?' : 'Where are the results of the participants?',
      choices: async (signal) => {
        // Listing results is a help; a dataset without any is the usual case.
        const found = await services.runner.request('datasets.derivatives', { dataset }, { signal }).catch(() => ({ derivatives: [] }));
        const derivatives = found.derivatives.filter((each) => /^SPIMquant(?: \d|$)/.test(each.generatedBy ?? ''));
        const uris = [...new Set([...(chosen === undefined ? [] : [chosen]), ...(purpose === 'write' || derivatives.length === 0 ? [suggested] : []), ...derivatives.map((each) => each.uri)])];
        return [
          ...uris.map((uri) => ({
            label: `$(folder) ${uri}`, value: { uri }, picked: uri === (chosen ?? suggested),
            description: [uri === chosen ? 'as last time' : '', derivatives.some((each) => each.uri === uri) ? 'holds results' : ''].filter((text) => text !== '').join(', '),
          })),
          { label: '$(edit) Another folder or bucket…', value: 'other' as const },
        ];
      },
    });
    if (picked.kind !== 'picked') return { kind: picked.kind };
    if (picked.value !== 'other') return { kind: 'picked', value: picked.value.uri };
    const written = await pickPath(services, { title, place: { ...place, canGoBack: true }, verb: 'Use', value: chosen ?? suggested, placeholder: 'Folder, or an address such as s3://bucket/results', storage: dataset.storage });
    if (written.kind !== 'back') return written;
  }
}

/** Shows a form's failure to be of use without data, and offers the way on. */
export async function tell(message: string, ...actions: readonly string[]): Promise<string | undefined> {
  return vscode.window.showInformationMessage(message, ...actions);
}
