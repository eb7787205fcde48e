import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import { readFromReportPage, readReportState } from '../../webviews/report/messages.ts';
import type { FromReportPage, ReportState, ToReportPage } from '../../webviews/report/messages.ts';
import { showError } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Services } from '../services.ts';
import { reportHtml, resolveLink } from './reportHtml.ts';
import { escapeHtml } from '../../runner/wording/escape.ts';
import { tabIcon, WebviewPage } from './webviewHost.ts';

/** Type of the panels, known to the editor for restoring them. */
export const reportPanelType = 'spimquant.report';

/** Largest report that is shown. Bytes. */
const largest = 64 * 2 ** 20;

/** HTML reports, each in its panel. */
export class ReportPanels implements vscode.Disposable {
  readonly #services: () => Services;
  readonly #panels = new Map<string, vscode.WebviewPanel>();

  constructor(services: () => Services) {
    this.#services = services;
  }

  /** Shows a report. Throws what the runner says when it cannot be read. */
  async show(state: ReportState): Promise<void> {
    const open = this.#panels.get(state.uri);
    if (open !== undefined) {
      open.reveal();
      return;
    }
    const html = await this.#read(state);
    const panel = vscode.window.createWebviewPanel(reportPanelType, state.title, vscode.ViewColumn.Active, { enableFindWidget: true });
    this.#adopt(panel, state, html);
  }

  /** Takes over a panel of the window before it was reloaded. */
  async restore(panel: vscode.WebviewPanel, kept: unknown): Promise<void> {
    const state = readReportState(kept);
    if (state === undefined) {
      panel.dispose();
      return;
    }
    try {
      this.#adopt(panel, state, await this.#read(state));
    } catch (error) {
      const { message, hint } = reportError(error);
      this.#adopt(panel, state, `<p>${escapeHtml(message)}${hint === undefined ? '' : ` ${escapeHtml(hint)}`}</p>`);
    }
  }

  async #read({ uri, storage }: ReportState): Promise<string> {
    const read = this.#services().runner.request('storage.read', { uri, maxBytes: largest, storage: storage });
    const { base64 } = await withDelayedProgress('Opening the report', read);
    return Buffer.from(base64, 'base64').toString('utf8');
  }

  #adopt(panel: vscode.WebviewPanel, state: ReportState, html: string): void {
    const services = this.#services();
    const { extensionUri } = services.context;
    panel.iconPath = tabIcon(extensionUri);
    const ends = new DisposableStore();
    const page = ends.add(new WebviewPage<ToReportPage, FromReportPage>(panel.webview, extensionUri, {
      name: 'report',
      title: state.title,
      html: (script, nonce) => reportHtml(html, script, nonce),
      read: readFromReportPage,
      onMessage: ({ href }) => { openLink(href, state, services).catch((error: unknown) => { showError(reportError(error), services.log); }); },
      onReady: () => { page.post({ type: 'keep', state }); },
    }));
    this.#panels.set(state.uri, panel);
    panel.onDidDispose(() => {
      ends.dispose();
      if (this.#panels.get(state.uri) === panel) this.#panels.delete(state.uri);
    });
  }

  dispose(): void {
    for (const panel of [...this.#panels.values()]) panel.dispose();
  }
}

async function openLink(href: string, { uri, storage }: ReportState, { panels }: Services): Promise<void> {
  const target = resolveLink(uri, href);
  if (target === undefined) return;
  if (/^https?:/i.test(target)) await vscode.env.openExternal(vscode.Uri.parse(target));
  else await panels.showFile(target, storage);
}

/** Shows progress in the window's status bar while something is fetched. */
async function withDelayedProgress<T>(title: string, work: Promise<T>): Promise<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () => work);
}
