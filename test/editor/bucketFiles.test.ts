import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { PageCommands } from '../../scripts/editor/driver.types.ts';
import type { S3Server } from '../servers/s3Server.ts';
import { startUsualBuckets } from './support/bucket.ts';
import { onPage } from './support/driver.ts';
import { message, seeMessage } from './support/messages.ts';
import { until } from './support/until.ts';
import { writeBrains } from './support/brains.ts';

const row = '.monaco-list-row';
const input = '.quick-input-widget';
const report = `<!DOCTYPE html><html><head><title>Report</title></head><body><h1>Report of sub-01</h1>
<p><a href="../tabular/regions.tsv">The table</a></p></body></html>`;
/** A red dot of 20 by 20. */
const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAABQAAAAUCAIAAAAC64paAAAAHklEQVR4nGP8z0A+YKJA76jmUc2jmkc1j2oeRpoBeJ4BJ0Fs1LMAAAAASUVORK5CYII=', 'base64');

/** Text of the editor in front. */
function shownText(): string | undefined {
  return vscode.window.activeTextEditor?.document.getText();
}

async function openAddress(page: PageCommands, address: string): Promise<void> {
  const opened = vscode.commands.executeCommand('spimquant.files.open');
  await page.see({ selector: `${input} .quick-input-title`, text: 'Open Bucket File' });
  await page.type({ text: address });
  await page.see({ selector: `${input} ${row}.focused`, text: address.slice(address.lastIndexOf('/') + 1) });
  await page.press({ keys: 'Enter' });
  await opened;
}

