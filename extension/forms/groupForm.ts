import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import type { Services } from '../services.ts';
import { recall, remember } from './answers.ts';
import { groupParts } from './buildCommand.ts';
import type { GroupAnswers } from './buildCommand.ts';
import { columnChoices, groupChoices } from './choices.ts';
import { participantsTable } from './data.ts';
import { groupColumns } from './groups.ts';
import type { GroupColumn } from './groups.ts';
import { moveWith, askText, pickOne } from './pickers.ts';
import { carryOut, reviewCommand } from './review.ts';
import type { Deed } from './review.ts';
import { datasetStep, pickOutput } from './steps.ts';
import { walk } from './walk.ts';
import type { Step } from './walk.ts';

interface FormAnswers extends GroupAnswers {
  readonly columns: readonly GroupColumn[];
  readonly deed: Deed;
}

const title = 'Compare Groups';

async function readColumns(services: Services, dataset: DatasetRef, signal: AbortSignal): Promise<readonly GroupColumn[]> {
  const columns = groupColumns(await participantsTable(services.runner, dataset, signal));
  if (columns.length > 0) return columns;
  throw new SpimquantError('bad-dataset', 'No column of participants.tsv tells groups apart.', {
    where: dataset.uri, hint: 'Add a column such as genotype, with the same word for all participants of a group.',
  });
}

function steps(services: Services, first: Deed): readonly Step<FormAnswers>[] {
  return [
    datasetStep<FormAnswers>(services, title, (dataset) => startOf(services, dataset)),
    {
      name: 'output',
      ask: async (answers, place) => moveWith<FormAnswers, 'output'>('output', await pickOutput(services, title, chosenDataset(answers), answers.output, place, 'read')),
    },
    {
      name: 'column',
      async ask(answers, place) {
        let columns = answers.columns ?? [];
        const picked = await pickOne<string>({
          title, place, placeholder: 'Which column of participants.tsv tells the groups apart?',
          choices: async (signal) => {
            columns = await readColumns(services, chosenDataset(answers), signal);
            return columnChoices(columns, answers.column);
          },
        });
        if (picked.kind !== 'picked') return { kind: picked.kind };
        return { kind: 'next', answers: { columns, column: picked.value, ...(picked.value === answers.column ? {} : { values: undefined }) } };
      },
    },
    {
      name: 'groups',
      ask: async (answers, place) => moveWith<FormAnswers, 'values'>('values', await pickOne<readonly [string, string]>({
        title, place, placeholder: 'Which groups? Differences are the first minus the second',
        choices: async (signal) => {
          const columns = answers.columns ?? await readColumns(services, chosenDataset(answers), signal);
          return groupChoices(columns.find((column) => column.name === answers.column), answers.values);
        },
      })),
    },
    {
      name: 'test',
      ask: async (answers, place) => moveWith<FormAnswers, 'test'>('test', await pickOne<'student' | 'welch'>({
        title, place, placeholder: 'Which test?',
        choices: [
          { label: 'Student', description: 'equal variances, as upstream', value: 'student', picked: answers.test !== 'welch' },
          { label: 'Welch', description: 'variances may differ', value: 'welch', picked: answers.test === 'welch' },
        ],
      })),
    },
    {
      name: 'label',
      ask: async (answers, place) => moveWith<FormAnswers, 'label'>('label', await askText({
        title, place, value: answers.label ?? '1', placeholder: '1', prompt: 'Name of the comparison: a folder below group/. Another name keeps the results of earlier ones.',
        check: (text) => (/^[A-Za-z0-9+_-]+$/.test(text) ? undefined : 'Write letters, digits, +, - and _.'),
      })),
    },
    {
      name: 'review',
      async ask(answers, place) {
        const reviewed = await reviewCommand(title, partsOf(answers), place, first);
        return reviewed.kind === 'deed' ? { kind: 'next', answers: { deed: reviewed.deed } } : reviewed;
      },
    },
  ];
}

function chosenDataset(answers: Partial<FormAnswers>): DatasetRef {
  if (answers.dataset === undefined) throw new Error('The dataset is asked for first.');
  return answers.dataset;
}

function partsOf(answers: Partial<FormAnswers>): ReturnType<typeof groupParts> {
  const { output = '', column = '', values = ['', ''] } = answers;
  return groupParts({ ...answers, dataset: chosenDataset(answers), output, column, values });
}

function startOf(services: Services, dataset: DatasetRef): Partial<FormAnswers> {
  const last = recall(services.context.workspaceState, 'group', dataset.uri);
  return { dataset, columns: undefined, output: last.output ?? recall(services.context.workspaceState, 'participant', dataset.uri).output, column: last.column, values: last.values, test: last.test, label: last.label };
}

/** Asks which groups are compared, and does with the command what the user wants. */
export async function openGroupForm(services: Services, start: { readonly dataset?: DatasetRef; readonly deed?: Deed } = {}): Promise<void> {
  const { dataset } = start;
  const answers = await walk(steps(services, start.deed ?? 'run'), dataset === undefined ? {} : startOf(services, dataset), dataset === undefined ? 'dataset' : 'output');
  if (answers?.deed === undefined) return;
  await remember(services.context.workspaceState, 'group', chosenDataset(answers).uri, answers);
  await carryOut(services, answers.deed, partsOf(answers));
}
