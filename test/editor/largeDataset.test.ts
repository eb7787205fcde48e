import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { LoggedRequest, S3Server } from '../servers/s3Server.ts';
import { VirtualDataset } from '../servers/s3/virtualDataset.ts';
import { startUsualBuckets } from './support/bucket.ts';
import { onPage } from './support/driver.ts';
import { until } from './support/until.ts';
import { inPhase } from './support/phase.ts';
import { useTheme } from './support/theme.ts';

const row = '.pane .monaco-list-row';
const input = '.quick-input-widget';
const title = '.pane-header[aria-label*="Datasets"]';

/** Unfolds or folds a row of the view by its twistie. */
const twistie = (text: string): { selector: string } => ({ selector: `${row}[aria-label*="${text}"] .monaco-tl-twistie` });

const data = new VirtualDataset({ participants: 10_000, sessions: 2, chunks: 43, derivatives: true });

inPhase('first look', function () {
  this.timeout(120_000);
  let server: S3Server;
  let letRestCome = (): void => undefined;
  const isLaterPage = ({ query }: LoggedRequest): boolean => query['continuation-token'] !== undefined;
  const holdRest = (): void => {
    server.inject({ fault: { kind: 'wait', until: new Promise<void>((resolve) => { letRestCome = resolve; }) }, match: isLaterPage });
  };

  before(async () => {
    server = await startUsualBuckets({ large: { backend: data.bucket('bids') } });
    await vscode.commands.executeCommand('spimquant.datasets.focus');
  });
  after(() => server.close());

  it('shows the first participants after one page of its listing, and counts on', async () => {
    holdRest();
    await onPage(async (page) => {
      const added = vscode.commands.executeCommand<string>('spimquant.datasets.add');
      await page.see({ selector: `${input} .quick-input-title`, text: 'Add Dataset' });
      await page.type({ text: 's3://large/bids' });
      await page.see({ selector: `${input} .monaco-list-row.focused`, text: 'Add' });
      await page.press({ keys: 'Enter' });
      await page.click({ selector: `${input} .monaco-list-row`, text: 'usual credentials' });
      assert.equal(await added, 's3://large/bids');
      await page.see({ selector: row, text: 'sub-00001 … 00200' });
      await page.see({ selector: row, text: 'Counting…' });
      await page.see({ selector: '.tree-explorer-viewlet-tree-view .message', text: 'Counting participants of bids: 997 so far' });
      await page.screenshot({ name: 'large-counting' });
    });
  });

  it('unfolds to participants and their images meanwhile', async () => {
    await onPage(async (page) => {
      await page.click(twistie('sub-00001 to'));
      await page.click(twistie('sub-00002'));
      await page.click(twistie('ses-01'));
      await page.see({ selector: row, text: 'PI, Abeta · 2048 × 2048 × 1024' });
      await page.click({ selector: `${row}[aria-label^="sub-00003"] .label-name` });
      await page.screenshot({ name: 'large-unfolded' });
    });
  });

  it('keeps what is unfolded and selected when the rest has come', async () => {
    letRestCome();
    await onPage(async (page) => {
      await page.see({ selector: row, text: '10,000 participants' });
      await page.gone({ selector: row, text: 'Counting…' });
      await page.gone({ selector: '.tree-explorer-viewlet-tree-view .message', text: 'Counting' });
      await page.see({ selector: row, text: 'PI, Abeta · 2048 × 2048 × 1024' });
      await page.see({ selector: `${row}.selected`, text: 'sub-00003' });
      await page.screenshot({ name: 'large-counted' });
      await page.click(twistie('sub-00001 to'));
      await page.see({ selector: row, text: 'sub-00201 … 00400' });
      await vscode.commands.executeCommand('list.focusLast');
      await page.see({ selector: row, text: 'sub-09801 … 10000' });
      await page.click(twistie('sub-09801 to'));
      // The participants come when they have been asked for; until then the piece itself is the last row.
      await until('the last participant is reached', async () => {
        await vscode.commands.executeCommand('list.focusLast');
        return (await page.texts({ selector: `${row}.focused` })).some((text) => text.startsWith('sub-10000'));
      });
      await page.screenshot({ name: 'large-end' });
    });
  });

  it('finds a participant by its label, and by its values', async () => {
    await onPage(async (page) => {
      const found = vscode.commands.executeCommand('spimquant.datasets.search');
      await page.see({ selector: `${input} .monaco-list-row`, text: 'sub-00001' });
      await page.type({ text: 'treatment=control age>68 055' });
      await page.see({ selector: `${input} .monaco-list-row.focused`, text: 'sub-00550' });
      await page.screenshot({ name: 'large-search' });
      await page.press({ keys: 'Enter' });
      await found;
      await page.see({ selector: `${row}.selected`, text: 'sub-00550' });
      await page.screenshot({ name: 'large-found' });
    });
  });

  it('shows only those that fit a filter, says so, and all again', async () => {
    await onPage(async (page) => {
      const asked = vscode.commands.executeCommand('spimquant.datasets.filter');
      await page.see({ selector: `${input} .monaco-list-row`, text: 'treatment=control' });
      await page.type({ text: 'batch=' });
      await page.see({ selector: `${input} .monaco-list-row`, text: 'batch=2026-01' });
      await page.screenshot({ name: 'large-filter' });
      await page.type({ text: '2026-03' });
      await page.see({ selector: `${input} .monaco-list-row.focused`, text: 'show only these 834 participants' });
      await page.press({ keys: 'Enter' });
      await asked;
      await page.see({ selector: row, text: '834 of 10,000 participants' });
      await page.see({ selector: title, text: 'only batch=2026-03' });
      await vscode.commands.executeCommand('list.focusFirst');
      await page.see({ selector: row, text: 'sub-00003 … 02391' });
      await page.screenshot({ name: 'large-filtered' });
      await page.click({ selector: `${title} .action-label[aria-label="Show All Participants"]` });
      await page.see({ selector: row, text: 'sub-00001 … 00200' });
    });
  });

  it('says that nobody fits, and why, and leads out', async () => {
    await onPage(async (page) => {
      const asked = vscode.commands.executeCommand('spimquant.datasets.filter');
      await page.see({ selector: `${input} .quick-input-title`, text: 'Filter Participants' });
      await page.type({ text: 'tretment=drug' });
      await page.see({ selector: `${input} .monaco-list-row.focused`, text: 'Did you mean treatment?' });
      await page.press({ keys: 'Enter' });
      await asked;
      await page.see({ selector: row, text: 'participants.tsv has no column tretment' });
      await page.screenshot({ name: 'large-nobody' });
      await page.click({ selector: row, text: 'Show all participants' });
      await page.see({ selector: row, text: 'sub-00001 … 00200' });
    });
  });

  it('stops counting when it is told to, and goes on', async () => {
    holdRest();
    await onPage(async (page) => {
      await vscode.commands.executeCommand('spimquant.datasets.refresh');
      await page.see({ selector: row, text: 'Counting…' });
      await page.hover({ selector: `${row}[aria-label*="Counting"] .label-name` });
      await page.click({ selector: `${row}[aria-label*="Counting"] .action-label[aria-label="Stop Counting Participants"]` });
      await page.see({ selector: row, text: 'stopped at 997' });
      await page.see({ selector: row, text: '997 or more participants' });
      await page.screenshot({ name: 'large-stopped' });
      letRestCome();
      await page.click({ selector: row, text: 'Go on counting' });
      await page.see({ selector: row, text: '10,000 participants' });
    });
  });

  it('keeps what is known for the next runner', async () => {
    await vscode.commands.executeCommand('spimquant.runner.restart');
    await vscode.commands.executeCommand('workbench.actions.treeView.spimquant.datasets.collapseAll');
  });
});

