import type { Memento } from 'vscode';
import { datasetChoices } from '../forms/choices.ts';
import { absoluteAddress, isBucket } from '../forms/paths.ts';
import { pickPath } from '../forms/pickPath.ts';
import { fileName } from '../panels/files.ts';
import type { Services } from '../services.ts';

const recentKey = 'filesystem.recent';
const recentAtMost = 8;

function recentOf(state: Memento): readonly string[] {
  const kept = state.get<unknown>(recentKey);
  return Array.isArray(kept) ? kept.filter((each) => typeof each === 'string') : [];
}

/** Asks for the address of a file, completed while it is written, and opens it. `from`: what is written already. */
export async function openBucketFile(services: Services, from?: string): Promise<void> {
  const { files, panels, runner } = services;
  const state = services.context.workspaceState;
  // The datasets are where most addresses begin; without them one can be written all the same.
  const { datasets } = await runner.request('datasets.list', {}).catch(() => ({ datasets: [] }));
  const picked = await pickPath(services, {
    title: 'Open Bucket File', verb: 'Open', placeholder: 's3://bucket/folder/file.tsv, gs://… or az://…', value: from, files: true,
    given: recentOf(state).map((address) => ({ label: `$(history) ${fileName(address)}`, description: address, value: address })),
    starts: datasetChoices(datasets.filter(({ uri }) => isBucket(uri))).map((choice) => ({ ...choice, value: `${choice.value?.uri ?? ''}/` })),
    storage: (text) => files.reachOf(text.replace(/\/+$/, '')),
  });
  if (picked.kind !== 'picked') return;
  const address = absoluteAddress(picked.value, services.cwd());
  await panels.showFile(address);
  await state.update(recentKey, [address, ...recentOf(state).filter((each) => each !== address)].slice(0, recentAtMost));
}
