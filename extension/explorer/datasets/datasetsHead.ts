import * as vscode from 'vscode';
import { DisposableStore } from '../../platform/lifecycle.ts';
import type { Services } from '../../services.ts';
import type { DatasetNode } from './datasetNodes.ts';
import type { DatasetTree } from './datasetTree.ts';

const key = 'spimquant.datasets.filter';
const whenFiltered = 'spimquant.datasetsFiltered';
const whenCounting = 'spimquant.datasetsCounting';

/** The filter of the Datasets view, which stays until it is cleared, also when the window is opened again. */
export interface ParticipantFilter {
  /** Empty: shows all. */
  set(search: string): Promise<void>;
}

/** Shows the filter beside the view's title, and what is being counted above its rows. */
export class DatasetsHead implements ParticipantFilter, vscode.Disposable {
  readonly #memory: vscode.Memento;
  readonly #tree: DatasetTree;
  readonly #view: vscode.TreeView<DatasetNode>;
  readonly #store = new DisposableStore();
  #endProgress: (() => void) | undefined;

  constructor({ context }: Services, tree: DatasetTree, view: vscode.TreeView<DatasetNode>) {
    this.#memory = context.workspaceState;
    this.#tree = tree;
    this.#view = view;
    tree.setFilter(this.#memory.get<string>(key, ''));
    this.#showFilter();
    this.#store.add(tree.onCount(() => { this.#showCounting(); }));
  }

  async set(search: string): Promise<void> {
    this.#tree.setFilter(search);
    this.#showFilter();
    await this.#memory.update(key, this.#tree.filter === '' ? undefined : this.#tree.filter);
  }

  dispose(): void {
    this.#endProgress?.();
    this.#store.dispose();
  }

  #showFilter(): void {
    const { filter } = this.#tree;
    this.#view.description = filter === '' ? undefined : `only ${filter}`;
    void vscode.commands.executeCommand('setContext', whenFiltered, filter !== '');
  }

  #showCounting(): void {
    const counting = this.#tree.counted;
    void vscode.commands.executeCommand('setContext', whenCounting, counting.length > 0);
    if (counting.length === 0) {
      this.#view.message = undefined;
      this.#endProgress?.();
      this.#endProgress = undefined;
      return;
    }
    const [{ dataset, counted }] = counting;
    this.#view.message = counting.length === 1
      ? `Counting participants of ${this.#tree.name(dataset.uri)}: ${counted.toLocaleString('en')} so far`
      : `Counting participants of ${counting.length} datasets: ${counting.reduce((sum, each) => sum + each.counted, 0).toLocaleString('en')} so far`;
    if (this.#endProgress !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endProgress = resolve;
    void vscode.window.withProgress({ location: { viewId: 'spimquant.datasets' } }, () => promise);
  }
}
