import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import { tinyFlags } from '../e2e/support/tinyFlags.ts';
import { awsKeys, awsSection, writeAwsFiles } from './support/bucket.ts';
import { endLab, labStanding, startLab } from './cloudLab/lab.ts';
import type { LabAddress } from './cloudLab/lab.types.ts';
import { callDriver, onPage } from './support/driver.ts';
import { knownRuns } from './support/extension.ts';
import { revealCell, runOf, startCell, stopCell } from './support/notebook.ts';
import { inPhase, kept } from './support/phase.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';

const slow = 180_000;
const row = '.sidebar .monaco-list-row';
const question = '.quick-input-widget';
const answer = '.quick-input-widget .monaco-list-row';

const newest = async (): Promise<RunRecord | undefined> => (await knownRuns())[0];

/** A command over the lab's brains, without `--cloud`: the controller says where it runs. */
function command(lab: LabAddress, output: string): string {
  return `spimquant s3://brains s3://results/${output} participant ${tinyFlags.join(' ')} --s3-endpoint ${lab.s3} --s3-region us-east-1`;
}

/** Signs in to the lab's Coiled. */
async function signIn({ token }: LabAddress): Promise<void> {
  await onPage(async (page) => {
    const over = vscode.commands.executeCommand('spimquant.coiled.signIn');
    await page.click({ selector: answer, text: 'Enter a token' });
    await page.see({ selector: '.quick-input-widget input[type="password"]' });
    await page.type({ text: token });
    await page.press({ keys: 'Enter' });
    await over;
    await vscode.commands.executeCommand('notifications.clearAll');
  });
}

/** Waits for something of a run that is not to end before. */
async function whileRunning<T>(what: string, output: string, condition: (run: RunRecord) => T | false | undefined | Promise<T | false | undefined>): Promise<T> {
  return until(what, async () => {
    const run = (await knownRuns()).find((each) => each.output === `s3://results/${output}`);
    if (run !== undefined && isOver(run.status)) throw new Error(`The run is over: ${run.status}. ${run.error?.message ?? ''}`);
    return run === undefined ? undefined : condition(run);
  }, 120_000);
}

inPhase('before', () => {
  let lab: LabAddress;
  let notebook: vscode.NotebookDocument;

  before(async function () {
    this.timeout(slow);
    lab = await startLab();
    await callDriver('keep', { name: 'lab', value: lab });
    await writeAwsFiles(awsSection('default', { region: 'us-east-1' }), awsKeys('default'));
    const settings = vscode.workspace.getConfiguration('spimquant');
    await settings.update('coiled.server', lab.coiled, vscode.ConfigurationTarget.Global);
    await settings.update('cloud.confirmAbove', 0, vscode.ConfigurationTarget.Global);
    const folder = vscode.workspace.workspaceFolders?.[0].uri;
    assert.ok(folder);
    const file = vscode.Uri.joinPath(folder, 'cloud.spimnb');
    const cells = [`${command(lab, 'first')} --participant-label C1`, `${command(lab, 'second')} --cloud`].map((text, index) => ({ id: `run-${index + 1}`, type: 'command', source: [text] }));
    await vscode.workspace.fs.writeFile(file, Buffer.from(JSON.stringify({ format: 'spimquant-notebook', version: 1, cells })));
    notebook = await vscode.workspace.openNotebookDocument(file);
    await vscode.window.showNotebookDocument(notebook);
  });

  it('signs in with a token', () => signIn(lab)).timeout(slow);

  it('asks what may be spent before anything is started, and starts nothing when one does not agree', async () => {
    await vscode.commands.executeCommand('notebook.selectKernel', { id: 'spimquant-coiled', extension: 'spimquant.spimquant' });
    await onPage(async (page) => {
      await startCell(notebook.cellAt(0));
      await page.see({ selector: `${question} .quick-input-title`, text: 'Start a Run on Cloud Machines?' });
      assert.match(await page.see({ selector: answer, text: 'Start Run' }), /1 participant on one machine/);
      assert.match(await page.attribute({ selector: `${question} input`, name: 'placeholder' }) ?? '', /Above \$0\.00, your limit/);
      await page.screenshot({ name: 'cloud-confirm' });
      await page.click({ selector: answer, text: 'Do Not Start' });
      await page.gone({ selector: answer });
    });
    assert.deepEqual(await knownRuns(), []);
    assert.deepEqual((await labStanding(lab)).submitted, []);
  }).timeout(slow);

  it('starts a run on machines of Coiled from a cell without --cloud, and follows it in cell, view and status bar', async () => {
    await onPage(async (page) => {
      await startCell(notebook.cellAt(0));
      await page.click({ selector: answer, text: 'Start Run' });
    });
    const run = await until('the run is there', newest, slow);
    assert.equal(run.place, 'cloud');
    assert.match(run.command, / --cloud$/);
    await callDriver('keep', { name: 'run', value: run.id });
    await vscode.commands.executeCommand('spimquant.runs.show');
    await whileRunning('a participant is under way', 'first', ({ cloud, current }) => cloud !== undefined && cloud.machines > 0 && current.length > 0);
    await onPage(async (page) => {
      await page.click({ selector: `${row}[aria-label*="brains: participant"]` });
      await page.see({ selector: row, text: 'Machines' });
      await page.see({ selector: row, text: 'sub-C' });
      await page.see({ selector: row, text: 'Participants' });
      await page.see({ selector: row, text: 'expected' });
      await page.see({ selector: '.statusbar-item', text: 'SPIMquant: 1 running' });
      await page.see({ selector: '.spimquant-run', text: 'on Coiled', inside: 'frames' });
      await page.screenshot({ name: 'docs-coiled-run-dark' });
    });
  }).timeout(slow);
});

