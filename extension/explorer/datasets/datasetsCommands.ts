import * as vscode from 'vscode';
import type { DatasetRef } from '../../../runner/protocol/datasets.ts';
import { registerCommand } from '../../platform/commands.ts';
import { DisposableStore } from '../../platform/lifecycle.ts';
import type { Services } from '../../services.ts';
import type * as Deeds from './datasetDeeds.ts';
import { commandOf } from './commandsOfNodes.ts';
import { datasetOf, isDatasetNode, uriOf } from './datasetNodes.ts';
import type { DatasetNode } from './datasetNodes.ts';
import type { DatasetTree } from './datasetTree.ts';
import type { ParticipantFilter } from './datasetsHead.ts';
import { openImageCommand } from '../../viewer/openImage.types.ts';
import type { OpenImageRequest } from '../../viewer/openImage.types.ts';

/** What is more than a change of rows is loaded with the first command that does it. */
const deeds = (): Promise<typeof Deeds> => import('./datasetDeeds.ts');

/** The rows a menu command is meant for: all selected ones when the row is among them, else the row. */
function rowsOf(row: unknown, selected: unknown, view: vscode.TreeView<DatasetNode>): readonly DatasetNode[] {
  if (Array.isArray(selected) && selected.length > 0) return selected.filter(isDatasetNode);
  return isDatasetNode(row) ? [row] : view.selection;
}

