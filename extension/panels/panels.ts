import * as vscode from 'vscode';
import { openOutputsCommand } from '../outputs/outputs.types.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Panels, Services } from '../services.ts';
import { openFile } from './files.ts';
import { LogDocuments, logScheme } from './logDocument.ts';
import { ReportEditor, reportEditorType } from './reportEditor.ts';
import { ResultPanel, resultPanelType } from './resultPanel.ts';
import { RunPanels, runPanelType } from './runPanel.ts';

/** What opens outside files of the workspace. Asks for the services when something is opened, not before. */
export function createPanels(services: () => Services): Panels {
  const ends = new DisposableStore();
  const result = ends.add(new ResultPanel(services));
  const runs = ends.add(new RunPanels(services));
  const logs = ends.add(new LogDocuments(services));
  ends.add(vscode.workspace.registerTextDocumentContentProvider(logScheme, logs));
  ends.add(vscode.window.registerCustomEditorProvider(reportEditorType, new ReportEditor(services), { supportsMultipleEditorsPerDocument: true, webviewOptions: { enableFindWidget: true } }));
  ends.add(vscode.window.registerWebviewPanelSerializer(resultPanelType, {
    deserializeWebviewPanel: async (panel, state) => { result.restore(panel, state); },
  }));
  ends.add(vscode.window.registerWebviewPanelSerializer(runPanelType, {
    deserializeWebviewPanel: (panel, state) => runs.restore(panel, state),
  }));
  return {
    showRun: (id) => runs.show(id),
    showResult: (answer) => { result.show(answer); },
    showLog: (id) => logs.show(id),
    showFile: (uri, storage) => openFile(services(), uri, storage),
    showOutputs: async (run) => { await vscode.commands.executeCommand(openOutputsCommand, run); },
    dispose: () => { ends.dispose(); },
  };
}
