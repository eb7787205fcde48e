import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { ToResourcesPage } from '../../webviews/resources/messages.ts';
import { WebviewPage } from '../panels/webviewHost.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Part, Services } from '../services.ts';

const notRunning = 'The runner is not running. It starts with the first run or look at data.';

/** The Resources view: what the runner and its runs take of the machine, watched only while it is seen. */
export const registerResources: Part = (services) => vscode.window.registerWebviewViewProvider('spimquant.resources', {
  resolveWebviewView: (view) => {
    const ends = new DisposableStore();
    const watch = ends.add(new ResourceWatch(services, (message) => { page.post(message); }));
    const page: WebviewPage<ToResourcesPage, never> = ends.add(new WebviewPage<ToResourcesPage, never>(view.webview, services.context.extensionUri, {
      name: 'resources',
      title: 'Resources',
      read: () => undefined,
      onMessage: () => undefined,
      onReady: () => { void watch.start(); },
    }));
    ends.add(view.onDidChangeVisibility(() => {
      if (view.visible) void watch.start();
      else void watch.stop();
    }));
    view.onDidDispose(() => {
      void watch.stop();
      ends.dispose();
    });
  },
});

/** The samples of the runner, from its history on, as long as they are wanted. Never starts a runner. */
class ResourceWatch implements vscode.Disposable {
  readonly #services: Services;
  readonly #post: (message: ToResourcesPage) => void;
  readonly #store = new DisposableStore();
  #wanted = false;
  /** Raised by every start and stop, so that answers to earlier ones are dropped. */
  #turn = 0;

  constructor(services: Services, post: (message: ToResourcesPage) => void) {
    this.#services = services;
    this.#post = post;
    const { runner } = services;
    this.#store.add(runner.on('resources.sample', (sample) => { if (this.#wanted) this.#post({ type: 'sample', sample }); }));
    this.#store.add(runner.on('resources.machines', ({ machines }) => { if (this.#wanted) this.#post({ type: 'machines', machines }); }));
    this.#store.add(runner.onStatus((status) => {
      if (!this.#wanted) return;
      if (status.kind === 'connected') void this.#watch();
      else if (status.kind === 'failed') this.#post({ type: 'empty', text: status.message });
      else if (status.kind === 'idle') this.#post({ type: 'empty', text: notRunning });
    }));
    this.#store.add(vscode.workspace.onDidChangeConfiguration((change) => {
      if (this.#wanted && change.affectsConfiguration('spimquant.resources')) void this.#watch();
    }));
  }

  async start(): Promise<void> {
    this.#wanted = true;
    const { runner } = this.#services;
    // Once attached, the status tells and the watch begins.
    if (runner.status.kind === 'connected') await this.#watch();
    else if (!await runner.attach() && this.#wanted) this.#post({ type: 'empty', text: notRunning });
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    this.#turn += 1;
    if (this.#services.runner.status.kind !== 'connected') return;
    // When the runner goes away at this very moment, it has stopped sampling too.
    await this.#services.runner.request('resources.watch', { intervalMs: 0 }).catch(() => undefined);
  }

  async #watch(): Promise<void> {
    const turn = ++this.#turn;
    const { runner, settings } = this.#services;
    try {
      const intervalMs = settings.resourceIntervalMs();
      const { history } = await runner.request('resources.watch', { intervalMs });
      if (turn !== this.#turn) return;
      this.#post({ type: 'history', samples: history, intervalMs });
    } catch (error) {
      if (turn === this.#turn) this.#post({ type: 'empty', text: reportError(error).message });
    }
  }

  dispose(): void {
    this.#store.dispose();
  }
}
