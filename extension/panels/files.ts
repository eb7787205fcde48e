import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import { refuseLarge } from '../filesystem/largeFiles.ts';
import type { Services } from '../services.ts';
import { openImageCommand } from '../viewer/openImage.types.ts';
import type { OpenImageRequest } from '../viewer/openImage.types.ts';
import { reportEditorType } from './reportEditor.ts';

const readHere = /\.(?:tsv|csv|json|txt|md|log|ya?ml|bids|png|svg)$/i;
/** Text to the editor, unless it is asked for the picture. */
const drawings = /\.svg$/i;
const reports = /\.html?$/i;
/** Shown by the viewer, which reads only what is looked at. */
const images = /\.(?:nii|nii\.gz|zarr|zarr\.zip|ozx)$/i;

/** Whether an address is of a bucket rather than of a folder. */
export function isRemote(uri: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(uri) && !uri.startsWith('file:');
}

/** Last part of a path or address. */
export function fileName(uri: string): string {
  return uri.split(/[\\/]/).filter((part) => part !== '').at(-1) ?? uri;
}

/** Opens a file in the way its kind asks for, or a folder. Throws when it cannot be read. */
export async function openFile(services: Services, address: string, storage?: StorageChoice): Promise<void> {
  if (images.test(address)) {
    await vscode.commands.executeCommand(openImageCommand, { uri: address, ...(storage === undefined ? {} : { storage }) } satisfies OpenImageRequest);
    return;
  }
  if (isRemote(address)) await openRemote(services, address, storage);
  else await openLocal(address);
}

async function openRemote(services: Services, address: string, storage: StorageChoice | undefined): Promise<void> {
  const { files } = services;
  const uri = await files.uriOf(address, storage);
  const found = await files.stat(address);
  if (found.kind === 'folder') await offerFolder(address);
  else if (found.bytes > services.settings.maximumFileBytes()) await refuseLarge(services, address, found.bytes);
  else await open(uri);
}

/** A folder becomes one of the workspace, which changes the window: it is offered, not done. */
async function offerFolder(address: string): Promise<void> {
  const answer = await vscode.window.showInformationMessage(`${address} is a folder.`, 'Open in Explorer', 'Copy Address');
  if (answer === 'Copy Address') await vscode.env.clipboard.writeText(address);
  else if (answer !== undefined) await vscode.commands.executeCommand('spimquant.node.openInExplorer', address);
}

async function openLocal(path: string): Promise<void> {
  const uri = vscode.Uri.file(path);
  let type: vscode.FileType;
  try {
    ({ type } = await vscode.workspace.fs.stat(uri));
  } catch (cause) {
    throw new SpimquantError('not-found', `There is no file ${fileName(path)} any more.`, { where: path, cause });
  }
  const isShown = (type & vscode.FileType.File) !== 0 && (readHere.test(path) || reports.test(path));
  await (isShown ? open(uri) : reveal(path));
}

async function open(uri: vscode.Uri): Promise<void> {
  const editor = reports.test(uri.path) ? reportEditorType : drawings.test(uri.path) ? 'imagePreview.previewEditor' : undefined;
  if (editor === undefined) await vscode.commands.executeCommand('vscode.open', uri);
  else await vscode.commands.executeCommand('vscode.openWith', uri, editor);
}

/** Shows a folder or file where the user can go on with it: in the Explorer if it is below the workspace, else by the file manager. */
export async function reveal(path: string): Promise<void> {
  const uri = vscode.Uri.file(path);
  if (vscode.workspace.getWorkspaceFolder(uri) !== undefined) {
    await vscode.commands.executeCommand('revealInExplorer', uri);
  } else if (vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined) {
    await vscode.commands.executeCommand('revealFileInOS', uri);
  } else {
    // The file manager of the user's machine cannot see this one.
    await vscode.env.clipboard.writeText(path);
    void vscode.window.showInformationMessage(`${path.replace(homedir(), '~')}: the path is in the clipboard.`);
  }
}
