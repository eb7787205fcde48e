import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { PageCommands } from '../../scripts/editor/driver.types.ts';
import { startS3Server } from '../servers/s3Server.ts';
import type { Credential, S3Server } from '../servers/s3Server.ts';
import { awsKeys, awsSection, writeAwsFiles } from './support/bucket.ts';
import { writeBrains } from './support/brains.ts';
import { onPage } from './support/driver.ts';
import { useTheme } from './support/theme.ts';

const row = '.monaco-list-row';
const input = '.quick-input-widget';
const question = `${input} ${row}`;
const title = `${input} .quick-input-title`;

const analyst: Credential = { accessKeyId: 'AKIDANALYST', secretAccessKey: 'analyst-secret' };

/** Begins to add an address, up to the question how it is reached. `over` is the address when it is added. */
async function begin(page: PageCommands, address: string): Promise<{ readonly over: Thenable<string | undefined> }> {
  const over = vscode.commands.executeCommand<string | undefined>('spimquant.datasets.add');
  await page.see({ selector: title, text: 'Add Dataset' });
  await page.type({ text: address });
  await page.see({ selector: `${question}.focused`, text: 'Add' });
  await page.press({ keys: 'Enter' });
  await page.see({ selector: title, text: 'Add Dataset (2/' });
  return { over };
}

async function choose(page: PageCommands, text: string): Promise<void> {
  await page.click({ selector: question, text });
}

/** Writes a line and takes it. */
async function answer(page: PageCommands, step: string, text: string): Promise<void> {
  await page.see({ selector: title, text: step });
  if (text !== '') await page.type({ text });
  await page.press({ keys: 'Enter' });
}

async function back(page: PageCommands): Promise<void> {
  await page.click({ selector: `${input} .quick-input-titlebar a[aria-label*="Back"]` });
}

/** A row as the Datasets view gives it to its menus. */
function rowOf(uri: string, storage: object = {}): object {
  return { kind: 'dataset', id: 'datasets:row', dataset: { uri, storage } };
}

/** What the tooltip of a dataset says of how it is reached. */
async function seeReached(page: PageCommands, name: string, words: string): Promise<void> {
  await page.hover({ selector: `.pane ${row}[aria-label^="${name}"] .label-name` });
  await page.see({ selector: '.workbench-hover table', text: words });
}

