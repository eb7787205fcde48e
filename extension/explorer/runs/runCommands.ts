import * as vscode from 'vscode';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { isOver } from '../../../runner/protocol/runs.ts';
import type { OutputFile, RunRecord } from '../../../runner/protocol/runs.ts';
import { registerCommand } from '../../platform/commands.ts';
import { DisposableStore } from '../../platform/lifecycle.ts';
import { runDescription, runLabel } from '../../runs/runWords.ts';
import { showCell } from '../../runs/showCell.ts';
import { signIn } from '../../runs/signIn.ts';
import type { Services } from '../../services.ts';

/** Commands on runs: from rows of the Runs view, and from the palette with a choice of runs first. */
export function registerRunCommands(services: Services): vscode.Disposable {
  const { log, runner, panels } = services;
  const ends = new DisposableStore();
  const onRun = (id: string, act: (run: RunRecord, ...rest: readonly unknown[]) => unknown): void => {
    ends.add(registerCommand(id, log, (target, ...rest) => act(runOf(target, services), ...rest)));
  };
  const again = async (run: RunRecord): Promise<void> => {
    await services.startRun({ text: run.command, cwd: run.cwd ?? services.cwd() });
  };
  const cancel = async (run: RunRecord): Promise<void> => { await runner.request('runs.cancel', { id: run.id }); };

  onRun('spimquant.run.cancel', cancel);
  onRun('spimquant.run.resumeNow', (run) => vscode.window.withProgress(
    { location: { viewId: 'spimquant.runs' } },
    () => runner.request('runs.resume', { id: run.id }),
  ));
  onRun('spimquant.run.signIn', (run) => signIn(services, { run }));
  ends.add(registerCommand('spimquant.signIn', log, (uri) => signIn(services, typeof uri === 'string' ? { uri } : {})));
  onRun('spimquant.run.resume', again);
  onRun('spimquant.run.rerun', again);
  onRun('spimquant.run.onCoiled', async (run) => {
    await services.startRun({ text: `${run.command} --cloud`, cwd: run.cwd ?? services.cwd(), ask: 'always' });
  });
  onRun('spimquant.run.openCoiled', async (run) => {
    if (run.cloud?.page !== undefined) await vscode.env.openExternal(vscode.Uri.parse(run.cloud.page));
  });
  onRun('spimquant.run.endMachines', async (run) => (await import('../../cloud/endMachines.ts')).endMachines(services, run));
  onRun('spimquant.run.open', (run) => panels.showRun(run.id));
  onRun('spimquant.run.openLog', (run) => panels.showLog(run.id));
  onRun('spimquant.run.openOutputs', async (run, file) => {
    if (!isOutputFile(file)) return panels.showOutputs(run);
    const { storageOf } = await import('../../runs/readCommand.ts');
    return panels.showFile(file.uri, storageOf(run.command));
  });
  onRun('spimquant.run.copyCommand', async (run) => {
    await vscode.env.clipboard.writeText(run.command);
    vscode.window.setStatusBarMessage('SPIMquant: command copied', 3000);
  });
  onRun('spimquant.run.delete', async (run) => {
    const detail = 'Its journal and log are deleted. What it has made stays.';
    const answer = await vscode.window.showWarningMessage(`Delete the record of ${runLabel(run)}?`, { modal: true, detail }, 'Delete Record');
    if (answer === 'Delete Record') await runner.request('runs.delete', { id: run.id });
  });
  onRun('spimquant.run.openNotebook', async (run) => {
    if (run.origin !== undefined) await showCell(run.origin);
  });

  ends.add(registerCommand('spimquant.verb.logs', log, async () => {
    const run = await chooseRun(services, 'Open the log of which run?', () => true);
    if (run !== undefined) await panels.showLog(run.id);
  }));
  ends.add(registerCommand('spimquant.runs.open', log, async () => {
    const run = await chooseRun(services, 'Open which run?', () => true);
    if (run !== undefined) await panels.showRun(run.id);
  }));
  ends.add(registerCommand('spimquant.verb.cancel', log, async () => {
    const run = await chooseRun(services, 'Cancel which run?', ({ status }) => !isOver(status));
    if (run !== undefined) await cancel(run);
  }));
  return ends;
}

/** The run that a command is about: a row of the view, a record, or an id. */
function runOf(target: unknown, { runs }: Services): RunRecord {
  const run = runs.get(idOf(target) ?? '');
  if (run === undefined) throw new SpimquantError('not-found', 'There is no such run any more.', { hint: 'Refresh the Runs view.' });
  return run;
}

function idOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  if ('run' in target) return idOf(target.run);
  return 'id' in target && typeof target.id === 'string' ? target.id : undefined;
}

function isOutputFile(value: unknown): value is OutputFile {
  return typeof value === 'object' && value !== null && 'uri' in value && typeof value.uri === 'string';
}

/** Lets the user choose among the runs; says so when there are none. */
async function chooseRun({ runs }: Services, placeHolder: string, fits: (run: RunRecord) => boolean): Promise<RunRecord | undefined> {
  await runs.load();
  const now = Date.now();
  const items = runs.runs.filter(fits).map((run) => ({ label: runLabel(run), description: runDescription(run, now), detail: run.command, run }));
  if (items.length === 0) {
    void vscode.window.showInformationMessage('SPIMquant: there are no such runs.');
    return undefined;
  }
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDetail: true }))?.run;
}
