import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { ExpiringSession } from '../integration/engine/expiringSession.ts';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { knownRuns } from './support/extension.ts';
import { readJournal } from './support/journal.ts';
import { seeMessage } from './support/messages.ts';
import { runOf, startCell } from './support/notebook.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';

const row = '.monaco-list-row';
const card = { selector: '.spimquant-run[data-standing="paused"]', inside: 'frames' } as const;
const slow = 240_000;

describe('A paused run', function () {
  this.timeout(slow + 30_000);
  let folder: string;
  let account: ExpiringSession;
  let notebook: vscode.NotebookDocument;
  const bids = 's3://lab/pause-brains';

  const runs = async (): Promise<readonly RunRecord[]> => (await knownRuns()).filter((run) => run.bids === bids);
  const having = (status: RunRecord['status']): Promise<RunRecord> => until(`the run is ${status}`, async () => {
    const [run] = await runs();
    return run?.status === status ? run : undefined;
  }, slow);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-pauses-'));
    await writeBrains(join(folder, 'pause-brains'), 1);
    account = new ExpiringSession(folder, homedir(), 'pause-lab');
    await account.serve();
    const command = `spimquant ${bids} s3://lab/pause-out participant --template phantom --registration_level 1 --correction_level 1 --correction_n4_iters 5 --no_segmentation --aws-profile pause-lab --s3-endpoint ${account.server.endpoint}`;
    notebook = await vscode.workspace.openNotebookDocument('spimquant-notebook', new vscode.NotebookData([new vscode.NotebookCellData(vscode.NotebookCellKind.Code, command, 'spimquant')]));
    await vscode.window.showNotebookDocument(notebook);
  });

  after(async () => {
    for (const terminal of vscode.window.terminals) terminal.dispose();
    await vscode.commands.executeCommand('notifications.clearAll');
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    // The next untitled notebook gets the same URI: the editor would take the end of this one for its.
    await until('the notebook is closed', () => notebook.isClosed);
    await useTheme('dark');
    await onPage((page) => page.resize({ width: 1280, height: 800 }));
    await account.end();
    await rm(account.credentials);
    await rm(folder, { recursive: true, force: true });
  });

  it('shows in the Runs view, in the status bar, in its cell and by a notification why it waits', async () => {
    await vscode.commands.executeCommand('spimquant.runs.show');
    // The first request of its planning, say: whatever is refused, the run waits.
    account.first.expired = true;
    await startCell(notebook.cellAt(0));
    const run = await having('paused');
    assert.equal(run.pause?.kind, 'sign-in');
    assert.deepEqual(run.pause.signIn, ['aws sso login --profile pause-lab', 'aws configure --profile pause-lab']);
    await until('the cell shows it', () => runOf(notebook.cellAt(0))?.run.pause !== undefined);
    await onPage(async (page) => {
      await page.see({ selector: row, text: 'paused · sign in again' });
      await page.see({ selector: '.statusbar-item', text: 'SPIMquant: paused, sign in again' });
      await page.see({ ...card, text: 'Paused: sign in again' });
      await page.see({ ...card, text: 'The run goes on by itself then.' });
      await page.see({ selector: '.cell-status-item', text: 'Paused: sign in again' });
      await seeMessage(page, 'Sign in again to go on.');
      await page.screenshot({ name: 'pauses-dark' });
      await page.click({ selector: row, text: 'pause-brains: participant' });
      await page.see({ selector: row, text: 'Sign in again' });
      await page.hover({ selector: row, text: 'pause-brains: participant' });
      await page.see({ selector: `${row} .action-label[aria-label="Sign In Again"]` });
      await page.see({ selector: `${row} .action-label[aria-label="Resume Now"]` });
      await page.screenshot({ name: 'pauses-row' });
    });
    await vscode.commands.executeCommand('notifications.clearAll');
  });

  it('says that it is of no use yet when it is told to go on too early', async () => {
    await onPage(async (page) => {
      await page.click({ ...card, selector: `${card.selector} button`, text: 'Resume Now' });
      await seeMessage(page, 'sign-in has expired');
      await page.screenshot({ name: 'pauses-too-early' });
    });
    await until('it was tried', async () => (await runs())[0]?.pause?.checked !== undefined);
    assert.equal((await runs())[0].status, 'paused');
    await vscode.commands.executeCommand('notifications.clearAll');
  });

  it('offers the ways to sign in, and types the one that is chosen into a terminal', async () => {
    const [{ id }] = await runs();
    const chosen = vscode.commands.executeCommand('spimquant.run.signIn', id);
    await onPage(async (page) => {
      await page.see({ selector: `.quick-input-widget ${row}`, text: 'aws sso login --profile pause-lab' });
      await page.see({ selector: `.quick-input-widget ${row}`, text: 'Edit the file of credentials' });
      await page.screenshot({ name: 'pauses-sign-in' });
      await page.press({ keys: 'Enter' });
      await chosen;
      assert.ok(vscode.window.terminals.some(({ name }) => name === 'SPIMquant: Sign In'));
      await page.see({ selector: '.terminal-wrapper.active' });
      await page.screenshot({ name: 'pauses-terminal' });
    });
    for (const terminal of vscode.window.terminals) terminal.dispose();
    await vscode.commands.executeCommand('workbench.action.closePanel');
  });

  it('reads well in light colours, in high contrast and in a narrow window', async () => {
    for (const theme of ['light', 'highContrast'] as const) {
      await useTheme(theme);
      await onPage(async (page) => {
        await page.see(card);
        await page.screenshot({ name: `pauses-${theme}` });
      });
    }
    await useTheme('dark');
    await onPage(async (page) => {
      await page.resize({ width: 760, height: 700 });
      await page.see(card);
      await page.screenshot({ name: 'pauses-narrow' });
      await page.resize({ width: 1280, height: 800 });
    });
    const [{ id }] = await runs();
    await vscode.commands.executeCommand('spimquant.run.open', id);
    await onPage(async (page) => {
      await page.see({ selector: '.run-header .pause', inside: 'frames', text: 'sign-in has expired' });
      await page.screenshot({ name: 'pauses-panel' });
    });
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('goes on by itself after the sign-in, and at once when it is told to; nothing is done twice', async () => {
    const [{ id }] = await runs();
    account.signIn(account.second);
    await until('it goes on', async () => (await runs())[0]?.status !== 'paused', slow);
    await onPage((page) => page.gone({ selector: row, text: 'paused · sign in again' }));
    await until('it works', async () => ((await runs())[0]?.counts.finished ?? 0) > 0, slow);
    account.second.expired = true;
    const again = await having('paused');
    assert.notEqual(again.pause?.since, undefined);
    account.second.expired = false;
    await vscode.commands.executeCommand('spimquant.run.resumeNow', id);
    const end = await having('succeeded');
    assert.equal(end.id, id);
    const { events } = await readJournal(id);
    const finished = events.flatMap((event) => (event.type === 'task-finished' ? [event.task] : []));
    assert.equal(new Set(finished).size, finished.length);
    assert.equal(events.filter(({ type }) => type === 'run-paused').length, 2);
    await until('the cell shows the end', () => runOf(notebook.cellAt(0))?.run.status === 'succeeded');
    await until('the cell has ended', () => notebook.cellAt(0).executionSummary?.success === true);
  });
});
