import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { PageCommands } from '../../scripts/editor/driver.types.ts';
import { startCoiledServer } from '../servers/coiledServer.ts';
import type { CoiledServer } from '../servers/coiledServer.ts';
import { onPage } from './support/driver.ts';
import { message, seeMessage } from './support/messages.ts';
import { openSample } from './support/notebook.ts';

const token = 'editor-kept-token-4711';
const row = '.quick-input-widget .monaco-list-row';
const title = '.quick-input-widget .quick-input-title';

/** Answers the questions of signing in with a token. */
async function enter(page: PageCommands, text: string): Promise<void> {
  const over = vscode.commands.executeCommand('spimquant.coiled.signIn');
  await page.see({ selector: title, text: 'Sign in to Coiled' });
  await page.click({ selector: row, text: 'Enter a token' });
  await page.see({ selector: '.quick-input-widget input[type="password"]' });
  await page.type({ text });
  await page.press({ keys: 'Enter' });
  await over;
}

/** Files below a folder that contain a text. */
function filesWith(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)).filter((path) => {
    try {
      return statSync(path).isFile() && readFileSync(path).includes(text);
    } catch {
      // A socket, or gone meanwhile.
      return false;
    }
  });
}

describe('Signing in to Coiled', function () {
  this.timeout(120_000);
  let server: CoiledServer;
  const setting = (value: string | undefined): Thenable<void> => vscode.workspace.getConfiguration('spimquant.coiled').update('server', value, vscode.ConfigurationTarget.Global);

  before(async () => {
    server = await startCoiledServer({ tokens: { [token]: 'dana' } });
    await setting(server.address);
  });
  after(async () => {
    await vscode.commands.executeCommand('spimquant.coiled.signOut');
    await vscode.commands.executeCommand('notifications.clearAll');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await setting(undefined);
    await server.close();
  });

  it('is asked for when Coiled is chosen to run a notebook', async () => {
    await openSample();
    await onPage(async (page) => {
      await vscode.commands.executeCommand('notebook.selectKernel', { id: 'spimquant-coiled', extension: 'spimquant.spimquant' });
      await seeMessage(page, 'Runs on Coiled need a sign-in');
      await page.screenshot({ name: 'coiled-not-signed-in' });
      await vscode.commands.executeCommand('notifications.clearAll');
      await vscode.commands.executeCommand('notebook.selectKernel', { id: 'spimquant-local', extension: 'spimquant.spimquant' });
    });
  });

  it('keeps no token that Coiled does not accept', async () => {
    await onPage(async (page) => {
      await enter(page, 'not-a-token-at-all');
      await seeMessage(page, 'The token was not kept');
      await page.see({ selector: message, text: 'does not accept the token' });
      await vscode.commands.executeCommand('notifications.clearAll');
    });
  });

  it('keeps a token that was tried, says who that is, and shows it nowhere', async () => {
    await onPage(async (page) => {
      await enter(page, token);
      await seeMessage(page, 'Signed in to Coiled as dana, workspace lab');
      await page.screenshot({ name: 'coiled-signed-in' });
      await vscode.commands.executeCommand('notifications.clearAll');
      await vscode.commands.executeCommand('spimquant.coiled.check');
      await page.see({ selector: 'dd', text: 'token that the editor keeps', inside: 'frames' });
      await page.screenshot({ name: 'coiled-check' });
      const shown = await page.texts({ selector: 'body', inside: 'frames' });
      assert.ok(!shown.join(' ').includes(token));
    });
    const state = process.env['SPIMQUANT_STATE_DIR'];
    assert.ok(state !== undefined);
    assert.deepEqual(filesWith(state, token), [], 'the runner writes it nowhere');
  });

  it('forgets the token when one signs out', async () => {
    await onPage(async (page) => {
      await vscode.commands.executeCommand('spimquant.coiled.signOut');
      await seeMessage(page, 'Signed out of Coiled');
      await vscode.commands.executeCommand('notifications.clearAll');
      await vscode.commands.executeCommand('spimquant.coiled.check');
      await page.see({ selector: 'table', text: 'No token was found', inside: 'frames' });
    });
  });
});
