import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { resultMime, runMime } from '../../runner/protocol/results.ts';
import type { RunOutput } from '../../runner/protocol/runOutput.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { onPage } from './support/driver.ts';
import { seeMessage } from './support/messages.ts';
import { until } from './support/until.ts';

const workspace = (): string => vscode.workspace.workspaceFolders?.[0].uri.fsPath ?? '';

interface Cell {
  readonly id: string;
  readonly type: string;
  readonly source: readonly string[];
  readonly outputs?: readonly unknown[];
}

/** Writes a notebook into the workspace and opens it. */
async function open(name: string, cells: readonly Cell[]): Promise<vscode.NotebookEditor> {
  const file = join(workspace(), name);
  await writeFile(file, `${JSON.stringify({ format: 'spimquant-notebook', version: 1, cells }, undefined, 2)}\n`);
  const editor = await vscode.window.showNotebookDocument(await vscode.workspace.openNotebookDocument(vscode.Uri.file(file)));
  await onPage((page) => page.see({ selector: '.notebook-toolbar-container', text: 'Local cores' }));
  return editor;
}

async function execute(...indexes: readonly number[]): Promise<void> {
  await vscode.commands.executeCommand('notebook.cell.execute', { ranges: indexes.map((index) => ({ start: index, end: index + 1 })) });
}

/** JSON of a cell's output, when there is one. */
function output<T>(cell: vscode.NotebookCell, mime: string): T | undefined {
  const item = cell.outputs.flatMap(({ items }) => items).find((each) => each.mime === mime);
  return item === undefined ? undefined : JSON.parse(new TextDecoder().decode(item.data)) as T;
}

const run: RunRecord = {
  id: '20260101-120000-abcdef', status: 'failed', started: Date.UTC(2026, 0, 1, 12), ended: Date.UTC(2026, 0, 1, 12, 2, 5),
  command: 'spimquant bids out participant', verb: 'participant', place: 'local', bids: '/data/bids', output: '/data/out', cancelling: false,
  counts: { waiting: 0, running: 0, finished: 61, failed: 1, skipped: 12, cancelled: 0 }, reused: 8, fraction: 1, current: [], seq: 300, host: 'elsewhere',
};

const failedRun: RunOutput = {
  run,
  tail: [{ time: run.started, level: 'info', message: 'The mask has 1,204 objects.' }, { time: run.started, level: 'error', message: 'A chunk is damaged.' }],
  failures: [{
    title: 'sub-02 segment Abeta (th900)',
    error: { code: 'bad-zarr', message: 'A chunk of the image cannot be read: 0/1/2/0/0.', hint: 'Copy the image anew, then run the same command again: what is finished is kept.', where: 'sub-02/micr/sub-02_SPIM.ome.zarr' },
  }],
  files: [{ uri: '/data/out/sub-01/report.html', title: 'Report of sub-01', kind: 'report', scope: '01', bytes: 20_000 }],
  bytesRead: 5_000_000, bytesWritten: 1_000_000,
};

const saved = (mime: string, value: unknown): readonly unknown[] => [{ data: { [mime]: value } }];

