import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { cellWithId, openSample, revealCell, runCell, runOf, startCell } from './support/notebook.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';

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
