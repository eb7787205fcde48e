import { join } from 'node:path';
import * as vscode from 'vscode';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { runCell, showCommands } from './support/notebook.ts';
import { picturesFolder, resize, take } from './support/pictures.ts';
import { useTheme } from './support/theme.ts';

const inside = 'frames' as const;

describe('Pictures of outputs', function () {
  this.timeout(500_000);
  const folder = picturesFolder();

  it('figures, maps and regions, participants side by side, and a table in a narrow window', async () => {
    const [brains, out] = [join(folder(), 'cohort'), join(folder(), 'cohort', 'derivatives', 'spimquant')];
    await writeBrains(brains, 6);
    const notebook = await showCommands(
      `spimquant ${brains} ${out} participant --template phantom --registration_level 0 --correction_level 1 --correction_n4_iters 10 --stains_for_seg Abeta --seg_method th900 --min_object_voxels 2`,
      `spimquant ${brains} ${out} group --contrast_column treatment --contrast_values drug control`,
    );
    for (const cell of notebook.getCells()) await runCell(cell, 400_000);
    await useTheme('dark');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    await vscode.commands.executeCommand('spimquant.outputs.open', out);
    await onPage(async (page) => {
      await page.click({ selector: '.scopes .row', text: 'sub-02', inside });
      // Those further down are read when they come into sight.
      await page.see({ selector: '.tile img', inside, nth: 5 });
    });
    await take('outputs-dark');
    await onPage(async (page) => {
      await page.click({ selector: '.scopes .row', text: 'Everything', inside });
      await page.click({ selector: '#tab-maps', inside });
      await page.see({ selector: '.map-panel [role="status"]', text: 'mm', inside });
    });
    await take('outputs-maps-dark');
    await useTheme('light');
    await onPage(async (page) => {
      await page.click({ selector: '#tab-regions', inside });
      await page.see({ selector: '.chart-row', inside });
    });
    await take('outputs-chart-light');
    await useTheme('highContrast');
    await onPage(async (page) => {
      await page.click({ selector: '#tab-compare', inside });
      await page.see({ selector: '.pairs .tile img', inside, nth: 3 });
    });
    await take('outputs-compare-high-contrast');
    await useTheme('dark');
    await resize({ width: 560, height: 800 });
    await onPage(async (page) => {
      await page.click({ selector: '#tab-tables', inside });
      await page.see({ selector: '.table-grid .counts', text: 'row', inside });
      await page.see({ selector: '.grid .row span', inside });
    });
    await take('outputs-narrow');
  });
});
