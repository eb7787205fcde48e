import * as vscode from 'vscode';
import { reportError } from '../../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../../runner/protocol/errors.ts';
import type { DatasetRef } from '../../../runner/protocol/datasets.ts';
import type { Services } from '../../services.ts';
import { absoluteAddress, isBucket } from '../../forms/paths.ts';
import { moveWith, pickOne } from '../../forms/pickers.ts';
import type { Choice } from '../../forms/pickers.ts';
import { pickPath } from '../../forms/pickPath.ts';
import { walk } from '../../forms/walk.ts';
import type { Step } from '../../forms/walk.ts';
import { withProgress } from '../../forms/progress.ts';
import { showError } from '../../platform/commands.ts';
import { checkCredentials } from './checkCredentials.ts';
import { baseName } from './datasetNodes.ts';
import { answersOf, bucketOf, reachWords, serviceOf, storageOf } from './reach.ts';
import type { ReachAnswers, Service } from './reach.ts';
import { reachSteps } from './reachSteps.ts';
import type { ReachForm } from './reachSteps.ts';

/** How the last bucket of a service was reached, to begin from. Names and addresses only. */
const lastReach = (service: Service): string => `reach.${service}`;

/** How a bucket is likely to be reached: as another dataset in it, else as the last one of the service. */
function likelyReach(services: Services, uri: string, known: readonly DatasetRef[]): Partial<ReachAnswers> {
  const service = serviceOf(uri);
  if (service === undefined) return {};
  const before = known.find((dataset) => dataset.uri === uri) ?? known.find((dataset) => bucketOf(dataset.uri) === bucketOf(uri));
  if (before !== undefined) return answersOf(service, before.storage);
  return services.context.globalState.get<Partial<ReachAnswers>>(lastReach(service)) ?? {};
}

function addressStep(services: Services, title: string, recent: readonly DatasetRef[], known: readonly DatasetRef[]): Step<ReachForm> {
  return {
    name: 'address',
    async ask(answers, place) {
      const picked = await pickPath(services, {
        title, place, verb: 'Add', value: answers.uri, placeholder: 'Folder, or an address: s3://bucket/bids, gs://bucket/bids, az://account/container/bids',
        given: recent.map((dataset) => ({ label: `$(history) ${baseName(dataset.uri)}`, description: dataset.uri, value: dataset.uri })),
        // Completion in a bucket that is known already works as its datasets do.
        storage: async (text) => known.find((dataset) => bucketOf(dataset.uri) === bucketOf(text))?.storage ?? {},
      });
      if (picked.kind !== 'picked') return moveWith<ReachForm, 'uri'>('uri', picked);
      const uri = absoluteAddress(picked.value, services.cwd());
      return { kind: 'next', answers: { uri, ...(answers.uri !== undefined && bucketOf(answers.uri) === bucketOf(uri) ? {} : likelyReach(services, uri, known)) } };
    },
  };
}

/**
 * Asks for a dataset and puts it into the list, once it is seen to be there; undefined when the user left. `from`:
 * a dataset whose address or way of reach is changed, beginning with that question.
 */
export async function addDataset(services: Services, from?: { readonly dataset: DatasetRef; readonly step: 'address' | 'reach' }): Promise<DatasetRef | undefined> {
  const title = from?.step === 'reach' ? 'Change How It Is Reached' : 'Add Dataset';
  // The lists are a help, not a need.
  const list = await services.runner.request('datasets.list', {}).catch(() => ({ datasets: [], recent: [] }));
  const inList = new Set(list.datasets.map((dataset) => dataset.uri));
  const recent = list.recent.filter((dataset) => !inList.has(dataset.uri));
  const asked = [addressStep(services, title, recent, [...list.datasets, ...recent]), ...reachSteps(services, title)];
  const service = serviceOf(from?.dataset.uri ?? '');
  let answers: Partial<ReachForm> | undefined = from === undefined ? {} : { uri: from.dataset.uri, ...(service === undefined ? {} : answersOf(service, from.dataset.storage)) };
  let step: string | undefined = from?.step;
  for (;;) {
    answers = await walk(asked, answers, step);
    if (answers === undefined || answers.uri === undefined) return undefined;
    const dataset = datasetOf(answers.uri, answers, from?.dataset);
    const next = await tryUntilDecided(services, title, dataset);
    if (next === undefined) return undefined;
    if (next !== 'added') {
      step = next;
      continue;
    }
    if (from !== undefined && from.dataset.uri !== dataset.uri) await services.runner.request('datasets.remove', { uri: from.dataset.uri });
    await rememberReach(services, dataset);
    return dataset;
  }
}

