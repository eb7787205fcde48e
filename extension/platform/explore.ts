import * as vscode from 'vscode';
import type { CoiledAccess } from '../../runner/protocol/coiledAccess.ts';
import { reportError } from '../../runner/protocol/errors.ts';
import type { Result } from '../../runner/protocol/results.ts';
import type { RunnerClient } from '../runner-client/client.types.ts';
import { DisposableStore } from './lifecycle.ts';

/** Milliseconds before progress is shown: what answers sooner needs none. */
const patience = 600;

/** What a question to the runner is asked with. */
export interface ExploreRequest {
  readonly text: string;
  readonly cwd: string;
  readonly coiled?: CoiledAccess;
}

/**
 * Asks the runner an exploring command. What takes longer than a moment shows a notification that can cancel it.
 *
 * @returns undefined when it was cancelled
 */
export async function exploreWithProgress(runner: RunnerClient, request: ExploreRequest): Promise<Result | undefined> {
  const abort = new AbortController();
  const ends = new DisposableStore();
  const token = crypto.randomUUID();
  let latest: string | undefined;
  let tell: (message: string) => void = (message) => { latest = message; };
  ends.add(runner.on('explore.progress', (progress) => { if (progress.token === token) tell(progress.message); }));

  const answer = runner.request('explore', { ...request, token }, { signal: abort.signal });
  const settled = answer.then(() => undefined, () => undefined);
  const timer = setTimeout(() => {
    const title = `SPIMquant: ${request.text.replaceAll(/\\?\s+/g, ' ').slice(0, 60)}`;
    void vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (progress, cancellation) => {
      tell = (message) => { progress.report({ message }); };
      if (latest !== undefined) tell(latest);
      ends.add(cancellation.onCancellationRequested(() => { abort.abort(); }));
      return settled;
    });
  }, patience);
  ends.add({ dispose: () => { clearTimeout(timer); } });
  try {
    return await answer;
  } catch (error) {
    if (reportError(error).code === 'cancelled') return undefined;
    throw error;
  } finally {
    ends.dispose();
  }
}
