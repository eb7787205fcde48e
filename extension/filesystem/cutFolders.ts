import * as vscode from 'vscode';
import { settingIds } from '../platform/settings.ts';
import { DisposableStore } from '../platform/lifecycle.ts';

/** Tells of folders that are shown in part: once by a message, and by a mark as long as the window is open. */
export class CutFolders implements vscode.FileDecorationProvider, vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
  /** Entries shown, by URI. */
  readonly #cut = new Map<string, number>();
  readonly onDidChangeFileDecorations = this.#changed.event;

  constructor() {
    this.#store.add(vscode.window.registerFileDecorationProvider(this));
  }

  /** Notes that of a folder only the first entries are shown. */
  add(uri: vscode.Uri, address: string, shown: number): void {
    const key = uri.toString();
    const isNew = !this.#cut.has(key);
    this.#cut.set(key, shown);
    if (!isNew) return;
    this.#changed.fire(uri);
    void vscode.window.showInformationMessage(`${address} has more than ${shown.toLocaleString('en')} entries; the first are shown. Open others by their address.`, 'Open Bucket File…', 'Open Settings').then((answer) => {
      if (answer === 'Open Settings') void vscode.commands.executeCommand('workbench.action.openSettings', settingIds.folderLimit);
      else if (answer !== undefined) void vscode.commands.executeCommand('spimquant.files.open', `${address}/`);
    });
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    const shown = this.#cut.get(uri.toString());
    if (shown === undefined) return undefined;
    const mark = new vscode.FileDecoration('⋯', `There is more: only the first ${shown.toLocaleString('en')} entries are shown`, new vscode.ThemeColor('list.warningForeground'));
    mark.propagate = false;
    return mark;
  }

  dispose(): void {
    this.#store.dispose();
  }
}
