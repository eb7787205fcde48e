import * as vscode from 'vscode';
import type { OutputFile, RunRecord } from '../../runner/protocol/runs.ts';
import { formatBytes } from '../../runner/wording/words.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import { storageOf } from '../runs/readCommand.ts';
import { outputName } from '../runs/outputName.ts';
import { runLabel } from '../runs/runWords.ts';
import type { Services } from '../services.ts';
import { isRemote, reveal } from './files.ts';

interface OutputItem extends vscode.QuickPickItem {
  readonly file?: OutputFile;
}

const kinds: readonly { readonly kind: OutputFile['kind']; readonly title: string; readonly icon: string }[] = [
  { kind: 'report', title: 'Reports', icon: 'open-preview' },
  { kind: 'table', title: 'Tables', icon: 'table' },
  { kind: 'figure', title: 'Figures', icon: 'file-media' },
  { kind: 'image', title: 'Images', icon: 'symbol-misc' },
  { kind: 'other', title: 'Other', icon: 'file' },
];

const copyButton: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('copy'), tooltip: 'Copy Address' };
const revealButton: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('folder-opened'), tooltip: 'Show in Its Folder' };

/** Lets the user choose among what a run has made: reports first. */
export async function showOutputs(services: Services, run: RunRecord): Promise<void> {
  const storage = storageOf(run.command);
  const ends = new DisposableStore();
  const pick = ends.add(vscode.window.createQuickPick<OutputItem>());
  const abort = new AbortController();
  pick.title = `Outputs of ${runLabel(run)}`;
  pick.placeholder = 'Looking at the output folder';
  pick.busy = true;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  const buttons = isRemote(run.output) ? [copyButton] : [copyButton, revealButton];
  const folder: OutputItem = { label: '$(folder) Output folder', description: run.output, buttons, alwaysShow: true };

  const closed = new Promise<OutputItem | undefined>((resolve) => {
    ends.add(pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]);
      pick.hide();
    }));
    ends.add(pick.onDidHide(() => {
      resolve(undefined);
      abort.abort();
    }));
  });
  ends.add(pick.onDidTriggerItemButton(({ item, button }) => {
    const address = item.file?.uri ?? run.output;
    if (button === revealButton) void reveal(address);
    else void vscode.env.clipboard.writeText(address).then(() => vscode.window.setStatusBarMessage('SPIMquant: address copied', 3000));
  }));
  pick.show();
  try {
    const { files, more } = await services.runner.request('runs.outputs', { id: run.id }, { signal: abort.signal });
    pick.items = [...outputItems(files, buttons), { label: '', kind: vscode.QuickPickItemKind.Separator }, folder];
    pick.placeholder = files.length === 0 ? 'There is nothing in the output folder yet.' : more ? 'The first files; the output folder has more' : 'Choose what to open';
    pick.busy = false;
    const chosen = await closed;
    if (chosen === undefined) return;
    if (chosen.file !== undefined) await services.panels.showFile(chosen.file.uri, storage);
    else if (isRemote(run.output)) await vscode.env.clipboard.writeText(run.output);
    else await reveal(run.output);
  } finally {
    ends.dispose();
  }
}

function outputItems(files: readonly OutputFile[], buttons: readonly vscode.QuickInputButton[]): OutputItem[] {
  return kinds.flatMap(({ kind, title, icon }) => {
    const of = files.filter((file) => file.kind === kind);
    if (of.length === 0) return [];
    return [
      { label: title, kind: vscode.QuickPickItemKind.Separator },
      ...of.map((file): OutputItem => ({
        label: `$(${icon}) ${outputName(file)}`,
        description: formatBytes(file.bytes),
        detail: file.title === outputName(file) ? undefined : file.title,
        buttons: [...buttons],
        file,
      })),
    ];
  });
}