describe('Adding a dataset in a bucket', function () {
  this.timeout(120_000);
  let folder: string;
  let server: S3Server;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-add-'));
    await writeBrains(join(folder, 'lab', 'bids'), 1);
    await writeBrains(join(folder, 'lab', 'more'), 1);
    await writeBrains(join(folder, 'open', 'public'), 1);
    server = await startS3Server({ credentials: [analyst], buckets: { lab: { folder: join(folder, 'lab'), region: 'eu-central-1' }, open: { folder: join(folder, 'open'), public: true } } });
    await writeAwsFiles(
      [
        awsSection('profile analyst', { region: 'eu-central-1', endpoint_url: server.endpoint }),
        awsSection('profile old', { region: 'eu-central-1', endpoint_url: server.endpoint }),
        awsSection('profile sso', { sso_start_url: 'https://lab.awsapps.example/start', sso_region: 'eu-central-1', sso_account_id: '123456789012', sso_role_name: 'Analyst' }),
      ].join('\n'),
      `${awsKeys('analyst', analyst)}\n${awsKeys('old', { accessKeyId: 'AKIDOLD', secretAccessKey: 'gone' })}`,
    );
    await vscode.commands.executeCommand('spimquant.datasets.focus');
  });

  after(async () => {
    await useTheme('dark');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    for (const uri of ['s3://lab/bids', 's3://lab/more', 's3://open/public']) await vscode.commands.executeCommand('spimquant.dataset.remove', rowOf(uri));
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('offers the profiles of this machine with their kind and region, back and forth', async () => {
    await onPage(async (page) => {
      const added = await begin(page, 's3://lab/bids');
      await page.see({ selector: question, text: 'analystAccess keys · eu-central-1' });
      await page.see({ selector: question, text: 'SSO, account 123456789012, role Analyst' });
      await page.see({ selector: question, text: 'None found in the environment or ~/.aws' });
      await page.screenshot({ name: 'add-bucket-profiles' });
      await back(page);
      await page.see({ selector: title, text: 'Add Dataset (1/' });
      await page.see({ selector: `${question}.focused`, text: 's3://lab/bids' });
      await page.press({ keys: 'Enter' });
      await choose(page, 'analyst');
      assert.equal(await added.over, 's3://lab/bids');
      await page.see({ selector: row, text: '1 participant' });
      await seeReached(page, 'bids', 'AWS profile analyst');
      await page.press({ keys: 'Escape' });
    });
  });

  it('begins with how other datasets of the bucket are reached', async () => {
    await onPage(async (page) => {
      const added = await begin(page, 's3://lab/more');
      await page.see({ selector: `${question}.focused`, text: 'analyst' });
      await page.press({ keys: 'Enter' });
      assert.equal(await added.over, 's3://lab/more');
    });
  });

  it('asks for another service, whose address is checked while it is written, without credentials', async () => {
    await onPage(async (page) => {
      const added = await begin(page, 's3://open/public');
      await choose(page, 'Another service, region');
      await page.see({ selector: title, text: '(3/6)' });
      await page.type({ text: '127.0.0.1' });
      await page.see({ selector: `${input} .quick-input-message`, text: 'Write the whole address of the service' });
      await page.press({ keys: 'Control+a' });
      await page.type({ text: 'http://s3.example.org' });
      await page.see({ selector: `${input} .quick-input-message`, text: 'unencrypted' });
      await page.screenshot({ name: 'add-bucket-endpoint' });
      await page.press({ keys: 'Control+a' });
      await answer(page, '(3/6)', server.endpoint);
      await answer(page, '(4/6)', '');
      await page.see({ selector: title, text: '(5/6)' });
      await choose(page, 'The owner of the bucket');
      await page.see({ selector: title, text: '(6/6)' });
      await page.screenshot({ name: 'add-bucket-credentials' });
      await choose(page, 'Without credentials');
      assert.equal(await added.over, 's3://open/public');
      await seeReached(page, 'public', `without credentials, at ${server.endpoint}`);
      await page.press({ keys: 'Escape' });
    });
  });

  it('says why it cannot be read, and tries another way until it can', async () => {
    await onPage(async (page) => {
      const changed = { over: vscode.commands.executeCommand('spimquant.dataset.changeReach', rowOf('s3://lab/bids', { awsProfile: 'analyst' })) };
      await page.see({ selector: title, text: 'Change How It Is Reached' });
      await page.see({ selector: `${question}.focused`, text: 'analyst' });
      await choose(page, 'old');
      await page.see({ selector: title, text: 'it cannot be read' });
      await page.see({ selector: question, text: 'Reach it another way' });
      await page.see({ selector: question, text: 'Add anyway' });
      // What the check says of it stands beside, unasked.
      await page.see({ selector: '.spimquant-result', text: 'profile old', inside: 'frames' });
      await page.screenshot({ name: 'add-bucket-denied' });
      await choose(page, 'Reach it another way');
      await page.see({ selector: `${question}.focused`, text: 'old' });
      await choose(page, 'analyst');
      await changed.over;
      await seeReached(page, 'bids', 'AWS profile analyst');
      await page.press({ keys: 'Escape' });
      await vscode.commands.executeCommand('notifications.clearAll');
    });
  });

  it('is checked from its row, and all services from the palette', async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await onPage(async (page) => {
      await vscode.commands.executeCommand('list.clear');
      await page.click({ selector: `.pane ${row}[aria-label^="bids"] .label-name`, button: 'right' });
      await page.click({ selector: '.monaco-menu .action-label', text: 'Check Credentials' });
      await page.see({ selector: '.spimquant-result', text: 's3://lab/bids', inside: 'frames' });
      await page.see({ selector: '.spimquant-result', text: 'analyst', inside: 'frames' });
      await page.screenshot({ name: 'check-credentials-bucket' });
      const all = vscode.commands.executeCommand('spimquant.credentials.check');
      await page.see({ selector: title, text: 'Check Credentials' });
      await page.see({ selector: question, text: 'without credentials, at' });
      await page.screenshot({ name: 'check-credentials-choice' });
      await choose(page, 'All services');
      await page.see({ selector: '.spimquant-result', text: 'Storage services', inside: 'frames', timeoutMs: 40_000 });
      await all;
      await page.screenshot({ name: 'check-credentials-all' });
    });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('takes the name of a profile that is not listed', async () => {
    await onPage(async (page) => {
      const changed = { over: vscode.commands.executeCommand('spimquant.dataset.changeReach', rowOf('s3://lab/bids', { awsProfile: 'analyst' })) };
      await page.see({ selector: title, text: 'Change How It Is Reached' });
      await choose(page, 'Another profile');
      await page.see({ selector: title, text: 'Change How It Is Reached (3/3)' });
      await page.press({ keys: 'Control+a' });
      await page.press({ keys: 'Backspace' });
      await page.press({ keys: 'Enter' });
      await page.see({ selector: `${input} .quick-input-message`, text: 'Write the name of a profile' });
      await page.type({ text: 'nobody' });
      await page.press({ keys: 'Enter' });
      await page.see({ selector: title, text: 'it cannot be read' });
      await page.see({ selector: question, text: 'nobody' });
      await page.press({ keys: 'Escape' });
      await changed.over;
      await seeReached(page, 'bids', 'AWS profile analyst');
      await page.press({ keys: 'Escape' });
    });
  });

  it('asks for what Google Cloud and Azure need, and for nothing of another service', async () => {
    await writeFile(join(homedir(), 'key.json'), JSON.stringify({ type: 'service_account', project_id: 'lab-project', client_email: 'sa@lab-project.iam.gserviceaccount.com' }));
    await onPage(async (page) => {
      const google = await begin(page, 'gs://lab/bids');
      await page.see({ selector: question, text: 'No application default credentials found' });
      await page.screenshot({ name: 'add-bucket-google' });
      await choose(page, 'key file');
      await page.see({ selector: title, text: 'Add Dataset (3/3)' });
      await page.type({ text: join(homedir(), 'ke') });
      await page.see({ selector: `${question}.focused`, text: 'key.json' });
      await page.screenshot({ name: 'add-bucket-key-file' });
      await back(page);
      await choose(page, 'Requester pays');
      await answer(page, '(3/', '');
      await choose(page, 'I do (requester pays)');
      await page.see({ selector: title, text: '(5/6)' });
      await page.type({ text: 'My Lab' });
      await page.see({ selector: `${input} .quick-input-message`, text: 'The name of a project may differ' });
      await page.press({ keys: 'Escape' });
      assert.equal(await google.over, undefined);
      const azure = await begin(page, 'az://labaccount/container/bids');
      await page.see({ selector: question, text: 'Another address of the service' });
      await page.screenshot({ name: 'add-bucket-azure' });
      await page.press({ keys: 'Escape' });
      assert.equal(await azure.over, undefined);
    });
  });

  it('reads well in light colours, in high contrast and in a narrow window', async () => {
    for (const theme of ['light', 'highContrast'] as const) {
      await useTheme(theme);
      await onPage(async (page) => {
        if (theme === 'highContrast') await page.resize({ width: 700, height: 600 });
        const left = await begin(page, 's3://lab/bids');
        await page.see({ selector: question, text: 'analyst' });
        await page.screenshot({ name: `add-bucket-${theme}` });
        await page.press({ keys: 'Escape' });
        await left.over;
        await page.resize({ width: 1280, height: 800 });
      });
    }
  });
});
