import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import type { S3Server } from '../servers/s3Server.ts';
import { writeBrains } from './support/brains.ts';
import { startUsualBuckets } from './support/bucket.ts';
import { callDriver, onPage } from './support/driver.ts';
import { knownRuns } from './support/extension.ts';
import { showCommands, startCell } from './support/notebook.ts';
import { inPhase, kept } from './support/phase.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';

const slow = 300_000;
const inside = 'frames' as const;
const method = 'th900';
const id = 'sub-01_sample-brain_acq-phantom';
const rows = 100_000;

/** A table of the length of a table of objects: sizes that are all different, in no order. */
function largeTable(): string {
  const lines = ['object\tname\tsize\tstain'];
  for (let i = 1; i <= rows; i++) lines.push(`${i}\tregion ${i % 1000}\t${(i * 7919) % 100_003}\t${i % 3 === 0 ? 'Iba1' : 'Abeta'}`);
  return `${lines.join('\n')}\n`;
}

/** The object of the large table with a size, worked out apart. */
function objectOf(fits: (object: number, size: number) => boolean, better: (size: number, than: number) => boolean): { readonly object: number; readonly size: number } {
  let best = { object: 0, size: NaN };
  for (let i = 1; i <= rows; i++) {
    const size = (i * 7919) % 100_003;
    if (fits(i, size) && (Number.isNaN(best.size) || better(size, best.size))) best = { object: i, size };
  }
  return best;
}

const words = (n: number): string => n.toLocaleString('en-US');