inPhase('after a reload', function () {
  this.timeout(120_000);
  let server: S3Server | undefined;
  after(async () => { await server?.close(); });

  it('shows at once what was seen before, though the service cannot be reached, and says so', async () => {
    await vscode.commands.executeCommand('spimquant.datasets.focus');
    await onPage(async (page) => {
      await page.see({ selector: row, text: '10,000 participants' });
      await page.see({ selector: row, text: '10,000 participants, not compared' });
      await page.click(twistie('bids'));
      await page.see({ selector: row, text: 'sub-00001 … 00200' });
      await page.see({ selector: row, text: 'Compare again' });
      await page.hover({ selector: `${row}[aria-label^="bids"] .label-name` });
      await page.see({ selector: '.workbench-hover table', text: 'it could not be compared since' });
      await page.screenshot({ name: 'large-not-compared' });
    });
  });

  it('can be read in a narrow side bar, in light and in high contrast', async () => {
    await onPage(async (page) => {
      await page.click({ selector: row, text: 'sub-00001 … 00200' });
      await page.resize({ width: 480, height: 700 });
      for (const theme of ['light', 'highContrast', 'dark'] as const) {
        await useTheme(theme);
        await page.see({ selector: row, text: 'sub-00001 … 00200' });
        await page.screenshot({ name: `large-narrow-${theme}` });
      }
      await page.resize({ width: 1280, height: 800 });
    });
  });

  it('compares when it can, and changes what has changed', async () => {
    data.labels.push('10001');
    server = await startUsualBuckets({ large: { backend: data.bucket('bids') } });
    await onPage(async (page) => {
      await page.click({ selector: row, text: 'Compare again' });
      await page.see({ selector: row, text: '10,001 participants' });
      await page.gone({ selector: row, text: 'Compare again' });
    });
  });
});
