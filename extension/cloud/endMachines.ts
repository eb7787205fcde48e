import * as vscode from 'vscode';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { count } from '../../runner/wording/words.ts';
import { runLabel } from '../runs/runWords.ts';
import type { Services } from '../services.ts';
import { hasLeft } from './cloudWords.ts';

/** Ends machines that a run may have left at Coiled, and tells whether they are known to be gone. */
export async function endMachines(services: Services, run: RunRecord): Promise<void> {
  const coiled = await services.coiled();
  const now = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Ending machines of ${runLabel(run)}`, cancellable: true },
    (_progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => { abort.abort(); });
      return services.runner.request('runs.endMachines', { id: run.id, coiled }, { signal: abort.signal });
    },
  );
  if (!hasLeft(now)) {
    void vscode.window.showInformationMessage(`The machines of ${runLabel(run)} are gone.`);
    return;
  }
  const left = now.cloud?.left ?? [];
  const open = 'Open at Coiled';
  void vscode.window.showWarningMessage(`Coiled does not say yet that ${count(left.length, 'cluster')} of ${runLabel(run)} (${left.join(', ')}) ended. Try again later, or look there.`, ...(now.cloud?.page === undefined ? [] : [open]))
    .then((answer) => { if (answer === open) void vscode.commands.executeCommand('spimquant.run.openCoiled', run.id); });
}
