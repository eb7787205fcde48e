import * as vscode from 'vscode';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Panels, Services } from '../services.ts';
import { fileName, openFile, RemoteFiles, remoteFileScheme } from './files.ts';
import { LogDocuments, logScheme } from './logDocument.ts';
import { showOutputs } from './outputs.ts';
import { ReportPanels, reportPanelType } from './reportPanel.ts';
import { ResultPanel, resultPanelType } from './resultPanel.ts';

/** What opens outside files of the workspace. Asks for the services when something is opened, not before. */
export function createPanels(services: () => Services): Panels {
  const ends = new DisposableStore();
  const result = ends.add(new ResultPanel(services));
  const reports = ends.add(new ReportPanels(services));
  const logs = ends.add(new LogDocuments(services));
  ends.add(vscode.workspace.registerTextDocumentContentProvider(logScheme, logs));
  ends.add(vscode.workspace.registerTextDocumentContentProvider(remoteFileScheme, new RemoteFiles(services)));
  ends.add(vscode.window.registerWebviewPanelSerializer(resultPanelType, {
    deserializeWebviewPanel: async (panel, state) => { result.restore(panel, state); },
  }));
  ends.add(vscode.window.registerWebviewPanelSerializer(reportPanelType, {
    deserializeWebviewPanel: (panel, state) => reports.restore(panel, state),
  }));
  return {
    showResult: (answer) => { result.show(answer); },
    showReport: (uri, title, storage = {}) => reports.show({ uri, title, storage: { ...storage } }),
    showLog: (id) => logs.show(id),
    showFile: (uri, storage = {}) => (/\.html?$/i.test(uri) ? reports.show({ uri, title: fileName(uri).replace(/\.html?$/i, ''), storage: { ...storage } }) : openFile(services(), uri, storage)),
    showOutputs: (run) => showOutputs(services(), run),
    dispose: () => { ends.dispose(); },
  };
}
