import * as vscode from 'vscode';
import type { RunRecord } from '../../../runner/protocol/runs.ts';
import { DisposableStore } from '../../platform/lifecycle.ts';
import { pausedWords, waitsForUser } from '../../runs/runWords.ts';
import type { Services } from '../../services.ts';

/** Milliseconds in which runs that are paused for one reason are told of together. */
const gathering = 1000;

/** Tells once of each pause of a run, with what can be done about it, unless the user asked for silence. */
export function registerPauseNotices(services: Services): vscode.Disposable {
  const ends = new DisposableStore();
  const told = new Set<string>();
  let paused: RunRecord[] = [];
  let timer: NodeJS.Timeout | undefined;

  const tell = (): void => {
    timer = undefined;
    // What goes on again by now is not worth a word.
    const runs = paused.flatMap(({ id }) => services.runs.get(id) ?? []).filter(({ pause, cancelling }) => pause !== undefined && !cancelling);
    paused = [];
    for (const kind of new Set(runs.map(({ pause }) => pause?.kind))) void show(services, runs.filter(({ pause }) => pause?.kind === kind));
  };
  ends.add(services.runs.onDidChange((changed) => {
    for (const run of changed === undefined ? services.runs.runs : [changed]) {
      const key = `${run.id} ${run.pause?.since ?? ''}`;
      if (run.pause === undefined || run.cancelling || told.has(key)) continue;
      told.add(key);
      if (!services.settings.notify()) continue;
      paused.push(run);
      timer ??= setTimeout(tell, gathering);
    }
  }));
  ends.add({ dispose: () => { clearTimeout(timer); } });
  return ends;
}

async function show(services: Services, runs: readonly RunRecord[]): Promise<void> {
  const text = pausedWords(runs);
  const titles = [...(runs[0].pause?.kind === 'sign-in' ? ['Sign In Again'] : []), 'Resume Now', 'Show Runs'];
  const answer = runs.some(waitsForUser) ? await vscode.window.showWarningMessage(text, ...titles) : await vscode.window.showInformationMessage(text, ...titles);
  if (answer === 'Sign In Again') await vscode.commands.executeCommand('spimquant.run.signIn', runs[0].id);
  if (answer === 'Show Runs') await vscode.commands.executeCommand('spimquant.runs.show');
  if (answer !== 'Resume Now') return;
  for (const { id } of runs) {
    if (services.runs.get(id)?.pause !== undefined) void vscode.commands.executeCommand('spimquant.run.resumeNow', id);
  }
}