function datasetOf(uri: string, answers: Partial<ReachAnswers>, before: DatasetRef | undefined): DatasetRef {
  const service = serviceOf(uri);
  return { uri, storage: service === undefined ? {} : storageOf(service, answers, before?.storage) };
}

async function rememberReach(services: Services, { uri, storage }: DatasetRef): Promise<void> {
  const service = serviceOf(uri);
  if (service !== undefined) await services.context.globalState.update(lastReach(service), answersOf(service, storage));
}

/** Errors of which a look at credentials and at the service tells more. */
const aboutReach: readonly ErrorReport['code'][] = ['auth-expired', 'auth-missing', 'access-denied', 'region-mismatch', 'requester-pays', 'network'];

/** What is done about a dataset that cannot be read. */
type Decision = 'again' | 'anyway' | 'address' | 'reach' | 'sign-in' | 'check';

/** Tries to add the dataset until it is added, another step is wanted, or the user leaves (undefined). */
async function tryUntilDecided(services: Services, title: string, dataset: DatasetRef): Promise<'added' | 'address' | 'reach' | undefined> {
  let error = await tryAdding(services, dataset);
  let isChecked = false;
  for (;;) {
    if (error === undefined) return 'added';
    if (error.code === 'cancelled') return undefined;
    if (!isChecked && isBucket(dataset.uri) && aboutReach.includes(error.code)) {
      isChecked = true;
      // Beside the question what to do, which does not wait for it.
      checkCredentials(services, dataset).catch((failure: unknown) => { showError(reportError(failure), services.log); });
    }
    const decision = await afterFailure(title, error, dataset);
    switch (decision) {
      case undefined: return undefined;
      case 'address':
      case 'reach': return decision;
      case 'anyway':
        await services.runner.request('datasets.add', { dataset, force: true });
        return 'added';
      case 'check':
        await checkCredentials(services, dataset);
        break;
      case 'sign-in':
        await vscode.commands.executeCommand('spimquant.signIn', dataset.uri);
        break;
      case 'again':
        error = await tryAdding(services, dataset);
    }
  }
}

async function tryAdding(services: Services, dataset: DatasetRef): Promise<ErrorReport | undefined> {
  const how = isBucket(dataset.uri) ? ` (${reachWords(dataset.storage)})` : '';
  try {
    await withProgress(`Trying ${dataset.uri}${how}`, (signal) => services.runner.request('datasets.add', { dataset }, { signal }));
    return undefined;
  } catch (error) {
    return reportError(error);
  }
}

async function afterFailure(title: string, error: ErrorReport, dataset: DatasetRef): Promise<Decision | undefined> {
  const bucket = isBucket(dataset.uri);
  const signIn = bucket && (error.code === 'auth-expired' || error.code === 'auth-missing') && dataset.storage.anonymous !== true;
  const ways: readonly Choice<Decision>[] = [
    ...(signIn ? [{ label: '$(sign-in) Sign in…', description: 'then choose Try again', value: 'sign-in' as const }] : []),
    ...(bucket ? [{ label: '$(key) Reach it another way…', description: reachWords(dataset.storage), value: 'reach' as const }] : []),
    { label: '$(edit) Correct the address…', description: dataset.uri, value: 'address' },
    { label: '$(refresh) Try again', value: 'again' },
    ...(bucket ? [{ label: '$(pulse) Check credentials', description: 'what is set up, and what the service answers', value: 'check' as const }] : []),
    { label: '$(add) Add anyway', description: 'it stays in the list, and can be tried again there', value: 'anyway' },
  ];
  // What is likelier to be wrong comes first.
  const first: Decision = signIn ? 'sign-in' : error.code === 'not-found' || error.code === 'bad-dataset' || error.code === 'bad-option' ? 'address' : bucket ? 'reach' : 'again';
  const picked = await pickOne<Decision>({
    title: `${title}: it cannot be read`, placeholder: 'What shall be done?',
    choices: [
      // More on the error is one click away; Enter does what is likeliest to help.
      { label: `$(error) ${error.message}`, detail: error.hint, value: bucket ? 'check' : 'again' },
      { label: 'what to do' },
      ...[...ways].sort((a, b) => Number(b.value === first) - Number(a.value === first)).map((way) => ({ ...way, picked: way.value === first })),
    ],
  });
  return picked.kind === 'picked' ? picked.value : undefined;
}
