import { strict as assert } from 'node:assert';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Browser } from 'playwright-core';
import { root } from '../../../scripts/editor/paths.ts';
import { launchBrowser } from '../../../scripts/editor/session.ts';

// What `npm start` does after it has built: on a profile of its own, without a browser of the user's.
describe('npm start', function () {
  this.timeout(240_000);
  let folder: string;
  let child: ChildProcess;
  let browser: Browser | undefined;
  let output = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-start-'));
    child = spawn(process.execPath, [join(root, 'scripts/editor/start.ts'), '--no-open', '--port', '0', '--folder', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr?.on('data', (data: Buffer) => { output += data.toString(); });
  });
  after(async () => {
    await browser?.close();
    if (child.exitCode === null) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('opens the sample notebook and the SPIMquant view with the demo dataset', async () => {
    const url = await address();
    browser = await launchBrowser();
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(url);
    await page.locator('.tab', { hasText: 'sample.spimnb' }).waitFor({ timeout: 60_000 });
    await page.locator('.activitybar a.action-label[aria-label^="SPIMquant"]').click({ timeout: 60_000 });
    await page.locator('.sidebar .monaco-list-row', { hasText: 'bids' }).waitFor({ timeout: 60_000 });
  });

  it('keeps others out', async () => {
    const { origin } = new URL(await address());
    assert.equal((await fetch(origin)).status, 403);
  });

  it('ends with everything it has started', async () => {
    const { origin } = new URL(await address());
    child.kill('SIGINT');
    await once(child, 'exit');
    assert.equal(child.exitCode, 0, output);
    await assert.rejects(fetch(origin));
  });

  let found: Promise<string> | undefined;
  /** The address that it prints. */
  function address(): Promise<string> {
    found ??= new Promise((resolve, reject) => {
      child.once('exit', (code) => { reject(new Error(`It ended with ${code ?? 'a signal'}:\n${output}`)); });
      if (child.stdout === null) throw new Error('It has no output.');
      createInterface({ input: child.stdout }).on('line', (line) => {
        output += `${line}\n`;
        const url = /http:\/\/\S+/.exec(line)?.[0];
        if (url !== undefined) resolve(url);
      });
    });
    return found;
  }
});
