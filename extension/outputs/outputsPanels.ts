import { join } from 'node:path';
import * as vscode from 'vscode';
import { joinWords } from '../../runner/command/shell.ts';
import { reportError, SpimquantError } from '../../runner/protocol/errors.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { storageFlags } from '../../runner/protocol/storageChoice.ts';
import { readFromOutputsPage } from '../../webviews/outputs/messages.ts';
import type { FileAction, FileRef, FromOutputsPage, OutputsQuestions, OutputsSource, PageAction, TableRef, ToOutputsPage } from '../../webviews/outputs/messages.ts';
import { readOutputsState } from '../../webviews/outputs/viewState.ts';
import { KeptStates } from '../panels/keptStates.ts';
import { PageQuestions } from '../panels/pageQuestions.ts';
import { tabIcon, WebviewPage } from '../panels/webviewHost.ts';
import { showError } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Services } from '../services.ts';
import { outputsPanelType, type OutputsTools } from './outputs.types.ts';
import { runOf } from './sources.ts';

/** Folders whose panels are remembered. */
const remembered = 20;
/** Milliseconds between two looks at the outputs of a run that goes on. */
const lookInterval = 15_000;
/** Bytes that are put into the clipboard. */
const clipboardBytes = 32 << 20;
/** Command of the image viewer. */
const openImage = 'spimquant.image.openAddress';

/** Outputs, each folder in its panel. */
export class OutputsPanels implements vscode.Disposable {
  readonly #services: Services;
  readonly #tools: OutputsTools;
  readonly #panels = new Map<string, vscode.WebviewPanel>();
  readonly #kept: KeptStates;

  constructor(services: Services, tools: OutputsTools) {
    this.#services = services;
    this.#tools = tools;
    this.#kept = new KeptStates(services.context.workspaceState, 'outputs.states', remembered);
  }

  /** Shows outputs; a folder that is shown already is brought to the front. */
  show(source: OutputsSource): void {
    const open = this.#panels.get(source.folder.uri);
    if (open !== undefined) open.reveal();
    else this.#adopt(vscode.window.createWebviewPanel(outputsPanelType, titleOf(source), vscode.ViewColumn.Active, {}), source);
  }