describe('Files of buckets', function () {
  this.timeout(120_000);
  let folder: string;
  let server: S3Server;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-files-'));
    server = await startUsualBuckets({ lab: { folder }, shut: { listable: false, deny: () => true }, many: {} });
    await writeBrains(join(folder, 'bids'), 1);
    for (const [key, content] of [
      ['bids/derivatives/spimquant/dataset_description.json', JSON.stringify({ Name: 'SPIMquant', BIDSVersion: '1.10.0', DatasetType: 'derivative', GeneratedBy: [{ Name: 'SPIMquant', Version: '0.1.0' }] })],
      ['bids/derivatives/spimquant/sub-01/qc/sub-01_stain-Abeta_report.html', report],
      ['bids/derivatives/spimquant/sub-01/tabular/regions.tsv', 'region\tcount\nCTX\t8\n'],
      ['bids/derivatives/spimquant/sub-01/qc/dot.png', picture],
      ['bids/derivatives/spimquant/sub-01/qc/chart.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle cx="20" cy="20" r="15" fill="teal"/></svg>'],
      ['odd names/#1 50%? ü.json', '{ "odd": true }\n'],
      ['bids/table.tsv', Buffer.alloc(2_500_000, 'a\tb\n')],
    ] as const) await server.put('lab', key, content);
    for (let i = 0; i < 250; i++) await server.put('many', `all/f${String(i).padStart(3, '0')}.txt`, 'x');
    await vscode.commands.executeCommand('spimquant.datasets.focus');
    await onPage(async (page) => {
      const added = vscode.commands.executeCommand<string>('spimquant.datasets.add');
      await page.see({ selector: `${input} .quick-input-title`, text: 'Add Dataset' });
      await page.type({ text: 's3://lab/bids' });
      await page.see({ selector: `${input} ${row}.focused`, text: 'Add' });
      await page.press({ keys: 'Enter' });
      await page.click({ selector: `${input} ${row}`, text: 'usual credentials' });
      assert.equal(await added, 's3://lab/bids');
    });
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  afterEach(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  it('open as text by their address, completed while it is written', async () => {
    await onPage(async (page) => {
      const opened = vscode.commands.executeCommand('spimquant.files.open');
      await page.see({ selector: `${input} ${row}`, text: 's3://lab/bids' });
      await page.type({ text: 's3://lab/bids/part' });
      await page.see({ selector: `${input} ${row}.focused`, text: 'participants.tsv' });
      await page.screenshot({ name: 'files-open' });
      await page.press({ keys: 'Enter' });
      await opened;
      assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), 's3://lab/bids/participants.tsv');
      assert.match(shownText() ?? '', /^participant_id\t/);
      await page.see({ selector: '.editor-container .view-line', text: 'participant_id' });
      await openAddress(page, 's3://lab/bids/dataset_description.json');
      assert.match(shownText() ?? '', /BIDSVersion/);
      await page.screenshot({ name: 'files-text' });
    });
  });

  it('cannot be changed by accident', async () => {
    const uri = vscode.Uri.parse('s3://lab/bids/participants.tsv');
    assert.equal(vscode.workspace.fs.isWritableFileSystem('s3'), false);
    for (const change of [vscode.workspace.fs.writeFile(uri, new Uint8Array(1)), vscode.workspace.fs.delete(uri), vscode.workspace.fs.createDirectory(vscode.Uri.parse('s3://lab/new'))]) {
      await assert.rejects(Promise.resolve(change), (error) => error instanceof vscode.FileSystemError);
    }
  });

  it('open whatever their names are, by click and by URI', async () => {
    await onPage((page) => openAddress(page, 's3://lab/odd names/#1 50%? ü.json'));
    const uri = vscode.window.activeTextEditor?.document.uri;
    assert.match(shownText() ?? '', /odd/);
    // What the editor writes down, it finds again.
    const again = await vscode.workspace.fs.readFile(vscode.Uri.parse(uri?.toString() ?? ''));
    assert.match(Buffer.from(again).toString(), /odd/);
    assert.deepEqual(await vscode.workspace.fs.readDirectory(vscode.Uri.parse('s3://lab/odd%20names')), [['#1 50%? ü.json', vscode.FileType.File]]);
  });

  it('are asked for once, however often the editor looks at them', async () => {
    const uri = vscode.Uri.parse('s3://lab/bids/participants.tsv');
    await vscode.commands.executeCommand('spimquant.files.refresh');
    server.requests.splice(0);
    await Promise.all(Array.from({ length: 30 }, () => vscode.workspace.fs.stat(uri)));
    assert.equal(server.requests.length, 1);
    await vscode.workspace.fs.readDirectory(vscode.Uri.parse('s3://lab/bids'));
    for (const name of ['participants.tsv', 'dataset_description.json', '.vscode', '.git']) await Promise.resolve(vscode.workspace.fs.stat(vscode.Uri.parse(`s3://lab/bids/${name}`))).catch(() => undefined);
    assert.equal(server.requests.length, 2);
  });

  it('show reports as pages, whose links open, and their source when it is asked for', async () => {
    await onPage(async (page) => {
      await vscode.commands.executeCommand('spimquant.datasets.focus');
      await vscode.commands.executeCommand('list.focusFirst');
      await vscode.commands.executeCommand('list.expand');
      await page.click({ selector: `${row}[aria-label^="Derivatives"] .monaco-tl-twistie` });
      await page.click({ selector: `${row}[aria-label^="spimquant"] .monaco-tl-twistie` });
      await page.click({ selector: row, text: 'sub-01 stain-Abeta' });
      await page.see({ selector: 'h1', text: 'Report of sub-01', inside: 'frames' });
      await page.screenshot({ name: 'files-report' });
      await page.click({ selector: 'a', text: 'The table', inside: 'frames' });
      await page.see({ selector: '.editor-container .view-line', text: 'CTX' });
      await openAddress(page, 's3://lab/bids/derivatives/spimquant/sub-01/qc/sub-01_stain-Abeta_report.html');
      await page.see({ selector: 'h1', text: 'Report of sub-01', inside: 'frames' });
      await page.click({ selector: '.editor-actions a[aria-label^="Open Source"]' });
      await page.see({ selector: '.editor-container .view-line', text: '<h1>Report of sub-01' });
      await page.screenshot({ name: 'files-report-source' });
      await page.click({ selector: '.editor-actions a[aria-label^="Open as Report"]' });
      await page.see({ selector: 'h1', text: 'Report of sub-01', inside: 'frames' });
    });
  });

  it('show pictures as the editor shows pictures', async () => {
    await onPage(async (page) => {
      await openAddress(page, 's3://lab/bids/derivatives/spimquant/sub-01/qc/dot.png');
      await page.see({ selector: 'body.ready img', inside: 'frames' });
      await page.see({ selector: '.statusbar-item', text: '20x20' });
      await openAddress(page, 's3://lab/bids/derivatives/spimquant/sub-01/qc/chart.svg');
      await page.see({ selector: '.statusbar-item', text: '40x40' });
      await page.screenshot({ name: 'files-picture' });
    });
  });

  it('are refused when they are too large, with their size and what to do instead', async () => {
    const settings = vscode.workspace.getConfiguration('spimquant.files');
    await settings.update('maximumSize', 1, vscode.ConfigurationTarget.Global);
    try {
      await onPage(async (page) => {
        const opened = openAddress(page, 's3://lab/bids/table.tsv');
        await seeMessage(page, 'table.tsv is 2.5 MB. Files of more than 1.0 MB are not fetched');
        await page.screenshot({ name: 'files-too-large' });
        await page.click({ selector: `${message} .monaco-button`, text: 'Copy Address' });
        await opened;
        assert.equal(await vscode.env.clipboard.readText(), 's3://lab/bids/table.tsv');
        // By the editor itself, as from the Explorer.
        const opening = vscode.commands.executeCommand('vscode.open', vscode.Uri.parse('s3://lab/bids/table.tsv'));
        await page.see({ selector: '.monaco-editor-pane-placeholder', text: 'could not be opened' });
        await seeMessage(page, 'table.tsv is 2.5 MB');
        await page.screenshot({ name: 'files-too-large-placeholder' });
        await opening;
        await vscode.commands.executeCommand('notifications.clearAll');
      });
    } finally {
      await settings.update('maximumSize', undefined, vscode.ConfigurationTarget.Global);
    }
    const whole = await vscode.workspace.fs.readFile(vscode.Uri.parse('s3://lab/bids/table.tsv'));
    assert.equal(whole.length, 2_500_000);
  });

  it('say why they cannot be read', async () => {
    for (const [address, code, words] of [
      ['s3://lab/bids/none.json', 'FileNotFound', /no such file or folder: s3:\/\/lab\/bids\/none\.json/],
      ['s3://shut/x.json', 'NoPermissions', /s3:\/\/shut/],
      ['s3://nobodys/x.json', 'FileNotFound', /nobodys/],
    ] as const) {
      await assert.rejects(Promise.resolve(vscode.workspace.fs.readFile(vscode.Uri.parse(address))), (error) => {
        assert.ok(error instanceof vscode.FileSystemError);
        assert.equal(error.code, code);
        assert.match(error.message, words);
        return true;
      });
    }
    await onPage(async (page) => {
      await openAddress(page, 's3://shut/x.json');
      await seeMessage(page, 's3://shut/x.json');
      await page.screenshot({ name: 'files-denied' });
      await vscode.commands.executeCommand('notifications.clearAll');
      await vscode.commands.executeCommand('vscode.open', vscode.Uri.parse('s3://lab/bids/none.json'));
      await page.see({ selector: '.monaco-editor-pane-placeholder', text: 'not found' });
    });
  });

  it('are folders of the workspace, listed as far as they are shown, and no search goes through them', async () => {
    await onPage(async (page) => {
      await vscode.commands.executeCommand('spimquant.datasets.focus');
      await page.click({ selector: `${row}[aria-label^="bids"] .label-name`, button: 'right' });
      await page.click({ selector: '.monaco-menu .action-label', text: 'Open in Explorer' });
      await until('the folder is in the workspace', () => vscode.workspace.workspaceFolders?.some(({ uri }) => uri.toString() === 's3://lab/bids'));
      await page.see({ selector: `.explorer-folders-view ${row}`, text: 's3://lab/bids' });
      await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.parse('s3://lab/bids/participants.tsv'));
      await page.see({ selector: `.explorer-folders-view ${row}`, text: 'participants.tsv' });
      await page.screenshot({ name: 'files-explorer' });
      await page.click({ selector: `.explorer-folders-view ${row}`, text: 'dataset_description.json', times: 2 });
      await page.see({ selector: '.editor-container .view-line', text: 'BIDSVersion' });
      server.requests.splice(0);
      assert.deepEqual(await vscode.workspace.findFiles('**/participants.tsv'), []);
      await vscode.commands.executeCommand('workbench.action.findInFiles', { query: 'treatment', triggerSearch: true });
      await page.see({ selector: '.search-view .messages', text: 'No results found' });
      // The explorer may still look ahead of its own accord, along folders with a single entry; a search would go to the end.
      assert.deepEqual(server.requests.filter(({ query: { prefix = '' } }) => /\.ome\.zarr\/|spimquant\/sub-01\//.test(prefix)), []);
    });
  });

  it('can be edited where the setting allows it, and what somebody else has changed is not overwritten', async () => {
    const settings = vscode.workspace.getConfiguration('spimquant.files');
    const uri = vscode.Uri.parse('s3://lab/bids/participants.tsv');
    const inBucket = (): Promise<string> => readFile(join(folder, 'bids', 'participants.tsv'), 'utf8');
    const append = async (text: string): Promise<vscode.TextDocument> => {
      const document = await vscode.workspace.openTextDocument(uri);
      const editor = await vscode.window.showTextDocument(document);
      await editor.edit((edit) => { edit.insert(document.lineAt(document.lineCount - 1).range.end, text); });
      return document;
    };
    await settings.update('writable', true, vscode.ConfigurationTarget.Global);
    try {
      await until('the files can be written', () => vscode.workspace.fs.isWritableFileSystem('s3') === true);
      const document = await append('sub-02\tdrug\n');
      assert.equal(await document.save(), true);
      assert.match(await inBucket(), /sub-02\tdrug\n$/);
      // Somebody else adds a participant; the editor must not take that away.
      await server.put('lab', 'bids/participants.tsv', `${await inBucket()}sub-03\tcontrol\n`);
      await append('sub-04\tdrug\n');
      assert.equal(await document.save(), false);
      assert.match(await inBucket(), /sub-03\tcontrol\n$/);
      await onPage(async (page) => {
        await seeMessage(page, 'Failed to save');
        await page.screenshot({ name: 'files-changed-meanwhile' });
      });
      await vscode.commands.executeCommand('workbench.action.files.revert');
      await until('the editor has what is there now', () => document.getText().includes('sub-03'));
      for (const change of [vscode.workspace.fs.delete(uri), vscode.workspace.fs.rename(uri, vscode.Uri.parse('s3://lab/bids/other.tsv'))]) {
        await assert.rejects(Promise.resolve(change), (error) => error instanceof vscode.FileSystemError && /not from here|from here/.test(error.message));
      }
    } finally {
      await vscode.commands.executeCommand('workbench.action.files.revert');
      await settings.update('writable', undefined, vscode.ConfigurationTarget.Global);
      await until('the files are read-only again', () => vscode.workspace.fs.isWritableFileSystem('s3') === false);
    }
  });

  it('of folders with thousands of entries are the first, and it is said', async () => {
    const settings = vscode.workspace.getConfiguration('spimquant.files');
    await settings.update('folderLimit', 100, vscode.ConfigurationTarget.Global);
    try {
      server.requests.splice(0);
      assert.equal((await vscode.workspace.fs.readDirectory(vscode.Uri.parse('s3://many/all'))).length, 100);
      assert.equal(server.requests.length, 1);
      await onPage(async (page) => {
        await seeMessage(page, 's3://many/all has more than 100 entries');
        await page.screenshot({ name: 'files-cut' });
        await vscode.commands.executeCommand('notifications.clearAll');
      });
      // Those that are not shown are there all the same.
      assert.equal((await vscode.workspace.fs.stat(vscode.Uri.parse('s3://many/all/f249.txt'))).size, 1);
    } finally {
      await settings.update('folderLimit', undefined, vscode.ConfigurationTarget.Global);
    }
  });
});
