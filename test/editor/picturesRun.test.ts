import { join } from 'node:path';
import * as vscode from 'vscode';
import { isOver } from '../../runner/protocol/runs.ts';
import { damageBrain, writeBrains } from './support/brains.ts';
import { beginCloudRun } from './support/cloudRun.ts';
import { onPage } from './support/driver.ts';
import { knownRuns } from './support/extension.ts';
import { showCommands, startCell } from './support/notebook.ts';
import { picturesFolder, resize, take } from './support/pictures.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';

const inside = 'frames' as const;

describe('Pictures of the panel of a run', function () {
  this.timeout(300_000);
  const folder = picturesFolder();

  it('steps as a graph and resources, in all colours and in a narrow window', async () => {
    const [brains, out] = [join(folder(), 'brains'), join(folder(), 'out')];
    await writeBrains(brains, 3);
    await damageBrain(brains, '02');
    const notebook = await showCommands(`spimquant ${brains} ${out} participant --template phantom --registration_level 1 --correction_level 1 --correction_n4_iters 10 --sloppy --atlas_segs coarse --stains_for_seg Abeta --seg_method otsu+k3i2 --min_object_voxels 2`);
    await startCell(notebook.cellAt(0));
    const run = await until('the run has ended', async () => (await knownRuns()).find(({ bids, status }) => bids === brains && isOver(status)), 240_000);
    await useTheme('dark');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    await vscode.commands.executeCommand('spimquant.run.open', run.id);
    await resize({ width: 1280, height: 1000 });
    await onPage(async (page) => {
      await page.see({ selector: '.failure strong', text: 'sub-02', inside });
      await page.see({ selector: '.cell.failed', inside });
    });
    await take('run-panel-table-dark');
    await onPage(async (page) => {
      await page.click({ selector: '.forms button[data-form="graph"]', inside });
      await page.see({ selector: '.stage-box[data-status="failed"]', inside });
    });
    await take('run-panel-dark');
    await onPage(async (page) => {
      await page.click({ selector: '.graph select', inside });
      await page.type({ text: 'sub-02' });
      await page.press({ keys: 'Enter' });
      await page.click({ selector: '.stage-box[data-status="failed"]', inside });
      await page.see({ selector: '.steps .list .row .scope', text: 'sub-02', inside });
    });
    await useTheme('highContrast');
    await onPage((page) => page.see({ selector: '.stage-box[data-status="failed"]', inside }));
    await take('run-panel-high-contrast');
    await useTheme('light');
    await resize({ width: 560, height: 900 });
    await onPage(async (page) => {
      await until('the stage that failed is in sight', async () => {
        const [frame, box] = [await page.box({ selector: '.graph .scroll', inside }), await page.box({ selector: '.stage-box[data-status="failed"]', inside })];
        return box.x >= frame.x && box.x + box.width <= frame.x + frame.width;
      });
    });
    await take('run-panel-narrow');
    await resize({ width: 1280, height: 1400 });
    await onPage(async (page) => {
      await page.click({ selector: '#tab-resources', inside });
      await page.see({ selector: '.host .peaks', text: 'Peak memory', inside });
      await page.see({ selector: '.chart canvas', inside });
    });
    await take('run-resources-light');
    await resize();
  });

  it('what a run in the cloud costs, in high contrast and in a narrow window', async () => {
    const cloud = await beginCloudRun();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await until('the run is known', async () => (await knownRuns()).some(({ id, cost }) => id === cloud.id && cost !== undefined));
    await useTheme('highContrast');
    await vscode.commands.executeCommand('spimquant.run.open', cloud.id);
    const opened = (): Promise<void> => onPage((page) => page.see({ selector: '.cost li', text: 'A machine works on one participant at a time.', inside }));
    await onPage((page) => page.click({ selector: '.cost summary', text: 'How the estimate is made', inside }));
    await opened();
    await take('run-cost-high-contrast');
    await cloud.write({ type: 'cloud-standing', machines: 2, spent: { dollars: 4.4, by: 'coiled', asOf: Date.now() } });
    await useTheme('dark');
    await resize({ width: 560, height: 900 });
    await onPage((page) => page.see({ selector: '.cost .warning', text: 'More is spent', inside }));
    await opened();
    await take('run-cost-narrow');
    await cloud.write({ type: 'run-finished', outcome: 'cancelled' });
    await resize();
  });
});
