import * as vscode from 'vscode';
import { DisposableStore } from '../../platform/lifecycle.ts';
import type { Part } from '../../services.ts';
import { registerDatasetMarks } from './datasetsDecorations.ts';
import { datasetsDrag, registerDatasetDrops } from './datasetsDrag.ts';
import { registerDatasetCommands } from './datasetsCommands.ts';
import { DatasetsHead } from './datasetsHead.ts';
import { DatasetsProvider } from './datasetsProvider.ts';
import { DatasetTree } from './datasetTree.ts';

/** The Datasets view. */
export const registerDatasets: Part = (services) => {
  const store = new DisposableStore();
  const { runner } = services;
  const tree = new DatasetTree((name, params, options) => runner.request(name, params, options));
  const provider = store.add(new DatasetsProvider(tree));
  const view = store.add(vscode.window.createTreeView('spimquant.datasets', {
    treeDataProvider: provider, canSelectMany: true, showCollapseAll: true, dragAndDropController: datasetsDrag,
  }));
  // Another window, or the terminal, may have changed the list.
  store.add(runner.on('datasets.changed', ({ datasets }) => { tree.setList(datasets); }));
  store.add(runner.on('datasets.progress', ({ dataset, counted, done }) => { tree.progress(dataset, counted, done); }));
  store.add(runner.on('datasets.updated', ({ dataset, change }) => { tree.changed(dataset, change); }));
  store.add(runner.on('credentials.changed', ({ providers }) => { tree.signedIn(providers); }));
  store.add(registerDatasetMarks());
  store.add(registerDatasetDrops());
  const head = store.add(new DatasetsHead(services, tree, view));
  store.add(registerDatasetCommands(services, tree, view, head));
  return store;
};
