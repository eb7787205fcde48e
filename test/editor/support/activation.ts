import * as vscode from 'vscode';
import { onPage } from './driver.ts';

/** Milliseconds that the editor says it took to load and activate the extension; undefined where no page can be read. */
export async function activationTime(): Promise<number | undefined> {
  let time: number | undefined;
  await onPage(async (page) => {
    await vscode.commands.executeCommand('workbench.action.showRuntimeExtensions');
    const row = await page.see({ selector: '.runtime-extensions-editor .monaco-list-row', text: 'spimquant' });
    time = Number(/Activation: (\d+)ms/.exec(row)?.[1]);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });
  return time;
}
