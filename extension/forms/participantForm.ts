import { availableParallelism } from 'node:os';
import * as vscode from 'vscode';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import type { Services } from '../services.ts';
import { recall, remember } from './answers.ts';
import { lineOf, runParts } from './buildCommand.ts';
import type { RunAnswers } from './buildCommand.ts';
import { methodChoices, stainChoices, templateChoices, writtenMethod } from './choices.ts';
import { stainsOfDataset } from './data.ts';
import { isBucket } from './paths.ts';
import { moveWith, askText, pickMany, pickOne } from './pickers.ts';
import { carryOut, reviewCommand } from './review.ts';
import type { Deed } from './review.ts';
import { datasetStep, pickOutput, pickParticipants, tell } from './steps.ts';
import { walk } from './walk.ts';
import type { Place, Step } from './walk.ts';

interface FormAnswers extends RunAnswers {
  readonly deed: Deed;
}

type Level = 'participant' | 'tune_n4';

/** What a form begins with. */
export interface RunFormStart {
  readonly dataset?: DatasetRef;
  readonly participants?: readonly string[];
  /** On machines of a cloud, unless the user says otherwise. */
  readonly cloud?: boolean;
  /** The first of the things that can be done with the command. */
  readonly deed?: Deed;
}

function steps(services: Services, level: Level, title: string, { deed: first = 'run', cloud }: RunFormStart): readonly Step<FormAnswers>[] {
  const segments = (answers: Partial<FormAnswers>): boolean => level === 'participant' && (answers.stains === undefined || answers.stains.length > 0);
  return [
    datasetStep<FormAnswers>(services, title, (dataset) => ({ ...startOf(services, level, dataset), ...(cloud === undefined ? {} : { cloud }) })),
    {
      name: 'participants',
      ask: async (answers, place) => moveWith<FormAnswers, 'participants'>('participants', await pickParticipants(services, title, chosenDataset(answers), answers.participants, place)),
    },
    {
      name: 'output',
      ask: async (answers, place) => moveWith<FormAnswers, 'output'>('output', await pickOutput(services, title, chosenDataset(answers), answers.output, place, 'write')),
    },
    {
      name: 'stains',
      needed: () => level === 'participant',
      async ask(answers, place) {
        let present = answers.present ?? [];
        const picked = await pickMany<string>({
          title, place, atLeast: 0, placeholder: 'Which stains are segmented? None: register only',
          choices: async (signal) => {
            present = await stainsOfDataset(services.runner, chosenDataset(answers), answers.participants ?? 'all', signal);
            return stainChoices(present, answers.stains?.filter((stain) => present.includes(stain)));
          },
          written: (text) => (/^\w+$/.test(text) ? { label: text, description: 'as written', value: text } : undefined),
        });
        if (picked.kind === 'cancel') return picked;
        return { kind: picked.kind === 'picked' ? 'next' : 'back', answers: { present, ...(picked.value === undefined ? {} : { stains: picked.value }) } };
      },
    },
    {
      name: 'methods',
      needed: segments,
      ask: async (answers, place) => moveWith<FormAnswers, 'methods'>('methods', await pickMany({
        title, place, placeholder: 'Which methods? Write others, such as th500',
        choices: methodChoices(answers.methods), written: writtenMethod,
      })),
    },
    {
      name: 'template',
      ask: async (answers, place) => moveWith<FormAnswers, 'template'>('template', await pickOne({
        title, place, placeholder: 'Which template brain?',
        choices: async (signal) => {
          if (answers.template !== undefined) return templateChoices(answers.template);
          // Generated brains fit no template but their own.
          const { name = '' } = await services.runner.request('datasets.describe', { dataset: chosenDataset(answers) }, { signal }).catch(() => ({ name: undefined }));
          return templateChoices(/^phantom\b/i.test(name) ? 'phantom' : undefined);
        },
      })),
    },
    {
      name: 'place',
      ask: (answers, place) => askPlace(title, answers, place),
    },
    {
      name: 'review',
      async ask(answers, place) {
        const reviewed = await reviewCommand(title, partsOf(level, answers), place, first, costOf(services, level, answers));
        return reviewed.kind === 'deed' ? { kind: 'next', answers: { deed: reviewed.deed } } : reviewed;
      },
    },
  ];
}

