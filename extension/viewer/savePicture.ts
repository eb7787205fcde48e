import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';

/** Lets the user say where a picture goes, and writes it. `image`: what it is of; pictures of local images are offered beside it. */
export async function savePicture(services: Services, image: string, name: string, png: Uint8Array): Promise<void> {
  const folder = image.includes('://') ? services.cwd() : vscode.workspace.workspaceFolders === undefined ? dirname(image) : services.cwd();
  const uri = await vscode.window.showSaveDialog({ title: 'Save Picture', defaultUri: vscode.Uri.file(join(folder, name)), filters: { 'PNG pictures': ['png'] } });
  if (uri === undefined) return;
  await vscode.workspace.fs.writeFile(uri, png);
  const answer = await vscode.window.showInformationMessage(`The picture is saved as ${name}.`, 'Open');
  if (answer === 'Open') await vscode.commands.executeCommand('vscode.open', uri);
}
