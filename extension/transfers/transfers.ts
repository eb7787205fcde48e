import * as vscode from 'vscode';
import { isDatasetNode } from '../explorer/datasets/datasetNodes.ts';
import type { DatasetNode } from '../explorer/datasets/datasetNodes.ts';
import { addressOf } from '../filesystem/bucketUri.ts';
import { registerCommand } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Part, Services } from '../services.ts';
import type { TransferSource } from './sources.ts';
import type { Direction } from './suggestions.ts';

/** Copies between buckets and folders, from rows of the views, from files of buckets and from the palette. */
export const registerTransfers: Part = (services) => {
  const ends = new DisposableStore();
  const open = async (direction: Direction, row: unknown, selected: unknown): Promise<void> => {
    const { openTransferForm } = await import('./transferForm.ts');
    const sources = await sourcesOf(services, row, selected);
    // Rows that stand for nothing to copy are no reason to ask for something else.
    if (sources.length > 0 || row === undefined) await openTransferForm(services, direction, sources);
  };
  ends.add(registerCommand('spimquant.transfer.download', services.log, (row, selected) => open('download', row, selected)));
  ends.add(registerCommand('spimquant.transfer.upload', services.log, (row, selected) => open('upload', row, selected)));
  ends.add(registerCommand('spimquant.transfer.sync', services.log, (row, selected) => open('sync', row, selected)));
  ends.add(registerCommand('spimquant.run.downloadOutputs', services.log, (row) => open('download', row, undefined)));
  ends.add(registerCommand('spimquant.run.uploadOutputs', services.log, (row) => open('upload', row, undefined)));
  return ends;
};

/** What rows of the Datasets view, rows of runs, or files of buckets stand for. */
async function sourcesOf(services: Services, row: unknown, selected: unknown): Promise<readonly TransferSource[]> {
  const { fileSource, folderSource, sourcesOfRows } = await import('./sources.ts');
  const given: readonly unknown[] = Array.isArray(selected) && selected.length > 0 ? selected : [row];
  const nodes = given.filter((each): each is DatasetNode => isDatasetNode(each));
  if (nodes.length > 0) return sourcesOfRows(nodes);
  const run = services.runs.get(idOfRun(row) ?? '');
  if (run !== undefined) {
    const { storageOf } = await import('../runs/readCommand.ts');
    return [folderSource({ uri: run.output, storage: storageOf(run.command) })];
  }
  const uris = given.filter((each) => each instanceof vscode.Uri);
  return Promise.all(uris.map(async (uri) => {
    const address = addressOf(uri) ?? uri.fsPath;
    const place = { uri: address, storage: addressOf(uri) === undefined ? {} : await services.files.reachOf(address) };
    return (await vscode.workspace.fs.stat(uri)).type === vscode.FileType.Directory ? folderSource(place) : fileSource(place);
  }));
}

function idOfRun(row: unknown): string | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  const run: unknown = 'run' in row ? row.run : row;
  return typeof run === 'object' && run !== null && 'id' in run && typeof run.id === 'string' ? run.id : undefined;
}
