import { execFile, spawn } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { RunnerAddress } from '../../runner/protocol/rpc.ts';
import { readAddress } from './address.ts';

/** Somebody killed the runner while it started: worth another try. */
export class KilledAtStart extends SpimquantError {
  constructor(signal: string) {
    super('runner-lost', `The runner was ended by ${signal} while it started.`, { hint: 'Try again; when that does not help, look whether the machine has memory left.' });
  }
}

/** How to start a runner. */
export interface Launch {
  /** Path of the Node program, or of the editor when `electronAsNode` is set. */
  readonly nodePath: string;
  readonly electronAsNode: boolean;
  /** Path of the runner's program. */
  readonly serverFile: string;
  /** Arguments for it. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The runner's private folder. */
  readonly folder: string;
  /** Id of a runner whose address may still lie there. */
  readonly staleId?: string;
}

/** Time for a runner to say where it listens, in milliseconds: machines under load and cold disks included. */
const startPatience = 30_000;
const pollInterval = 25;
/** What a runner says before it can write its own log. */
const outputFile = 'start.log';
/** Bytes of it that are kept. */
const outputLimit = 200_000;
const neededNode = [22, 15];

const nodeHint = 'Set spimquant.runner.nodePath to the path of Node.js 22.15 or newer, or leave it empty to use the editor\'s own.';

/** Starts a runner on its own, which neither the window nor the editor takes along. Resolves with where it, or another that was faster, listens. */
export async function launchRunner(launch: Launch): Promise<RunnerAddress> {
  if (!launch.electronAsNode) await checkNode(launch);
  mkdirSync(launch.folder, { recursive: true, mode: 0o700 });
  const outputPath = join(launch.folder, outputFile);
  const output = openSync(outputPath, 'a', 0o600);
  if (fstatSync(output).size > outputLimit) ftruncateSync(output, 0);
  const from = fstatSync(output).size;
  let ended: { readonly code: number | null; readonly signal: string | null } | undefined;
  let failure: Error | undefined;
  try {
    const child = spawn(launch.nodePath, ['--disable-warning=ExperimentalWarning', launch.serverFile, ...launch.args], {
      detached: true, stdio: ['ignore', output, output], windowsHide: true, cwd: launch.folder, env: environmentOf(launch),
    });
    child.once('error', (error) => { failure = error; });
    child.once('exit', (code, signal) => { ended = { code, signal }; });
    child.unref();
  } finally {
    closeSync(output);
  }
  const deadline = Date.now() + startPatience;
  while (Date.now() < deadline) {
    if (failure !== undefined) throw new SpimquantError('runner-lost', `Node.js cannot be started: ${failure.message}.`, { where: launch.nodePath, hint: nodeHint });
    const address = readAddress(launch.folder);
    // A process that ended well leaves the place to another, which may be the one that is there.
    if (address !== undefined && (address.serverId !== launch.staleId || ended?.code === 0)) return address;
    if (ended !== undefined && ended.signal !== null) throw new KilledAtStart(ended.signal);
    if (ended !== undefined && ended.code !== 0) {
      const said = readFileSync(outputPath).subarray(from).toString('utf8').trim().split('\n').slice(-12).join('\n');
      throw new SpimquantError('runner-lost', `The runner ended while it started (code ${ended.code})${said === '' ? '.' : `:\n${said}`}`, { where: outputPath, hint: nodeHint });
    }
    await wait(pollInterval);
  }
  throw new SpimquantError('runner-lost', `The runner does not answer after ${startPatience / 1000} s.`, { where: join(launch.folder, 'runner.log'), hint: 'Its log may say why.' });
}

/** The editor's own variables mean nothing to the runner, which outlives it. */
function environmentOf({ env, electronAsNode }: Launch): NodeJS.ProcessEnv {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !/^(VSCODE_|ELECTRON_)/.test(name)));
  return electronAsNode ? { ...own, ELECTRON_RUN_AS_NODE: '1' } : own;
}

/** Throws when there is no Node of that path, or too old a one. */
async function checkNode({ nodePath }: Launch): Promise<void> {
  const said = await new Promise<string>((resolve, reject) => {
    execFile(nodePath, ['--version'], { timeout: 10_000, windowsHide: true }, (error, stdout) => {
      if (error === null) resolve(stdout.trim());
      else reject(new SpimquantError('runner-lost', `Node.js cannot be started: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such program' : error.message}.`, { where: nodePath, hint: nodeHint, cause: error }));
    });
  });
  const version = /^v(\d+)\.(\d+)/.exec(said);
  const [major, minor] = version === null ? [0, 0] : [Number(version[1]), Number(version[2])];
  if (major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1])) return;
  throw new SpimquantError('runner-lost', version === null ? `This is not Node.js: ${nodePath}` : `Node.js ${said.slice(1)} is too old: SPIMquant needs ${neededNode.join('.')} or newer.`, { where: nodePath, hint: nodeHint });
}
