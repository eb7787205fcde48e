import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { escapeHtml } from '../../runner/wording/escape.ts';

/** Bundles of `dist/webviews` that are pages of their own. */
export type PageName = 'result' | 'resources' | 'report' | 'run' | 'image' | 'outputs';

/** What a page is made of. */
export interface PageOptions<FromPage> {
  readonly name: PageName;
  readonly title: string;
  /** A whole page of its own that loads the script and carries the nonce; without it an empty one. */
  readonly html?: (script: string, nonce: string) => string;
  /** Checks what the page says; undefined: not a message of this page, ignored. */
  readonly read: (message: unknown) => FromPage | undefined;
  readonly onMessage: (message: FromPage) => void;
  /** Every time that the page has been built, also after it was hidden: to be told all that it shows. */
  readonly onReady: () => void;
}

/** A page in a webview: its policy, and messages both ways. */
export class WebviewPage<ToPage, FromPage> implements vscode.Disposable {
  readonly #webview: vscode.Webview;
  readonly #listener: vscode.Disposable;
  #ready = false;

  constructor(webview: vscode.Webview, extension: vscode.Uri, options: PageOptions<FromPage>) {
    this.#webview = webview;
    const folder = vscode.Uri.joinPath(extension, 'dist', 'webviews');
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    this.#listener = webview.onDidReceiveMessage((message: unknown) => {
      if (isReady(message)) {
        this.#ready = true;
        options.onReady();
        return;
      }
      const read = options.read(message);
      if (read !== undefined) options.onMessage(read);
    });
    const script = webview.asWebviewUri(vscode.Uri.joinPath(folder, `${options.name}.js`)).toString();
    const nonce = randomBytes(16).toString('base64url');
    webview.html = options.html?.(script, nonce) ?? emptyPage(options.title, script, nonce);
  }

  /** Sends a message. What is sent before the page is ready is not needed: `onReady` tells all. */
  post(message: ToPage): void {
    if (this.#ready) void this.#webview.postMessage(message);
  }

  dispose(): void {
    this.#listener.dispose();
  }
}

/** The icon of a panel's tab. */
export function tabIcon(extension: vscode.Uri): { readonly light: vscode.Uri; readonly dark: vscode.Uri } {
  const media = vscode.Uri.joinPath(extension, 'extension', 'media');
  return { light: vscode.Uri.joinPath(media, 'tab-light.svg'), dark: vscode.Uri.joinPath(media, 'tab-dark.svg') };
}

function isReady(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready';
}

/** An empty page with its one script. Pictures are data; styles are adopted by the script and need no exception. */
function emptyPage(title: string, script: string, nonce: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
</head>
<body>
<main id="page"></main>
<script type="module" nonce="${nonce}" src="${escapeHtml(script)}"></script>
</body>
</html>`;
}
