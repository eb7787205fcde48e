import { strict as assert } from 'node:assert';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { callDriver, onPage } from './support/driver.ts';
import { cellWithId, editCell, openSample, resultOf, runCell, runOf, startCell, stopCell } from './support/notebook.ts';
import { inPhase } from './support/phase.ts';
import { until } from './support/until.ts';

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension('spimquant.spimquant');
  assert.ok(found, 'The extension is not installed.');
  return found;
}

/** Objects that the last segmentation of a cell has counted. */
function objectCount(cell: vscode.NotebookCell): number {
  const facts = resultOf(cell)?.blocks.flatMap((block) => (block.kind === 'facts' ? block.facts : [])) ?? [];
  const fact = facts.find(({ label }) => /^objects/i.test(label));
  assert.ok(fact, `The result counts no objects: ${JSON.stringify(facts)}`);
  return Number(/\d+/.exec(fact.value.replaceAll(/[,\u202f\u00a0]/g, ''))?.[0]);
}

inPhase('first look', () => {
  let cancelled: string | undefined;

  it('is installed, and asleep until it is used', async () => {
    // The editor activates what wants to be activated at the start before this one is done.
    await until('the start is over', () => vscode.extensions.all.some(({ id, isActive }) => isActive && id === 'vscode.merge-conflict'));
    assert.equal(extension().isActive, false);
  });

  it('is small', () => {
    assert.ok(statSync(join(extension().extensionPath, 'dist/extension.cjs')).size < 500_000);
  });

  it('wakes up when its view is opened, and explains an empty view', async () => {
    await vscode.commands.executeCommand('workbench.view.extension.spimquant');
    await until('the extension is active', () => extension().isActive);
    await onPage(async (page) => {
      await page.see({ selector: '.welcome-view-content', text: 'Browse BIDS datasets' });
      await page.see({ selector: '.welcome-view-content .monaco-button', text: 'Add Dataset' });
      await page.screenshot({ name: 'first-look' });
    });
  });

  it('has registered every command that it contributes', async () => {
    const contributed = (extension().packageJSON as Manifest).contributes.commands.map(({ command }) => command);
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(contributed.filter((command) => !registered.has(command)), []);
  });

  it('opens the sample notebook, with its dataset in the view', async () => {
    const notebook = await openSample();
    assert.equal(notebook.notebookType, 'spimquant-notebook');
    await onPage(async (page) => {
      await page.see({ selector: 'h1', text: 'SPIMquant in ten minutes', inside: 'frames' });
      await page.see({ selector: '.sidebar .monaco-list-row', text: 'bids' });
      await page.screenshot({ name: 'sample-notebook' });
    });
  });

  it('shows what is in the dataset', async () => {
    const cell = cellWithId(await openSample(), 'info');
    await runCell(cell);
    assert.equal(cell.executionSummary?.success, true);
    await onPage(async (page) => {
      await page.see({ selector: '.spimquant-result', text: 'Abeta', inside: 'frames' });
      await page.screenshot({ name: 'sample-info' });
    });
  });

  it('finds more objects when the threshold is lowered and the cell run again', async () => {
    const cell = cellWithId(await openSample(), 'segment');
    await runCell(cell);
    const high = objectCount(cell);
    await onPage(async (page) => {
      await page.see({ selector: '.spimquant-result', text: 'th900', inside: 'frames' });
      await page.see({ selector: '.spimquant-result figure img', inside: 'frames' });
      await page.screenshot({ name: 'sample-segment' });
    });
    await editCell(cell, 'th900', 'th400');
    await runCell(cell);
    const low = objectCount(cell);
    assert.notEqual(low, high);
    await onPage(async (page) => {
      await page.see({ selector: '.spimquant-result', text: 'th400', inside: 'frames' });
      await page.see({ selector: '.spimquant-result dd', text: String(low), inside: 'frames' });
    });
    await editCell(cell, 'th400', 'th900');
  });

  it('says what to do when a command is wrong', async () => {
    const cell = cellWithId(await openSample(), 'histogram');
    await editCell(cell, '--stain Abeta', '--stain Abita');
    await runCell(cell);
    assert.equal(cell.executionSummary?.success, false);
    await onPage(async (page) => {
      await page.see({ selector: '.spimquant-result .notice.error', text: 'Abita', inside: 'frames' });
      // The hint names what there is.
      await page.see({ selector: '.spimquant-result', text: 'Abeta', inside: 'frames' });
      await page.screenshot({ name: 'sample-failure' });
    });
    await editCell(cell, '--stain Abita', '--stain Abeta');
  });

  it('stops a run within a second', async () => {
    const cell = cellWithId(await openSample(), 'participant');
    await startCell(cell);
    const run = await until('the run works on tasks', () => {
      const shown = runOf(cell);
      return shown !== undefined && shown.run.counts.running > 0 ? shown.run : undefined;
    }, 60_000);
    const asked = performance.now();
    await stopCell(cell);
    await until('the cell has ended', () => cell.executionSummary?.success !== undefined && runOf(cell)?.run.status === 'cancelled');
    const took = performance.now() - asked;
    assert.ok(took < 1500, `It took ${took.toFixed(0)} ms.`);
    await onPage(async (page) => {
      await page.see({ selector: '.sidebar .monaco-list-row', text: 'cancelled' });
    });
    cancelled = run.id;
  });

  it('starts the run again, and shows it in its cell, in the Runs view and in the status bar', async () => {
    const cell = cellWithId(await openSample(), 'participant');
    await startCell(cell);
    const run = await until('the run works on tasks', () => {
      const shown = runOf(cell);
      return shown !== undefined && shown.run.id !== cancelled && shown.run.counts.running > 0 ? shown.run : undefined;
    }, 60_000);
    await callDriver('keep', { name: 'run', value: run.id });
    await onPage(async (page) => {
      await page.see({ selector: '.sidebar .monaco-list-row', text: 'participant' });
      await page.see({ selector: '.statusbar-item', text: '%' });
      await page.see({ selector: '.cell-statusbar-container .codicon-notebook-state-executing' });
      await page.screenshot({ name: 'run-in-cell' });
    });
    await vscode.workspace.saveAll();
  });
});
