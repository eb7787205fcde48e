import type * as vscode from 'vscode';
import type { RunRecord } from '../runner/protocol/runs.ts';
import { registerCoiled } from './cloud/coiledCommands.ts';
import { registerDatasets } from './explorer/datasets/datasets.ts';
import { registerResources } from './explorer/resources.ts';
import { registerRuns } from './explorer/runs/runs.ts';
import { registerStatusBar } from './explorer/statusBar.ts';
import { registerFileSystem } from './filesystem/filesystem.ts';
import { registerForms } from './forms/forms.ts';
import { registerLanguage } from './notebook/language/language.ts';
import { registerNotebooks } from './notebook/notebooks.ts';
import { registerOutputs } from './outputs/outputs.ts';
import { createServices } from './platform/createServices.ts';
import { registerRunnerCommands } from './platform/runnerCommands.ts';
import { registerViewer } from './viewer/viewer.ts';
import type { RunnerStatus } from './runner-client/client.types.ts';
import type { Part } from './services.ts';
import { registerTransfers } from './transfers/transfers.ts';

const parts: readonly Part[] = [
  registerRunnerCommands, registerDatasets, registerRuns, registerResources, registerStatusBar, registerFileSystem, registerForms, registerTransfers, registerNotebooks, registerLanguage, registerViewer, registerOutputs, registerCoiled,
];

/** What other extensions may ask of this one. */
export interface SpimquantApi {
  runnerStatus(): RunnerStatus;
  /** Runs that this window knows of, newest first. */
  runs(): readonly RunRecord[];
}

/** Called by the editor on first use. */
export function activate(context: vscode.ExtensionContext): SpimquantApi {
  const services = createServices(context);
  for (const register of parts) context.subscriptions.push(register(services));
  return { runnerStatus: () => services.runner.status, runs: () => services.runs.runs };
}
