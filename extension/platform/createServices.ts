import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { newRunId } from '../../runner/protocol/runs.ts';
import { BucketFiles } from '../filesystem/bucketFiles.ts';
import { createPanels } from '../panels/panels.ts';
import { createRunStore } from '../runs/runStore.ts';
import type { Services } from '../services.ts';
import { coiledAccess } from '../cloud/coiledAccess.ts';
import { exploreWithProgress } from './explore.ts';
import { openRunner } from './openRunner.ts';
import { settingsFrom } from './settings.ts';
import { requireTrust } from './trust.ts';

/** Builds what every part of the extension uses. Starts nothing: the runner is started by the first question to it. */
export function createServices(context: vscode.ExtensionContext): Services {
  const { subscriptions } = context;
  const log = vscode.window.createOutputChannel('SPIMquant', { log: true });
  const settings = settingsFrom((id) => vscode.workspace.getConfiguration().get(id));
  const runner = openRunner(context, settings, log);
  const runs = createRunStore(runner);
  subscriptions.push(log, runner, runs);

  const services: Services = {
    context,
    log,
    settings,
    runner,
    runs,
    files: new BucketFiles(runner, context.workspaceState, settings),
    panels: createPanels(() => services),
    async startRun(request) {
      const { text, cwd, origin } = request;
      requireTrust(vscode.workspace.isTrusted);
      const cloud = settings.cloud();
      // Only what these words can say runs on machines that cost; whether it does is found out with the parser.
      const agreed = /\s--(?:cloud|config)\b/.test(text) ? await (await import('../cloud/confirmCost.ts')).agreedCost(services, request) : undefined;
      const memoryBytes = settings.memoryBytes();
      return runner.request('runs.start', {
        id: newRunId(Date.now()),
        text,
        cwd,
        cores: settings.cores(),
        ...(memoryBytes === undefined ? {} : { memoryBytes }),
        ...(Object.keys(cloud).length === 0 ? {} : { cloud }),
        ...(agreed === undefined ? {} : { agreedCost: agreed }),
        ...(origin === undefined ? {} : { origin }),
        coiled: await services.coiled(),
      });
    },
    explore: async (text) => exploreWithProgress(runner, { text, cwd: workspaceFolder(), coiled: await services.coiled() }),
    coiled: () => coiledAccess(context.secrets, settings),
    cwd: workspaceFolder,
  };
  subscriptions.push(services.panels);
  return services;
}

/** The first folder of the workspace that is on this machine, else the user's home. */
function workspaceFolder(): string {
  return vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath ?? homedir();
}
