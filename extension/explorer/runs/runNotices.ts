import * as vscode from 'vscode';
import { isOver } from '../../../runner/protocol/runs.ts';
import type { RunRecord } from '../../../runner/protocol/runs.ts';
import { DisposableStore } from '../../platform/lifecycle.ts';
import { settingIds } from '../../platform/settings.ts';
import { endWords, runSeconds } from '../../runs/runWords.ts';
import type { Services } from '../../services.ts';

/** Runs that took less are not worth an interruption. Seconds. */
const shortest = 60;
/** Milliseconds in which runs that end are told of together. */
const gathering = 1000;

/** Tells when long runs have ended that this window saw running, unless their cell is on the screen or the user asked for silence. */
export function registerRunNotices(services: Services): vscode.Disposable {
  const ends = new DisposableStore();
  const active = new Set<string>();
  let ended: RunRecord[] = [];
  let timer: NodeJS.Timeout | undefined;

  const tell = (): void => {
    timer = undefined;
    const runs = ended;
    ended = [];
    void showEnd(runs);
  };
  ends.add(services.runs.onDidChange((changed) => {
    for (const run of changed === undefined ? services.runs.runs : [changed]) {
      if (!isOver(run.status)) active.add(run.id);
      else if (active.delete(run.id) && isWorthTelling(run, services)) {
        ended.push(run);
        timer ??= setTimeout(tell, gathering);
      }
    }
  }));
  ends.add({ dispose: () => { clearTimeout(timer); } });
  return ends;
}

function isWorthTelling(run: RunRecord, { settings }: Services): boolean {
  if (!settings.notify() || run.status === 'cancelled' || runSeconds(run, Date.now()) < shortest) return false;
  return !vscode.window.visibleNotebookEditors.some(({ notebook }) => notebook.uri.toString() === run.origin?.notebook);
}

async function showEnd(runs: readonly RunRecord[]): Promise<void> {
  const text = endWords(runs, Date.now());
  const failed = runs.some(({ status }) => status !== 'succeeded');
  const lead = runs.length > 1 ? 'Show Runs' : failed ? 'Open Log' : 'Open Outputs';
  const quiet = 'Do Not Tell Again';
  const answer = failed ? await vscode.window.showWarningMessage(text, lead, quiet) : await vscode.window.showInformationMessage(text, lead, quiet);
  if (answer === lead) {
    const command = { 'Show Runs': 'spimquant.runs.show', 'Open Log': 'spimquant.run.openLog', 'Open Outputs': 'spimquant.run.openOutputs' }[lead];
    await vscode.commands.executeCommand(command, runs[0].id);
  } else if (answer === quiet) {
    await vscode.workspace.getConfiguration().update(settingIds.notify, false, vscode.ConfigurationTarget.Global);
  }
}