inPhase('first look', function () {
  this.timeout(slow + 60_000);
  let folder: string;
  let out: string;
  let server: S3Server | undefined;

  const runOf = async (verb: string): Promise<RunRecord | undefined> => (await knownRuns()).find((run) => run.output === out && run.verb === verb);
  const open = (target?: unknown): Thenable<unknown> => vscode.commands.executeCommand('spimquant.outputs.open', target);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-outputs-'));
    const brains = join(folder, 'outputs-brains');
    out = join(folder, 'cohort', 'out');
    await writeBrains(brains, 4);
    const commands = [
      `spimquant ${brains} ${out} participant --template phantom --registration_level 0 --correction_level 1 --correction_n4_iters 10 --sloppy --stains_for_seg Abeta --seg_method ${method} --min_object_voxels 2`,
      `spimquant ${brains} ${out} group --contrast_column treatment --contrast_values drug control`,
    ];
    const notebook = await showCommands(...commands);
    await startCell(notebook.cellAt(0));
    await until('the run is known', async () => await runOf('participant') !== undefined, slow);
    await startCell(notebook.cellAt(1));
    await callDriver('keep', { name: 'folder', value: folder });
  });

  after(async () => {
    await useTheme('dark');
    await onPage((page) => page.resize({ width: 1280, height: 800 }));
    await server?.close();
  });

  it('show what a run makes while it goes on', async () => {
    const run = await runOf('participant');
    assert.ok(run);
    await vscode.commands.executeCommand('spimquant.run.openOutputs', run.id);
    await onPage(async (page) => {
      await page.see({ selector: '.outputs-header h1', text: 'cohort/out', inside, timeoutMs: 60_000 });
      await page.see({ selector: '.about, .message', text: 'run', inside });
    });
    await until('both runs have ended', async () => ['succeeded', 'failed'].includes((await runOf('group'))?.status ?? ''), slow);
    assert.equal((await runOf('participant'))?.status, 'succeeded');
    assert.equal((await runOf('group'))?.status, 'succeeded');
    // Nobody has asked for it: the end of the run is told.
    await onPage(async (page) => {
      await page.see({ selector: '.scopes .row', text: 'Group 1', inside, timeoutMs: 60_000 });
      await page.see({ selector: '.scopes .row', text: 'sub-04', inside });
      await page.see({ selector: '.scopes .row', text: 'Template phantom', inside });
    });
  });

  it('show figures by participant, with their pixels, and one large with zoom by keys', async () => {
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    await onPage(async (page) => {
      await page.see({ selector: '.gallery h2', text: 'Group 1', inside });
      await page.click({ selector: '.scopes .row', text: 'sub-02', inside });
      await page.see({ selector: '.tile .caption', text: 'Segmentation, slices: Abeta', inside });
      await page.see({ selector: '.tile img', inside });
      await page.screenshot({ name: 'outputs-figures-dark' });
      const tile = { selector: '.tile[data-path*="segslices"] img', inside } as const;
      await page.see(tile);
      const box = await page.box(tile);
      const pixels = await page.pixels({ ...tile, at: Array.from({ length: 60 }, (_, i) => [box.width * (0.2 + 0.01 * i), box.height * (0.3 + 0.006 * i)] as const) });
      assert.ok(new Set(pixels.map(String)).size > 10, `A picture of slices has many shades: ${pixels.slice(0, 5).join(' | ')}`);
      // One that is nearly square is seen whole all the same.
      const [whole, frame] = await Promise.all(['img', '.picture'].map((part) => page.box({ selector: `.tile[data-path*="roimontage"] ${part}`, inside })));
      assert.ok(whole.height <= frame.height + 1, `${whole.height} of ${frame.height}`);
      await page.click({ ...tile });
      await page.see({ selector: '.lightbox[open] h2', text: 'sub-02: Segmentation, slices', inside });
      await page.see({ selector: '.lightbox img', inside });
      const before = await page.box({ selector: '.lightbox img', inside });
      await page.press({ keys: '+' });
      await page.press({ keys: '+' });
      await until('the picture is larger', async () => (await page.box({ selector: '.lightbox img', inside })).width > before.width * 1.4);
      await page.screenshot({ name: 'outputs-lightbox' });
      await page.press({ keys: '0' });
      await page.press({ keys: 'ArrowRight' });
      await page.gone({ selector: '.lightbox h2', text: 'Segmentation, slices', inside });
      await page.press({ keys: 'Escape' });
      await page.gone({ selector: '.lightbox[open]', inside });
    });
  });

  it('sort, filter and search a table of 100,000 rows, and export what fits', async () => {
    await writeFile(join(out, 'sub-01', 'tabular', `${id}_desc-large_objects.tsv`), largeTable());
    await onPage(async (page) => {
      await page.click({ selector: '.outputs-header button', text: 'Refresh', inside });
      await page.click({ selector: '.scopes .row', text: 'sub-01', inside });
      await page.click({ selector: '#tab-tables', inside });
      await page.see({ selector: '.tables .choice select', inside });
      await until('the large table is chosen', async () => {
        await page.click({ selector: '.tables .choice select', inside });
        await page.type({ text: 'objects: large' });
        await page.press({ keys: 'Enter' });
        return (await page.texts({ selector: '.table-grid .counts', inside }))[0]?.includes(words(rows)) === true;
      });
      await page.screenshot({ name: 'outputs-table-dark' });
      await page.click({ selector: '.grid-head .sort', text: 'size', inside });
      const largest = objectOf(() => true, (size, than) => size > than);
      await page.see({ selector: '[role="columnheader"][aria-sort="descending"]', text: 'size', inside });
      await page.see({ selector: '.grid .row[aria-rowindex="1"] span:nth-child(1)', text: words(largest.object), inside });
      await page.see({ selector: '.grid .row[aria-rowindex="1"] span:nth-child(3)', text: words(largest.size), inside });
      // Far down, without all that is between: the end key goes to the smallest.
      const smallest = objectOf(() => true, (size, than) => size < than);
      await page.click({ selector: '.grid .row[aria-rowindex="2"]', inside });
      await page.press({ keys: 'End' });
      await page.see({ selector: `.grid .row[aria-rowindex="${rows}"] span:nth-child(3)`, text: words(smallest.size), inside });
      await page.click({ selector: 'input[aria-label="Filter size"]', inside });
      await page.type({ text: '1000..1999' });
      await page.click({ selector: 'input[aria-label="Filter stain"]', inside });
      await page.type({ text: '=iba1' });
      let fitting = 0;
      for (let i = 3; i <= rows; i += 3) if ((i * 7919) % 100_003 >= 1000 && (i * 7919) % 100_003 <= 1999) fitting += 1;
      await page.see({ selector: '.table-grid .counts', text: `${words(fitting)} of ${words(rows)} rows`, inside });
      await page.screenshot({ name: 'outputs-table-filtered' });
    });
    // The dialog offers the name of the table, in the folder of the workspace.
    const target = join(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? folder, `${id}_desc-large_objects.csv`);
    await onPage(async (page) => {
      await page.click({ selector: '.table-grid button', text: 'Export CSV', inside });
      const dialog = { selector: '.quick-input-widget .quick-input-title', text: 'Save' } as const;
      await page.see(dialog);
      const written = await until('the file is written', async () => {
        const found = await readFile(target, 'utf8').catch(() => '');
        if (found !== '') return found;
        // As long as the dialog looks at the folder, it takes no answer.
        if ((await page.texts(dialog)).length > 0) await page.press({ keys: 'Enter' });
        return undefined;
      });
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      await rm(target, { force: true });
      const lines = written.trim().split('\n');
      assert.equal(lines[0], 'object,name,size,stain');
      const sizes = lines.slice(1).map((line) => Number(line.split(',')[2]));
      assert.ok(sizes.length > 0 && sizes.every((size) => size >= 1000 && size <= 1999));
      assert.deepEqual(sizes, [...sizes].sort((a, b) => b - a));
      await page.click({ selector: '.grid .row[aria-rowindex="1"]', inside });
      await page.press({ keys: 'Control+c' });
      const [object, name, size, stain] = lines[1].split(',');
      await until('the row is in the clipboard', async () => await vscode.env.clipboard.readText() === [object, name, size, stain].join('\t'));
    });
  });

  it('show regions by group as bars with every participant, and the values behind', async () => {
    await onPage(async (page) => {
      await page.click({ selector: '.scopes .row', text: 'Everything', inside });
      await page.click({ selector: '#tab-regions', inside });
      await page.see({ selector: '.legend .group', text: 'control (2)', inside, timeoutMs: 40_000 });
      await page.see({ selector: '.legend .group', text: 'drug (2)', inside });
      await page.see({ selector: '.chart-says', text: 'Field fraction', inside });
      const table = await readFile(join(out, 'group', '1', (await readdir(join(out, 'group', '1'))).find((name) => /^seg-all.*groupstats\.tsv$/.test(name)) ?? ''), 'utf8');
      const [head, ...lines] = table.trim().split('\n').map((line) => line.split('\t'));
      const place = head.indexOf('Abeta+fieldfrac_mean_drug');
      const [first] = lines.filter(([index]) => index !== '0').sort((a, b) => Math.max(Number(b[place]), Number(b[head.indexOf('Abeta+fieldfrac_mean_control')])) - Math.max(Number(a[place]), Number(a[head.indexOf('Abeta+fieldfrac_mean_control')])));
      const said = await page.attribute({ selector: '.chart-row', inside, name: 'aria-label' }) ?? '';
      assert.ok(said.startsWith(`${first[head.indexOf('name')]}:`), `${said} should be ${first[head.indexOf('name')]}`);
      assert.ok(said.includes(`drug ${Number(first[place]).toLocaleString('en-US', { maximumSignificantDigits: 4 })}`), `${said} beside ${first[place]}`);
      await page.screenshot({ name: 'outputs-regions-dark' });
      await page.click({ selector: 'input[aria-label="Find regions"]', inside });
      await page.type({ text: 'cortex' });
      await page.gone({ selector: '.chart-body text.name', text: 'cerebellum', inside });
      const names = await page.texts({ selector: '.chart-body text.name', inside });
      assert.ok(names.length > 0 && names.every((name) => /cortex/i.test(name)), names.join(', '));
      await page.click({ selector: '.regions button', text: 'Show as Table', inside });
      await page.see({ selector: '.region-table th', text: 'drug, mean', inside });
      await page.see({ selector: '.region-table td', text: 'cortex', inside });
      await page.click({ selector: '.regions button', text: 'Show as Chart', inside });
      await page.click({ selector: 'input[aria-label="Find regions"]', inside });
      await page.press({ keys: 'Control+A' });
      await page.press({ keys: 'Delete' });
    });
  });

  it('show maps over the template: a participant’s, and statistics of the groups on the atlas', async () => {
    await onPage(async (page) => {
      await page.click({ selector: '#tab-maps', inside });
      await page.see({ selector: '.map-panel h2', text: 'Field fraction', inside, timeoutMs: 40_000 });
      const canvas = { selector: '.pane[data-plane="coronal"] canvas', inside } as const;
      const colours = async (): Promise<{ readonly gray: number; readonly warm: number; readonly cold: number }> => {
        const box = await page.box(canvas);
        const at = Array.from({ length: 1600 }, (_, i) => [box.width * (0.02 + 0.024 * (i % 40)), box.height * (0.02 + 0.024 * Math.floor(i / 40))] as const);
        const pixels = await page.pixels({ ...canvas, at });
        return {
          gray: pixels.filter(([r, g, b]) => r === g && g === b && r > 30).length,
          warm: pixels.filter(([r, , b]) => r > b + 60).length, cold: pixels.filter(([r, , b]) => b > r + 60).length,
        };
      };
      await until('the map lies over the template', async () => {
        const { gray, warm } = await colours();
        return gray > 50 && warm > 20;
      });
      await page.see({ selector: '.map-panel [role="status"]', text: 'mm', inside });
      await page.screenshot({ name: 'outputs-maps-dark' });
      await page.click({ selector: '.maps .choice select', inside, nth: 0 });
      await page.type({ text: 'Comparison' });
      await page.press({ keys: 'Enter' });
      await page.see({ selector: '.map-panel h2', text: 'Field fraction of Abeta: t', inside, timeoutMs: 20_000 });
      await until('both signs or one of them are seen', async () => {
        const { warm, cold } = await colours();
        return warm + cold > 20;
      });
      await page.screenshot({ name: 'outputs-maps-t' });
    });
  });

  it('compare two participants: figures, regions and maps', async () => {
    await onPage(async (page) => {
      await page.click({ selector: '#tab-compare', inside });
      await page.see({ selector: '.pair.heads h2', text: 'sub-01', inside, nth: 0 });
      await page.see({ selector: '.pair.heads h2', text: 'sub-02', inside });
      await page.see({ selector: '.pairs .tile img', inside });
      await page.screenshot({ name: 'outputs-compare-figures' });
      const choose = async (label: string, text: string): Promise<void> => {
        await page.click({ selector: `.compare .choice:has-text("${label}") select`, inside });
        await page.type({ text });
        await page.press({ keys: 'Enter' });
      };
      await choose('Compare', 'Regions');
      await page.see({ selector: '.compare .legend .group', text: 'sub-02', inside, timeoutMs: 20_000 });
      await page.see({ selector: '.compare .region-table th', text: 'difference', inside });
      await page.screenshot({ name: 'outputs-compare-regions' });
      await choose('Compare', 'Maps');
      await page.see({ selector: '.compare .map-panel h2', text: 'sub-02', inside, timeoutMs: 20_000 });
      await page.screenshot({ name: 'outputs-compare-maps' });
      await choose('Compare', 'Figures');
    });
  });

  it('compare two runs: the same participant of both, and what differs', async () => {
    const other = join(folder, 'second', 'out');
    await cp(out, other, { recursive: true });
    // One region of one participant is another; one figure is missing.
    const files = (await readdir(join(other, 'sub-01'), { recursive: true })).map((file) => join(other, 'sub-01', file));
    let region = '';
    for (const file of files.filter((each) => /seg-all_.*mergedsegstats\.tsv$/.test(each))) {
      const [head, ...lines] = (await readFile(file, 'utf8')).trim().split('\n').map((line) => line.split('\t'));
      region = lines[2][head.indexOf('name')];
      lines[2][head.indexOf('Abeta+fieldfrac')] = '77.5';
      await writeFile(file, `${[head, ...lines].map((line) => line.join('\t')).join('\n')}\n`);
    }
    await rm(files.find((file) => /segslices\.(png|svg)$/.test(file)) ?? '');
    await onPage(async (page) => {
      await page.click({ selector: '.compare button', text: 'Other Run or Folder…', inside });
      await page.see({ selector: '.quick-input-widget .quick-input-title', text: 'Compare with the Outputs of' });
      await page.type({ text: other });
      await page.click({ selector: '.quick-input-widget .monaco-list-row', text: 'Open' });
      await page.see({ selector: '.pair.heads h2', text: 'sub-01, cohort/out', inside, timeoutMs: 30_000 });
      await page.see({ selector: '.pair.heads h2', text: 'sub-01, second/out', inside });
      await page.see({ selector: '.pairs .missing', text: 'sub-01, second/out has none', inside });
      await page.screenshot({ name: 'outputs-compare-runs' });
      await page.click({ selector: '.compare .choice:has-text("Compare") select', inside });
      await page.type({ text: 'Regions' });
      await page.press({ keys: 'Enter' });
      await page.see({ selector: '.compare .legend .group', text: 'second/out', inside, timeoutMs: 20_000 });
      // What differs most is first, and nothing else differs.
      await page.see({ selector: '.compare .region-table tbody tr:nth-child(1)', text: region, inside });
      assert.match(await page.see({ selector: '.compare .region-table tbody tr:nth-child(1)', inside }), /77\.5/);
      assert.doesNotMatch(await page.see({ selector: '.compare .region-table tbody tr:nth-child(2)', inside }), /77\.5/);
    });
  });

  it('say what to do where there is nothing, and what is wrong where nothing can be read', async () => {
    const empty = join(folder, 'nothing-yet');
    await mkdir(empty);
    await open(empty);
    await onPage(async (page) => {
      await page.see({ selector: '.message h2', text: 'No outputs yet', inside });
      await page.see({ selector: '.message button', text: 'Run Participants', inside });
      await page.screenshot({ name: 'outputs-empty' });
    });
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    server = await startUsualBuckets({ lab: { folder: join(folder, 'cohort') } });
    await open('s3://no-such-bucket/out');
    await onPage(async (page) => {
      await page.see({ selector: '.message [role="alert"]', inside });
      await page.see({ selector: '.message button', text: 'Try Again', inside });
      await page.screenshot({ name: 'outputs-failed' });
    });
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('show outputs of a bucket as those of a folder', async () => {
    await open('s3://lab/out');
    await onPage(async (page) => {
      await page.see({ selector: '.outputs-header h1', text: 'lab/out', inside });
      await page.click({ selector: '.scopes .row', text: 'sub-03', inside });
      await page.see({ selector: '.tile img', inside });
      await page.click({ selector: '#tab-tables', inside });
      await page.see({ selector: '.table-grid .counts', text: 'row', inside });
      await page.see({ selector: '.grid .row span', inside });
      await page.click({ selector: '#tab-regions', inside });
      await page.see({ selector: '.legend .group', inside });
    });
    assert.ok((server?.requests.length ?? 0) > 0);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('open as they were left, after they were closed', async () => {
    await open(out);
    await onPage(async (page) => {
      await page.click({ selector: '.scopes .row', text: 'sub-01', inside });
      await page.click({ selector: '#tab-tables', inside });
      await page.see({ selector: '.table-grid .counts', text: `of ${words(rows)} rows`, inside });
    });
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await open(out);
    await onPage((page) => page.see({ selector: '.table-grid .counts', text: `of ${words(rows)} rows`, inside }));
  });

  it('read well in light colours, in high contrast, and in a narrow window', async () => {
    await onPage(async (page) => { await page.click({ selector: '#tab-regions', inside }); });
    for (const theme of ['light', 'highContrast'] as const) {
      await useTheme(theme);
      for (const tab of ['regions', 'figures', 'tables', 'maps', 'files'] as const) {
        await onPage(async (page) => {
          await page.click({ selector: `#tab-${tab}`, inside });
          await page.see({ selector: `#panel-${tab}`, inside });
          await page.gone({ selector: '#panel-maps [aria-busy="true"]', inside });
          await page.screenshot({ name: `outputs-${tab}-${theme}` });
        });
      }
    }
    await useTheme('dark');
    await onPage(async (page) => {
      await page.resize({ width: 560, height: 760 });
      for (const tab of ['figures', 'tables', 'regions', 'maps', 'compare'] as const) {
        await page.click({ selector: `#tab-${tab}`, inside });
        await page.see({ selector: `#panel-${tab}`, inside });
        await page.screenshot({ name: `outputs-narrow-${tab}` });
      }
      await page.resize({ width: 1280, height: 800 });
      await page.click({ selector: '.scopes .row', text: 'sub-01', inside });
      await page.click({ selector: '#tab-tables', inside });
      await page.see({ selector: '.table-grid .counts', text: 'row', inside });
    });
    await onPage(async (page) => {
      await page.click({ selector: 'input[aria-label="Filter size"]', inside });
      for (const keys of ['End', 'Backspace', '8']) await page.press({ keys });
      // The editor in a browser writes from time to time, its own state once a minute; a reload before that would lose what came last.
      await page.stored({ key: 'spimquant.spimquant', texts: ['"1998"'], timeoutMs: 60_000 });
      await page.stored({ key: 'memento/workbench.parts.editor', texts: ['spimquant.outputs', 'cohort/out'], timeoutMs: 180_000 });
    });
  });
});

inPhase('after a reload', function () {
  this.timeout(120_000);
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(kept<string>('folder'), { recursive: true, force: true });
  });

  it('the outputs are there again, with the part, the table and the filters that were in front', async () => {
    await onPage(async (page) => {
      await page.see({ selector: '.outputs-header h1', text: 'cohort/out', inside, timeoutMs: 60_000 });
      await page.see({ selector: '#tab-tables[aria-selected="true"]', inside });
      await page.see({ selector: '.scopes .row[aria-selected="true"]', text: 'sub-01', inside });
      await page.see({ selector: '.table-grid .counts', text: `of ${words(rows)} rows`, inside, timeoutMs: 30_000 });
      await page.see({ selector: '[role="columnheader"][aria-sort="descending"]', text: 'size', inside });
      assert.equal(await page.attribute({ selector: 'input[aria-label="Filter size"]', inside, name: 'value' }), '1000..1998');
    });
  });
});
