import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { beginCloudRun } from './support/cloudRun.ts';
import { damageBrain, writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { knownRuns } from './support/extension.ts';
import { writeLongRun } from './support/longRun.ts';
import { showCommands, startCell } from './support/notebook.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';

const slow = 240_000;
const inside = 'frames' as const;

describe('The panel of a run', function () {
  this.timeout(slow + 30_000);
  let folder: string;
  let notebook: vscode.NotebookDocument;

  const newest = async (): Promise<RunRecord | undefined> => (await knownRuns()).find(({ bids }) => bids === join(folder, 'panel-brains'));

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-run-panel-'));
    const brains = join(folder, 'panel-brains');
    await writeBrains(brains, 2);
    // The second participant fails in the middle, the first is well.
    await damageBrain(brains, '02');
    const command = `spimquant ${brains} ${join(folder, 'out')} participant --template phantom --registration_level 1 --correction_level 1 --correction_n4_iters 10 --sloppy --atlas_segs coarse --stains_for_seg Abeta --seg_method otsu+k3i2 --min_object_voxels 2`;
    notebook = await showCommands(command);
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await useTheme('dark');
    await onPage((page) => page.resize({ width: 1280, height: 800 }));
    await rm(folder, { recursive: true, force: true });
  });

  it('shows participants by stages while the run goes on', async () => {
    await startCell(notebook.cellAt(0));
    const run = await until('the run works', async () => {
      const found = await newest();
      return (found?.counts.finished ?? 0) > 0 ? found : undefined;
    }, slow);
    await vscode.commands.executeCommand('spimquant.run.open', run.id);
    await onPage(async (page) => {
      await page.see({ selector: '.run-header h1', text: 'panel-brains: participant', inside, timeoutMs: 60_000 });
      await page.see({ selector: '.matrix .row .scope', text: 'sub-01', inside });
      await page.see({ selector: '.cell.finished', inside });
      await page.screenshot({ name: 'run-panel-running' });
    });
  });

  it('says what failed, why, and with which last words', async () => {
    await until('the run has ended', async () => ['failed', 'succeeded'].includes((await newest())?.status ?? ''), slow);
    await onPage(async (page) => {
      await page.see({ selector: '.run-header strong', text: 'Failed', inside });
      await page.see({ selector: '.failure strong', text: 'sub-02', inside });
      await page.see({ selector: '.failure .dim', text: 'bad-zarr', inside });
      await page.see({ selector: '.failure dd', text: 'was not copied whole', inside });
      await page.see({ selector: '.failure button', text: 'Run Again', inside });
      await page.see({ selector: '.cell.failed', inside });
      await page.see({ selector: '.run-header button', text: 'Resume', inside });
      await page.screenshot({ name: 'run-panel-failed' });
      await page.click({ selector: '.failure button', text: 'Show in Log', inside });
      await page.see({ selector: '.log[data-task*="sub-02"]', inside });
      await page.see({ selector: '.log .row[data-level="error"] .message', inside });
      const tasks = new Set(await page.texts({ selector: '.log .row .about', inside }));
      assert.equal(tasks.size, 1, 'Only lines of the task that failed.');
      await page.screenshot({ name: 'run-panel-log-task' });
    });
  });

  it('draws its stages as a graph, of all participants or of one', async () => {
    await onPage(async (page) => {
      await page.click({ selector: '#tab-steps', inside });
      await page.click({ selector: '.forms button[data-form="graph"]', inside });
      const stages = await until('stages are drawn', async () => {
        const names = await page.texts({ selector: '.stage-box .name', inside });
        return names.length > 5 ? names : undefined;
      });
      // What needs something is drawn below it.
      const top = async (name: string): Promise<number> => (await page.box({ selector: `.stage-box[data-stage="${name}"]`, inside })).y;
      const [upper, lower] = [await page.attribute({ selector: '.stage-box', inside, name: 'data-stage' }), await page.attribute({ selector: '.stage-box[aria-label*="needs"]', inside, name: 'data-stage' })];
      assert.ok(await top(lower ?? '') > await top(upper ?? ''), `${lower} is below ${upper}`);
      await page.see({ selector: '.stage-box[data-status="failed"]', inside });
      await vscode.commands.executeCommand('workbench.action.closeSidebar');
      await page.resize({ width: 1280, height: 1000 });
      await page.screenshot({ name: 'run-panel-graph-dark' });
      await page.click({ selector: '.stage-box[data-status="failed"]', inside });
      await page.see({ selector: '.steps .list .row .scope', text: 'sub-02', inside });
      await page.click({ selector: '.graph select', inside });
      await page.press({ keys: 'ArrowDown' });
      await page.press({ keys: 'ArrowDown' });
      await page.press({ keys: 'Enter' });
      await until('one participant is drawn', async () => (await page.texts({ selector: '.stage-box .name', inside })).length < stages.length);
      await page.click({ selector: '.forms button[data-form="table"]', inside });
      await page.see({ selector: '.matrix .row .scope', text: 'sub-01', inside });
    });
  });

  it('shows what the run took of its machine, after its end as well', async () => {
    await onPage(async (page) => {
      await page.click({ selector: '#tab-resources', inside });
      await page.see({ selector: '.host .peaks', text: 'Peak memory', inside, timeoutMs: 20_000 });
      await page.see({ selector: '.host .peaks', text: 'Peak rates: disk', inside });
      assert.deepEqual(await page.texts({ selector: '.chart-head h3', inside }), ['CPU', 'Memory', 'Disk', 'Network']);
      await page.see({ selector: '.band', inside });
      const drawn = { selector: '.chart canvas', inside, columns: 120, rows: 30 } as const;
      const blue = ([red, green, blueness]: readonly [number, number, number]): boolean => blueness > 150 && blueness - red > 60 && blueness >= green;
      await until('the line is drawn', async () => (await page.pixelGrid(drawn)).some(blue));
    });
    await useTheme('light');
    await onPage(async (page) => {
      await page.see({ selector: '.host .peaks', text: 'Peak memory', inside });
      await page.screenshot({ name: 'run-panel-resources-light' });
      await page.resize({ width: 1280, height: 800 });
    });
    await useTheme('dark');
  });

  it('tells what a run in the cloud costs, on which assumptions, as of when, and warns for as long as it should', async () => {
    const cloud = await beginCloudRun();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await until('the run is known', async () => (await knownRuns()).some(({ id, cost }) => id === cloud.id && cost !== undefined));
    await vscode.commands.executeCommand('spimquant.run.open', cloud.id);
    await onPage(async (page) => {
      await page.see({ selector: '.cost .spent', text: '$1.25 so far', inside });
      assert.match(await page.see({ selector: '.cost .age', text: 'as Coiled tells', inside }), /\d min \d\d s ago/);
      await page.see({ selector: '.cost .estimate', text: 'about $1.60 ($0.80 to $3.10)', inside });
      await page.see({ selector: '.cost .machines', text: '2 machines', inside });
      await page.see({ selector: '.retried', text: '1 task tried again', inside });
      await page.click({ selector: '.cost summary', text: 'How the estimate is made', inside });
      await page.see({ selector: '.cost li', text: 'm7i.2xlarge in us-east-1 at $0.403 an hour, as of 2026-08', inside });
      await page.see({ selector: '.cost li', text: 'A machine works on one participant at a time.', inside });
      await page.gone({ selector: '.cost .warning', inside });
      await cloud.write({ type: 'cloud-standing', machines: 2, spent: { dollars: 4.4, by: 'coiled', asOf: Date.now() } });
      await page.see({ selector: '.cost .warning', text: 'More is spent than the highest estimate of $3.10', inside });
      await page.screenshot({ name: 'run-panel-cost' });
      await cloud.write(
        { type: 'task-finished', task: 'sub-01', seconds: 60, bytesRead: 0, bytesWritten: 0 }, { type: 'task-finished', task: 'sub-02', seconds: 60, bytesRead: 0, bytesWritten: 0 },
        { type: 'cloud-job', job: { name: 'spimquant-1-1', participants: 2, jobId: 7, clusterId: 11, page: 'https://cloud.coiled.io/clusters/11', state: 'left', standing: 'Coiled did not answer' } },
        { type: 'run-finished', outcome: 'succeeded' },
      );
      await page.see({ selector: '.cost .warning', text: 'Machines of spimquant-1-1 may still be there', inside });
      await page.see({ selector: '.cost .spent', text: '$4.40 spent', inside });
      await page.click({ selector: '#tab-resources', inside });
      await page.see({ selector: 'details.host h2', text: 'ip-10-0-1-5 (instance 41): sub-01', inside });
      assert.deepEqual((await page.texts({ selector: 'details.host h2', inside })).map((text) => /sub-\d+|follows/.exec(text)?.[0]), ['sub-01', 'sub-02', 'follows']);
      await page.see({ selector: 'details.host .band', text: 'sub-02', inside });
      await page.screenshot({ name: 'run-panel-machines' });
    });
  });

  it('opens a log of a million lines at its end, finds words in it, and jumps to errors', async () => {
    const id = await writeLongRun(1_000_000);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('spimquant.runs.show');
    await until('the run is known', async () => (await knownRuns()).some((run) => run.id === id));
    await vscode.commands.executeCommand('spimquant.run.open', id);
    await vscode.commands.executeCommand('workbench.view.explorer');
    await onPage(async (page) => {
      await page.click({ selector: '#tab-log', inside });
      await page.see({ selector: '.log .counts', text: '1,000,003 lines, 200 errors', inside, timeoutMs: 30_000 });
      await page.see({ selector: '.log .row .message', text: 'line 999999 of the long log', inside });
      await page.screenshot({ name: 'run-panel-log-long' });
      await page.click({ selector: '.log input[type="search"]', inside });
      await page.type({ text: 'LINE 77777' });
      await page.see({ selector: '.log .counts', text: '11 of 1,000,003 lines', inside, timeoutMs: 20_000 });
      await page.see({ selector: '.log .row mark', text: 'line 77777', inside });
      await page.screenshot({ name: 'run-panel-log-search' });
      await page.press({ keys: 'Control+A' });
      await page.press({ keys: 'Delete' });
      await page.see({ selector: '.log .row .message', text: 'line 999999 of the long log', inside, timeoutMs: 20_000 });
      await page.click({ selector: '.log button', text: 'Previous Error', inside });
      await page.see({ selector: '.log .row[aria-selected="true"][data-level="error"] .message', text: 'line 1000000', inside });
      await page.click({ selector: '.log button', text: 'Previous Error', inside });
      await page.see({ selector: '.log .row[aria-selected="true"] .message', text: 'line 995000', inside });
      await page.see({ selector: '.log .detail pre', text: 'line 995000', inside });
    });
  });

  it('reads well in light colours, in high contrast, and in a narrow window', async () => {
    for (const theme of ['light', 'highContrast'] as const) {
      await useTheme(theme);
      await onPage(async (page) => {
        await page.see({ selector: '.log .row .message', inside });
        await page.screenshot({ name: `run-panel-log-${theme}` });
      });
    }
    await useTheme('light');
    await onPage(async (page) => {
      await page.resize({ width: 760, height: 700 });
      await page.see({ selector: '.log .row .message', inside });
      await page.screenshot({ name: 'run-panel-narrow' });
    });
  });
});
