import * as vscode from 'vscode';
import { reportError, SpimquantError } from '../../runner/protocol/errors.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { readFromRunPage, readRunPageState } from '../../webviews/run/messages.ts';
import type { FromRunPage, RunAction, RunQuestion, RunQuestions, ToRunPage } from '../../webviews/run/messages.ts';
import { showError } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import { datasetName, runLabel } from '../runs/runWords.ts';
import { saveLog } from '../runs/saveLog.ts';
import type { Services } from '../services.ts';
import { PageQuestions } from './pageQuestions.ts';
import { tabIcon, WebviewPage } from './webviewHost.ts';

/** Type of the panels, known to the editor for restoring them. */
export const runPanelType = 'spimquant.run';

/** Milliseconds between two things said of a run to its page. */
const tellInterval = 250;

/** Runs, each in its panel: steps, log, resources. */
export class RunPanels implements vscode.Disposable {
  readonly #services: () => Services;
  readonly #panels = new Map<string, vscode.WebviewPanel>();

  constructor(services: () => Services) {
    this.#services = services;
  }

  /** Shows a run; one that is shown already is brought to the front. */
  async show(id: string): Promise<void> {
    const open = this.#panels.get(id);
    if (open !== undefined) {
      open.reveal();
      return;
    }
    const run = await this.#find(id);
    if (run === undefined) throw new SpimquantError('not-found', 'There is no such run any more.', { hint: 'Refresh the Runs view.' });
    this.#adopt(vscode.window.createWebviewPanel(runPanelType, titleOf(run), vscode.ViewColumn.Active, {}), run.id, run);
  }

  /** Takes over a panel of the window before it was reloaded. */
  async restore(panel: vscode.WebviewPanel, kept: unknown): Promise<void> {
    const state = readRunPageState(kept);
    if (state === undefined || this.#panels.has(state.run)) {
      panel.dispose();
      return;
    }
    this.#adopt(panel, state.run, await this.#find(state.run).catch(() => undefined));
  }

  async #find(id: string): Promise<RunRecord | undefined> {
    const { runs } = this.#services();
    if (runs.get(id) === undefined) await runs.load();
    return runs.get(id);
  }

  #adopt(panel: vscode.WebviewPanel, id: string, first: RunRecord | undefined): void {
    const services = this.#services();
    const { extensionUri } = services.context;
    const ends = new DisposableStore();
    let timer: NodeJS.Timeout | undefined;
    panel.iconPath = tabIcon(extensionUri);
    const tell = (): void => {
      clearTimeout(timer);
      timer = undefined;
      const run = services.runs.get(id) ?? first;
      if (run === undefined) page.post({ type: 'gone' });
      else page.post({ type: 'run', run, title: runLabel(run), now: Date.now() });
    };
    const page: WebviewPage<ToRunPage, FromRunPage> = ends.add(new WebviewPage<ToRunPage, FromRunPage>(panel.webview, extensionUri, {
      name: 'run',
      title: panel.title,
      read: readFromRunPage,
      onMessage: (message) => { this.#on(id, message, questions).catch((error: unknown) => { showError(reportError(error), services.log); }); },
      onReady: () => {
        questions.forget();
        tell();
      },
    }));
    const questions = ends.add(new PageQuestions<RunQuestions>((name, params, signal) => this.#ask(id, name, params, signal), (answer) => { page.post(answer); }));
    ends.add(services.runs.onDidChange((run) => {
      if (run !== undefined && run.id !== id) return;
      if (run === undefined && services.runs.get(id) === undefined) page.post({ type: 'gone' });
      else if (run !== undefined && isOver(run.status)) tell();
      else timer ??= setTimeout(tell, tellInterval);
    }));
    this.#panels.set(id, panel);
    panel.onDidDispose(() => {
      clearTimeout(timer);
      ends.dispose();
      if (this.#panels.get(id) === panel) this.#panels.delete(id);
    });
  }

  async #on(id: string, message: FromRunPage, questions: PageQuestions<RunQuestions>): Promise<void> {
    switch (message.type) {
      case 'ask':
      case 'cancel':
        questions.take(message);
        break;
      case 'copy':
        await vscode.env.clipboard.writeText(message.text);
        break;
      case 'openCluster': {
        const page = this.#services().runs.get(id)?.cloud?.page;
        if (page !== undefined && page.startsWith('https://')) await vscode.env.openExternal(vscode.Uri.parse(page, true));
        break;
      }
      case 'action':
        await this.#act(id, message.action);
        break;
    }
  }

  #ask(id: string, question: RunQuestion, params: RunQuestions[RunQuestion]['params'], signal: AbortSignal): Promise<unknown> {
    const name = `runs.${question}` as const;
    return this.#services().runner.request(name, { id, ...params }, { signal });
  }

  async #act(id: string, action: RunAction): Promise<void> {
    if (action === 'saveLog') await saveLog(this.#services(), id);
    else await vscode.commands.executeCommand(`spimquant.run.${action}`, id);
  }

  dispose(): void {
    for (const panel of [...this.#panels.values()]) panel.dispose();
  }
}

function titleOf(run: RunRecord): string {
  return `${datasetName(run.bids)} ${run.verb}`;
}
