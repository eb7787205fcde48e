import * as vscode from 'vscode';
import { joinWords } from '../../../runner/command/shell.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { Services } from '../../services.ts';
import { sampleText } from './sampleText.ts';

/** Opens the sample notebook on generated brains, which are made on the first use. What the user changed in it is kept. */
export async function openSample(services: Services): Promise<void> {
  const folder = await sampleFolder(services);
  const demo = vscode.Uri.joinPath(folder, 'demo');
  const dataset = vscode.Uri.joinPath(demo, 'bids');
  if (!await exists(vscode.Uri.joinPath(dataset, 'participants.tsv'))) {
    await vscode.workspace.fs.createDirectory(folder);
    if (await services.explore(`spimquant demo ${joinWords([demo.fsPath])}`) === undefined) return;
  }
  const notebook = vscode.Uri.joinPath(folder, 'sample.spimnb');
  if (!await exists(notebook)) await vscode.workspace.fs.writeFile(notebook, await sampleContent(services, dataset, vscode.Uri.joinPath(demo, 'out')));
  await services.runner.request('datasets.add', { dataset: { uri: dataset.fsPath, storage: {} } }).catch((error: unknown) => {
    services.log.warn(`The demo dataset could not be added to the list: ${String(error)}`);
  });
  const document = await vscode.workspace.openNotebookDocument(notebook);
  await vscode.window.showNotebookDocument(document);
}

/** In the workspace, where the user has moved it, else among the extension's own files. */
async function sampleFolder({ context }: Services): Promise<vscode.Uri> {
  const workspace = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri;
  const moved = workspace === undefined ? undefined : vscode.Uri.joinPath(workspace, 'spimquant-sample');
  if (moved !== undefined && await exists(vscode.Uri.joinPath(moved, 'sample.spimnb'))) return moved;
  return vscode.Uri.joinPath(context.globalStorageUri, 'sample');
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

async function sampleContent({ context }: Services, dataset: vscode.Uri, output: vscode.Uri): Promise<Uint8Array> {
  const source = vscode.Uri.joinPath(context.extensionUri, 'extension', 'samples', 'sample.spimnb');
  let text: string;
  try {
    text = new TextDecoder().decode(await vscode.workspace.fs.readFile(source));
  } catch (cause) {
    throw new SpimquantError('internal', 'The sample notebook is missing from the extension.', { hint: 'Install the extension anew.', cause });
  }
  return new TextEncoder().encode(sampleText(text, dataset.fsPath, output.fsPath));
}
