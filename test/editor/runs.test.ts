import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { knownRuns } from './support/extension.ts';
import { startCell } from './support/notebook.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';

const row = '.monaco-list-row';
const rowOf = (label: string): { readonly selector: string } => ({ selector: `${row}[aria-label*="${label}"]` });
const slow = 240_000;

describe('The Runs view, the log, the report and what a run takes', function () {
  this.timeout(slow + 30_000);
  let folder: string;
  let notebook: vscode.NotebookDocument;

  const runs = async (): Promise<readonly RunRecord[]> => (await knownRuns()).filter(({ bids }) => bids === join(folder, 'runs-brains'));
  const newest = async (): Promise<RunRecord | undefined> => (await runs())[0];
  const ended = async (status: RunRecord['status']): Promise<RunRecord> => until(`the run has ${status}`, async () => {
    const run = await newest();
    return run?.status === status ? run : undefined;
  }, slow);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-runs-'));
    await writeBrains(join(folder, 'runs-brains'), 1);
    const command = `spimquant ${join(folder, 'runs-brains')} ${join(folder, 'out')} participant --template phantom --registration_level 0 --correction_level 1 --correction_n4_iters 10 --sloppy --atlas_segs coarse --stains_for_seg Abeta --seg_method otsu+k3i2 --min_object_voxels 2`;
    notebook = await vscode.workspace.openNotebookDocument('spimquant-notebook', new vscode.NotebookData([new vscode.NotebookCellData(vscode.NotebookCellKind.Code, command, 'spimquant')]));
    await vscode.window.showNotebookDocument(notebook);
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await useTheme('dark');
    await onPage((page) => page.resize({ width: 1280, height: 800 }));
    await rm(folder, { recursive: true, force: true });
  });

  it('shows a run in progress with its stages, in the status bar too', async () => {
    await startCell(notebook.cellAt(0));
    await vscode.commands.executeCommand('spimquant.runs.show');
    await until('the run goes on', async () => ((await newest())?.counts.finished ?? 0) > 0, slow);
    await onPage(async (page) => {
      await page.see({ selector: row, text: 'runs-brains: participant' });
      await page.see({ selector: '.statusbar-item', text: 'SPIMquant: 1 running' });
      await page.click(rowOf('runs-brains: participant'));
      await page.see({ selector: row, text: 'Finished' });
      await page.screenshot({ name: 'runs-running' });
    });
  });

  it('cancels a run and says so', async () => {
    const run = await newest();
    assert.ok(run);
    await vscode.commands.executeCommand('spimquant.run.cancel', run.id);
    await ended('cancelled');
    await onPage(async (page) => {
      await page.see({ selector: row, text: 'cancelled' });
      await page.gone({ selector: '.statusbar-item', text: 'SPIMquant: 1 running' });
      await page.screenshot({ name: 'runs-cancelled' });
    });
  });

  it('resumes it, follows its log, and shows what it takes of the machine', async () => {
    const cancelled = await newest();
    assert.ok(cancelled);
    await vscode.commands.executeCommand('spimquant.run.resume', cancelled.id);
    const resumed = await until('a new run of the same command', async () => (await runs()).find(({ id, command }) => id !== cancelled.id && command === cancelled.command));
    await vscode.commands.executeCommand('spimquant.run.openLog', resumed.id);
    const log = await until('the log is open', () => vscode.window.activeTextEditor?.document);
    assert.equal(log.uri.scheme, 'spimquant-log');
    await vscode.commands.executeCommand('spimquant.resources.focus');
    await onPage(async (page) => {
      await page.see({ selector: 'section', text: 'CPU', inside: 'frames' });
      await page.see({ selector: '.values', text: 'of', inside: 'frames' });
      await page.screenshot({ name: 'resources-dark' });
    });
    const done = await ended('succeeded');
    assert.ok(done.reused > 0, 'what was finished is not done again');
    await until('the log tells the end', () => /succeeded|finished|done/i.test(log.getText()));
  });

  it('has the report below the run, and shows it in the editor\'s colours', async () => {
    await vscode.commands.executeCommand('spimquant.runs.show');
    await onPage(async (page) => {
      await page.gone({ selector: '.statusbar-item', text: 'SPIMquant: 1 running' });
      await page.click({ selector: row, text: 'runs-brains: participant', nth: 0 });
      await page.see({ selector: row, text: 'sub-01: report' });
      await page.screenshot({ name: 'runs-succeeded' });
      await page.click({ selector: row, text: 'sub-01: report', nth: 0 });
      await page.see({ selector: 'h1', inside: 'frames' });
      await page.see({ selector: 'table button.sort', inside: 'frames' });
      assert.equal(await page.style({ selector: 'body', property: 'background-color', inside: 'frames', nth: 0 }) === 'rgb(255, 255, 255)', false);
      await page.screenshot({ name: 'report-dark' });
    });
  });

  it('opens the outputs of a run in their panel', async () => {
    const run = await newest();
    assert.ok(run);
    await vscode.commands.executeCommand('spimquant.run.openOutputs', run.id);
    await onPage(async (page) => {
      await page.see({ selector: '.outputs-header h1', inside: 'frames' });
      await page.see({ selector: '.gallery .tile img', inside: 'frames' });
      await page.see({ selector: '.outputs-header button', text: 'Open Report', inside: 'frames' });
      await page.click({ selector: '#tab-tables', inside: 'frames' });
      await page.see({ selector: '.tables .choice', text: 'Regions', inside: 'frames' });
      await page.screenshot({ name: 'runs-outputs' });
    });
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('reads well in light colours, in high contrast and in a narrow side bar', async () => {
    for (const theme of ['light', 'highContrast'] as const) {
      await useTheme(theme);
      await vscode.commands.executeCommand('spimquant.resources.focus');
      await onPage(async (page) => {
        await page.see({ selector: 'section', text: 'CPU', inside: 'frames' });
        await page.screenshot({ name: `runs-${theme}` });
      });
    }
    await onPage(async (page) => {
      await page.resize({ width: 560, height: 700 });
      await page.see({ selector: row, text: 'runs-brains' });
      await page.screenshot({ name: 'runs-narrow' });
    });
  });

  it('puts the command of a run into the clipboard', async () => {
    const run = await newest();
    assert.ok(run);
    await vscode.commands.executeCommand('spimquant.run.copyCommand', run.id);
    assert.equal(await vscode.env.clipboard.readText(), run.command);
    assert.ok(existsSync(join(folder, 'out', 'sub-01')));
  });

  it('says why runs cannot be shown when the runner does not start, and mends it', async () => {
    const settings = vscode.workspace.getConfiguration('spimquant.runner');
    await settings.update('nodePath', join(folder, 'no-node'), vscode.ConfigurationTarget.Global);
    try {
      await vscode.commands.executeCommand('spimquant.runner.restart');
      await vscode.commands.executeCommand('spimquant.runs.show');
      await vscode.commands.executeCommand('spimquant.runs.refresh');
      await onPage(async (page) => {
        await page.see({ selector: row, text: 'Runs cannot be shown.' });
        await page.see({ selector: '.empty', text: 'nodePath', inside: 'frames' });
        await page.gone({ selector: '.board', inside: 'frames' });
        await page.screenshot({ name: 'runs-problem' });
      });
    } finally {
      await settings.update('nodePath', undefined, vscode.ConfigurationTarget.Global);
    }
    await onPage(async (page) => {
      await page.click({ selector: row, text: 'Start the runner again' });
      await page.see({ selector: row, text: 'runs-brains: participant' });
      await page.gone({ selector: row, text: 'Runs cannot be shown.' });
    });
    await vscode.commands.executeCommand('notifications.clearAll');
  });
});
