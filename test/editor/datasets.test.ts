import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { onPage } from './support/driver.ts';
import { until } from './support/until.ts';
import { writeBrains } from './support/brains.ts';

const row = '.monaco-list-row';
const input = '.quick-input-widget';

/** Unfolds or folds a row of the view by its twistie. */
const twistie = (text: string): { selector: string } => ({ selector: `${row}[aria-label*="${text}"] .monaco-tl-twistie` });

async function showView(): Promise<void> {
  await vscode.commands.executeCommand('spimquant.datasets.focus');
}

describe('The Datasets view', function () {
  this.timeout(120_000);
  let folder: string;
  let brains: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-datasets-'));
    brains = join(folder, 'brains');
    await writeBrains(brains, 2);
    await writeFile(join(brains, 'sub-01', 'micr', 'sub-01_sample-brain_SPIM.ims'), '');
    const derivative = join(brains, 'derivatives', 'spimquant');
    await mkdir(join(derivative, 'sub-01'), { recursive: true });
    await writeFile(join(derivative, 'dataset_description.json'), JSON.stringify({ Name: 'SPIMquant', BIDSVersion: '1.10.0', DatasetType: 'derivative', GeneratedBy: [{ Name: 'SPIMquant', Version: '0.1.0' }] }));
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(folder, { recursive: true, force: true });
  });

  it('welcomes with the way to the first dataset', async () => {
    await showView();
    await onPage(async (page) => {
      await page.see({ selector: '.welcome-view-content a, .welcome-view-content .monaco-button', text: 'Add Dataset' });
      await page.screenshot({ name: 'datasets-welcome' });
    });
  });

  it('adds a folder that is completed while it is written', async () => {
    await onPage(async (page) => {
      const added = vscode.commands.executeCommand<string>('spimquant.datasets.add');
      await page.see({ selector: `${input} .quick-input-title`, text: 'Add Dataset' });
      await page.type({ text: join(folder, 'br') });
      await page.see({ selector: `${input} ${row}`, text: `brains` });
      await page.screenshot({ name: 'datasets-add' });
      await page.press({ keys: 'ArrowDown' });
      await page.press({ keys: 'Enter' });
      await page.see({ selector: `${input} ${row}`, text: `Add${brains}/` });
      await page.press({ keys: 'Enter' });
      assert.equal(await added, brains);
      await page.see({ selector: row, text: '2 participants' });
      await page.see({ selector: row, text: 'Derivatives' });
    });
  });

  it('unfolds to participants, images and levels, and marks what is left out', async () => {
    await onPage(async (page) => {
      await page.click(twistie('sub-01'));
      await page.see({ selector: row, text: '74 × 86 × 60 · 160 µm · 2 levels' });
      await page.see({ selector: row, text: 'YoPro, Abeta' });
      await page.click(twistie('sample-brain'));
      await page.see({ selector: row, text: 'Level 1' });
      await page.click(twistie('Derivatives'));
      await page.see({ selector: row, text: 'SPIMquant 0.1.0' });
      // What looks like an image but is none of the pipeline's is counted at the participant, in words for those who cannot see the number.
      await page.see({ selector: `${row}[aria-label*="1 warning"]`, text: 'sub-01' });
      await page.hover({ selector: `${row}[aria-label*="sample-brain"] .label-name` });
      await page.see({ selector: '.workbench-hover table', text: 'Uncompressed' });
      await page.screenshot({ name: 'datasets-tree' });
    });
  });

  it('puts the command of a row into an empty cell that it is dragged to, and its address into a command', async () => {
    const cells = ['# Drop here', 'spimquant info'].map((text) => new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, 'spimquant'));
    const notebook = await vscode.workspace.openNotebookDocument('spimquant-notebook', new vscode.NotebookData(cells));
    await vscode.window.showNotebookDocument(notebook);
    await onPage(async (page) => {
      await page.drag({ from: { selector: `${row}[aria-label^="sub-02"] .label-name` }, to: { selector: '.notebookOverlay .view-line', text: 'Drop here' } });
      await until('the command is in the cell', () => notebook.cellAt(0).document.getText().endsWith('derivatives/spimquant participant --participant-label 02'));
      assert.match(notebook.cellAt(0).document.getText(), /^# Drop here\nspimquant /);
      await page.drag({ from: { selector: `${row}[aria-label^="brains"] .label-name` }, to: { selector: '.notebookOverlay .view-line', text: 'spimquant info' } });
      await until('the address is in the command', () => notebook.cellAt(1).document.getText().includes(brains));
      assert.doesNotMatch(notebook.cellAt(1).document.getText(), /derivatives/);
      await page.screenshot({ name: 'datasets-dragged' });
    });
  });

  it('inserts the command of a row as a cell, from its menu', async () => {
    const notebook = vscode.window.activeNotebookEditor?.notebook;
    await onPage(async (page) => {
      await page.click({ selector: `${row}[aria-label^="sub-02"] .label-name`, button: 'right' });
      await page.click({ selector: '.monaco-menu .action-label', text: 'Insert into Notebook as Cell' });
      await until('there is a cell more', () => notebook?.cellCount === 3);
      assert.ok(notebook?.getCells().some((cell) => cell.document.getText().endsWith('participant --participant-label 02')));
    });
  });

  it('shows a folder that has vanished as an error with what can be done, and mends when it is back', async () => {
    await rename(brains, `${brains}-away`);
    await onPage(async (page) => {
      await vscode.commands.executeCommand('spimquant.datasets.refresh');
      await page.see({ selector: row, text: 'cannot be read' });
      await page.see({ selector: row, text: 'There is no dataset at' });
      await page.see({ selector: row, text: 'Remove from list' });
      await page.screenshot({ name: 'datasets-error' });
      await rename(`${brains}-away`, brains);
      await page.click({ selector: row, text: 'Try again' });
      await page.see({ selector: row, text: '2 participants' });
      await page.see({ selector: row, text: 'sub-02' });
    });
  });

  it('keeps thousands of participants quick: pieces, and a search that shows the one that was meant', async () => {
    const many = join(folder, 'many');
    await mkdir(many);
    await writeFile(join(many, 'dataset_description.json'), JSON.stringify({ Name: 'Many', BIDSVersion: '1.10.0' }));
    for (let at = 1; at <= 3000; at++) await mkdir(join(many, `sub-${String(at).padStart(4, '0')}`));
    await onPage(async (page) => {
      const added = vscode.commands.executeCommand('spimquant.datasets.add');
      await page.see({ selector: `${input} .quick-input-title`, text: 'Add Dataset' });
      await page.type({ text: many });
      await page.see({ selector: `${input} ${row}.focused`, text: `Add` });
      const started = performance.now();
      await page.press({ keys: 'Enter' });
      await added;
      await page.see({ selector: row, text: '3,000 participants' });
      await page.see({ selector: row, text: 'sub-0001 … 0200' });
      assert.ok(performance.now() - started < 5000, `The first page took ${performance.now() - started} ms.`);
      const found = vscode.commands.executeCommand('spimquant.datasets.search');
      await page.see({ selector: `${input} ${row}`, text: 'sub-0001' });
      await page.type({ text: '2718' });
      await page.see({ selector: `${input} ${row}.focused`, text: 'sub-2718' });
      await page.press({ keys: 'Enter' });
      await found;
      await page.see({ selector: `.pane ${row}.selected`, text: 'sub-2718' });
      await page.screenshot({ name: 'datasets-many' });
    });
  });

  it('removes a dataset from the list, and leaves its files', async () => {
    await vscode.commands.executeCommand('list.clear');
    await onPage(async (page) => {
      for (const name of ['many', 'brains']) {
        await page.click({ selector: `${row}[aria-label^="${name}"] .label-name`, button: 'right' });
        await page.click({ selector: '.monaco-menu .action-label', text: 'Remove from List' });
        await page.gone({ selector: `${row}[aria-label^="${name}"]` });
      }
      await page.see({ selector: '.welcome-view-content', text: 'Add Dataset' });
    });
    assert.ok((await vscode.workspace.fs.stat(vscode.Uri.file(join(brains, 'participants.tsv')))).size > 0);
  });
});
