import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { cleanStorage } from '../../runner/protocol/storageChoice.ts';
import type { OutputsSource } from '../../webviews/outputs/messages.ts';
import { below, isDatasetNode, uriOf } from '../explorer/datasets/datasetNodes.ts';
import { datasetChoices } from '../forms/choices.ts';
import { absoluteAddress } from '../forms/paths.ts';
import { pickPath } from '../forms/pickPath.ts';
import { runDescription, runLabel } from '../runs/runWords.ts';
import type { Services } from '../services.ts';
import { outputsOfRuns, outputsTitle, sourceOfRun } from './sources.ts';

/** Runs whose outputs are offered. */
const runsOffered = 12;

/** What a command is about: a run or its row, a row of derivatives, an address with how it is reached, or alone. Throws `bad-option`. */
export async function sourceOf(services: Services, target: unknown): Promise<OutputsSource> {
  if (isDatasetNode(target)) {
    const uri = uriOf(target);
    const dataset = 'dataset' in target ? target.dataset : undefined;
    if (uri !== undefined && dataset !== undefined && (target.kind === 'derivative' || target.kind === 'derivatives')) {
      return { folder: { uri, storage: dataset.storage }, title: outputsTitle(uri), dataset };
    }
  }
  const run = runOf(services, target);
  if (run !== undefined) return sourceOfRun(run);
  if (typeof target === 'string') return sourceAt(services, target);
  if (typeof target === 'object' && target !== null && 'uri' in target && typeof target.uri === 'string') {
    return 'storage' in target ? { folder: { uri: target.uri, storage: cleanStorage(target.storage) }, title: outputsTitle(target.uri) } : sourceAt(services, target.uri);
  }
  throw new SpimquantError('bad-option', 'There are no outputs of that.', { hint: 'Choose a run, a row below Derivatives, or a folder.' });
}

function runOf({ runs }: Services, target: unknown): RunRecord | undefined {
  if (typeof target === 'string') return runs.get(target);
  if (typeof target !== 'object' || target === null) return undefined;
  if ('run' in target) return runOf({ runs } as Services, target.run);
  if (!('id' in target) || typeof target.id !== 'string') return undefined;
  // The record of a notebook's cell may be of a run that this machine does not know any more.
  return runs.get(target.id) ?? ('output' in target && 'command' in target && 'bids' in target ? target as RunRecord : undefined);
}

/** Outputs at an address that somebody wrote: reached as the nearest dataset of the list is, or a run that wrote there. */
async function sourceAt({ runs, files }: Services, address: string): Promise<OutputsSource> {
  const uri = address.replace(/(?<=[^/\\:])[/\\]+$/, '');
  const run = runs.runs.find(({ output }) => output === uri);
  if (run !== undefined) return sourceOfRun(run);
  return { folder: { uri, storage: await files.reachOf(uri) ?? {} }, title: outputsTitle(uri) };
}

/** Asks which outputs: of a run, of a dataset, or at an address, which is completed while it is written. */
export async function chooseSource(services: Services, title: string): Promise<OutputsSource | undefined> {
  const { runner, runs, files } = services;
  const [{ datasets }] = await Promise.all([runner.request('datasets.list', {}).catch((): { readonly datasets: readonly DatasetRef[] } => ({ datasets: [] })), runs.runs.length === 0 ? runs.load().catch(() => undefined) : undefined]);
  const now = Date.now();
  const picked = await pickPath(services, {
    title, verb: 'Open', placeholder: 'A folder of results, s3://bucket/folder, gs://… or az://…',
    given: outputsOfRuns(runs.runs).slice(0, runsOffered).map((run) => ({ label: `$(folder-library) ${outputsTitle(run.output)}`, description: `${runLabel(run)}, ${runDescription(run, now)}`, value: run.output })),
    starts: datasetChoices(datasets).map((choice) => ({ ...choice, value: choice.value === undefined ? '' : below(choice.value.uri, 'derivatives', '') })),
    storage: async (text) => files.reachOf(text.replace(/[/\\]+$/, '')),
  });
  return picked.kind === 'picked' ? sourceAt(services, absoluteAddress(picked.value, services.cwd())) : undefined;
}