/** Where it runs and how thoroughly. */
async function askPlace(title: string, answers: Partial<FormAnswers>, place: Place): ReturnType<Step<FormAnswers>['ask']> {
  const machine = availableParallelism();
  const reachable = isBucket(chosenDataset(answers).uri) && isBucket(answers.output ?? '');
  const picked = await pickOne<'settings' | 'fewer' | 'sloppy' | 'cloud'>({
    title, place, placeholder: 'Where, and how thoroughly?',
    choices: [
      { label: '$(vm) On this machine', description: 'cores and memory as in the settings', value: 'settings', picked: answers.cores === undefined && answers.sloppy !== true && answers.cloud !== true },
      { label: '$(vm) On this machine, with fewer cores…', description: answers.cores === undefined ? `of ${machine}` : `${answers.cores} of ${machine}`, value: 'fewer', picked: answers.cores !== undefined && answers.cloud !== true },
      { label: '$(zap) On this machine, a quick try', description: 'coarse registration, results for a look only', value: 'sloppy', picked: answers.sloppy === true && answers.cloud !== true },
      {
        label: '$(cloud) On Coiled', description: reachable ? 'a machine of your cloud account for each participant, next to the data' : 'needs data and results in a bucket', value: 'cloud', picked: answers.cloud === true,
      },
    ],
  });
  if (picked.kind !== 'picked') return { kind: picked.kind };
  if (picked.value === 'cloud') {
    if (reachable) return { kind: 'next', answers: { cores: undefined, sloppy: false, cloud: true } };
    const answer = await tell('Machines of Coiled read and write buckets. Copy the dataset to one first, and choose an output there.', 'Upload…');
    if (answer === undefined) return askPlace(title, { ...answers, cloud: false }, place);
    void vscode.commands.executeCommand('spimquant.transfer.upload');
    return { kind: 'cancel' };
  }
  if (picked.value !== 'fewer') return { kind: 'next', answers: { cores: undefined, sloppy: picked.value === 'sloppy', cloud: false } };
  const cores = await askText({
    title, place: { ...place, canGoBack: true }, value: String(answers.cores ?? Math.max(1, Math.floor(machine / 2))), placeholder: String(machine), prompt: `Cores, from 1 to ${machine}.`,
    check: (text) => (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= machine ? undefined : `Write a number from 1 to ${machine}.`),
  });
  if (cores.kind === 'back') return askPlace(title, answers, place);
  return cores.kind === 'picked' ? { kind: 'next', answers: { cores: Number(cores.value), sloppy: false, cloud: false } } : cores;
}

/** What a run on Coiled is expected to cost, in words for the last question; undefined: it runs here. */
function costOf(services: Services, level: Level, answers: Partial<FormAnswers>): (() => Promise<string>) | undefined {
  if (answers.cloud !== true) return undefined;
  return async () => (await (await import('../cloud/confirmCost.ts')).expectedCost(services, lineOf(partsOf(level, answers)), services.cwd())) ?? 'what it costs cannot be told now';
}

function chosenDataset(answers: Partial<FormAnswers>): DatasetRef {
  if (answers.dataset === undefined) throw new Error('The dataset is asked for first.');
  return answers.dataset;
}

function partsOf(level: Level, answers: Partial<FormAnswers>): ReturnType<typeof runParts> {
  return runParts(level, { ...answers, dataset: chosenDataset(answers), output: answers.output ?? '' });
}

/** What is known of a dataset's run before anything is asked: the last answers. */
function startOf(services: Services, level: Level, dataset: DatasetRef): Partial<FormAnswers> {
  const last = recall(services.context.workspaceState, level, dataset.uri);
  return { dataset, participants: undefined, present: undefined, output: last.output, stains: last.stains, methods: last.methods, template: last.template, cores: last.cores, sloppy: last.sloppy, cloud: last.cloud };
}

/** Asks for a run over participants (or of `tune_n4`), question by question, and does with the command what the user wants. */
export async function openRunForm(services: Services, level: Level, start: RunFormStart = {}): Promise<void> {
  const title = level !== 'participant' ? 'Tune N4 Correction' : start.cloud === true ? 'Run Participants on Coiled' : 'Run Participants';
  const { dataset, participants, cloud } = start;
  const place = cloud === undefined ? {} : { cloud };
  const initial: Partial<FormAnswers> = dataset === undefined ? place : { ...startOf(services, level, dataset), ...(participants === undefined ? {} : { participants }), ...place };
  const from = dataset === undefined ? 'dataset' : participants === undefined ? 'participants' : 'output';
  const answers = await walk(steps(services, level, title, start), initial, from);
  if (answers?.deed === undefined) return;
  await remember(services.context.workspaceState, level, chosenDataset(answers).uri, answers);
  await carryOut(services, answers.deed, partsOf(level, answers));
}
