import type * as vscode from 'vscode';
import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { RunnerClient } from '../runner-client/client.types.ts';
import type { Settings } from './settings.ts';

/** The line to the runner of this installation, with the user's settings. Nothing is started yet. */
export function openRunner(_context: vscode.ExtensionContext, _settings: Settings, _log: vscode.LogOutputChannel): RunnerClient {
  const nothing = { dispose: () => undefined };
  const missing = (): Promise<never> => Promise.reject(new SpimquantError('runner-lost', 'This build has no runner.'));
  return {
    status: { kind: 'idle' }, onStatus: () => nothing, request: missing, on: () => nothing, follow: () => nothing,
    attach: () => Promise.resolve(false), restart: missing, dispose: () => undefined,
  };
}
