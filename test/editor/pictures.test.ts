import { join } from 'node:path';
import * as vscode from 'vscode';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { bringUp, cellWithId, openSample, revealCell, runCell, runOf, showCommands, startCell, stopCell } from './support/notebook.ts';
import { resize, take, tidy } from './support/pictures.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';

const inside = 'frames' as const;

// Pictures for the documentation, of the same editor that the other suites test. They are green when the pictures could be taken.
describe('Pictures of notebooks', () => {
  it('a threshold, in dark colours', async () => {
    await vscode.commands.executeCommand('workbench.view.extension.spimquant');
    const cell = cellWithId(await openSample(), 'segment');
    await runCell(cell);
    await onPage(async (page) => {
      await page.see({ selector: '.slices[data-drawn]', inside });
      await page.click({ selector: '.sidebar .monaco-list-row', text: 'bids' });
      await page.press({ keys: 'ArrowRight' });
      await page.see({ selector: '.sidebar .monaco-list-row', text: 'sub-01' });
    });
    await revealCell(cell);
    // The slice rather than the list of facts above it.
    await onPage((page) => bringUp(page, '.slices .pane', { below: 240 }));
    await take('segment-dark');
  });

  it('a run, in light colours', async () => {
    await useTheme('light');
    const cell = cellWithId(await openSample(), 'participant');
    await startCell(cell);
    await until('a part of the run is done', () => (runOf(cell)?.run.fraction ?? 0) > 0.2, 240_000);
    await onPage((page) => page.see({ selector: '.cell-statusbar-container .codicon-notebook-state-executing' }));
    await take('run-light');
  }).timeout(300_000);

  it('the view alone, in a narrow side bar and high contrast', async () => {
    await useTheme('highContrast');
    await resize({ width: 800, height: 720 });
    await take('high-contrast');
    await tidy();
    await stopCell(cellWithId(await openSample(), 'participant'));
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('methods side by side, in all colours and in a narrow window', async () => {
    const brains = join(vscode.workspace.workspaceFolders?.[0].uri.fsPath ?? '', 'brains');
    await writeBrains(brains, 1);
    const notebook = await showCommands(
      `spimquant segment ${brains} --participant-label 01 --min_object_voxels 20 --stain Abeta --seg_method th600 otsu+k3i3 --compare`,
      `spimquant segment ${brains} --participant-label 01 --stain Abeta --seg_method th600 --min_object_voxels 20`,
    );
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    for (const cell of notebook.getCells()) await runCell(cell);
    await revealCell(notebook.cellAt(0));
    const pointed = (): Promise<void> => onPage(async (page) => {
      await page.see({ selector: '.slices.grid[data-drawn]', inside });
      await bringUp(page, '.slices.grid .pane-head', { below: 240 });
      await page.hover({ selector: '.slices.grid .pane', inside });
      await page.see({ selector: '.slices.grid .readout', text: 'Abeta about', inside });
    });
    await resize({ width: 1280, height: 1000 });
    await pointed();
    await take('renderer-dark');
    await useTheme('highContrast');
    await pointed();
    await take('renderer-high-contrast');
    await useTheme('light');
    await revealCell(notebook.cellAt(1));
    const single = (): Promise<void> => onPage(async (page) => {
      await page.see({ selector: '.slices[data-drawn]:not(.grid)', inside });
      await bringUp(page, '.slices:not(.grid) .pane', { below: 240 });
    });
    await single();
    await take('renderer-light');
    await resize({ width: 560, height: 800 });
    await single();
    await take('renderer-narrow');
    await tidy();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  }).timeout(240_000);
});
