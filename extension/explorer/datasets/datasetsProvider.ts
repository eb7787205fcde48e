import * as vscode from 'vscode';
import { DisposableStore } from '../../platform/lifecycle.ts';
import { viewOf } from './datasetItems.ts';
import type { DatasetNode } from './datasetNodes.ts';
import type { DatasetTree } from './datasetTree.ts';
import { markUri } from './datasetsDecorations.ts';

/** Shows a {@link DatasetTree} as the editor's tree. */
export class DatasetsProvider implements vscode.TreeDataProvider<DatasetNode>, vscode.Disposable {
  readonly #tree: DatasetTree;
  readonly #store = new DisposableStore();
  readonly #changed = new vscode.EventEmitter<DatasetNode | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(tree: DatasetTree) {
    this.#tree = tree;
    this.#store.add(this.#changed);
    this.#store.add(tree.onChange((node) => { this.#changed.fire(node); }));
  }

  getTreeItem(node: DatasetNode): vscode.TreeItem {
    const view = viewOf(node, this.#tree);
    const item = new vscode.TreeItem(view.label, view.expandable ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None);
    item.id = node.id;
    item.description = view.description;
    item.iconPath = new vscode.ThemeIcon(view.icon.id, view.icon.color === undefined ? undefined : new vscode.ThemeColor(view.icon.color));
    item.contextValue = view.context;
    if (view.command !== undefined) item.command = { command: view.command.id, title: view.command.title, arguments: [node] };
    if (view.spoken !== undefined) item.accessibilityInformation = { label: view.spoken };
    if (view.warnings !== undefined) item.resourceUri = markUri(node, view.warnings);
    // Participants and images have more to tell than is asked for before, and of datasets it changes: see resolveTreeItem.
    if (node.kind !== 'participant' && node.kind !== 'image' && node.kind !== 'dataset') item.tooltip = tooltipOf(view.tooltip);
    return item;
  }

  async resolveTreeItem(item: vscode.TreeItem, node: DatasetNode): Promise<vscode.TreeItem> {
    await this.#tree.learn(node);
    item.tooltip = tooltipOf(viewOf(node, this.#tree).tooltip);
    return item;
  }

  async getChildren(node?: DatasetNode): Promise<DatasetNode[]> {
    return [...(node === undefined ? await this.#tree.roots() : await this.#tree.children(node))];
  }

  getParent(node: DatasetNode): DatasetNode | undefined {
    return node.parent;
  }

  dispose(): void {
    this.#store.dispose();
  }
}

/** Not trusted: names and values come from files. */
function tooltipOf(markdown: string | undefined): vscode.MarkdownString | undefined {
  if (markdown === undefined) return undefined;
  return new vscode.MarkdownString(markdown, true);
}