/** Commands of the Datasets view's title and menus. */
export function registerDatasetCommands(services: Services, tree: DatasetTree, view: vscode.TreeView<DatasetNode>, filter: ParticipantFilter): vscode.Disposable {
  const store = new DisposableStore();
  const on = (id: string, run: (rows: readonly DatasetNode[], row: unknown) => unknown): void => {
    store.add(registerCommand(id, services.log, (row, selected) => run(rowsOf(row, selected, view), row)));
  };
  const reveal = async (dataset: DatasetRef): Promise<void> => {
    await tree.roots();
    const row = tree.rowOf(dataset);
    if (row !== undefined) await view.reveal(row, { select: true, focus: true, expand: true });
  };
  const change = async (dataset: DatasetRef, step: 'address' | 'reach'): Promise<void> => {
    const added = await (await deeds()).addDataset(services, { dataset, step });
    if (added === undefined) return;
    tree.reload();
    await reveal(added);
  };
  const remove = async (uris: readonly string[]): Promise<void> => {
    for (const uri of uris) await services.runner.request('datasets.remove', { uri });
    tree.reload();
  };

  on('spimquant.datasets.add', async (_rows, row) => {
    // Other parts, and the welcome view's links, may name the dataset.
    const given = typeof row === 'string' ? { dataset: { uri: row, storage: {} }, step: 'address' as const } : undefined;
    const added = await (await deeds()).addDataset(services, given);
    if (added === undefined) return undefined;
    tree.reload();
    await reveal(added);
    return added.uri;
  });
  on('spimquant.datasets.refresh', () => tree.refresh());
  on('spimquant.datasets.search', async () => {
    const known = tree.datasets.length > 0 ? tree.datasets : (await services.runner.request('datasets.list', {})).datasets;
    const near = datasetOf(view.selection[0]);
    const dataset = known.length === 1 ? known[0] : near ?? await chosenDataset(services);
    if (dataset === undefined) return;
    const found = await (await deeds()).findParticipant(services, dataset, 'find');
    if (found?.kind === 'filter') await filter.set(found.search);
    if (found?.kind !== 'participant') return;
    await tree.roots();
    const row = await tree.participantRow(dataset, found.label);
    if (row !== undefined) await view.reveal(row, { select: true, focus: true, expand: true });
  });
  on('spimquant.datasets.filter', async () => {
    const dataset = datasetOf(view.selection[0]) ?? tree.datasets.at(0) ?? (await services.runner.request('datasets.list', {})).datasets.at(0);
    const found = await (await deeds()).findParticipant(services, dataset, 'filter', tree.filter);
    if (found?.kind === 'filter') await filter.set(found.search);
  });
  on('spimquant.datasets.clearFilter', () => filter.set(''));
  for (const [id, on] of [['spimquant.datasets.count', true], ['spimquant.datasets.stopCounting', false]] as const) {
    store.add(registerCommand(id, services.log, async (row) => {
      const datasets = isDatasetNode(row) && 'dataset' in row && row.dataset !== undefined ? [row.dataset] : tree.counted.map(({ dataset }) => dataset);
      for (const dataset of datasets) await tree.count(dataset, on);
    }));
  }
  store.add(registerCommand('spimquant.datasets.mend', services.log, async (row) => {
    if (!isDatasetNode(row) || row.kind !== 'mend') return;
    if (row.mend === 'retry') await tree.retry(row);
    else if (row.mend === 'unfilter') await filter.set('');
    else if (row.mend === 'log') services.log.show();
    else if (row.dataset === undefined) return;
    else if (row.mend === 'compare') await tree.check(row.dataset);
    else if (row.mend === 'signIn') await vscode.commands.executeCommand('spimquant.signIn', row.dataset.uri);
    else if (row.mend === 'remove') await remove([row.dataset.uri]);
    else if (row.mend === 'check') await (await deeds()).checkCredentials(services, row.dataset);
    else await change(row.dataset, row.mend);
  }));
  on('spimquant.dataset.changeReach', async (rows) => {
    const dataset = datasetOf(rows[0]);
    if (dataset !== undefined) await change(dataset, 'reach');
  });
  on('spimquant.credentials.check', async (rows, row) => {
    const { checkCredentials, chooseAndCheck } = await deeds();
    const dataset = isDatasetNode(row) ? datasetOf(rows[0]) : undefined;
    return dataset === undefined ? chooseAndCheck(services) : checkCredentials(services, dataset);
  });

  on('spimquant.dataset.remove', (rows) => remove(rows.filter((row) => row.kind === 'dataset').map((row) => row.dataset.uri)));
  on('spimquant.node.refresh', async (rows) => {
    for (const row of rows) await tree.refresh(row);
  });
  on('spimquant.node.copyUri', async (rows) => {
    const uris = rows.map(uriOf).filter((uri) => uri !== undefined);
    await vscode.env.clipboard.writeText(uris.join('\n'));
    vscode.window.setStatusBarMessage(uris.length === 1 ? 'The address is copied.' : `${uris.length} addresses are copied.`, 3000);
  });
  on('spimquant.node.insertCell', async (rows, row) => {
    const text = commandOfRun(row) ?? commandOf(rows);
    if (text !== undefined) await (await deeds()).insertCommandCell(text);
  });
  const runParticipants = async (rows: readonly DatasetNode[], place: { readonly cloud?: true }): Promise<void> => {
    const dataset = datasetOf(rows[0]);
    const participants = rows.filter((row) => row.kind === 'participant' && row.dataset.uri === dataset?.uri).map((row) => (row as Extract<DatasetNode, { kind: 'participant' }>).label);
    if (rows.some((row) => datasetOf(row)?.uri !== dataset?.uri)) {
      await (await deeds()).tell('Participants of one dataset can be run together; the selection has several datasets. The form is for those of the first.');
    }
    await (await deeds()).openRunForm(services, 'participant', { dataset, ...(participants.length > 0 ? { participants } : {}), ...place });
  };
  on('spimquant.node.runParticipant', (rows) => runParticipants(rows, {}));
  on('spimquant.node.runOnCoiled', (rows) => runParticipants(rows, { cloud: true }));
  on('spimquant.dataset.runGroup', async (rows) => (await deeds()).openGroupForm(services, { dataset: datasetOf(rows[0]) }));
  on('spimquant.dataset.validate', async (rows) => {
    const dataset = datasetOf(rows[0]);
    const { lookCommand, show } = await deeds();
    if (dataset !== undefined) await show(services, lookCommand('validate', { uri: dataset.uri, dataset }));
  });
  on('spimquant.image.open', async (rows) => {
    const row = rows[0];
    if (row?.kind !== 'image' && row?.kind !== 'level') return;
    const request: OpenImageRequest = { uri: row.image.uri, storage: row.dataset.storage, ...(row.kind === 'level' ? { level: row.level.level } : {}) };
    await vscode.commands.executeCommand(openImageCommand, request);
  });
  on('spimquant.image.histogram', async (rows) => {
    const row = rows[0];
    const { lookCommand, show } = await deeds();
    if (row?.kind === 'image') await show(services, lookCommand('histogram', { uri: row.image.uri, dataset: row.dataset }));
  });
  on('spimquant.image.segment', async (rows) => {
    const row = rows[0];
    if (row?.kind === 'image') await (await deeds()).openLookForm(services, 'segment', { dataset: row.dataset, participant: row.participant, image: row.image });
  });
  on('spimquant.report.open', async (rows) => {
    const row = rows[0];
    if (row?.kind === 'report') await services.panels.showFile(row.uri, row.dataset.storage);
  });
  return store;
}

/** The Runs view has the same menu entry: its rows carry the run. */
function commandOfRun(row: unknown): string | undefined {
  if (typeof row !== 'object' || row === null || !('run' in row)) return undefined;
  const { run } = row;
  return typeof run === 'object' && run !== null && 'command' in run && typeof run.command === 'string' ? run.command : undefined;
}

async function chosenDataset(services: Services): Promise<DatasetRef | undefined> {
  const picked = await (await deeds()).pickDataset(services, 'Find Participant');
  return picked.kind === 'picked' ? picked.value : undefined;
}
