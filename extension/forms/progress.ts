import * as vscode from 'vscode';
import { signalOf } from '../platform/lifecycle.ts';

/** Shows that something goes on until it has, with a way to cancel it. */
export function withProgress<T>(title: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return Promise.resolve(vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (_progress, token) => run(signalOf(token))));
}
