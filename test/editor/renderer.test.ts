import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { PageCommands } from '../../scripts/editor/driver.types.ts';
import { resultMime } from '../../runner/protocol/results.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import { openCommands } from '../../extension/panels/openViews.ts';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { bringUp, resultOf, revealCell, runCell, runOf, startCell } from './support/notebook.ts';
import { inPhase } from './support/phase.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';

const slow = 240_000;
const inside = 'frames' as const;
const folder = (): string => vscode.workspace.workspaceFolders?.[0].uri.fsPath ?? '';
const name = 'analysis.ipynb';

/** Orange, as objects are coloured: clearly more red than blue. */
function orangeShare(pixels: readonly (readonly [number, number, number])[]): number {
  return pixels.filter(([red, green, blue]) => red > 60 && red - blue > 50 && green < red).length / pixels.length;
}

const canvas = { selector: '.slices canvas', inside, columns: 160, rows: 130 } as const;

/** Opens the notebook of this suite with our controller. */
async function openNotebook(): Promise<vscode.NotebookDocument> {
  const uri = vscode.Uri.file(join(folder(), name));
  // As a user opens it: documents that a program has opened stay for minutes after their tab is closed.
  await vscode.commands.executeCommand('vscode.openWith', uri, 'jupyter-notebook');
  const editor = await until('the notebook is open', () => {
    const active = vscode.window.activeNotebookEditor;
    return active?.notebook.uri.toString() === uri.toString() ? active : undefined;
  });
  await vscode.commands.executeCommand('notebook.selectKernel', { notebookEditor: editor, id: 'spimquant-local-jupyter', extension: 'spimquant.spimquant' });
  return editor.notebook;
}

/** Presses a part of an output as a user does, who scrolls to it first. */
async function press(page: PageCommands, selector: string, text?: string): Promise<void> {
  await bringUp(page, selector, { text });
  await page.click({ selector, inside, ...(text === undefined ? {} : { text }) });
}

