import * as vscode from 'vscode';
import { reportError, SpimquantError } from '../../runner/protocol/errors.ts';
import { isDatasetNode, uriOf } from '../explorer/datasetNodes.ts';
import { reveal } from '../panels/files.ts';
import { registerReportCommands } from '../panels/reportEditor.ts';
import { registerCommand, showError } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Part, Services } from '../services.ts';
import { BucketFileSystem } from './bucketFileSystem.ts';
import { FileTooLarge } from './bucketCache.ts';
import { addressOf, editorSchemes } from './bucketUri.ts';
import { CutFolders } from './cutFolders.ts';
import { refuseLarge } from './largeFiles.ts';
import { openBucketFile } from './openBucketFile.ts';

/** Files of buckets in the editor: by click, by address, and as folders of the workspace. */
export const registerFileSystem: Part = (services) => {
  const ends = new DisposableStore();
  const { files, log, runner, settings } = services;
  const cut = ends.add(new CutFolders());
  const fileSystem = new BucketFileSystem({
    cache: files.cache,
    maximumSize: () => settings.maximumFileBytes(),
    onFailure: (address, error) => {
      // The editor says that it cannot show a file, not why. Of equal messages it shows one.
      const report = reportError(error);
      if (error instanceof FileTooLarge) void refuseLarge(services, address, error.bytes);
      else if (report.code !== 'not-found') showError(report, log);
    },
    onCut: (uri, address, shown) => { cut.add(uri, address, shown); },
  });
  for (const service of new Set(Object.values(editorSchemes))) {
    for (const scheme of new Set([service, files.schemeOf(service)])) {
      try {
        ends.add(vscode.workspace.registerFileSystemProvider(scheme, fileSystem, { isCaseSensitive: true, isReadonly: true }));
      } catch (error) {
        log.warn(`Files of ${scheme}:// are shown by another extension (${String(error)}).`);
      }
    }
  }
  ends.add(runner.on('datasets.changed', ({ datasets }) => {
    files.reaches.setList(datasets);
    files.cache.forget();
  }));
  // The list may change while nobody tells.
  ends.add(runner.onStatus(({ kind }) => { if (kind === 'lost') files.reaches.setList(undefined); }));

  ends.add(registerReportCommands(services));
  ends.add(registerCommand('spimquant.files.open', log, (from) => openBucketFile(services, typeof from === 'string' ? from : undefined)));
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
