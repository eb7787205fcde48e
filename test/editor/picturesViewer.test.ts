import { join } from 'node:path';
import * as vscode from 'vscode';
import { imagePath, writePhantomDataset } from '../../runner/phantom/dataset.ts';
import { LocalStore } from '../../runner/storage/local/localStore.ts';
import { onPage } from './support/driver.ts';
import { runCell, showCommands } from './support/notebook.ts';
import { picturesFolder, resize, take } from './support/pictures.ts';
import { useTheme } from './support/theme.ts';
import { brightest, readBrain } from './support/viewedBrain.ts';
import { focusPage, openImage, seeWhole } from './support/viewer.ts';

const inside = 'frames' as const;

describe('Pictures of the viewer', function () {
  this.timeout(420_000);
  const folder = picturesFolder();

  it('an image with results of a run over it, its rendering, and a threshold', async () => {
    const [bids, out] = [join(folder(), 'bids'), join(folder(), 'out')];
    await writePhantomDataset(new LocalStore(bids), [{
      label: '01', columns: { treatment: 'control' }, ngff: '0.5', levels: 3, sidecar: false,
      subject: {
        seed: 3, stains: ['YoPro', 'Abeta'], orientation: 'RAS', size: [148, 172, 120], voxelSize: [0.08, 0.08, 0.08],
        shape: { deformation: 0.2, rotation: 3, scaling: 0.03, translation: 0.2 }, bias: 0.2, noise: 8,
        plaques: { CTX: 18, HPF: 5, STR: 4, TH: 4, CB: 3 }, cells: {}, cellsOnPlaques: 0, objectVoxels: [60, 200],
      },
    }]);
    const notebook = await showCommands(`spimquant ${bids} ${out} participant --template phantom --registration_level 1 --correction_level 2 --stains_for_seg Abeta --seg_method otsu+k3i2 --min_object_voxels 2`);
    await runCell(notebook.cellAt(0), 300_000);
    await useTheme('dark');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    const key = imagePath('01');
    const plaque = await readBrain(new LocalStore(bids), key, 'Abeta').then((brain) => brain.millimetres(brightest(brain)));
    await openImage({ uri: join(bids, key), position: { millimetres: plaque } });
    await onPage(async (page) => {
      await seeWhole(page);
      await page.click({ selector: '.overlays label', text: 'Regions: all', inside });
      // The plaques alone are rendered, without the tissue around them.
      await focusPage(page);
      await page.press({ keys: '1' });
      await page.click({ selector: '.pane.volume button', text: 'Show in 3-D', inside });
      await page.see({ selector: '.stage canvas', inside, timeoutMs: 60_000 });
      await page.see({ selector: '.pane.volume .place', text: 'level', inside, timeoutMs: 60_000 });
      await focusPage(page);
      await page.press({ keys: '1' });
      await seeWhole(page);
    });
    await take('viewer-dark');
    await useTheme('highContrast');
    await onPage(async (page) => {
      await seeWhole(page);
      await page.see({ selector: '.status', text: 'mm', inside });
    });
    await take('viewer-high-contrast');
    await useTheme('light');
    await onPage(async (page) => {
      await seeWhole(page);
      await page.click({ selector: '.overlays label', text: 'Regions: all', inside });
      await focusPage(page);
      await page.press({ keys: '1' });
      await page.press({ keys: 't' });
      await page.see({ selector: '.threshold button', text: 'Copy into Notebook', inside });
      await page.see({ selector: '.threshold .note', text: '%', inside });
      await page.click({ selector: '.channels .name', text: 'Abeta', inside });
      await seeWhole(page);
    });
    await take('viewer-threshold-light');
    await resize({ width: 560, height: 860 });
    await onPage((page) => seeWhole(page));
    await take('viewer-narrow');
  });
});