inPhase('first look', function () {
  this.timeout(slow + 30_000);
  let notebook: vscode.NotebookDocument;
  const cell = (index: number): vscode.NotebookCell => notebook.cellAt(index);

  before(async () => {
    const brains = join(folder(), 'brains');
    const out = join(folder(), 'out');
    await writeBrains(brains, 1);
    const commands = [
      `spimquant segment ${brains} --participant-label 01 --stain Abeta --seg_method th600 --min_object_voxels 20`,
      `spimquant segment ${brains} --participant-label 01 --min_object_voxels 20 --stain Abeta --seg_method th600 otsu+k3i2 --compare`,
      `spimquant ${brains} ${out} participant --template phantom --registration_level 1 --correction_level 1 --correction_n4_iters 10 --sloppy --atlas_segs coarse --stains_for_seg Abeta --seg_method th600 --min_object_voxels 20`,
      `spimquant results ${out}`,
    ];
    await writeFile(join(folder(), name), JSON.stringify({
      cells: commands.map((source, i) => ({ cell_type: 'code', id: `cell-${i}`, execution_count: null, metadata: { vscode: { languageId: 'spimquant' } }, outputs: [], source: [source] })),
      metadata: { language_info: { name: 'spimquant' } }, nbformat: 4, nbformat_minor: 5,
    }));
    notebook = await openNotebook();
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
  });

  after(async () => {
    await useTheme('dark');
    await onPage((page) => page.resize({ width: 1280, height: 800 }));
  });

  it('shows a slice with the mask coloured, and without it when its opacity is 0', async () => {
    await runCell(cell(0));
    await revealCell(cell(0));
    await onPage(async (page) => {
      await page.see({ selector: '.slices[data-drawn]', inside });
      await bringUp(page, '.slices .pane');
      await until('the mask is coloured', async () => orangeShare(await page.pixelGrid(canvas)) > 0.0005);
      await page.see({ selector: '.slices .letter.left', text: 'L', inside });
      await page.see({ selector: '.slices .scale-words', text: 'mm', inside });
      await page.screenshot({ name: 'renderer-segment-dark' });
      await press(page, '.slices .opacity input');
      await page.press({ keys: 'Home' });
      await page.see({ selector: '.slices .opacity output', text: '0 %', inside });
      await until('the mask is gone', async () => orangeShare(await page.pixelGrid(canvas)) === 0);
      await page.press({ keys: 'End' });
      await until('the mask is back', async () => orangeShare(await page.pixelGrid(canvas)) > 0.0005);
      const filled = orangeShare(await page.pixelGrid(canvas));
      await press(page, '.slices .check', 'Outline only');
      await until('the insides are free', async () => orangeShare(await page.pixelGrid(canvas)) < filled);
      await press(page, '.slices .check', 'Outline only');
      await until('the insides are filled again', async () => orangeShare(await page.pixelGrid(canvas)) === filled);
      // What is not in the picture is told apart: no object is too small in this one.
      assert.equal((await page.texts({ selector: '.slices .legend li:has(.absent[hidden])', inside })).length, 1);
      assert.deepEqual(await page.texts({ selector: '.slices .legend li:not(:has(.absent[hidden]))', inside }), ['too small, left out (none to be seen here)']);
      await press(page, '.slices button', 'Copy Image');
      await page.see({ selector: '.slices .said', text: 'Copied.', inside });
    });
  });

  it('goes through the slices, and changes how bright they are', async () => {
    const before = resultOf(cell(0))?.blocks.find((block) => block.kind === 'slices');
    assert.ok(before?.kind === 'slices' && before.stacks[0].slices.length > 2);
    await onPage(async (page) => {
      const shown = await page.pixelGrid(canvas);
      const words = await page.see({ selector: '.slices .slice-slider output', inside });
      await press(page, '.slices .slice-slider input');
      await page.press({ keys: 'Home' });
      await page.press({ keys: 'ArrowRight' });
      await until('another slice is shown', async () => JSON.stringify(await page.pixelGrid(canvas)) !== JSON.stringify(shown));
      assert.notEqual(await page.see({ selector: '.slices .slice-slider output', inside }), words);
      const sum = async (): Promise<number> => (await page.pixelGrid(canvas)).reduce((all, [red, green, blue]) => all + red + green + blue, 0);
      const bright = await sum();
      await press(page, '.slices .slider', 'Level');
      await page.press({ keys: 'End' });
      await until('it is darker', async () => await sum() < 0.8 * bright);
      await press(page, '.slices button', 'Reset');
      await until('it is as bright as before', async () => Math.abs(await sum() / bright - 1) < 0.02);
    });
  });

  it('shows methods side by side, with linked crosshairs and zoom', async () => {
    await runCell(cell(1));
    await revealCell(cell(1));
    await onPage(async (page) => {
      await page.see({ selector: '.slices.grid[data-drawn]', inside });
      await bringUp(page, '.slices.grid .pane-head');
      assert.deepEqual((await page.texts({ selector: '.slices.grid .pane-head strong', inside })), ['th600', 'otsu+k3i2']);
      const table = resultOf(cell(1))?.blocks.find((block) => block.kind === 'table');
      assert.ok(table?.kind === 'table');
      const facts = (await page.texts({ selector: '.slices.grid .pane-facts', inside }));
      table.rows.forEach((row, i) => { assert.match(facts[i], new RegExp(`Threshold${String(row[1])}.*Objects${String(row[3])}`)); });
      await page.hover({ selector: '.slices.grid .pane', inside });
      await until('both have a crosshair', async () => (await page.texts({ selector: '.slices.grid .cross.down', inside })).length === 2);
      await page.see({ selector: '.slices.grid .readout', text: 'Abeta about', inside });
      await page.resize({ width: 1280, height: 1000 });
      await page.hover({ selector: '.slices.grid .pane', inside });
      await page.see({ selector: '.slices.grid .readout', text: 'Abeta about', inside });
      await page.screenshot({ name: 'renderer-methods-dark' });
      await page.resize({ width: 1280, height: 800 });
      await press(page, '.slices.grid .pane');
      await page.press({ keys: '+' });
      await until('both are zoomed', async () => (await page.texts({ selector: '.slices.grid .pane.zoomed', inside })).length === 2);
      await page.press({ keys: '0' });
      await page.gone({ selector: '.slices.grid .pane.zoomed', inside });
    });
  });

  it('writes the method that is chosen into the cell', async () => {
    await onPage(async (page) => {
      await press(page, '.slices.grid .pane-place:nth-child(2) button', 'Use This Threshold');
      await until('the flag is in the cell', () => /--stain Abeta --seg_method otsu\+k3i2$/.test(cell(1).document.getText()));
      assert.ok(!cell(1).document.getText().includes('--compare'));
    });
  });

  it('shows the progress of a run, and takes it up again when its notebook was closed meanwhile', async () => {
    await startCell(cell(2));
    await until('the run works', () => (runOf(cell(2))?.run.counts.finished ?? 0) > 0, slow);
    await onPage(async (page) => {
      await page.see({ selector: '.spimquant-run [role="progressbar"]', inside });
      await page.see({ selector: '.spimquant-run button', text: 'Open Run', inside });
    });
    const { id } = runOf(cell(2))?.run ?? {};
    await notebook.save();
    // What the run has written into it since is thrown away.
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await until('the notebook is closed', () => notebook.isClosed);
    notebook = await openNotebook();
    await revealCell(cell(2));
    const seen = await until('the cell shows the run', () => runOf(cell(2))?.run);
    assert.equal(seen.id, id);
    await until('the run ends, and its cell with it', () => isOver(runOf(cell(2))?.run.status ?? 'running') && cell(2).executionSummary?.success === true, slow);
  });

  it('opens the run in full', async () => {
    await revealCell(cell(2));
    await onPage(async (page) => {
      await press(page, '.spimquant-run button', 'Open Run');
      await page.see({ selector: '.run-header h1', text: 'brains', inside });
    });
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('draws bars that are as long as the numbers of the table', async () => {
    await runCell(cell(3));
    await revealCell(cell(3));
    const result = resultOf(cell(3));
    const table = result?.blocks.find((block) => block.kind === 'table');
    assert.ok(table?.kind === 'table' && table.rows.length > 2);
    const expected = table.rows.slice(0, 15).map((row) => Number(row[1]));
    await onPage(async (page) => {
      await page.see({ selector: '.spimquant-result .chart', inside });
      await bringUp(page, '.chart figcaption');
      const numbers = (await page.texts({ selector: '.chart .number', inside })).map((text) => Number(text.replaceAll(',', '')));
      assert.equal(numbers.length, expected.length);
      numbers.forEach((value, i) => { assert.ok(Math.abs(value - expected[i]) <= 0.002 * expected[i], `${value} and ${expected[i]}`); });
      const track = (await page.box({ selector: '.chart .track', inside })).width;
      for (const i of [0, 1, 2]) {
        const { width } = await page.box({ selector: '.chart .fill', inside, nth: i });
        assert.ok(Math.abs(width - (track * expected[i]) / expected[0]) < 2, `bar ${i} is ${width} of ${track} pixels`);
      }
      // No bar where there is nothing, and one ground below all of them.
      assert.equal((await page.texts({ selector: '.chart .fill', inside })).length, expected.filter((value) => value > 0).length);
      for (const nth of [0, 1]) assert.match(await page.style({ selector: '.chart tbody tr', inside, nth, property: 'background-color' }), /rgba\(0, 0, 0, 0\)|transparent/);
      await page.screenshot({ name: 'renderer-results-dark' });
    });
  });

  it('copies a table, and opens the result in its panel', async () => {
    await onPage(async (page) => {
      await press(page, '.spimquant-result:has(.chart) .table-tools button', 'Copy');
      const text = await until('the table is in the clipboard', async () => {
        const copied = await vscode.env.clipboard.readText();
        return copied.startsWith('region\tdensity') ? copied : undefined;
      });
      assert.match(text, /^region\tdensity \(per mm³\)\tobjects\tfield fraction \(%\)\n[^\n]+\t[\d.]+\t/);
      await press(page, '.spimquant-result:has(.chart) .opens button', 'Open Full View');
      await until('the panel is there', () => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).some(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('spimquant.result')));
    });
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter(({ input }) => input instanceof vscode.TabInputWebview);
    await vscode.window.tabGroups.close(tabs);
  });

  it('offers the full views that there are, and no others', async () => {
    const there = new Set(await vscode.commands.getCommands(true));
    await revealCell(cell(0));
    await onPage(async (page) => {
      await page.see({ selector: '.opens button', text: 'Open Full View', inside });
      if (!there.has(openCommands.openImage)) {
        await page.gone({ selector: '.opens button', text: 'Open in Image Viewer', inside });
        return;
      }
      await press(page, '.opens button', 'Open in Image Viewer');
      await until('the image is open', () => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).some(({ label }) => /ome\.zarr|sub-01/.test(label)));
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    });
  });

  it('reads well in other colours and in a narrow window', async () => {
    const places = ['.slices.stack .pane', '.slices.grid .pane-head', '.spimquant-run .head', '.chart figcaption'];
    const names = ['segment', 'compare', 'run', 'results'];
    const look = async (index: number, how: string): Promise<void> => {
      await revealCell(cell(index));
      await onPage(async (page) => {
        await bringUp(page, places[index]);
        await page.screenshot({ name: `renderer-${names[index]}-${how}` });
      });
    };
    await useTheme('highContrast');
    for (const index of [1, 3]) await look(index, 'highContrast');
    await useTheme('light');
    for (const index of [0, 3]) await look(index, 'light');
    await onPage((page) => page.resize({ width: 640, height: 760 }));
    for (const index of [0, 2]) await look(index, 'narrow');
    await onPage((page) => page.resize({ width: 1280, height: 800 }));
    await useTheme('dark');
  });

  it('is saved with pages and texts for readers without the extension', async () => {
    await notebook.save();
    const { cells } = JSON.parse(await readFile(join(folder(), name), 'utf8')) as { cells: { outputs: { data: Record<string, string | readonly string[]> }[] }[] };
    const text = (index: number, mime: string): string => [cells[index].outputs[0].data[mime] ?? []].flat().join('');
    assert.ok(cells[0].outputs[0].data[resultMime] !== undefined);
    for (const index of [0, 1, 2, 3]) {
      assert.ok(!/<script|onerror|javascript:/i.test(text(index, 'text/html')), `cell ${index}`);
      assert.ok(text(index, 'text/plain').length > 50, `cell ${index}`);
    }
    assert.match(text(0, 'text/html'), /<img src="data:image\/png;base64,[A-Za-z0-9+/=]{1000,}" alt="coronal slice of Abeta/);
    assert.match(text(3, 'text/html'), /<img src="data:image\/svg\+xml;base64,/);
    assert.match(text(3, 'text/html'), /<table><thead><tr><th align="left">region/);
    assert.match(text(3, 'text/plain'), /█/);
    assert.ok((await readFile(join(folder(), name))).length < 2_500_000);
    // The editor in a browser writes which files are open only every few seconds.
    await onPage((page) => page.stored({ key: 'memento/workbench.parts.editor', texts: [name] }));
  });
});

inPhase('after a reload', () => {
  it('shows the outputs again from the file, and their buttons work', async () => {
    const notebook = await until('the notebook is open again', () => vscode.window.activeNotebookEditor?.notebook);
    const cell = notebook.cellAt(0);
    assert.ok(resultOf(cell));
    await revealCell(cell);
    await onPage(async (page) => {
      await page.see({ selector: '.slices[data-drawn]', inside, timeoutMs: 60_000 });
      await bringUp(page, '.slices .pane');
      await until('the mask is coloured', async () => orangeShare(await page.pixelGrid(canvas)) > 0.0005);
      await page.see({ selector: '.opens button', text: 'Open Full View', inside });
    });
    assert.equal(cell.executionSummary?.timing, undefined, 'Nothing was carried out.');
  }).timeout(120_000);
});
