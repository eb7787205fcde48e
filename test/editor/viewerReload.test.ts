import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { writeNifti } from '../../runner/image/nifti.ts';
import { imagePath } from '../../runner/phantom/dataset.ts';
import { LocalStore } from '../../runner/storage/local/localStore.ts';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { inPhase } from './support/phase.ts';
import { until } from './support/until.ts';
import { frameOf } from './support/viewedBrain.ts';
import { focusPage, openImage, seeAttribute, seeWhole, setNumber } from './support/viewer.ts';

const inside = 'frames' as const;
// The home folder outlives the window.
const folder = join(homedir(), 'viewed');
const file = join(folder, 'gradient.nii');

/** The tab in front is an image's, in a panel or as the editor of a file. */
function frontTab(): vscode.Tab | undefined {
  return vscode.window.tabGroups.activeTabGroup.activeTab;
}

inPhase('before', function () {
  this.timeout(120_000);

  it('looks at an image in a panel and at a file in its editor', async () => {
    await writeBrains(folder, 1);
    const data = Uint16Array.from({ length: 40 ** 3 }, (_, i) => i % 1000);
    await new LocalStore(folder).write('gradient.nii', writeNifti({ data, size: [40, 40, 40], affine: [0.1, 0, 0, 0, 0, 0.1, 0, 0, 0, 0, 0.1, 0, 0, 0, 0, 1] }));
    await openImage({ uri: join(folder, imagePath('01')) });
    await onPage(async (page) => {
      await seeWhole(page);
      await focusPage(page);
      await page.press({ keys: '1' });
      await page.press({ keys: 'm' });
      await page.scroll({ ...frameOf('axial'), by: -6000 });
      await seeAttribute(page, frameOf('axial').selector, 'aria-valuenow', '60');
      await setNumber(page, 'Full colour at', 1234);
    });
    await vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(file), 'spimquant.image', vscode.ViewColumn.Two);
    await onPage(async (page) => {
      await page.see({ selector: '.facts-card', text: '40 × 40 × 40', inside });
      // The editor in a browser writes the states of pages once a minute: from here on it has an old one, whose slices are those in the middle.
      await page.stored({ key: 'memento/workbench.parts.editor', texts: ['gradient.nii', 'spimquant.imagePanel', '[19.5,19.5,19.5]'], timeoutMs: 90_000 });
      await page.click({ selector: '.radios button[data-value="sagittal"]', inside, nth: 1 });
      await page.see({ selector: '.panes[data-layout="sagittal"]', inside });
      await page.scroll({ ...frameOf('sagittal'), nth: 1, by: -6000 });
      await until('the slice is another', async () => (await page.attribute({ ...frameOf('sagittal'), nth: 1, name: 'aria-valuenow' })) === '40');
    });
    // A closed file opens as it was left, which says that its view is kept.
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(file), 'spimquant.image', vscode.ViewColumn.Two);
    await onPage((page) => seeAttribute(page, '.panes[data-layout="sagittal"] .frame[data-plane="sagittal"]', 'aria-valuenow', '40'));
    await onPage(async (page) => {
      await page.stored({ key: 'spimquant.spimquant', texts: ['gradient.nii', '1234', '"position":[39,'] });
    });
  });
});

inPhase('after', function () {
  this.timeout(120_000);

  it('shows both as they were left', async () => {
    await until('the tabs are there', () => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).length >= 2);
    await onPage(async (page) => {
      await seeAttribute(page, '.panes[data-layout="planes"] .frame[data-plane="axial"]', 'aria-valuenow', '60');
      await page.see({ selector: '.channels .range', text: '1234', inside });
      await page.see({ selector: '.slider output', text: '960 µm', inside });
      await seeAttribute(page, '.panes[data-layout="sagittal"] .frame[data-plane="sagittal"]', 'aria-valuenow', '40');
      await page.screenshot({ name: 'viewer-reloaded' });
    });
    const { input } = frontTab() ?? {};
    assert.ok(input instanceof vscode.TabInputCustom || input instanceof vscode.TabInputWebview);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });
});
