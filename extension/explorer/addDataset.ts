import { reportError } from '../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import type { Services } from '../services.ts';
import { absoluteAddress, isBucket } from '../forms/paths.ts';
import { askText, moveWith, pickMany, pickOne } from '../forms/pickers.ts';
import { pickPath } from '../forms/pickPath.ts';
import { walk } from '../forms/walk.ts';
import type { Step } from '../forms/walk.ts';
import { withProgress } from '../forms/progress.ts';
import { baseName } from './datasetNodes.ts';
import { answersOf, endpointProblem, storageOf } from './reach.ts';
import type { ReachAnswers } from './reach.ts';

interface AddAnswers extends ReachAnswers {
  readonly uri: string;
}

const title = 'Add Dataset';

function steps(services: Services, recent: readonly DatasetRef[]): readonly Step<AddAnswers>[] {
  const bucket = (answers: Partial<AddAnswers>): boolean => isBucket(answers.uri ?? '');
  const custom = (answers: Partial<AddAnswers>): boolean => bucket(answers) && answers.reach === 'custom';
  return [
    {
      name: 'address',
      async ask(answers, place) {
        const picked = await pickPath(services, {
          title, place, verb: 'Add', value: answers.uri, placeholder: 'Folder, or an address such as s3://bucket/bids',
          given: recent.map((dataset) => ({ label: `$(history) ${baseName(dataset.uri)}`, description: dataset.uri, value: dataset.uri })),
        });
        if (picked.kind !== 'picked') return moveWith<AddAnswers, 'uri'>('uri', picked);
        const uri = absoluteAddress(picked.value, services.cwd());
        // A dataset that was in the list before is reached as it was then.
        const before = recent.find((dataset) => dataset.uri === uri);
        return { kind: 'next', answers: { uri, ...(before === undefined || answers.uri === uri ? {} : answersOf(before.storage)) } };
      },
    },
    {
      name: 'reach',
      needed: bucket,
      ask: async (answers, place) => moveWith<AddAnswers, 'reach'>('reach', await pickOne<AddAnswers['reach']>({
        title, place, placeholder: 'How is the bucket reached?',
        choices: ([
          { label: '$(key) With my usual credentials', description: 'environment, ~/.aws, single sign-on', value: 'usual' },
          { label: '$(account) With an AWS profile…', value: 'profile' },
          { label: '$(globe) Without credentials', description: 'public buckets', value: 'anonymous' },
          { label: '$(settings) Another service or region…', description: 'MinIO, Ceph, requester pays', value: 'custom' },
        ] as const).map((choice) => ({ ...choice, picked: choice.value === answers.reach })),
      })),
    },
    {
      name: 'endpoint',
      needed: custom,
      ask: async (answers, place) => moveWith<AddAnswers, 'endpoint'>('endpoint', await askText({
        title, place, value: answers.endpoint, placeholder: 'http://127.0.0.1:9000', prompt: 'Address of the S3-compatible service. Empty: AWS.', check: endpointProblem,
      })),
    },
    {
      name: 'region',
      needed: custom,
      ask: async (answers, place) => moveWith<AddAnswers, 'region'>('region', await askText({ title, place, value: answers.region, placeholder: 'us-east-1', prompt: 'Region of the bucket. Empty: found out.' })),
    },
    {
      name: 'options',
      needed: custom,
      async ask(answers, place) {
        const picked = await pickMany<'anonymous' | 'requesterPays'>({
          title, place, atLeast: 0, placeholder: 'Tick what applies, then press Enter',
          choices: [
            { label: 'Without credentials', description: 'public buckets', value: 'anonymous', picked: answers.anonymous },
            { label: 'Requester pays', description: 'requests and traffic are billed to you; needs credentials', value: 'requesterPays', picked: answers.requesterPays },
          ],
        });
        if (picked.kind === 'cancel') return picked;
        const chosen = picked.value ?? [];
        return { kind: picked.kind === 'picked' ? 'next' : 'back', answers: { anonymous: chosen.includes('anonymous'), requesterPays: chosen.includes('requesterPays') } };
      },
    },
    {
      name: 'profile',
      needed: (answers) => bucket(answers) && (answers.reach === 'profile' || (answers.reach === 'custom' && answers.anonymous !== true)),
      ask: async (answers, place) => moveWith<AddAnswers, 'profile'>('profile', await askText({
        title, place, value: answers.profile, placeholder: 'lab', prompt: `Name of a profile in ~/.aws.${answers.reach === 'custom' ? ' Empty: the usual credentials.' : ''}`,
        check: (text) => (text === '' && answers.reach === 'profile' ? 'Write the name of a profile.' : undefined),
      })),
    },
  ];
}

/**
 * Asks for a dataset and puts it into the list, once it is seen to be there; undefined when the user left. `from`:
 * a dataset whose address or way of reach is changed, beginning with that question.
 */
export async function addDataset(services: Services, from?: { readonly dataset: DatasetRef; readonly step: 'address' | 'reach' }): Promise<DatasetRef | undefined> {
  // The list of recent ones is a help, not a need.
  const list = await services.runner.request('datasets.list', {}).catch(() => ({ datasets: [], recent: [] }));
  const inList = new Set(list.datasets.map((dataset) => dataset.uri));
  const recent = list.recent.filter((dataset) => !inList.has(dataset.uri));
  const asked = steps(services, recent);
  let answers: Partial<AddAnswers> | undefined = from === undefined ? {} : { uri: from.dataset.uri, ...answersOf(from.dataset.storage) };
  let step: string | undefined = from?.step;
  for (;;) {
    answers = await walk(asked, answers, step);
    if (answers === undefined || answers.uri === undefined) return undefined;
    const dataset: DatasetRef = { uri: answers.uri, storage: isBucket(answers.uri) ? storageOf(answers) : {} };
    let error: ErrorReport | undefined;
    for (let attempt = true; attempt;) {
      attempt = false;
      error = await tryAdding(services, dataset);
      if (error === undefined) break;
      if (error.code === 'cancelled') return undefined;
      const next = await afterFailure(error, isBucket(dataset.uri));
      if (next === undefined) return undefined;
      if (next === 'again') attempt = true;
      else if (next === 'anyway') {
        await services.runner.request('datasets.add', { dataset, force: true });
        error = undefined;
      } else step = next;
    }
    if (error !== undefined) continue;
    if (from !== undefined && from.dataset.uri !== dataset.uri) await services.runner.request('datasets.remove', { uri: from.dataset.uri });
    return dataset;
  }
}

async function tryAdding(services: Services, dataset: DatasetRef): Promise<ErrorReport | undefined> {
  try {
    await withProgress(`Looking at ${dataset.uri}`, (signal) => services.runner.request('datasets.add', { dataset }, { signal }));
    return undefined;
  } catch (error) {
    return reportError(error);
  }
}

async function afterFailure(error: ErrorReport, bucket: boolean): Promise<'again' | 'anyway' | 'address' | 'reach' | undefined> {
  const picked = await pickOne<'again' | 'anyway' | 'address' | 'reach'>({
    title: 'The dataset was not added', placeholder: error.message,
    choices: [
      { label: '$(edit) Correct the address…', detail: error.hint, value: 'address' },
      ...(bucket ? [{ label: '$(key) Reach it another way…', value: 'reach' as const }] : []),
      { label: '$(refresh) Try again', value: 'again' },
      { label: '$(add) Add anyway', description: 'it stays in the list, and can be tried again there', value: 'anyway' },
    ],
  });
  return picked.kind === 'picked' ? picked.value : undefined;
}
