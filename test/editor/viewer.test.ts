import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { readNifti } from '../../runner/image/nifti.ts';
import { invertAffine, transformPoint, type Vec3 } from '../../runner/kernels/geometry.ts';
import { imagePath, writePhantomDataset } from '../../runner/phantom/dataset.ts';
import { addPlaqueVolume, plaqueVolume } from '../../runner/phantom/plaqueVolume.ts';
import { LocalStore } from '../../runner/storage/local/localStore.ts';
import { MemoryStore } from '../../runner/storage/memoryStore.ts';
import type { PageCommands, Pixel } from '../../scripts/editor/driver.types.ts';
import { StoreBucket } from '../bench/memory/storeBucket.ts';
import type { S3Server } from '../servers/s3Server.ts';
import { startUsualBuckets, awsKeys, awsSection, writeAwsFiles } from './support/bucket.ts';
import { onPage } from './support/driver.ts';
import { knownRuns } from './support/extension.ts';
import { startCell } from './support/notebook.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';
import { brightest, brightness, canvasOf, frameOf, inPlane, panePlaces, planeNames, readBrain, samples, strongest, throughAxis, type Brain, type Plane } from './support/viewedBrain.ts';
import { focusPage, openImage, seeAttribute, seeWhole, setNumber, sliceOf } from './support/viewer.ts';

const inside = 'frames' as const;
const slow = 240_000;
/** Value that is shown in full colour. */
const full = 1200;
const key = imagePath('01');

