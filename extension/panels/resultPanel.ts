import * as vscode from 'vscode';
import type { Result } from '../../runner/protocol/results.ts';
import { reportError } from '../../runner/protocol/errors.ts';
import { readFromResultPage, readResultPageState } from '../../webviews/result/messages.ts';
import type { FromResultPage, ToResultPage } from '../../webviews/result/messages.ts';
import { showError } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Services } from '../services.ts';
import { offers, openView } from './openViews.ts';
import { tabIcon, WebviewPage } from './webviewHost.ts';

/** Type of the panel, known to the editor for restoring it. */
export const resultPanelType = 'spimquant.result';

/** The panel that shows the last result beside the editor. */
export class ResultPanel implements vscode.Disposable {
  readonly #services: () => Services;
  #panel: vscode.WebviewPanel | undefined;
  #page: WebviewPage<ToResultPage, FromResultPage> | undefined;
  #result: Result | undefined;

  constructor(services: () => Services) {
    this.#services = services;
  }

  show(result: Result): void {
    this.#result = result;
    if (this.#panel === undefined) {
      this.#adopt(vscode.window.createWebviewPanel(resultPanelType, result.title, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true }, {}));
    } else {
      this.#panel.title = result.title;
      void this.#tell(result);
      if (!this.#panel.visible) this.#panel.reveal(undefined, true);
    }
  }

  /** Takes over a panel of the window before it was reloaded. */
  restore(panel: vscode.WebviewPanel, kept: unknown): void {
    const state = readResultPageState(kept);
    if (state === undefined || this.#panel !== undefined) {
      panel.dispose();
      return;
    }
    this.#result = state.result;
    this.#adopt(panel);
    if (state.result === undefined) void this.#run(state.command);
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const services = this.#services();
    const { extensionUri } = services.context;
    panel.iconPath = tabIcon(extensionUri);
    const ends = new DisposableStore();
    const page = ends.add(new WebviewPage<ToResultPage, FromResultPage>(panel.webview, extensionUri, {
      name: 'result',
      title: panel.title,
      read: readFromResultPage,
      onMessage: (message) => { this.#on(message).catch((error: unknown) => { showError(reportError(error), services.log); }); },
      onReady: () => { if (this.#result !== undefined) void this.#tell(this.#result); },
    }));
    panel.onDidDispose(() => {
      ends.dispose();
      this.#panel = undefined;
      this.#page = undefined;
      this.#result = undefined;
    });
    this.#panel = panel;
    this.#page = page;
  }

  async #tell(result: Result): Promise<void> {
    const known = await offers();
    if (this.#result === result) this.#page?.post({ type: 'show', result, offers: known });
  }

  async #on(message: FromResultPage): Promise<void> {
    const services = this.#services();
    switch (message.type) {
      case 'open': {
        const { storageOf } = await import('../runs/readCommand.ts');
        await services.panels.showFile(message.uri, storageOf(this.#result?.command ?? ''));
        break;
      }
      case 'run':
        await this.#run(message.text);
        break;
      case 'view':
        await openView(message.view, this.#result?.command ?? '');
        break;
      case 'copy':
        await vscode.env.clipboard.writeText(message.text);
        break;
      case 'insert':
        await vscode.commands.executeCommand('spimquant.node.insertCell', { run: { command: message.text } });
        break;
    }
  }

  async #run(text: string): Promise<void> {
    const services = this.#services();
    const { isRunText } = await import('../runs/readCommand.ts');
    if (isRunText(text)) {
      await services.startRun({ text, cwd: services.cwd() });
      await vscode.commands.executeCommand('spimquant.runs.show');
      return;
    }
    this.#page?.post({ type: 'busy', busy: true });
    try {
      const result = await services.explore(text);
      if (result !== undefined) this.show(result);
    } catch (error) {
      showError(reportError(error), services.log);
    } finally {
      this.#page?.post({ type: 'busy', busy: false });
    }
  }

  dispose(): void {
    this.#panel?.dispose();
  }
}
