import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { guardLastWords, guardOutput } from '../monitor/guardedOutput.ts';
import { grace } from '../backends/snakemake/program.ts';
import type { Engine } from './main.ts';
import { enterKey } from './enterKey.ts';
import { main } from './main.ts';

/** How long a stopped process may take to end cleanly, in milliseconds. */
const usualPatience = 3000;
/** The same where machines of a cloud have to be ended, and their end verified. */
const cloudPatience = 11 * 60_000;

/**
 * Runs the command line of this process and ends it with the exit code. The first Ctrl-C (or SIGTERM, SIGHUP) stops the
 * run cleanly, the second ends the process at once, which loses nothing that was finished either.
 */
export async function runProcess(engine: Engine): Promise<never> {
  guardOutput(process.env);
  guardLastWords();
  const abort = new AbortController();
  let asked: number | undefined;
  // That a run is carried out by machines may stand in a configuration file: the command line alone does not tell.
  let patience = usualPatience;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // One Ctrl-C may arrive twice: from the terminal, and passed on by npm or another parent.
      if (asked !== undefined && Date.now() - asked > 250) {
        if (process.stderr.isTTY) writeSync(2, '\u001b[?25h');
        process.kill(process.pid, 'SIGKILL');
      }
      asked ??= Date.now();
      abort.abort();
      // A disk or network folder that does not answer would keep the process for ever: not even process.exit() returns then.
      setTimeout(() => {
        if (process.stderr.isTTY) writeSync(2, '\u001b[?25h');
        writeSync(2, 'spimquant: stopped without waiting any longer for a disk or network that does not answer. Run the same command again to go on.\n');
        process.kill(process.pid, 'SIGKILL');
      }, patience).unref();
    });
  }
  // A reader such as `head` that has seen enough ends the run as Ctrl-C does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    abort.abort();
  });
  const code = await main(process.argv.slice(2), {
    stdout: process.stdout, stderr: process.stderr, env: process.env, clock: Date.now, signal: abort.signal, onEnter: enterKey(process.stdin),
    onEngine: () => { patience = grace + 4000; },
    onCloud: () => { patience = cloudPatience; },
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask: (question: string) => askYes(question, abort.signal) } : {}),
  }, engine);
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))));
  process.exit(code);
}

/** Asks at the terminal. Anything but `y` or `yes` is no, and so is Ctrl-C. */
async function askYes(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // In the terminal's line mode Ctrl-C comes as a key.
  lines.on('SIGINT', () => { process.kill(process.pid, 'SIGINT'); });
  try {
    return /^\s*y(es)?\s*$/i.test(await lines.question(question, { signal }));
  } catch {
    return false;
  } finally {
    lines.close();
  }
}
