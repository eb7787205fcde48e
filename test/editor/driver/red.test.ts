import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../../scripts/editor/paths.ts';

/** What a scenario's process ended with, and said. */
async function runScenario(name: string, temporary: string): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'scripts/editor/run.ts'), name], { env: { ...process.env, TMPDIR: temporary } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, text: stdout + stderr });
    });
  });
}

// A driver that is green when it should be red makes every other suite worthless.
describe('editor suites that must be red', function () {
  this.timeout(180_000);
  // Red scenarios keep their profiles, to be looked into.
  let temporary: string;
  before(async () => { temporary = await mkdtemp(join(tmpdir(), 'spimquant-red-')); });
  after(() => rm(temporary, { recursive: true, force: true }));

  const expected: Readonly<Record<string, RegExp>> = {
    failing: /RED +red-failing: 1 passed, 1 failed/,
    crashing: /RED +red-crashing: no summary; the extension host ended \(code 0\)/,
    killed: /RED +red-killed: no summary; the extension host ended/,
    empty: /RED +red-empty: 0 passed, 0 failed; no test ran/,
  };
  for (const [name, words] of Object.entries(expected)) {
    it(`a suite that is ${name}`, async () => {
      const { code, text } = await runScenario(`red-${name}`, temporary);
      assert.equal(code, 1, text);
      assert.match(text, words);
    });
  }
});
