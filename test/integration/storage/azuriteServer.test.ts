import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startAzurite } from '../../servers/azurite.ts';
import { saying } from '../engine/cliProcess.ts';

const module = fileURLToPath(new URL('../../servers/azurite.ts', import.meta.url));

async function listens(origin: string): Promise<boolean> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

describe('azurite for tests', function () {
  this.timeout(120_000);

  it('has accounts of their own keys, and is gone when closed', async () => {
    const azurite = await startAzurite({ accounts: ['lab', 'other'] });
    await azurite.container('data', 'lab').create();
    await azurite.put('data', 'a.txt', 'alpha');
    assert.equal(await azurite.container('data', 'other').exists(), false);
    await assert.rejects(azurite.put('absent', 'a.txt', 'x'), /404/);
    await azurite.close();
    assert.equal(await listens(azurite.origin), false);
  });

  it('ends with the process that started it, even when that is killed', async () => {
    const script = `import { startAzurite } from ${JSON.stringify(module)}; const it = await startAzurite(); console.log('at', it.origin, it.folder, '.'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (text: Buffer) => { said += text.toString(); });
    await saying(child, /at .* \./);
    const [, origin, folder] = /at (\S+) (\S+) \./.exec(said) ?? [];
    assert.ok(await listens(origin) && existsSync(folder));
    child.kill('SIGKILL');
    const deadline = Date.now() + 60_000;
    while ((await listens(origin)) || existsSync(folder)) assert.ok(Date.now() < deadline, 'it lives on');
  });
});
