import * as vscode from 'vscode';
import { DisposableStore } from '../platform/lifecycle.ts';
import { LogTail } from '../runs/logTail.ts';
import { datasetName } from '../runs/runWords.ts';
import type { Services } from '../services.ts';

/** Scheme of run logs. The id of the run is the query. */
export const logScheme = 'spimquant-log';

/** Milliseconds between two looks at a log that grows. */
const updateInterval = 500;

/** Logs of runs as read-only documents that grow with the run; an editor at the end of one stays at the end. */
export class LogDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #services: () => Services;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
  readonly #tails = new Map<string, { readonly uri: vscode.Uri; readonly tail: LogTail; busy: boolean }>();
  readonly #following = new Set<vscode.TextEditor>();
  #timer: NodeJS.Timeout | undefined;
  #listening = false;

  readonly onDidChange = this.#changed.event;

  constructor(services: () => Services) {
    this.#services = services;
  }

  /** Opens the log of a run at its end. */
  async show(runId: string): Promise<void> {
    const run = this.#services().runs.get(runId);
    const name = run === undefined ? runId : `${datasetName(run.bids).replaceAll(/[\\/]/g, '-')} ${run.verb} ${runId.slice(0, 15)}`;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: logScheme, path: `/${name}.log`, query: runId }));
    const editor = await vscode.window.showTextDocument(document, { preview: true });
    toEnd(editor);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const id = uri.query;
    let entry = this.#tails.get(id);
    if (entry === undefined) {
      const { runner, runs } = this.#services();
      const tail = new LogTail((from, limit) => runner.request('runs.log', { id, from, limit }), runs.get(id)?.seq ?? 0);
      entry = { uri, tail, busy: false };
      await tail.advance();
      this.#tails.set(id, entry);
      this.#listen();
      this.#schedule();
    }
    return entry.tail.text;
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#store.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => { if (uri.scheme === logScheme) this.#tails.delete(uri.query); }));
    this.#store.add(vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.uri.scheme !== logScheme) return;
      for (const editor of vscode.window.visibleTextEditors) if (editor.document === document && this.#following.delete(editor)) toEnd(editor);
    }));
  }

  #schedule(): void {
    if (this.#timer !== undefined || ![...this.#tails.values()].some(({ tail }) => !tail.over)) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void Promise.all([...this.#tails.keys()].map((id) => this.#advance(id))).finally(() => { this.#schedule(); });
    }, updateInterval);
  }

  async #advance(id: string): Promise<void> {
    const entry = this.#tails.get(id);
    if (entry === undefined || entry.busy || entry.tail.over) return;
    entry.busy = true;
    try {
      if (!await entry.tail.advance()) return;
      for (const editor of vscode.window.visibleTextEditors) if (editor.document.uri.query === id && isAtEnd(editor)) this.#following.add(editor);
      this.#changed.fire(entry.uri);
    } catch {
      // The runner is away; the log goes on when it is back.
    } finally {
      entry.busy = false;
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#store.dispose();
  }
}

function isAtEnd(editor: vscode.TextEditor): boolean {
  const last = editor.visibleRanges.at(-1)?.end.line ?? 0;
  return last >= editor.document.lineCount - 2;
}

function toEnd(editor: vscode.TextEditor): void {
  const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  editor.selection = new vscode.Selection(end, end);
  editor.revealRange(new vscode.Range(end, end));
}
