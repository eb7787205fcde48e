import { writeSync } from 'node:fs';
import type { Engine } from './main.ts';
import { main } from './main.ts';

/**
 * Runs the command line of this process and ends it with the exit code. The first Ctrl-C (or SIGTERM, SIGHUP) stops the
 * run cleanly, the second ends the process at once, which loses nothing that was finished either.
 */
export async function runProcess(engine: Engine): Promise<never> {
  const abort = new AbortController();
  let asked: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // One Ctrl-C may arrive twice: from the terminal, and passed on by npm or another parent.
      if (asked !== undefined && Date.now() - asked > 250) {
        if (process.stderr.isTTY) writeSync(2, '\u001b[?25h');
        process.kill(process.pid, 'SIGKILL');
      }
      asked ??= Date.now();
      abort.abort();
    });
  }
  // A reader such as `head` that has seen enough ends the run as Ctrl-C does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    abort.abort();
  });
  const code = await main(process.argv.slice(2), {
    stdout: process.stdout, stderr: process.stderr, env: process.env, clock: Date.now, signal: abort.signal,
  }, engine);
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))));
  process.exit(code);
}