inPhase('after', () => {
  let lab: LabAddress;
  let notebook: vscode.NotebookDocument;

  before(async () => {
    lab = kept<LabAddress>('lab');
    notebook = await until('the notebook is open again', () => vscode.window.activeNotebookEditor?.notebook);
  });
  after(async () => {
    await useTheme('dark');
    await endLab(lab);
  });

  it('goes on after a reload and ends right, with its outputs in the bucket and no machine left', async () => {
    const id = kept<string>('run');
    const cell = notebook.cellAt(0);
    await until('the cell follows the run', () => runOf(cell)?.run.id === id);
    const run = await until('the run ends', async () => (await knownRuns()).find((each) => each.id === id && isOver(each.status)), slow);
    assert.equal(run.status, 'succeeded', run.error?.message);
    await until('the cell ends', () => cell.executionSummary?.success !== undefined);
    assert.equal(cell.executionSummary?.success, true);
    assert.equal(runOf(cell)?.run.status, 'succeeded');
    const { machines, processes, submitted, results } = await labStanding(lab);
    assert.deepEqual([machines, processes, submitted.length], [0, 0, 1]);
    assert.ok(results.some((key) => key.startsWith('first/sub-C1/') && key.endsWith('.html')), results.join('\n'));
    await vscode.commands.executeCommand('spimquant.runs.show');
    await onPage(async (page) => {
      await page.click({ selector: `${row}[aria-label*="brains: participant"]` });
      await page.see({ selector: row, text: 'expected' });
      await page.see({ selector: row, text: 'sub-C1: report' });
      await page.screenshot({ name: 'cloud-succeeded' });
    });
    await vscode.commands.executeCommand('spimquant.run.open', id);
    await onPage(async (page) => {
      await page.click({ selector: '#tab-resources', inside: 'frames' });
      await page.see({ selector: 'details.host h2', text: ': sub-C1', inside: 'frames' });
      await page.see({ selector: 'details.host h2', text: ', which follows the run', inside: 'frames' });
      await page.see({ selector: 'details.host .peaks', text: 'Peak memory', inside: 'frames' });
      await page.screenshot({ name: 'cloud-machines' });
    });
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  }).timeout(slow);

  it('ends the machines of a run that is stopped in its cell', async () => {
    // This editor forgets secrets with its page.
    await signIn(lab);
    const cell = notebook.cellAt(1);
    await onPage(async (page) => {
      await startCell(cell);
      await page.click({ selector: answer, text: 'Start Run' });
    });
    await whileRunning('a machine is at work', 'second', async () => (await labStanding(lab)).processes > 0);
    await stopCell(cell);
    const run = await until('the run ends', async () => (await knownRuns()).find((each) => each.output === 's3://results/second' && isOver(each.status)), slow);
    assert.equal(run.status, 'cancelled', run.error?.message);
    assert.doesNotMatch(run.command, /--cloud --cloud/);
    assert.deepEqual(run.cloud?.left, []);
    const { machines, processes } = await labStanding(lab);
    assert.deepEqual([machines, processes], [0, 0]);
  }).timeout(slow);

  it('reads well in light colours, in high contrast and in a narrow window', async () => {
    await revealCell(notebook.cellAt(1));
    await onPage(async (page) => {
      for (const theme of ['light', 'highContrast'] as const) {
        await useTheme(theme);
        await page.see({ selector: row, text: 'cancelled' });
        await page.screenshot({ name: `cloud-${theme}` });
      }
      await page.resize({ width: 560, height: 700 });
      await page.see({ selector: row, text: 'cancelled' });
      await page.screenshot({ name: 'cloud-narrow' });
      await page.resize({ width: 1280, height: 800 });
    });
  }).timeout(slow);
});