describe('notebooks', () => {
  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('are saved byte for byte as they were when nothing changed', async () => {
    const { notebook } = await open('unchanged.spimnb', [
      { id: 'a', type: 'markdown', source: ['# Brains'] },
      { id: 'b', type: 'options', source: ['template: phantom'] },
      { id: 'c', type: 'command', source: ['spimquant info data'], outputs: saved(runMime, failedRun) },
    ]);
    const before = await readFile(notebook.uri.fsPath, 'utf8');
    const edit = new vscode.WorkspaceEdit();
    edit.replace(notebook.cellAt(2).document.uri, new vscode.Range(0, 0, 0, 0), ' ');
    await vscode.workspace.applyEdit(edit);
    await notebook.save();
    await until('the change is in the file', async () => await readFile(notebook.uri.fsPath, 'utf8') !== before);
    const back = new vscode.WorkspaceEdit();
    back.delete(notebook.cellAt(2).document.uri, new vscode.Range(0, 0, 0, 1));
    await vscode.workspace.applyEdit(back);
    await notebook.save();
    await until('the file is as it was', async () => await readFile(notebook.uri.fsPath, 'utf8') === before);
  });

  it('that are damaged stay as they are, and say what is wrong', async () => {
    const file = join(workspace(), 'damaged.spimnb');
    await writeFile(file, '{"format": "spimquant-notebook", "version": 1, "cells": [');
    await vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(file), 'spimquant-notebook');
    await onPage((page) => seeMessage(page, 'damaged: it is not valid JSON'));
    await vscode.commands.executeCommand('notifications.clearAll');
    assert.equal(await readFile(file, 'utf8'), '{"format": "spimquant-notebook", "version": 1, "cells": [');
  });

  it('give a copied cell an id of its own', async () => {
    const { notebook } = await open('copies.spimnb', [{ id: 'one', type: 'command', source: ['spimquant version'] }]);
    await vscode.commands.executeCommand('notebook.cell.copyDown');
    await until('the copy has another id', () => {
      const ids = notebook.getCells().map(({ metadata }) => metadata['id'] as string | undefined);
      return ids.length === 2 && ids.every((id) => id !== undefined) && new Set(ids).size === 2 && ids.includes('one');
    });
  });

  it('show what the options of a cell come to, and what is wrong in them', async () => {
    const { notebook } = await open('options.spimnb', [
      { id: 'a', type: 'options', source: ['template: phantom', 'stains_for_seg: [Abeta, Iba1]'] },
      { id: 'b', type: 'options', source: ['tempalte: phantom'] },
    ]);
    await execute(0);
    await until('the first has run', () => notebook.cellAt(0).executionSummary?.success === true);
    await execute(1);
    await until('the second has failed', () => notebook.cellAt(1).executionSummary?.success === false);
    await onPage(async (page) => {
      await page.see({ selector: '.spimquant-result td', text: 'Abeta Iba1', inside: 'frames' });
      await page.see({ selector: '.spimquant-result .notice.error', text: 'tempalte', inside: 'frames' });
      await page.screenshot({ name: 'notebook-options' });
    });
  });

  it('stop at a cell that fails, and show why', async () => {
    const { notebook } = await open('failing.spimnb', [
      { id: 'a', type: 'command', source: ['spimquant bids out participant --seg_metod th900'] },
      { id: 'b', type: 'command', source: ['spimquant bids out participant --cores none'] },
    ]);
    await execute(0, 1);
    await until('the first has failed', () => notebook.cellAt(0).executionSummary?.success === false);
    await onPage(async (page) => {
      await page.see({ selector: '.spimquant-result .notice.error', text: 'seg_metod', inside: 'frames' });
      await page.screenshot({ name: 'notebook-error' });
    });
    assert.equal(notebook.cellAt(1).executionSummary?.success, undefined);
    assert.equal(notebook.cellAt(1).outputs.length, 0);
  });

  it('do not run on Coiled what its machines cannot read', async () => {
    const editor = await open('coiled.spimnb', [{ id: 'a', type: 'command', source: ['spimquant bids out participant'] }]);
    await vscode.commands.executeCommand('notebook.selectKernel', { notebookEditor: editor, id: 'spimquant-coiled', extension: 'spimquant.spimquant' });
    await execute(0);
    await until('it has failed', () => editor.notebook.cellAt(0).executionSummary?.success === false);
  });

  it('show a run that is over with its failures, its log and what can be opened', async () => {
    const editor = await open('cards.spimnb', [
      { id: 'a', type: 'command', source: ['spimquant bids out participant --sloppy'], outputs: saved(runMime, failedRun) },
      {
        id: 'b', type: 'command', source: ['spimquant bids out participant'],
        outputs: saved(runMime, { ...failedRun, run: { ...run, id: 'other', status: 'running', fraction: 0.4, ended: undefined, current: ['sub-02 segment Abeta'] }, failures: [], files: [] }),
      },
    ]);
    await onPage(async (page) => {
      await page.see({ selector: '.spimquant-run .state', text: 'Failed', inside: 'frames' });
      await page.see({ selector: '.spimquant-run .counts', text: '61 of 74 tasks done, 1 failed', inside: 'frames' });
      await page.see({ selector: '.spimquant-run .failure', text: 'Copy the image anew', inside: 'frames' });
      await page.see({ selector: '.spimquant-run .files button', text: 'Report of sub-01', inside: 'frames' });
      await page.see({ selector: '.cell-status-item', text: 'The cell was edited since this run.' });
      // Of another machine's run nobody here knows how it goes.
      await page.see({ selector: '.spimquant-run .state', text: 'Running when last seen', inside: 'frames' });
      await page.click({ selector: '.spimquant-run summary', inside: 'frames' });
      await page.see({ selector: '.spimquant-run pre', text: 'A chunk is damaged.', inside: 'frames' });
      for (const theme of ['Default Light Modern', 'Default High Contrast', 'Default Dark Modern']) {
        await vscode.workspace.getConfiguration().update('workbench.colorTheme', theme, vscode.ConfigurationTarget.Global);
        await page.see({ selector: '.monaco-workbench' });
        await page.screenshot({ name: `notebook-cards-${theme.split(' ').slice(1).join('-').toLowerCase()}` });
      }
    });
    assert.ok(output<RunOutput>(editor.notebook.cellAt(0), runMime));
  });

  it('become a shell script', async () => {
    await open('script.spimnb', [
      { id: 'a', type: 'markdown', source: ['Quantify'] },
      { id: 'b', type: 'options', source: ['template: phantom'] },
      { id: 'c', type: 'command', source: ['spimquant bids out participant'] },
    ]);
    await vscode.commands.executeCommand('spimquant.notebook.exportShellScript');
    const text = await until('the script is shown', () => vscode.window.activeTextEditor?.document.getText());
    assert.match(text, /^#!\/bin\/sh\n/);
    assert.match(text, /# Quantify/);
    assert.match(text, /spimquant bids out participant --template phantom/);
  });

  it('of Jupyter run the same cells and keep what they show', async () => {
    const file = join(workspace(), 'jupyter.ipynb');
    await writeFile(file, JSON.stringify({
      cells: [{ cell_type: 'code', id: 'abc', execution_count: null, metadata: { vscode: { languageId: 'spimquant' } }, outputs: [], source: ['spimquant bids out participant --seg_metod x'] }],
      metadata: { language_info: { name: 'spimquant' } }, nbformat: 4, nbformat_minor: 5,
    }));
    const editor = await vscode.window.showNotebookDocument(await vscode.workspace.openNotebookDocument(vscode.Uri.file(file)));
    await vscode.commands.executeCommand('notebook.selectKernel', { notebookEditor: editor, id: 'spimquant-local-jupyter', extension: 'spimquant.spimquant' });
    await execute(0);
    await until('it has run', () => editor.notebook.cellAt(0).executionSummary?.success === false);
    await editor.notebook.save();
    const { cells } = JSON.parse(await readFile(file, 'utf8')) as { cells: { id: string; outputs: { data: Record<string, unknown> }[] }[] };
    assert.equal(cells[0].id, 'abc');
    assert.ok(Object.keys(cells[0].outputs[0].data).includes(resultMime));
  });
});
