import { join } from 'node:path';
import type * as vscode from 'vscode';
import type { RunnerClient } from '../runner-client/client.types.ts';
import { createRunnerClient } from '../runner-client/runnerClient.ts';
import { readBuildMark } from '../runner-client/runnerFiles.ts';
import type { Settings } from './settings.ts';

/** The line to the runner of this installation, with the user's settings. Nothing is started yet. */
export function openRunner(context: vscode.ExtensionContext, settings: Settings, log: vscode.LogOutputChannel): RunnerClient {
  const dist = context.asAbsolutePath('dist');
  const { version } = context.extension.packageJSON as { readonly version: string };
  return createRunnerClient({
    start: () => {
      const chosen = settings.nodePath();
      return { nodePath: chosen ?? process.execPath, electronAsNode: chosen === undefined, idleMs: settings.idleMinutes() * 60_000 };
    },
    serverFile: join(dist, 'server.js'),
    copyTo: join(context.globalStorageUri.fsPath, 'runner'),
    env: process.env,
    version,
    build: readBuildMark(dist),
    log: (message) => { log.info(message); },
  });
}
