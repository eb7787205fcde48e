import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { imagePath } from '../../runner/phantom/dataset.ts';
import type { PageCommands } from '../../scripts/editor/driver.types.ts';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { extension } from './support/extension.ts';
import { until } from './support/until.ts';
import { frameOf } from './support/viewedBrain.ts';
import { focusPage, openImage, seeAttribute, seeWhole, sliceOf } from './support/viewer.ts';

const inside = 'frames' as const;

/** Number of the axial slice of each page, counted from 1. */
async function axialSlices(page: PageCommands): Promise<readonly (string | null)[]> {
  return Promise.all([0, 1].map((nth) => page.attribute({ selector: frameOf('axial').selector, inside, nth, name: 'aria-valuenow' })));
}

describe('Images beside each other', function () {
  this.timeout(120_000);
  let folder: string;
  const image = (label: string): string => join(folder, imagePath(label));

  before(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    folder = await mkdtemp(join(tmpdir(), 'spimquant-together-'));
    await writeBrains(folder, 2);
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(folder, { recursive: true, force: true });
  });

  it('saves a picture of what is seen, and copies it', async () => {
    await openImage({ uri: image('01') });
    const target = join(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? folder, 'sub-01_sample-brain_acq-phantom_SPIM_planes.png');
    await onPage(async (page) => {
      await seeWhole(page);
      await page.click({ selector: 'button[aria-label="Save a picture (PNG)"]', inside });
      const dialog = { selector: '.quick-input-widget .quick-input-title', text: 'Save' } as const;
      await page.see(dialog);
      const png = await until('the picture is written', async () => {
        const found = await readFile(target).catch(() => undefined);
        if (found !== undefined && found.length > 0) return found;
        // As long as the dialog looks at the folder, it takes no answer.
        if ((await page.texts(dialog)).length > 0) await page.press({ keys: 'Enter' });
        return undefined;
      });
      assert.equal(png.subarray(1, 4).toString('latin1'), 'PNG');
      const panes = await page.box({ selector: '.panes', inside });
      const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
      assert.ok(width >= 0.4 * panes.width && height >= 0.4 * panes.height, `${width} × ${height} of ${panes.width} × ${panes.height}`);
      await rm(target, { force: true });
      await page.click({ selector: 'button[aria-label="Copy a picture"]', inside });
      await page.see({ selector: '.statusbar-item', text: 'The picture is in the clipboard.' });
      assert.deepEqual(await page.copiedPicture(), { width, height });
    });
  });

  it('moves views together as soon as both are linked, and not before', async () => {
    await openImage({ uri: image('02'), beside: true });
    await onPage(async (page) => {
      await seeAttribute(page, '.frame[data-plane="axial"][data-state="whole"]', 'aria-busy', 'false');
      await until('both are shown', async () => (await page.texts({ selector: '.frame[data-plane="axial"][data-state="whole"]', inside })).length === 2);
      const before = await axialSlices(page);
      assert.equal(before[0], before[1]);
      await page.scroll({ ...frameOf('axial'), nth: 0, by: -6000 });
      await until('the first has moved', async () => (await axialSlices(page))[0] === '60');
      assert.equal((await axialSlices(page))[1], before[1]);
      // The one that is linked last says where it is, and the other follows.
      await page.click({ selector: 'button[aria-label^="Linked"]', inside, nth: 1 });
      await page.click({ selector: 'button[aria-label^="Linked"]', inside, nth: 0 });
      await until('the second is there too', async () => (await axialSlices(page))[1] === '60');
      await page.scroll({ ...frameOf('axial'), nth: 1, by: 12_000 });
      await until('the first follows', async () => (await axialSlices(page)).every((slice) => slice === '1'));
      // What stands below is of the slices that are shown now, in the one that has followed and in the one under whose pointer they moved.
      await until('both say where they are', async () => {
        const [places, points] = [await page.texts({ selector: '.pane.axial .place', inside }), await page.texts({ selector: '.status .point', inside })];
        return places.length === 2 && points.length === 2 && places.every((place, at) => points[at]?.endsWith(place) === true);
      });
      await page.screenshot({ name: 'viewer-linked' });
    });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('says that the runner has stopped, and goes on by itself', async () => {
    await openImage({ uri: image('01') });
    await onPage(async (page) => {
      await seeWhole(page);
      const api = await extension().activate();
      const status = api.runnerStatus();
      assert.ok(status.kind === 'connected');
      process.kill(status.pid, 'SIGKILL');
      await page.see({ selector: '.trouble', text: 'The runner', inside });
      await focusPage(page);
      await page.scroll({ ...frameOf('axial'), by: -6000 });
      await until('another slice is shown', async () => await sliceOf(page, 'axial') === 60);
      await seeWhole(page);
      await page.gone({ selector: '.trouble', inside });
      const now = api.runnerStatus();
      assert.ok(now.kind === 'connected' && now.pid !== status.pid);
    });
  });
});
