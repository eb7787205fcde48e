import * as vscode from 'vscode';
import { reportError, SpimquantError } from '../../runner/protocol/errors.ts';
import { isDatasetNode, uriOf } from '../explorer/datasets/datasetNodes.ts';
import { reveal } from '../panels/files.ts';
import { registerReportCommands } from '../panels/reportEditor.ts';
import { registerCommand, showError } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import { settingIds } from '../platform/settings.ts';
import type { Part, Services } from '../services.ts';
import { BucketFileSystem } from './bucketFileSystem.ts';
import { FileTooLarge } from './bucketCache.ts';
import { addressOf, editorSchemes, folderAbove, otherScheme } from './bucketUri.ts';
import { CutFolders } from './cutFolders.ts';
import { refuseLarge } from './largeFiles.ts';

/** Files of buckets in the editor: by click, by address, and as folders of the workspace. */
export const registerFileSystem: Part = (services) => {
  const ends = new DisposableStore();
  const { files, log, runner, settings } = services;
  const cut = ends.add(new CutFolders());
  const fileSystem = new BucketFileSystem({
    cache: files.cache,
    maximumSize: () => settings.maximumFileBytes(),
    isWritable: () => settings.filesWritable(),
    onWritten: (address) => { void refreshDataset(services, address); },
    onFailure: (address, error) => {
      // The editor says that it cannot show a file, not why. Of equal messages it shows one.
      const report = reportError(error);
      if (error instanceof FileTooLarge) void refuseLarge(services, address, error.bytes);
      else if (report.code !== 'not-found') showError(report, log);
    },
    onCut: (uri, address, shown) => { cut.add(uri, address, shown); },
  });
  let provided = provide(services, fileSystem);
  ends.add({ dispose: () => { provided.dispose(); } });
  ends.add(vscode.workspace.onDidChangeConfiguration((change) => {
    if (!change.affectsConfiguration(settingIds.filesWritable)) return;
    // Whether files can be changed is said when they are provided.
    provided.dispose();
    provided = provide(services, fileSystem);
  }));
  ends.add(runner.on('datasets.changed', ({ datasets }) => {
    files.reaches.setList(datasets);
    files.cache.forget();
  }));
  // The list may change while nobody tells.
  ends.add(runner.onStatus(({ kind }) => { if (kind === 'lost') files.reaches.setList(undefined); }));

  ends.add(registerReportCommands(services));
  ends.add(registerCommand('spimquant.files.open', log, async (from) => (await import('./openBucketFile.ts')).openBucketFile(services, typeof from === 'string' ? from : undefined)));
  ends.add(registerCommand('spimquant.files.refresh', log, async () => {
    fileSystem.refresh();
    await vscode.commands.executeCommand('workbench.files.action.refreshFilesExplorer');
  }));
  ends.add(registerCommand('spimquant.files.copyAddress', log, async (uri) => {
    const address = uri instanceof vscode.Uri ? addressOf(uri) : undefined;
    if (address !== undefined) await vscode.env.clipboard.writeText(address);
  }));
  ends.add(registerCommand('spimquant.node.openInExplorer', log, async (target) => {
    const address = typeof target === 'string' ? target : isDatasetNode(target) ? uriOf(target) : undefined;
    if (address !== undefined) await openInExplorer(services, address);
  }));
  return ends;
};

/** Provides files of all services, under the names that no other extension has. */
function provide({ files, log, settings }: Services, fileSystem: BucketFileSystem): vscode.Disposable {
  const ends = new DisposableStore();
  const isReadonly = settings.filesWritable() ? false : new vscode.MarkdownString(`Files of buckets are read-only here. [Settings](command:workbench.action.openSettings?${encodeURIComponent(JSON.stringify([settingIds.filesWritable]))})`);
  if (isReadonly !== false) isReadonly.isTrusted = { enabledCommands: ['workbench.action.openSettings'] };
  const register = (scheme: string): void => { ends.add(vscode.workspace.registerFileSystemProvider(scheme, fileSystem, { isCaseSensitive: true, isReadonly })); };
  for (const service of new Set(Object.values(editorSchemes))) {
    try {
      register(files.schemeOf(service));
    } catch (error) {
      // The editor takes one provider of a scheme.
      log.warn(`Another extension shows files of ${service}:// (${String(error)}). Those that are opened from here are called ${otherScheme(service)}://.`);
      files.giveWay(service);
      register(files.schemeOf(service));
    }
  }
  return ends;
}

/** Lets the Datasets view show what was written, where it shows any of it. */
async function refreshDataset({ runner }: Services, address: string): Promise<void> {
  if (!/\/(?:participants|samples|dataset_description)\.(?:tsv|json)$/.test(address)) return;
  const { datasets } = await runner.request('datasets.list', {}).catch(() => ({ datasets: [] }));
  const dataset = datasets.find(({ uri }) => uri === folderAbove(address));
  if (dataset !== undefined) await vscode.commands.executeCommand('spimquant.node.refresh', { kind: 'dataset', id: `datasets:dataset ${dataset.uri}`, dataset });
}

/** Shows a folder in the editor's Explorer, as a folder of the workspace if it is in none yet. */
async function openInExplorer({ files }: Services, address: string): Promise<void> {
  const uri = await files.uriOf(address);
  if (uri.scheme === 'file') {
    if (vscode.workspace.getWorkspaceFolder(uri) !== undefined) return reveal(address);
  } else {
    // What cannot be read is said here, in our words; a folder that is broken from the start is of no use.
    const found = await files.stat(address);
    if (found.kind === 'file') throw new SpimquantError('bad-option', `This is a file, not a folder: ${address}`, { where: address });
    if (files.workspaceFolderOf(address) !== undefined) {
      await vscode.commands.executeCommand('revealInExplorer', uri);
      return;
    }
  }
  const at = vscode.workspace.workspaceFolders?.length ?? 0;
  vscode.workspace.updateWorkspaceFolders(at, 0, uri.scheme === 'file' ? { uri } : { uri, name: address });
  await vscode.commands.executeCommand('workbench.view.explorer');
}
