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
      await page.see({ selector: `${input} ${row}`, text: `${brains}/` });
      await page.screenshot({ name: 'datasets-add' });
      await page.press({ keys: 'ArrowDown' });
      await page.press({ keys: 'Enter' });
      await page.see({ selector: `${input} ${row}`, text: `Add ${brains}/` });
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
      await page.see({ selector: `${row}[aria-label*="sub-01"] .monaco-icon-label[aria-label*="warning"], ${row}[aria-label*="sub-01"]`, text: 'sub-01' });
      await page.hover({ selector: `${row}[aria-label*="sample-brain"] .label-name` });
      await page.see({ selector: '.workbench-hover table', text: 'Uncompressed' });
      await page.screenshot({ name: 'datasets-tree' });
    });
  });
});
