import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import { escapeHtml } from '../../runner/wording/escape.ts';
import { readFromReportPage } from '../../webviews/report/messages.ts';
import type { FromReportPage } from '../../webviews/report/messages.ts';
import { addressOf } from '../filesystem/bucketUri.ts';
import { registerCommand, showError } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Services } from '../services.ts';
import { reportHtml, resolveLink } from './reportHtml.ts';
import { WebviewPage } from './webviewHost.ts';

/** Type of the editor, contributed by package.json. */
export const reportEditorType = 'spimquant.report';

/**
 * Shows HTML reports of folders and buckets. An editor like any other: the window opens it again after a reload, and
 * *Reopen Editor With…* leads to the source and back.
 */
export class ReportEditor implements vscode.CustomReadonlyEditorProvider {
  readonly #services: () => Services;

  constructor(services: () => Services) {
    this.#services = services;
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  async resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): Promise<void> {
    const services = this.#services();
    const ends = new DisposableStore();
    panel.onDidDispose(() => { ends.dispose(); });
    const html = await read(uri);
    const address = addressOf(uri) ?? uri.fsPath;
    ends.add(new WebviewPage<never, FromReportPage>(panel.webview, services.context.extensionUri, {
      name: 'report',
      title: panel.title,
      html: (script, nonce) => reportHtml(html, script, nonce),
      read: readFromReportPage,
      onMessage: ({ href }) => { openLink(href, address, services).catch((error: unknown) => { showError(reportError(error), services.log); }); },
      onReady: () => undefined,
    }));
  }
}

/** The page, or why it cannot be read: an editor that was open before a reload is not to vanish. */
async function read(uri: vscode.Uri): Promise<string> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch (error) {
    return `<h1>The report cannot be read</h1>\n<p>${escapeHtml(reportError(error).message)}</p>`;
  }
}

async function openLink(href: string, report: string, { panels, files }: Services): Promise<void> {
  const target = resolveLink(report, href);
  if (target === undefined) return;
  if (/^https?:/i.test(target)) await vscode.env.openExternal(vscode.Uri.parse(target));
  else await panels.showFile(target, await files.reachOf(report));
}

/** The report's source as text, in place of the report; and back. `uri`: of an editor's tab, else the one in front. */
export function registerReportCommands(services: Services): vscode.Disposable {
  const ends = new DisposableStore();
  const on = (id: string, editor: string): void => {
    ends.add(registerCommand(id, services.log, async (uri) => {
      const target = uri instanceof vscode.Uri ? uri : uriOfTab(vscode.window.tabGroups.activeTabGroup.activeTab);
      if (target !== undefined) await vscode.commands.executeCommand('vscode.openWith', target, editor);
    }));
  };
  on('spimquant.report.openSource', 'default');
  on('spimquant.report.openPreview', reportEditorType);
  return ends;
}

function uriOfTab(tab: vscode.Tab | undefined): vscode.Uri | undefined {
  return tab?.input instanceof vscode.TabInputCustom || tab?.input instanceof vscode.TabInputText ? tab.input.uri : undefined;
}
