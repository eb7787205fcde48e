import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import type { PageCommands } from '../../scripts/editor/driver.types.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { defaultCredential, startS3Server } from '../servers/s3Server.ts';
import type { Credential, S3Server } from '../servers/s3Server.ts';
import { awsKeys, awsSection, writeAwsFiles } from './support/bucket.ts';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { knownRuns } from './support/extension.ts';
import { useTheme } from './support/theme.ts';
import { until } from './support/until.ts';

const row = '.monaco-list-row';
const input = '.quick-input-widget';
const question = `${input} ${row}`;
const title = `${input} .quick-input-title`;
const menu = '.monaco-menu .action-label';
const slow = 120_000;

const labKey: Credential = { accessKeyId: 'AKIDLAB', secretAccessKey: 'lab-secret' };
const lab = { uri: 's3://lab/bids', storage: { awsProfile: 'lab' } };

/** Contents of all files below a folder by their path, temporary ones too. */
async function filesBelow(folder: string): Promise<Record<string, string>> {
  const found: [string, string][] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.push([relative(folder, path).split(sep).join('/'), await readFile(path, 'latin1')]);
  }
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of files by their path, those that fit. */
function only(files: Record<string, string>, fits: (path: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => fits(path)));
}

/** A row as the Datasets view gives it to its menus. */
function participantRow(label: string): object {
  return { kind: 'participant', id: `datasets:${label}`, dataset: lab, label };
}

