import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { runLocally, unlockLocally } from '../backends/local.ts';
import { runSync, unlockSync } from '../backends/sync.ts';
import type { Planner } from '../backends/local.ts';
import { grace } from '../backends/snakemake/program.ts';
import type { PauseTime } from '../engine/pauses.ts';
import { parseCommandText } from '../command/parse.ts';
import { Journal } from '../engine/journal.ts';
import { readRequest } from '../engine/runFolder.ts';
import type { RunRequestFile } from '../engine/runFolder.ts';
import { guardLastWords, guardOutput } from '../monitor/guardedOutput.ts';
import { processMark } from '../monitor/process.ts';
import { isAgreed } from '../protocol/cloud.ts';
import { isRunCommand } from '../protocol/options.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import { estimateWords } from '../wording/cloud.ts';
import { markInUse } from './codeFolder.ts';

/** What decides what is run; the program has its pipeline, tests have toys. */
export interface RunEngine {
  readonly planner: Planner;
  readonly stageModule?: string;
  readonly pauseTime?: PauseTime;
}

/** How long a stopped process may take to end cleanly, in milliseconds. The runner loses patience earlier. */
const patience = 3000;
/** The same where the installed SPIMquant is at work, which is interrupted first. */
const enginePatience = grace + 4000;
/** The same where machines of a cloud have to be ended, and their end verified. */
const cloudPatience = 11 * 60_000;

/**
 * Carries out the request in a run's folder, the only argument of this process, and ends the process. Its working folder
 * is that of the request, its environment holds the credentials. All there is to say is in the journal.
 */
export async function runProcess(engine: RunEngine): Promise<never> {
  guardOutput(process.env);
  guardLastWords();
  const abort = new AbortController();
  let longest = patience;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      abort.abort();
      // A disk or network folder that does not answer would keep the process for ever: not even process.exit() returns then.
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), longest).unref();
    });
  }
  // Runs outlive the terminal or connection that they were started from.
  process.on('SIGHUP', () => undefined);

  const folder = process.argv[2] ?? '';
  const request = readRequest(folder);
  if (request === undefined) {
    process.stderr.write(`There is no run to carry out in ${folder === '' ? 'an empty path' : folder}.\n`);
    process.exit(2);
  }
  if (request.intent.options['engine'] !== undefined) longest = enginePatience;
  if (request.intent.place === 'cloud') longest = cloudPatience;
  markInUse(import.meta.url);
  let journal: Journal;
  try {
    journal = new Journal(dirname(folder), { ...request.intent, id: basename(folder), pid: process.pid, process: processMark(process.pid) }, Date.now);
  } catch (error) {
    // Somebody else carries it out, or it was given up because this process took too long to start.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') process.exit(0);
    throw error;
  }
  try {
    await carryOut(request, journal, engine, abort.signal);
    process.exit(0);
  } catch (error) {
    const report = reportError(error);
    if (!journal.over) journal.append({ type: 'run-finished', outcome: 'failed', error: report });
    process.exit(1);
  }
}

async function carryOut({ intent, cores, memoryBytes, cloud, agreedCost }: RunRequestFile, journal: Journal, engine: RunEngine, signal: AbortSignal): Promise<void> {
  const { command, text } = parseCommandText(intent.command, { readFile: (path) => readFileSync(path, 'utf8'), defaults: { cores, memoryBytes, cloud } });
  if (!isRunCommand(command)) throw new SpimquantError('bad-option', `This is no run: ${intent.command}`);
  if (command.execution.unlock) {
    journal.append({ type: 'run-started', pid: process.pid, host: intent.host });
    const holder = command.verb === 'sync' ? await unlockSync(command, { env: process.env, signal }) : await unlockLocally(command, { env: process.env, signal });
    journal.append({
      type: 'run-log', level: 'info',
      message: holder === undefined ? 'The output was not locked.' : `Removed the lock of process ${holder.pid} on ${holder.host}, held since ${holder.since}.`,
    });
    journal.append({ type: 'run-finished', outcome: 'succeeded' });
    return;
  }
  if (command.verb === 'sync') await runSync(command, text, { clock: Date.now, env: process.env, signal, journal });
  else if (command.verb !== 'group' && command.execution.cloud !== undefined) {
    await (await import('../backends/coiled/runCloud.ts')).runOnCloud(command, text, {
      ...engine, clock: Date.now, env: process.env, signal, journal, takeUpOnly: intent.takesUp !== undefined,
      ...(agreedCost === undefined ? {} : { confirm: ({ estimate }) => {
        if (isAgreed(estimate, agreedCost)) return Promise.resolve(true);
        throw new SpimquantError('cost-limit', `The run is expected to cost ${estimateWords(estimate)}, more than what was agreed to.`, { hint: 'Start it again, to be asked anew.' });
      } }),
    });
  } else await runLocally(command, text, { ...engine, clock: Date.now, env: process.env, signal, journal });
}
