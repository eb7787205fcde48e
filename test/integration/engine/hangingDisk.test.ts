import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { toyCohort } from '../../fixtures/engine/toyTasks.ts';
import { Bench } from './cliProcess.ts';

if (process.platform !== 'win32') {
  describe('Ctrl-C while the disk does not answer', () => {
    it('ends the process all the same', async () => {
      const bench = new Bench(toyCohort(['01'], { steps: 1 }));
      try {
        // Opening a pipe that nobody writes to blocks a thread of the process, as a network folder that went away does.
        mkdirSync(join(bench.out, '.spimquant'), { recursive: true });
        execFileSync('mkfifo', [join(bench.out, '.spimquant', 'lock.json')]);
        const child = bench.start(['-p']);
        const closed = once(child, 'close');
        // The note about -p is the first thing that it says.
        await once(child.stderr as NodeJS.EventEmitter, 'data');
        child.kill('SIGINT');
        const [code, signal] = (await closed) as [number | null, string | null];
        assert.ok(code === 130 || signal === 'SIGKILL', `${code} ${signal}`);
      } finally {
        bench.remove();
      }
    });
  });
}
