import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planLocally, runLocally } from '../../../runner/backends/local.ts';
import type { LocalBackend, RunCommand } from '../../../runner/backends/local.ts';
import { parseArgv } from '../../../runner/command/parse.ts';
import { LocalStore } from '../../../runner/storage/local/localStore.ts';

describe('where the output cannot be', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-output-place-'));
  });
  after(() => rm(folder, { recursive: true }));

  const backend: LocalBackend = {
    planner: () => Promise.resolve({ tasks: [], notices: [], failures: [] }), clock: () => 0, env: {}, signal: new AbortController().signal, onEvent: () => undefined,
  };
  const commandFor = (output: string): RunCommand => parseArgv([folder, output, 'participant'], { readFile: () => '' }).command as RunCommand;

  it('is refused before anything else when a file is there or above, also for -n', async () => {
    await writeFile(join(folder, 'file'), 'mine');
    for (const output of [join(folder, 'file'), join(folder, 'file', 'below')]) {
      for (const start of [() => planLocally(commandFor(output), backend), () => runLocally(commandFor(output), 'x', backend)]) {
        await assert.rejects(start, (error: { code: string; message: string }) => error.code === 'bad-option' && error.message.includes('a file is there'));
      }
    }
  });

  if (process.platform === 'linux') {
    it('is refused at once on places that answer "no such file" to every new folder', async () => {
      await assert.rejects(new LocalStore('/proc/spimquant/below').write('a/b', 'x'), { code: 'not-found' });
    });
  }
});