describe('Transfers', function () {
  this.timeout(slow + 60_000);
  let folder: string;
  let theirs: S3Server;
  let mine: S3Server;
  let source: Record<string, string>;

  /** The newest run, when it has ended so and is none of those that were there before. */
  const ended = (before: readonly RunRecord[], status: RunRecord['status']): Promise<RunRecord> => until(`a run has ${status}`, async () => {
    const run = (await knownRuns()).find(({ id }) => !before.some((each) => each.id === id));
    assert.ok(run === undefined || status === run.status || !['failed', 'interrupted', 'cancelled', 'succeeded'].includes(run.status), `${run?.status}: ${JSON.stringify(run?.error)} ${run?.command}`);
    return run?.status === status ? run : undefined;
  }, slow);

  /** Writes where the copy goes, instead of taking what is offered. */
  const writeTarget = async (page: PageCommands, address: string): Promise<void> => {
    await page.click({ selector: question, text: 'Another folder or bucket' });
    await page.see({ selector: question, text: 'Choose a folder…' });
    await page.type({ text: address });
    await page.see({ selector: `${question}.focused`, text: address });
    await page.press({ keys: 'Enter' });
    await page.gone({ selector: question, text: 'Choose a folder…' });
  };

  /** Steps back from question to question until none is left. */
  const leave = async (page: PageCommands, over: Thenable<unknown>): Promise<void> => {
    let isOver = false;
    void over.then(() => { isOver = true; });
    await until('no question is left', async () => {
      if (!isOver) await page.press({ keys: 'Escape' });
      return isOver;
    });
  };

  const seePlan = async (page: PageCommands): Promise<void> => {
    await page.see({ selector: '.spimquant-result', text: 'Plan of sync', inside: 'frames', timeoutMs: 60_000 });
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-transfers-'));
    await writeBrains(join(folder, 'lab', 'bids'), 3);
    source = await filesBelow(join(folder, 'lab', 'bids'));
    theirs = await startS3Server({ credentials: [labKey], buckets: { lab: { folder: join(folder, 'lab') } } });
    await mkdir(join(folder, 'mine'));
    mine = await startS3Server({ buckets: { mine: { folder: join(folder, 'mine') } } });
    await writeAwsFiles(
      [awsSection('default', { region: 'us-east-1', endpoint_url: mine.endpoint }), awsSection('profile lab', { region: 'us-east-1', endpoint_url: theirs.endpoint })].join('\n'),
      `${awsKeys('default', defaultCredential)}\n${awsKeys('lab', labKey)}`,
    );
    await vscode.commands.executeCommand('spimquant.datasets.focus');
    await onPage(async (page) => {
      const added = vscode.commands.executeCommand<string>('spimquant.datasets.add');
      await page.see({ selector: title, text: 'Add Dataset' });
      await page.type({ text: lab.uri });
      await page.see({ selector: `${question}.focused`, text: 'Add' });
      await page.press({ keys: 'Enter' });
      await page.click({ selector: question, text: 'labAccess keys' });
      assert.equal(await added, lab.uri);
    });
  });

  after(async () => {
    await useTheme('dark');
    await onPage((page) => page.resize({ width: 1280, height: 800 }));
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await theirs.close();
    await mine.close();
    await rm(folder, { recursive: true, force: true });
  });

  afterEach(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  it('download a participant from its row: where to, the plan, then a run that ends with equal files', async () => {
    const before = await knownRuns();
    await onPage(async (page) => {
      await vscode.commands.executeCommand('spimquant.datasets.focus');
      await vscode.commands.executeCommand('list.focusFirst');
      await vscode.commands.executeCommand('list.expand');
      await page.click({ selector: `.pane ${row}[aria-label^="sub-02"] .label-name`, button: 'right' });
      await page.see({ selector: menu, text: 'Sync…' });
      await page.screenshot({ name: 'transfer-menu' });
      await page.click({ selector: menu, text: 'Download…' });
      await page.see({ selector: title, text: 'Download sub-02' });
      await page.see({ selector: question, text: 'in the folder of the workspace' });
      await page.screenshot({ name: 'transfer-target' });
      await writeTarget(page, join(folder, 'copy'));
      await seePlan(page);
      await page.see({ selector: `${question}.focused`, text: 'Download' });
      await page.see({ selector: question, text: 'sub-02, with files of the dataset' });
      await page.screenshot({ name: 'transfer-plan' });
      // Nothing is written before it is agreed to.
      assert.deepEqual(await filesBelow(join(folder, 'copy')), {});
      theirs.requests.splice(0);
      await page.press({ keys: 'Enter' });
      const run = await ended(before, 'succeeded');
      assert.match(run.command, /--include \/sub-02 /);
      await page.see({ selector: row, text: 'bids: sync' });
      await page.screenshot({ name: 'transfer-done' });
    });
    assert.deepEqual(await filesBelow(join(folder, 'copy')), only(source, (path) => path.startsWith('sub-02/') || /^(?:dataset_description|participants|samples)\.\w+$/.test(path)));
    assert.deepEqual(theirs.requests.filter(({ method, key }) => method === 'GET' && /sub-0[13]_.*\/\d+\/\d+/.test(key)).map(({ key }) => key), [], 'nothing of the others is read');
  });

  it('take several rows at once, and leave what is there already', async () => {
    const before = await knownRuns();
    await onPage(async (page) => {
      void vscode.commands.executeCommand('spimquant.transfer.download', participantRow('01'), [participantRow('01'), participantRow('02')]);
      await page.see({ selector: title, text: 'Download sub-01 and 1 more' });
      await page.click({ selector: question, text: join(folder, 'copy') });
      await seePlan(page);
      await page.see({ selector: `${input} .quick-input-filter input[placeholder*="up to date"]` });
      await page.click({ selector: question, text: 'with files of the dataset' });
      await page.see({ selector: question, text: 'the copy is a dataset of its own' });
      await page.screenshot({ name: 'transfer-options' });
      await page.press({ keys: 'Enter' });
      await page.click({ selector: question, text: 'Left out: nothing' });
      await page.see({ selector: `${input} .quick-input-message`, text: 'Patterns of what is left out' });
      await page.type({ text: '*.ome.zarr' });
      await page.press({ keys: 'Enter' });
      await page.see({ selector: question, text: 'Left out: *.ome.zarr' });
      await page.click({ selector: question, text: 'Left out: *.ome.zarr' });
      await page.see({ selector: `${input} .quick-input-message`, text: 'Patterns of what is left out' });
      await page.press({ keys: 'Control+a' });
      await page.press({ keys: 'Backspace' });
      await page.press({ keys: 'Enter' });
      await page.see({ selector: question, text: 'Left out: nothing' });
      await page.click({ selector: question, text: 'Download ' });
      await ended(before, 'succeeded');
    });
    assert.deepEqual(await filesBelow(join(folder, 'copy')), only(source, (path) => /^(?:sub-0[12]\/|(?:dataset_description|participants|samples)\.\w+$)/.test(path)));
  });

  it('reach each bucket with its own credentials', async () => {
    const before = await knownRuns();
    await onPage(async (page) => {
      void vscode.commands.executeCommand('spimquant.transfer.sync', participantRow('03'));
      await page.see({ selector: title, text: 'Sync sub-03' });
      await writeTarget(page, 's3://mine/bids');
      await page.see({ selector: question, text: 'My usual credentials' });
      await page.screenshot({ name: 'transfer-reach' });
      await page.click({ selector: question, text: 'My usual credentials' });
      await page.see({ selector: question, text: 'Delete what the source does not have' });
      await page.press({ keys: 'Enter' });
      await seePlan(page);
      await page.click({ selector: question, text: 'Copy ' });
      await ended(before, 'succeeded');
    });
    const keys = await mine.keys('mine');
    assert.deepEqual(keys.map((key) => key.replace(/^bids\//, '')), Object.keys(only(source, (path) => path.startsWith('sub-03/') || !path.includes('/'))).filter((path) => keys.includes(`bids/${path}`)));
    assert.ok(keys.includes('bids/dataset_description.json') && keys.some((key) => key.startsWith('bids/sub-03/')));
  });

  it('upload a folder that is asked for', async () => {
    const before = await knownRuns();
    const results = { 'tables/a b.tsv': 'region\tcount\nCTX\t8\n', 'report.html': '<h1>ü</h1>', 'large.bin': 'x'.repeat(9_000_000) };
    for (const [path, text] of Object.entries(results)) {
      await mkdir(join(folder, 'results', path, '..'), { recursive: true });
      await writeFile(join(folder, 'results', path), text);
    }
    await onPage(async (page) => {
      void vscode.commands.executeCommand('spimquant.transfer.upload');
      await page.see({ selector: question, text: 'Choose a file…' });
      await page.type({ text: join(folder, 'results') });
      await page.see({ selector: `${question}.focused`, text: 'Copy' });
      await page.press({ keys: 'Enter' });
      await page.see({ selector: title, text: 'Upload results' });
      await page.see({ selector: question, text: 's3://lab/bids/derivatives/results' });
      await page.click({ selector: question, text: 's3://mine/results' });
      await seePlan(page);
      await page.click({ selector: question, text: 'Upload 3 files (9.0 MB)' });
      await ended(before, 'succeeded');
    });
    const there = Object.fromEntries(await Promise.all(Object.keys(results).map(async (path) => [path, await readFile(join(folder, 'mine', 'results', path), 'utf8')] as const)));
    assert.deepEqual(there, results);
  });

  it('delete only after it was confirmed, with names, and not more', async () => {
    const before = await knownRuns();
    await rm(join(folder, 'results', 'report.html'));
    await writeFile(join(folder, 'results', 'new.tsv'), 'new');
    await onPage(async (page) => {
      void vscode.commands.executeCommand('spimquant.transfer.sync', vscode.Uri.file(join(folder, 'results')));
      await page.see({ selector: title, text: 'Sync results' });
      await page.click({ selector: question, text: 's3://mine/results' });
      await page.click({ selector: question, text: 'Delete what the source does not have' });
      await page.press({ keys: 'Enter' });
      await seePlan(page);
      await page.click({ selector: question, text: 'Copy 1 file (3 B), delete 1 file' });
      await page.see({ selector: title, text: 'Delete 1 file (11 B) from s3://mine/results?' });
      await page.see({ selector: question, text: 'report.html' });
      await page.see({ selector: `${question}.focused`, text: 'Delete nothing' });
      await page.screenshot({ name: 'transfer-delete' });
      await page.press({ keys: 'Enter' });
      await page.see({ selector: question, text: 'Copy 1 file (3 B), delete 1 file' });
      assert.deepEqual((await knownRuns()).length, before.length, 'nothing was started');
      assert.ok((await mine.keys('mine')).includes('results/report.html'));
      await page.click({ selector: question, text: 'Copy 1 file (3 B), delete 1 file' });
      await page.click({ selector: `${question} .label-name`, text: 'Delete 1 file' });
      const run = await ended(before, 'succeeded');
      assert.match(run.command, /--delete --yes --max_delete 1/);
    });
    assert.deepEqual((await mine.keys('mine')).filter((key) => key.startsWith('results/')), ['results/large.bin', 'results/new.tsv', 'results/tables/a b.tsv']);
  });

  it('are cancelled from the Runs view, leave nothing half written, and go on when resumed', async () => {
    const before = await knownRuns();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    theirs.inject({ match: ({ method, key }) => method === 'GET' && /sub-03.*\/0\/0\/0/.test(key), times: 1000, fault: { kind: 'wait', until: released } });
    const target = join(folder, 'cancelled');
    await onPage(async (page) => {
      void vscode.commands.executeCommand('spimquant.transfer.download', participantRow('03'));
      await page.see({ selector: title, text: 'Download sub-03' });
      await writeTarget(page, target);
      await page.click({ selector: question, text: 'Download ' });
      const run = await until('the run copies', async () => (await knownRuns()).find(({ id, status }) => status === 'running' && !before.some((each) => each.id === id)), slow);
      await until('some files have arrived', async () => Object.keys(await filesBelow(target)).length > 0, slow);
      await page.click({ selector: `.pane ${row}[aria-label^="lab/bids: sync, running"]` });
      await page.see({ selector: `.pane ${row}`, text: 'of ' });
      await page.screenshot({ name: 'transfer-running' });
      await vscode.commands.executeCommand('spimquant.run.cancel', run.id);
      await ended(before, 'cancelled');
      release();
      theirs.clearFaults();
      for (const [path, content] of Object.entries(await filesBelow(target))) if (!path.includes('.spimquant-tmp')) assert.equal(content, source[path], path);
      const seen = await knownRuns();
      await vscode.commands.executeCommand('spimquant.run.resume', run.id);
      await ended(seen, 'succeeded');
    });
    assert.deepEqual(await filesBelow(target), only(source, (path) => path.startsWith('sub-03/') || /^(?:dataset_description|participants|samples)\.\w+$/.test(path)));
  });

  it('say why a destination cannot be reached, and ask again', async () => {
    await onPage(async (page) => {
      const left = { over: vscode.commands.executeCommand('spimquant.transfer.download', participantRow('01')) };
      await page.see({ selector: title, text: 'Download sub-01' });
      await writeTarget(page, 's3://nobodys/bids');
      await page.click({ selector: question, text: 'My usual credentials' });
      await page.see({ selector: title, text: 'it cannot be compared' });
      await page.see({ selector: question, text: 'Reach the destination another way' });
      await page.screenshot({ name: 'transfer-failure' });
      await page.click({ selector: question, text: 'Another destination' });
      await page.see({ selector: question, text: join(folder, 'cancelled') });
      await leave(page, left.over);
    });
  });

  it('read well in light colours, in high contrast and in a narrow window', async () => {
    for (const theme of ['light', 'highContrast'] as const) {
      await useTheme(theme);
      await onPage(async (page) => {
        if (theme === 'highContrast') await page.resize({ width: 700, height: 600 });
        const left = { over: vscode.commands.executeCommand('spimquant.transfer.download', participantRow('01'), [participantRow('01'), participantRow('03')]) };
        await page.see({ selector: title, text: 'Download sub-01 and 1 more' });
        await page.screenshot({ name: `transfer-target-${theme}` });
        await writeTarget(page, join(folder, 'elsewhere', 'a folder with a long name', theme));
        await page.see({ selector: `${question}.focused`, text: 'Download' });
        await page.screenshot({ name: `transfer-plan-${theme}` });
        await leave(page, left.over);
        await page.resize({ width: 1280, height: 800 });
      });
    }
  });
});
