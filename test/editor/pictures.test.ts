import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { imagePath, writePhantomDataset } from '../../runner/phantom/dataset.ts';
import { LocalStore } from '../../runner/storage/local/localStore.ts';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { knownRuns } from './support/extension.ts';
import { cellWithId, openSample, revealCell, runCell, runOf, startCell } from './support/notebook.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';
import { brightest, readBrain } from './support/viewedBrain.ts';
import { focusPage, openImage, seeWhole } from './support/viewer.ts';

// Pictures for the documentation, of the same editor that the other suites test. They are green when the pictures could be taken.
describe('pictures', () => {
  const take = (name: string): Promise<void> => onPage((page) => page.screenshot({ name: `docs-${name}` }));

  it('a threshold, in dark colours', async () => {
    await vscode.commands.executeCommand('workbench.view.extension.spimquant');
    const cell = cellWithId(await openSample(), 'segment');
    await runCell(cell);
    await onPage(async (page) => {
      await page.see({ selector: '.spimquant-result figure img', inside: 'frames' });
      await page.click({ selector: '.sidebar .monaco-list-row', text: 'bids' });
      await page.press({ keys: 'ArrowRight' });
      await page.see({ selector: '.sidebar .monaco-list-row', text: 'sub-01' });
    });
    await revealCell(cell);
    // The figure rather than the list of facts above it.
    const figure = { selector: '.spimquant-result figure img', inside: 'frames' } as const;
    await onPage(async (page) => {
      await until('the figure is further up', async () => {
        await page.scroll({ ...figure, by: 240 });
        return (await page.box(figure)).y < 320;
      });
    });
    await take('segment-dark');
  });

  it('a run, in light colours', async () => {
    await useTheme('light');
    const cell = cellWithId(await openSample(), 'participant');
    await startCell(cell);
    await until('a third of the run is done', () => (runOf(cell)?.run.fraction ?? 0) > 0.33, 240_000);
    await onPage((page) => page.see({ selector: '.cell-statusbar-container .codicon-notebook-state-executing' }));
    await take('run-light');
  }).timeout(300_000);

  it('an image with results of a run over it, and a threshold', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spimquant-pictures-'));
    const [bids, out] = [join(folder, 'bids'), join(folder, 'out')];
    await writePhantomDataset(new LocalStore(bids), [{
      label: '01', columns: { treatment: 'control' }, ngff: '0.5', levels: 3, sidecar: false,
      subject: {
        seed: 3, stains: ['YoPro', 'Abeta'], orientation: 'RAS', size: [148, 172, 120], voxelSize: [0.08, 0.08, 0.08],
        shape: { deformation: 0.2, rotation: 3, scaling: 0.03, translation: 0.2 }, bias: 0.2, noise: 8,
        plaques: { CTX: 18, HPF: 5, STR: 4, TH: 4, CB: 3 }, cells: {}, cellsOnPlaques: 0, objectVoxels: [60, 200],
      },
    }]);
    const command = `spimquant ${bids} ${out} participant --template phantom --registration_level 1 --correction_level 2 --stains_for_seg Abeta --seg_method otsu+k3i2 --min_object_voxels 2`;
    const notebook = await vscode.workspace.openNotebookDocument('spimquant-notebook', new vscode.NotebookData([new vscode.NotebookCellData(vscode.NotebookCellKind.Code, command, 'spimquant')]));
    await vscode.window.showNotebookDocument(notebook);
    await startCell(notebook.cellAt(0));
    await until('the run has ended', async () => (await knownRuns()).find((run) => run.bids === bids)?.status === 'succeeded', 300_000);
    await useTheme('dark');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    const key = imagePath('01');
    const plaque = await readBrain(new LocalStore(bids), key, 'Abeta').then((brain) => brain.millimetres(brightest(brain)));
    await openImage({ uri: join(bids, key), position: { millimetres: plaque } });
    await onPage(async (page) => {
      await seeWhole(page);
      await page.click({ selector: '.overlays label', text: 'Regions: all', inside: 'frames' });
      await page.click({ selector: '.pane.volume button', text: 'Show in 3-D', inside: 'frames' });
      await page.see({ selector: '.stage canvas', inside: 'frames', timeoutMs: 60_000 });
      await page.see({ selector: '.pane.volume .place', text: 'level', inside: 'frames', timeoutMs: 60_000 });
      await seeWhole(page);
    });
    await take('viewer-dark');
    await useTheme('light');
    await onPage(async (page) => {
      await seeWhole(page);
      await page.click({ selector: '.overlays label', text: 'Regions: all', inside: 'frames' });
      await focusPage(page);
      await page.press({ keys: '1' });
      await page.press({ keys: 't' });
      await page.see({ selector: '.threshold button', text: 'Copy into Notebook', inside: 'frames' });
      await page.see({ selector: '.threshold .note', text: '%', inside: 'frames' });
      await page.click({ selector: '.channels .name', text: 'Abeta', inside: 'frames' });
      await seeWhole(page);
    });
    await take('viewer-threshold-light');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('workbench.view.extension.spimquant');
    await rm(folder, { recursive: true, force: true });
  }).timeout(420_000);

  it('outputs: figures in dark colours, regions by group in light ones', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spimquant-pictures-'));
    const [brains, out] = [join(folder, 'cohort'), join(folder, 'cohort', 'derivatives', 'spimquant')];
    await writeBrains(brains, 6);
    const notebook = await vscode.workspace.openNotebookDocument('spimquant-notebook', new vscode.NotebookData([
      `spimquant ${brains} ${out} participant --template phantom --registration_level 0 --correction_level 1 --correction_n4_iters 10 --stains_for_seg Abeta --seg_method th900 --min_object_voxels 2`,
      `spimquant ${brains} ${out} group --contrast_column treatment --contrast_values drug control`,
    ].map((command) => new vscode.NotebookCellData(vscode.NotebookCellKind.Code, command, 'spimquant'))));
    await vscode.window.showNotebookDocument(notebook);
    for (const cell of notebook.getCells()) await runCell(cell, 400_000);
    await useTheme('dark');
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    await vscode.commands.executeCommand('spimquant.outputs.open', out);
    await onPage(async (page) => {
      await page.click({ selector: '.scopes .row', text: 'sub-02', inside: 'frames' });
      await page.see({ selector: '.tile img', inside: 'frames' });
      await page.gone({ selector: '.picture[aria-busy]', inside: 'frames' });
    });
    await take('outputs-dark');
    await onPage(async (page) => {
      await page.click({ selector: '.scopes .row', text: 'Everything', inside: 'frames' });
      await page.click({ selector: '#tab-maps', inside: 'frames' });
      await page.see({ selector: '.map-panel [role="status"]', text: 'mm', inside: 'frames' });
    });
    await take('outputs-maps-dark');
    await useTheme('light');
    await onPage(async (page) => {
      await page.click({ selector: '#tab-regions', inside: 'frames' });
      await page.see({ selector: '.chart-row', inside: 'frames' });
    });
    await take('outputs-chart-light');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(folder, { recursive: true, force: true });
  }).timeout(500_000);

  it('the view alone, in a narrow side bar and high contrast', async () => {
    await useTheme('highContrast');
    await onPage((page) => page.resize({ width: 800, height: 720 }));
    await take('high-contrast');
    await onPage((page) => page.resize({ width: 1280, height: 800 }));
    await useTheme('dark');
  });
});
