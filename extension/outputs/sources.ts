import { isOver } from '../../runner/protocol/runs.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import type { OutputsSource } from '../../webviews/outputs/messages.ts';
import { storageOf } from '../runs/readCommand.ts';

/** Folder names that do not tell outputs apart. */
const generic = /^(?:bids|data|derivatives|output|outputs|out|results|spimquant)$/i;

/** What outputs are called: their folder, with those above until one has a name of its own. */
export function outputsTitle(uri: string): string {
  const parts = uri.replace(/^[a-z0-9+.-]+:\/\//i, '').split(/[\\/]+/).filter((part) => part !== '');
  const own = parts.findLastIndex((part) => !generic.test(part));
  return parts.slice(Math.max(0, own)).join('/') || uri;
}

/** The outputs of a run. Participants.tsv is looked for in its dataset. */
export function sourceOfRun(run: RunRecord): OutputsSource {
  const storage = storageOf(run.command);
  return { folder: { uri: run.output, storage }, title: outputsTitle(run.output), dataset: { uri: run.bids, storage }, run: run.id };
}

/** The latest run of a folder; one that goes on counts most. */
export function runOf(folder: string, runs: readonly RunRecord[]): RunRecord | undefined {
  const own = runs.filter(({ output }) => output === folder);
  return own.find(({ status }) => !isOver(status)) ?? own[0];
}

/** Folders of results that runs have written, the latest first, each once. */
export function outputsOfRuns(runs: readonly RunRecord[]): readonly RunRecord[] {
  return runs.filter((run, at) => runs.findIndex(({ output }) => output === run.output) === at);
}