  /** Takes over a panel of the window before it was reloaded. */
  restore(panel: vscode.WebviewPanel, kept: unknown): void {
    const state = readOutputsState(kept);
    if (state === undefined || this.#panels.has(state.source.folder.uri)) panel.dispose();
    else this.#adopt(panel, state.source);
  }

  #adopt(panel: vscode.WebviewPanel, source: OutputsSource): void {
    const { context, runs, runner, log } = this.#services;
    const ends = new DisposableStore();
    const { uri } = source.folder;
    panel.iconPath = tabIcon(context.extensionUri);
    const isGoing = (): boolean => {
      const run = runOf(uri, runs.runs);
      return run !== undefined && !isOver(run.status);
    };
    const page: WebviewPage<ToOutputsPage, FromOutputsPage> = ends.add(new WebviewPage<ToOutputsPage, FromOutputsPage>(panel.webview, context.extensionUri, {
      name: 'outputs',
      title: titleOf(source),
      read: readFromOutputsPage,
      onMessage: (message) => { this.#on(message, source, page, questions).catch((error: unknown) => { showError(reportError(error), log); }); },
      onReady: () => {
        questions.forget();
        page.post({ type: 'show', source, going: isGoing(), kept: this.#kept.of(uri) });
      },
    }));
    const questions = ends.add(new PageQuestions<OutputsQuestions>((name, params, signal) => runner.request(name, params, { signal }), (answer) => { page.post(answer); }));
    ends.add(followRun(uri, this.#services, (going) => { page.post({ type: 'changed', going }); }));
    this.#panels.set(uri, panel);
    panel.onDidDispose(() => {
      ends.dispose();
      if (this.#panels.get(uri) === panel) this.#panels.delete(uri);
    });
  }

  async #on(message: FromOutputsPage, source: OutputsSource, page: WebviewPage<ToOutputsPage, FromOutputsPage>, questions: PageQuestions<OutputsQuestions>): Promise<void> {
    switch (message.type) {
      case 'ask':
      case 'cancel':
        questions.take(message);
        break;
      case 'file':
        await this.#onFile(message.action, message.file, source);
        break;
      case 'page':
        await this.#onPage(message.action, source, page);
        break;
      case 'keep':
        this.#kept.keep(source.folder.uri, message.state);
        break;
      case 'signIn':
        await vscode.commands.executeCommand('spimquant.signIn', message.uri);
        break;
      case 'copy':
        await vscode.env.clipboard.writeText(message.text);
        vscode.window.setStatusBarMessage('SPIMquant: copied', 3000);
        break;
      case 'saveText':
        await this.#save(message.name, new TextEncoder().encode(message.text));
        break;
      case 'exportRows':
        await this.#exportRows(message.to, message.table);
        break;
    }
  }

  async #onFile(action: FileAction, { uri, storage }: FileRef, source: OutputsSource): Promise<void> {
    const { panels, files } = this.#services;
    switch (action) {
      case 'open':
        await panels.showFile(uri, storage);
        break;
      case 'copyAddress':
        await vscode.env.clipboard.writeText(uri);
        vscode.window.setStatusBarMessage('SPIMquant: address copied', 3000);
        break;
      case 'openImage':
        await this.#openImage({ uri, storage });
        break;
      case 'reveal':
        if (!uri.includes('://')) await this.#tools.reveal(uri);
        else if (files.workspaceFolderOf(uri) !== undefined) await vscode.commands.executeCommand('revealInExplorer', await files.uriOf(uri, storage));
        // A folder of the workspace has to be one: that of all outputs.
        else await vscode.commands.executeCommand('spimquant.node.openInExplorer', source.folder.uri);
    }
  }

  async #openImage({ uri, storage }: FileRef): Promise<void> {
    const services = this.#services;
    if ((await vscode.commands.getCommands(true)).includes(openImage)) {
      await vscode.commands.executeCommand(openImage, { uri, storage });
      return;
    }
    const result = await services.explore(joinWords(['spimquant', 'slice', uri, ...storageFlags(storage)]));
    if (result !== undefined) services.panels.showResult(result);
  }

  async #onPage(action: PageAction, source: OutputsSource, page: WebviewPage<ToOutputsPage, FromOutputsPage>): Promise<void> {
    const { log, panels, runs } = this.#services;
    switch (action) {
      case 'chooseOther': {
        const other = await this.#tools.choose('Compare with the Outputs of');
        if (other === undefined) return;
        if (other.folder.uri === source.folder.uri) throw new SpimquantError('bad-option', 'These are the outputs that are shown already.', { hint: 'Choose those of another run or folder. Two participants of one folder are chosen by Left and Right.' });
        page.post({ type: 'other', source: other });
        break;
      }
      case 'openRun': {
        const id = source.run ?? runOf(source.folder.uri, runs.runs)?.id;
        if (id !== undefined) await panels.showRun(id);
        break;
      }
      case 'showLog':
        log.show();
        break;
      case 'startRun':
        await vscode.commands.executeCommand('spimquant.form.participant');
    }
  }

  async #exportRows(to: 'file' | 'clipboard', table: TableRef): Promise<void> {
    const { runner } = this.#services;
    const read = (delimiter: ',' | '\t'): Promise<{ readonly rows: number; readonly bytes: Uint8Array }> => runner.request('outputs.export', { ...table, delimiter });
    if (to === 'file') {
      await this.#save(`${table.path.slice(table.path.lastIndexOf('/') + 1).replace(/\.[^.]+$/, '')}.csv`, async () => (await read(',')).bytes);
      return;
    }
    const { rows, bytes } = await read('\t');
    if (bytes.length > clipboardBytes) throw new SpimquantError('bad-option', 'These rows are too many for the clipboard.', { hint: 'Export CSV… writes them to a file.' });
    await vscode.env.clipboard.writeText(new TextDecoder().decode(bytes));
    vscode.window.setStatusBarMessage(`SPIMquant: ${rows.toLocaleString('en')} rows copied`, 3000);
  }

  /** Writes into a file that the user chooses. What takes time to make is made when one is chosen. */
  async #save(name: string, content: Uint8Array | (() => Promise<Uint8Array>)): Promise<void> {
    const extension = name.slice(name.lastIndexOf('.') + 1);
    const target = await vscode.window.showSaveDialog({ title: `Save ${name}`, defaultUri: vscode.Uri.file(join(this.#services.cwd(), name)), filters: { [extension.toUpperCase()]: [extension] } });
    if (target === undefined) return;
    await vscode.workspace.fs.writeFile(target, typeof content === 'function' ? await content() : content);
    vscode.window.setStatusBarMessage(`SPIMquant: saved ${name}`, 3000);
  }

  dispose(): void {
    for (const panel of [...this.#panels.values()]) panel.dispose();
    this.#kept.dispose();
  }
}

function titleOf({ title }: OutputsSource): string {
  return `Outputs: ${title}`;
}

/** Tells when a run has written into a folder: now and then while it goes on, and at its end. */
function followRun(folder: string, { runs }: Services, tell: (going: boolean) => void): vscode.Disposable {
  const seen = new Map<string, number>();
  let told = 0;
  const onRun = (run: RunRecord): void => {
    if (run.output !== folder) return;
    const over = isOver(run.status);
    const before = seen.get(run.id);
    const finished = over ? Infinity : run.counts.finished;
    seen.set(run.id, finished);
    if (before === finished) return;
    // The first that is heard of a run that is over is no news, unless it was seen before.
    if (over && before === undefined) return;
    const now = Date.now();
    if (!over && before !== undefined && now - told < lookInterval) {
      seen.set(run.id, before);
      return;
    }
    told = now;
    tell(!over);
  };
  for (const run of runs.runs) if (run.output === folder) seen.set(run.id, isOver(run.status) ? Infinity : run.counts.finished);
  return runs.onDidChange((run) => { if (run !== undefined) onRun(run); });
}