describe('The viewer of images', function () {
  this.timeout(slow + 30_000);
  let folder: string;
  let bids: string;
  let out: string;
  let brain: Brain;
  let plaque: Vec3;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-viewer-'));
    bids = join(folder, 'viewed');
    out = join(folder, 'out');
    // Every axis of the array runs against the body's.
    await writePhantomDataset(new LocalStore(bids), [{
      label: '01', columns: { treatment: 'control' }, ngff: '0.4', levels: 2, sidecar: false,
      subject: {
        seed: 3, stains: ['YoPro', 'Abeta'], orientation: 'LPI', size: [74, 86, 60], voxelSize: [0.16, 0.16, 0.16],
        shape: { deformation: 0.2, rotation: 3, scaling: 0.03, translation: 0.2 }, bias: 0.2, noise: 8,
        plaques: { CTX: 8, CB: 2, TH: 1 }, cells: {}, cellsOnPlaques: 0, objectVoxels: [30, 60],
      },
    }]);
    brain = await readBrain(new LocalStore(bids), key, 'Abeta');
    plaque = brightest(brain);
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await useTheme('dark');
    await onPage((page) => page.resize({ width: 1280, height: 800 }));
    await rm(folder, { recursive: true, force: true });
  });

  const image = (): string => join(bids, key);
  const at = (voxel: Vec3): { readonly millimetres: Vec3 } => ({ millimetres: brain.millimetres(voxel) });

  /** Colours at voxels of a pane. */
  const colors = async (page: PageCommands, plane: Plane, voxels: readonly Vec3[]): Promise<readonly Pixel[]> => {
    const place = await panePlaces(page, brain);
    return page.pixels({ ...canvasOf(plane), at: voxels.map((voxel) => place(plane, voxel)) });
  };

  /** Waits until a pane shows the values that it must. */
  const seeValues = async (page: PageCommands, plane: Plane, voxels: readonly Vec3[], value: (voxel: Vec3) => number): Promise<void> => {
    const wanted = voxels.map((voxel) => brightness(value(voxel), full));
    let found: readonly number[] = [];
    await until(`the ${plane} plane shows its voxels`, async () => {
      found = (await colors(page, plane, voxels)).map(strongest);
      return found.every((shown, i) => Math.abs(shown - wanted[i]) <= 3);
    }).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${voxels.map((voxel, i) => `${voxel.join(' ')}: ${found[i]} instead of ${Math.round(wanted[i])}`).join('\n')}`);
    });
  };

  it('shows the voxels of the image in three planes, the right way round', async () => {
    await openImage({ uri: image(), stain: 'Abeta', position: at(plaque) });
    await onPage(async (page) => {
      await seeWhole(page);
      await setNumber(page, 'Black at', 0);
      await setNumber(page, 'Full colour at', full);
      await page.press({ keys: 'x' });
      for (const plane of planeNames) {
        const voxels = samples(brain, plane, plaque[throughAxis(plane)]);
        // A mirrored picture is another one.
        const mirrored = voxels.map(([x, y, z]): Vec3 => (plane === 'sagittal' ? [x, brain.size[1] - 1 - y, z] : [brain.size[0] - 1 - x, y, z]));
        assert.ok(voxels.filter((voxel, i) => Math.abs(brightness(brain.at(voxel), full) - brightness(brain.at(mirrored[i]), full)) > 10).length > 5);
        await seeValues(page, plane, [...voxels, plaque], brain.at);
      }
      assert.ok(brightness(brain.at(plaque), full) > 200);
      await page.see({ selector: '.status .value', text: `Abeta ${brain.at(plaque)}`, inside });
      await page.screenshot({ name: 'viewer-abeta' });
    });
  });

  it('scrolls through slices with the wheel and with keys', async () => {
    await onPage(async (page) => {
      const before = await sliceOf(page, 'axial');
      await page.scroll({ ...frameOf('axial'), by: -120 });
      await seeAttribute(page, frameOf('axial').selector, 'aria-valuenow', String(before + 2));
      await seeValues(page, 'axial', samples(brain, 'axial', plaque[2] + 2), brain.at);
      await page.press({ keys: 'Tab' });
      await until('the coronal pane has the keyboard', async () => {
        await page.press({ keys: 'Shift+Tab' });
        return (await page.texts({ selector: '.frame[data-plane="coronal"]:focus', inside })).length > 0;
      });
      await page.press({ keys: 'ArrowUp' });
      await page.press({ keys: 'PageUp' });
      await seeValues(page, 'coronal', samples(brain, 'coronal', Math.min(brain.size[1] - 1, plaque[1] + 11)), brain.at);
      await page.press({ keys: 'Home' });
      await seeAttribute(page, frameOf('coronal').selector, 'aria-valuenow', '1');
    });
  });

  it('shows the maximum over a slab', async () => {
    await openImage({ uri: image(), position: at(inPlane('axial', plaque, plaque[2] + 2)) });
    await onPage(async (page) => {
      await seeValues(page, 'axial', [plaque].map((voxel) => inPlane('axial', voxel, plaque[2] + 2)), brain.at);
      await focusPage(page);
      await page.press({ keys: 'm' });
      // A tenth of the shortest side: six voxels, from two before to three behind in the array, which runs downwards.
      const most = ([x, y]: Vec3): number => Math.max(...[-1, 0, 1, 2, 3, 4].map((dz) => brain.at([x, y, plaque[2] + dz])));
      const voxels = [plaque, ...samples(brain, 'axial', plaque[2])];
      assert.ok(voxels.some((voxel) => most(voxel) > brain.at(inPlane('axial', voxel, plaque[2] + 2)) + 100));
      await seeValues(page, 'axial', voxels, most);
      await page.screenshot({ name: 'viewer-mip' });
      await page.press({ keys: 'm' });
      await seeValues(page, 'axial', samples(brain, 'axial', plaque[2] + 2), brain.at);
    });
  });

  it('adds channels in their colours, and hides them by their keys', async () => {
    await openImage({ uri: image(), position: at(plaque) });
    await onPage(async (page) => {
      await seeValues(page, 'axial', [plaque], brain.at);
      const [alone] = await colors(page, 'axial', [plaque]);
      await focusPage(page);
      await page.press({ keys: '1' });
      await until('the first channel is added', async () => {
        const [both] = await colors(page, 'axial', [plaque]);
        return both.some((part, i) => part > alone[i] + 10) && both.every((part, i) => part >= alone[i] - 1);
      });
      await page.press({ keys: '2' });
      // It is white.
      await until('only the first is left', async () => {
        const [first] = await colors(page, 'axial', [plaque]);
        return Math.max(...first) - Math.min(...first) <= 3;
      });
      await page.press({ keys: '2' });
      await page.press({ keys: '1' });
      await seeValues(page, 'axial', [plaque], brain.at);
    });
  });

  it('shows the mask of a threshold at once, and puts it into a cell, the same one again', async () => {
    await openImage({ uri: image(), position: at(plaque) });
    const notebook = await vscode.workspace.openNotebookDocument('spimquant-notebook', new vscode.NotebookData([new vscode.NotebookCellData(vscode.NotebookCellKind.Code, 'spimquant doctor', 'spimquant')]));
    await vscode.window.showNotebookDocument(notebook, { viewColumn: vscode.ViewColumn.One });
    await openImage({ uri: image() });
    const threshold = Math.round(brain.at(plaque) * 0.8);
    const above = samples(brain, 'axial', plaque[2]).filter((voxel) => brain.at(voxel) < threshold);
    await onPage(async (page) => {
      await seeWhole(page);
      await focusPage(page);
      await page.press({ keys: 't' });
      await setNumber(page, 'Threshold', threshold);
      await until('the plaque is marked, and what is darker is not', async () => {
        const [marked, ...others] = await colors(page, 'axial', [plaque, ...above]);
        return marked[0] > 150 && marked[1] > 80 && others.every(([red, green, blue]) => !(red > 150 && green > 80 && green < red && blue < 120));
      });
      await page.screenshot({ name: 'viewer-threshold' });
      await page.click({ selector: '.threshold button', text: 'Copy into Notebook', inside });
    });
    const cell = await until('there is a cell', () => notebook.getCells().find(({ document }) => document.getText().includes('segment')));
    assert.ok(cell.document.getText().startsWith(`spimquant segment ${image()} --stain Abeta --seg_method th${threshold} --plane `), cell.document.getText());
    // It is brought to the front and selected, the last thing that happens.
    await until('the cell is selected', () => vscode.window.activeNotebookEditor?.notebook === notebook && vscode.window.activeNotebookEditor.selections.at(0)?.start === cell.index);
    await openImage({ uri: image() });
    await onPage(async (page) => {
      await seeWhole(page);
      await setNumber(page, 'Threshold', threshold + 7);
      await page.click({ selector: '.threshold button', text: 'Copy into Notebook', inside });
    });
    await until('the cell is changed', () => cell.document.getText().includes(`--seg_method th${threshold + 7} `));
    assert.equal(notebook.cellCount, 2);
    await openImage({ uri: image() });
    await onPage(async (page) => {
      await focusPage(page);
      await page.press({ keys: 't' });
      await seeValues(page, 'axial', [plaque], brain.at);
    });
  });

  it('lays results of a run over the image, and names the region', async () => {
    const command = `spimquant ${bids} ${out} participant --template phantom --registration_level 0 --correction_level 1 --correction_n4_iters 10 --sloppy --atlas_segs all --stains_for_seg Abeta --seg_method otsu+k3i2 --min_object_voxels 2`;
    const notebook = await vscode.workspace.openNotebookDocument('spimquant-notebook', new vscode.NotebookData([new vscode.NotebookCellData(vscode.NotebookCellKind.Code, command, 'spimquant')]));
    await vscode.window.showNotebookDocument(notebook);
    await startCell(notebook.cellAt(0));
    await until('the run has ended', async () => (await knownRuns()).find((run) => run.bids === bids)?.status === 'succeeded', slow);
    const seg = (await readdir(join(out, 'sub-01/seg'))).find((name) => /level-0_.*_mask\./.test(name));
    const parc = (await readdir(join(out, 'sub-01/parc'))).find((name) => /seg-all_.*_dseg\.nii\.gz$/.test(name));
    assert.ok(seg !== undefined && parc !== undefined);
    const mask = await readBrain(new LocalStore(out), `sub-01/seg/${seg}`);
    assert.deepEqual(mask.size, brain.size);
    const found = brightest(brain, (voxel) => mask.at(voxel) === 0);
    const labels = readNifti(await readFile(join(out, 'sub-01/parc', parc)), parc);
    const [i, j, k] = transformPoint(invertAffine(labels.affine), brain.millimetres(found)).map(Math.round);
    const label = labels.data[i + labels.size[0] * (j + labels.size[1] * k)];
    assert.ok(label > 0);
    const table = (await readFile(join(out, 'tpl-phantom', (await readdir(join(out, 'tpl-phantom'))).find((name) => /seg-all_dseg\.tsv$/.test(name)) ?? ''), 'utf8')).split('\n').map((line) => line.split('\t'));
    const name = table.find(([index]) => Number(index) === label)?.[table[0].indexOf('name')];
    assert.ok(name !== undefined && name !== '');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await openImage({ uri: image(), position: at(found) });
    await onPage(async (page) => {
      await seeWhole(page);
      await page.see({ selector: '.status .region', text: name, inside });
      const outside = samples(brain, 'axial', found[2]).filter((voxel) => mask.at(voxel) === 0);
      await seeValues(page, 'axial', [found], brain.at);
      const [before] = await colors(page, 'axial', [found]);
      await page.click({ selector: '.overlays label', text: 'Mask: Abeta', inside });
      await until('the mask lies over the plaque', async () => {
        const [marked] = await colors(page, 'axial', [found]);
        return [255, 149, 0].every((part, c) => Math.abs(marked[c] - (before[c] + part) / 2) <= 6);
      });
      // Elsewhere the picture is as it was.
      await seeValues(page, 'axial', outside, brain.at);
      await page.click({ selector: '.overlays label', text: 'Regions: all', inside });
      await page.see({ selector: '.overlays li', text: 'Outlined', inside });
      await page.screenshot({ name: 'viewer-overlays' });
    });
  });

  it('renders in three dimensions, or says that the window cannot', async () => {
    await onPage(async (page) => {
      await page.click({ selector: '.pane.volume button', text: 'Show in 3-D', inside });
      await page.see({ selector: '.stage canvas', inside, timeoutMs: 60_000 });
      const grid = Array.from({ length: 400 }, (_, i): readonly [number, number] => [10 + (i % 20) * 15, 30 + Math.floor(i / 20) * 12]);
      await until('something is rendered', async () => {
        const { width, height } = await page.box({ selector: '.stage canvas', inside });
        const pixels = await page.pixels({ selector: '.stage canvas', inside, at: grid.map(([x, y]) => [(x / 320) * width, (y / 280) * height] as const) });
        return pixels.filter((pixel) => strongest(pixel) > 40).length > 20;
      }, 60_000);
      await page.screenshot({ name: 'viewer-volume' });
      await focusPage(page);
    });
  });

  it('is the editor of NIfTI files', async () => {
    const file = (await readdir(join(out, 'sub-01/parc'))).find((name) => name.endsWith('_dseg.nii.gz')) ?? '';
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(join(out, 'sub-01/parc', file)));
    const { input } = await until('the editor is open', () => vscode.window.tabGroups.activeTabGroup.activeTab);
    assert.ok(input instanceof vscode.TabInputCustom && input.viewType === 'spimquant.image');
    await onPage(async (page) => {
      await seeWhole(page);
      await page.see({ selector: '.facts-card', text: '1 channel', inside });
      await page.screenshot({ name: 'viewer-nifti' });
    });
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('lists its keys, and leaves the list by Escape', async () => {
    await openImage({ uri: image() });
    await onPage(async (page) => {
      await focusPage(page);
      await page.press({ keys: '?' });
      await page.see({ selector: 'dialog.help dd', text: 'maximum over a slab', inside });
      await page.screenshot({ name: 'viewer-help' });
      await page.press({ keys: 'Escape' });
      await page.gone({ selector: 'dialog.help', inside });
    });
  });

  it('reads well in light colours, in high contrast, and in a narrow window', async () => {
    await openImage({ uri: image(), position: at(plaque) });
    await onPage(async (page) => {
      await focusPage(page);
      await page.press({ keys: 'x' });
      await page.press({ keys: '1' });
    });
    for (const theme of ['light', 'highContrast'] as const) {
      await useTheme(theme);
      await onPage(async (page) => {
        await seeWhole(page);
        await page.screenshot({ name: `viewer-${theme}` });
      });
    }
    await useTheme('dark');
    await onPage(async (page) => {
      await page.resize({ width: 760, height: 760 });
      await seeWhole(page);
      await page.screenshot({ name: 'viewer-narrow' });
      await page.resize({ width: 1280, height: 800 });
    });
  });
});

describe('The viewer of images in a bucket', function () {
  this.timeout(120_000);
  const spec = { seed: 7, size: [1024, 1024, 512], voxelSize: [0.005, 0.005, 0.005], chunk: [64, 64, 64], levels: 4, stain: 'Abeta' } as const;
  const volume = plaqueVolume(spec);
  const path = 'sub-01/micr/sub-01_sample-brain_acq-large_SPIM.ome.zarr';
  const uri = `s3://volume/${path}`;
  let server: S3Server;

  before(async () => {
    const store = new MemoryStore('memory://volume');
    addPlaqueVolume(store, path, volume);
    server = await startUsualBuckets({ volume: { backend: new StoreBucket(store) } });
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await server.close();
  });

  it('takes a finer level when one zooms in', async () => {
    const { center } = volume.plaques.find(({ center: [x, y, z] }) => Math.abs(x - 512) < 200 && Math.abs(y - 512) < 200 && Math.abs(z - 256) < 100) ?? volume.plaques[0];
    const voxel = center.map(Math.round) as unknown as Vec3;
    await openImage({ uri, position: { voxel } });
    await onPage(async (page) => {
      await seeWhole(page);
      const axial = frameOf('axial').selector;
      const first = Number(await page.attribute({ selector: axial, inside, name: 'data-level' }));
      assert.ok(first > 0, `level ${first}`);
      await setNumber(page, 'Black at', 0);
      await setNumber(page, 'Full colour at', 4000);
      await page.press({ keys: 'x' });
      for (let i = 0; i < 10; i++) await page.press({ keys: '+' });
      await seeAttribute(page, axial, 'data-level', '0');
      await seeWhole(page);
      await page.see({ selector: '.status .value', text: `Abeta ${volume.readBlock(0, voxel, [1, 1, 1])[0]}`, inside });
      await page.screenshot({ name: 'viewer-zoomed' });
      await page.press({ keys: '0' });
      await seeAttribute(page, axial, 'data-level', String(first));
      await seeWhole(page);
      assert.ok(Number(await page.attribute({ selector: '.viewer', inside, name: 'data-bytes' })) < 300_000_000);
    });
  });

  it('gives up what one has scrolled past', async () => {
    await openImage({ uri });
    let free: () => void = () => undefined;
    const held = new Promise<void>((resolve) => { free = resolve; });
    await onPage(async (page) => {
      await seeWhole(page);
      await focusPage(page);
      for (let i = 0; i < 10; i++) await page.press({ keys: '+' });
      await seeAttribute(page, frameOf('axial').selector, 'data-level', '0');
      await seeWhole(page);
      // From here on no chunk arrives: only what is given up makes room for other requests.
      server.inject({ fault: { kind: 'wait', until: held }, match: ({ key: name }) => /\/0\/[\d/]+$/.test(name), times: 10_000 });
      const layers = (): ReadonlySet<string> => new Set(server.requests.flatMap(({ key: name }) => /\/0\/(?:\d+\/)?(\d+)\/\d+\/\d+$/.exec(name)?.[1] ?? []));
      server.requests.length = 0;
      const steps = 6;
      for (let i = 0; i < steps; i++) {
        const seen = layers().size;
        await page.press({ keys: 'Escape' });
        for (let notch = 0; notch < 8; notch++) await page.scroll({ ...frameOf('axial'), by: -480 });
        await until(`layer ${i} of chunks is asked for`, () => layers().size > seen || layers().size >= 4);
      }
      assert.ok(layers().size >= 4, [...layers()].join(' '));
      free();
      server.clearFaults();
      await seeWhole(page);
    });
  });

  it('says what is wrong and what mends it', async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await openImage({ uri: 's3://volume/sub-01/micr/sub-01_sample-none_SPIM.ome.zarr' });
    await onPage(async (page) => {
      await page.see({ selector: '.message h1', text: 'There is no such image', inside });
      await page.see({ selector: '.message button', text: 'Try Again', inside });
      await page.screenshot({ name: 'viewer-missing' });
    });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await writeAwsFiles(awsSection('default', { region: 'us-east-1', endpoint_url: server.endpoint }), '');
    await openImage({ uri, storage: { s3Region: 'us-east-1', s3Endpoint: server.endpoint } });
    await onPage(async (page) => {
      await page.see({ selector: '.message button', text: 'Sign In', inside });
      await page.screenshot({ name: 'viewer-sign-in' });
    });
    await writeAwsFiles(awsSection('default', { region: 'us-east-1', endpoint_url: server.endpoint }), awsKeys('default'));
    await onPage(async (page) => {
      await until('the image opens', async () => {
        if ((await page.texts({ selector: '.message button', text: 'Try Again', inside })).length > 0) await page.click({ selector: '.message button', text: 'Try Again', inside, timeoutMs: 1000 }).catch(() => undefined);
        return (await page.texts({ selector: '.frame[data-plane="axial"][data-state="whole"]', inside })).length > 0;
      }, 60_000);
    });
  });
});
