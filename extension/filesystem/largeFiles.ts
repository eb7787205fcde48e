import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { settingIds } from '../platform/settings.ts';
import { FileTooLarge, isImageFile } from './bucketCache.ts';

/** Commands that other parts of the extension have for what is too large to be fetched whole. */
const ways: readonly { readonly title: string; readonly command: string; readonly fits: (address: string) => boolean }[] = [
  { title: 'Open Image', command: 'spimquant.image.openAddress', fits: (address) => isImageFile(address) && !/\.ims$/i.test(address) },
  { title: 'Download…', command: 'spimquant.node.download', fits: () => true },
];

/** Says that a file is too large to be fetched, how large it is, and what can be done instead. */
export async function refuseLarge(services: Services, address: string, bytes: number): Promise<void> {
  const { message, hint = '' } = new FileTooLarge(address, bytes, services.settings.maximumFileBytes());
  const known = await vscode.commands.getCommands(true);
  const offered = ways.filter(({ command, fits }) => known.includes(command) && fits(address));
  const answer = await vscode.window.showWarningMessage(`${message} ${hint}`, ...offered.map(({ title }) => title), 'Copy Address', 'Open Settings');
  if (answer === 'Copy Address') await vscode.env.clipboard.writeText(address);
  else if (answer === 'Open Settings') await vscode.commands.executeCommand('workbench.action.openSettings', settingIds.maximumFileSize);
  else {
    const way = offered.find(({ title }) => title === answer);
    if (way !== undefined) await vscode.commands.executeCommand(way.command, { address, uri: address, storage: await services.files.reachOf(address) });
  }
}
