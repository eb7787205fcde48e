import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { DatasetRef, ImageEntry } from '../../runner/protocol/datasets.ts';
import type { Services } from '../services.ts';
import { lookCommand } from './buildCommand.ts';
import { methodChoices, writtenMethod } from './choices.ts';
import { allParticipants, imagesOf, stainsOfImage } from './data.ts';
import { moveWith, pickMany, pickOne } from './pickers.ts';
import type { Picked } from './pickers.ts';
import { datasetStep, pickOutput } from './steps.ts';
import { walk } from './walk.ts';
import type { Step } from './walk.ts';

interface LookForm {
  readonly dataset: DatasetRef;
  readonly participant: string;
  readonly image: ImageEntry;
  /** Undefined: the whole image. */
  readonly stains: readonly string[];
  readonly methods: readonly string[];
  readonly output: string;
}

/** What a look begins with. */
export type LookStart = Partial<Pick<LookForm, 'dataset' | 'participant' | 'image'>>;

type LookVerb = 'info' | 'slice' | 'histogram' | 'segment';

/** Methods of the last try, so that the next one begins with them. */
const lastMethods = 'form.segment methods';

function steps(services: Services, verb: LookVerb, title: string): readonly Step<LookForm>[] {
  const { runner } = services;
  return [
    datasetStep<LookForm>(services, title, (dataset) => ({ dataset, participant: undefined, image: undefined, stains: undefined })),
    {
      name: 'participant',
      ask: async (answers, place) => moveWith<LookForm, 'participant'>('participant', await pickOne({
        title, place, placeholder: 'Which participant?',
        choices: async (signal) => (await allParticipants(runner, given(answers.dataset), signal)).map((label) => ({ label: `sub-${label}`, value: label, picked: label === answers.participant })),
      })),
    },
    {
      name: 'image',
      ask: async (answers, place) => moveWith<LookForm, 'image'>('image', await pickOne({
        title, place, placeholder: 'Which image?',
        choices: async (signal) => {
          const images = imagesOf(await runner.request('datasets.participant', { dataset: given(answers.dataset), label: given(answers.participant) }, { signal }));
          if (images.length === 0) throw new SpimquantError('not-found', `sub-${given(answers.participant)} has no images.`, { hint: 'Go back and choose another participant.' });
          return images.map(({ image, session }) => ({
            label: image.title, description: [session === undefined ? '' : `ses-${session}`, image.stains.join(', ')].filter((text) => text !== '').join(' · '), value: image, picked: image.path === answers.image?.path,
          }));
        },
      })),
    },
    {
      name: 'stains',
      needed: () => verb === 'segment' || verb === 'histogram',
      async ask(answers, place) {
        const choices = async (signal: AbortSignal): Promise<readonly { readonly label: string; readonly value: string; readonly picked: boolean }[]> =>
          (await stainsOfImage(runner, given(answers.dataset), given(answers.image), signal)).map((stain) => ({ label: stain, value: stain, picked: answers.stains === undefined ? verb === 'histogram' : answers.stains.includes(stain) }));
        if (verb === 'histogram') return moveWith<LookForm, 'stains'>('stains', await pickMany({ title, place, placeholder: 'Which stains?', choices }));
        const picked = await pickOne({ title, place, placeholder: 'Which stain?', choices });
        return moveWith<LookForm, 'stains'>('stains', listOf(picked));
      },
    },
    {
      name: 'methods',
      needed: () => verb === 'segment',
      ask: async (answers, place) => moveWith<LookForm, 'methods'>('methods', await pickMany({
        title, place, placeholder: 'Which methods? Write others, such as th500',
        choices: methodChoices(answers.methods), written: writtenMethod,
      })),
    },
  ];
}

function listOf(picked: Picked<string>): Picked<readonly string[]> {
  return picked.kind === 'picked' ? { kind: 'picked', value: [picked.value] } : { kind: picked.kind };
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The form has not asked for it yet.');
  return value;
}

/** Shows what an exploring command answers. */
export async function show(services: Services, text: string): Promise<void> {
  const result = await services.explore(text);
  if (result !== undefined) services.panels.showResult(result);
}

const titles: Readonly<Record<LookVerb, string>> = { info: 'Inspect Image', slice: 'Show Slices', histogram: 'Show Histogram', segment: 'Try Segmentation' };

/** Asks which image is looked at, and how, and shows it. */
export async function openLookForm(services: Services, verb: LookVerb, start: LookStart = {}): Promise<void> {
  const from = start.dataset === undefined ? 'dataset' : start.image !== undefined ? 'stains' : start.participant === undefined ? 'participant' : 'image';
  const methods = services.context.workspaceState.get<readonly string[]>(lastMethods);
  const answers = await walk(steps(services, verb, titles[verb]), { ...start, methods }, from);
  if (answers?.dataset === undefined || answers.image === undefined) return;
  const { dataset, image } = answers;
  if (verb === 'segment') await services.context.workspaceState.update(lastMethods, answers.methods);
  await show(services, lookCommand(verb, { uri: image.uri, dataset, stains: answers.stains, ...(verb === 'segment' ? { methods: answers.methods } : {}) }));
}

/** Asks for a dataset and shows its list or its check. */
export async function openDatasetLook(services: Services, verb: 'ls' | 'validate'): Promise<void> {
  const title = verb === 'ls' ? 'List Dataset' : 'Validate Dataset';
  const answers = await walk([datasetStep<LookForm>(services, title, (dataset) => ({ dataset }))], {});
  if (answers?.dataset === undefined) return;
  await show(services, lookCommand(verb, { uri: answers.dataset.uri, dataset: answers.dataset }));
}

/** Asks for an output folder and shows what it holds. */
export async function openResultsForm(services: Services): Promise<void> {
  const title = 'Show Results';
  const answers = await walk<LookForm>([
    datasetStep<LookForm>(services, title, (dataset) => ({ dataset, output: undefined })),
    { name: 'output', ask: async (known, place) => moveWith<LookForm, 'output'>('output', await pickOutput(services, title, given(known.dataset), known.output, place, 'read')) },
  ], {});
  if (answers?.dataset === undefined || answers.output === undefined) return;
  await show(services, lookCommand('results', { uri: answers.output, dataset: answers.dataset }));
}
