import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runConfiguration } from '../../command/build.ts';
import { parseCommandText } from '../../command/parse.ts';
import { createRequest, hasBegun, noteProcess, outputFile, readIntent, runFolder } from '../../engine/runFolder.ts';
import { isSameProcess, processMark } from '../../monitor/process.ts';
import { programVersion } from '../../pipeline/plan/provenance.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import { isRunCommand } from '../../protocol/options.ts';
import type { StartRun } from '../../protocol/rpc.ts';
import type { RunIntent } from '../../protocol/runs.ts';
import { expandHome, normaliseUri } from '../../storage/uri.ts';

/** Where and with what runs are started. */
export interface RunStarter {
  /** Folder of all runs. */
  readonly runs: string;
  readonly host: string;
  /** Path of the program that carries out a run: see `runProcess`. */
  readonly program: string;
}

/**
 * Starts a run as a process of its own, with the environment given, which neither the runner nor a window can take along when it dies. A run of that
 * id that was started already is left alone. Calls `onExit` when the process has ended, if this program still runs then.
 * Throws `bad-option` for what is no run, `not-found` when the folder it is relative to is not there.
 */
export function startRun(asked: StartRun, env: Environment, starter: RunStarter, now: number, onExit: () => void): void {
  const { runs } = starter;
  const folder = runFolder(runs, asked.id);
  const created = createRequest(runs, {
    intent: intentOf(asked, starter, now), cores: asked.cores, memoryBytes: asked.memoryBytes, cloud: asked.cloud, agreedCost: asked.agreedCost,
  });
  // The runner may have died between the request and the process: then this is the second try of the same window.
  if (!created && isStarted(folder)) return;
  const output = openSync(join(folder, outputFile), 'a', 0o600);
  try {
    const child = spawn(process.execPath, [...process.execArgv, starter.program, folder], {
      cwd: asked.cwd, env, detached: true, stdio: ['ignore', output, output], windowsHide: true,
    });
    child.on('error', onExit);
    child.on('exit', onExit);
    if (child.pid !== undefined) noteProcess(folder, { pid: child.pid, process: processMark(child.pid) });
    child.unref();
  } finally {
    closeSync(output);
  }
}

/** Whether a run has or had a process. */
function isStarted(folder: string): boolean {
  if (hasBegun(folder)) return true;
  const intent = readIntent(folder);
  return intent !== undefined && intent.pid !== 0 && isSameProcess(intent.pid, intent.process);
}

function intentOf(asked: StartRun, { host }: RunStarter, now: number): RunIntent {
  const { id, cwd, cores, memoryBytes, cloud, origin, takesUp } = asked;
  if (!isFolder(cwd)) {
    throw new SpimquantError('not-found', `The folder that the command's paths are relative to is not there: ${cwd}`, { where: cwd, hint: 'Save the notebook in a folder, or open one.' });
  }
  const { command, text } = parseCommandText(asked.text, { readFile: (path) => readFileSync(resolve(cwd, path), 'utf8'), defaults: { cores, memoryBytes, cloud } });
  if (!isRunCommand(command) || command.execution.dryRun) {
    throw new SpimquantError('bad-option', `This command is no run: ${text}`, { hint: 'A run is: spimquant <bids> <output> participant|group|tune_n4, or spimquant sync <source> <destination>.' });
  }
  const bids = normaliseUri(expandHome(command.bids), cwd);
  const output = normaliseUri(expandHome(command.output), cwd);
  return {
    id, command: text, verb: command.verb, bids, output, options: runConfiguration({ ...command, bids, output }), version: programVersion,
    pid: 0, process: '', host, started: new Date(now).toISOString(), cwd, ...(origin === undefined ? {} : { origin }),
    ...(command.execution.cloud === undefined ? {} : { place: 'cloud' }), ...(takesUp === undefined ? {} : { takesUp }),
  };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
