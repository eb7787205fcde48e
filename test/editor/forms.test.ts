import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { PageCommands } from '../../scripts/editor/driver.types.ts';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { until } from './support/until.ts';

const row = '.quick-input-widget .monaco-list-row';
const title = { selector: '.quick-input-widget .quick-input-title' };

/** Waits for a question of a form, by its step. */
async function step(page: PageCommands, text: string): Promise<void> {
  await page.see({ ...title, text });
}

/** Waits for a choice and takes it. */
async function choose(page: PageCommands, text: string): Promise<void> {
  await page.click({ selector: row, text });
}

/** Takes what is ticked or written. */
async function go(page: PageCommands): Promise<void> {
  await page.press({ keys: 'Enter' });
}

async function back(page: PageCommands): Promise<void> {
  await page.click({ selector: '.quick-input-widget .quick-input-titlebar a[aria-label*="Back"]' });
}

describe('Forms', function () {
  this.timeout(120_000);
  let folder: string;
  let brains: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-forms-'));
    brains = join(folder, 'brains');
    await writeBrains(brains, 4);
    await onPage(async (page) => {
      const added = vscode.commands.executeCommand('spimquant.datasets.add');
      await step(page, 'Add Dataset');
      await page.type({ text: brains });
      await page.see({ selector: `${row}.focused`, text: brains });
      await go(page);
      await added;
    });
  });

  after(async () => {
    await onPage(async (page) => {
      await vscode.commands.executeCommand('spimquant.datasets.focus');
      await page.click({ selector: '.monaco-list-row[aria-label^="brains"] .label-name', button: 'right' });
      await page.click({ selector: '.monaco-menu .action-label', text: 'Remove from List' });
      await page.gone({ selector: '.monaco-list-row[aria-label^="brains"]' });
    });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(folder, { recursive: true, force: true });
  });

  it('asks step by step for a run, back and forth, and copies its command', async () => {
    await onPage(async (page) => {
      const done = vscode.commands.executeCommand('spimquant.form.participant');
      await step(page, 'Run Participants (1/8)');
      await choose(page, brains);
      await step(page, '(2/8)');
      await page.see({ selector: row, text: '4 participants' });
      await choose(page, 'Some participants');
      await page.see({ selector: row, text: 'sub-03' });
      await page.type({ text: '03' });
      await page.gone({ selector: row, text: 'sub-01' });
      await page.press({ keys: 'ArrowDown' });
      await page.press({ keys: 'Space' });
      await go(page);
      await step(page, '(3/8)');
      await page.see({ selector: row, text: join(brains, 'derivatives', 'spimquant') });
      // On the way back the participant is still ticked.
      await back(page);
      await step(page, '(2/8)');
      await page.see({ selector: row, text: 'sub-03' });
      await choose(page, 'Some participants');
      await page.see({ selector: `${row} input:checked, ${row} .monaco-checkbox.checked` });
      await page.screenshot({ name: 'forms-participants' });
      await go(page);
      await step(page, '(3/8)');
      await choose(page, join(brains, 'derivatives', 'spimquant'));
      await step(page, '(4/8)');
      await page.see({ selector: row, text: 'segmented unless' });
      await go(page);
      await step(page, '(5/8)');
      await page.type({ text: 'th900' });
      await go(page);
      await page.see({ selector: row, text: 'as written' });
      await page.see({ selector: row, text: 'otsu+k3i2' });
      await page.screenshot({ name: 'forms-methods' });
      await go(page);
      await step(page, '(6/8)');
      await choose(page, 'phantom');
      await step(page, '(7/8)');
      await choose(page, 'cores and memory as in the settings');
      await step(page, '(8/8)');
      await page.see({ selector: row, text: '--participant-label 03' });
      await page.screenshot({ name: 'forms-review' });
      await choose(page, 'Copy');
      await done;
      const copied = await vscode.env.clipboard.readText();
      assert.match(copied, /^spimquant .*brains .*derivatives\/spimquant participant --participant-label 03 --seg_method gmm\+n3k1 th900 --template phantom$/);
    });
  });

  it('begins with the last answers, and a line of the command leads back to its question', async () => {
    await onPage(async (page) => {
      await vscode.commands.executeCommand('spimquant.datasets.focus');
      await page.click({ selector: '.monaco-list-row[aria-label^="sub-02"] .label-name', button: 'right' });
      await page.click({ selector: '.monaco-menu .action-label', text: 'Run Participant' });
      await step(page, '(3/8)');
      await page.see({ selector: row, text: 'as last time' });
      await go(page);
      await step(page, '(4/8)');
      await page.see({ selector: row, text: 'Abeta' });
      await go(page);
      await step(page, '(5/8)');
      await page.see({ selector: row, text: 'th900' });
      await go(page);
      await step(page, '(6/8)');
      await page.see({ selector: row, text: 'phantom' });
      await go(page);
      await step(page, '(7/8)');
      await page.see({ selector: row, text: 'On this machine' });
      await go(page);
      await step(page, '(8/8)');
      await page.see({ selector: row, text: '--participant-label 02' });
      await choose(page, '--template phantom');
      await step(page, '(6/8)');
      await choose(page, 'gubra');
      await step(page, '(7/8)');
      await page.see({ selector: row, text: 'On this machine' });
      await go(page);
      await page.see({ selector: row, text: '--template gubra' });
      await choose(page, 'Insert into notebook');
      const cell = await until('a notebook has the command', () => vscode.window.activeNotebookEditor?.notebook.getCells().find((each) => each.document.getText().includes('--template gubra')));
      assert.match(cell.document.getText(), /--participant-label 02/);
    });
  });

  it('offers the groups of participants.tsv with how many participants they have', async () => {
    await onPage(async (page) => {
      const done = vscode.commands.executeCommand('spimquant.form.group');
      await step(page, 'Compare Groups (1/7)');
      await choose(page, brains);
      await step(page, '(2/7)');
      await choose(page, join(brains, 'derivatives', 'spimquant'));
      await step(page, '(3/7)');
      await page.see({ selector: row, text: 'control (2), drug (2)' });
      await choose(page, 'treatment');
      await step(page, '(4/7)');
      await page.screenshot({ name: 'forms-groups' });
      await choose(page, 'drug minus control');
      await choose(page, 'Welch');
      await step(page, '(6/7)');
      await go(page);
      await step(page, '(7/7)');
      await choose(page, 'Copy');
      await done;
      assert.match(await vscode.env.clipboard.readText(), / group --contrast_column treatment --contrast_values drug control --test welch$/);
    });
  });

  it('leaves at Escape without a trace', async () => {
    await onPage(async (page) => {
      const done = vscode.commands.executeCommand('spimquant.verb.segment');
      await step(page, 'Try Segmentation (1/5)');
      await choose(page, brains);
      await page.see({ selector: row, text: 'sub-01' });
      await page.press({ keys: 'Escape' });
      await done;
      await page.gone({ selector: '.quick-input-widget' });
    });
  });
});
