import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { useTheme } from './support/theme.ts';

// Row objects as the Datasets view gives them to its menus.
describe('The panel of results', function () {
  this.timeout(120_000);
  let folder: string;
  let brains: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-panels-'));
    brains = join(folder, 'brains');
    await writeBrains(brains, 1);
  });

  after(async () => {
    await useTheme('dark');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(folder, { recursive: true, force: true });
  });

  it('shows slices of an image with their names and values, and lets them be seen in full size', async () => {
    const image = join(brains, 'sub-01', 'micr', 'sub-01_sample-brain_acq-phantom_SPIM.ome.zarr');
    const row = { kind: 'image', id: 'datasets:row', dataset: { uri: brains, storage: {} }, participant: '01', image: { path: 'sub-01/micr/sub-01_sample-brain_acq-phantom_SPIM.ome.zarr', uri: image, title: 'sample-brain', stains: ['YoPro', 'Abeta'] } };
    const shown = vscode.commands.executeCommand('spimquant.image.histogram', row);
    await onPage(async (page) => {
      await page.see({ selector: '.spimquant-result h2', inside: 'frames', timeoutMs: 60_000 });
      await page.see({ selector: '.spimquant-result figure img', inside: 'frames' });
      await page.screenshot({ name: 'panel-histogram-dark' });
      assert.equal(await page.attribute({ selector: 'figure .zoom', inside: 'frames', name: 'aria-pressed' }), 'false');
      await page.click({ selector: 'figure .zoom', inside: 'frames' });
      assert.equal(await page.attribute({ selector: 'figure .zoom', inside: 'frames', name: 'aria-pressed' }), 'true');
    });
    await shown;
  });

  it('reads well in light colours and in high contrast', async () => {
    for (const theme of ['light', 'highContrast'] as const) {
      await useTheme(theme);
      await onPage(async (page) => {
        await page.see({ selector: '.spimquant-result h2', inside: 'frames' });
        await page.screenshot({ name: `panel-histogram-${theme}` });
      });
    }
  });

  it('puts its command into a notebook', async () => {
    await onPage(async (page) => {
      await page.click({ selector: 'header button', text: 'Insert as Cell', inside: 'frames' });
      await page.see({ selector: '.notebookOverlay .view-line', text: 'spimquant histogram' });
    });
  });
});
