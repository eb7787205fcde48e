import { spawn } from 'node:child_process';
import { access, constants, realpath, stat } from 'node:fs/promises';
import { basename, delimiter, isAbsolute, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SpimquantError } from '../../protocol/errors.ts';
import { rememberSecretsOfEnvironment } from '../../protocol/knownSecrets.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Time from the wish to end until everything that is left is ended by force, in milliseconds. */
export const grace = 8000;

/**
 * The path of a program, found as a shell finds it. A `spimquant` that is this program itself does not count. Throws `engine-missing`.
 */
export async function findProgram(words: readonly string[], env: Environment): Promise<string> {
  const [name] = words;
  if (process.platform === 'win32') throw new SpimquantError('engine-missing', '--engine snakemake needs Linux or macOS: the Python SPIMquant does not run on Windows itself.', { hint: 'Use WSL, or leave out --engine: the embedded engine runs here.' });
  const places = name.includes('/') ? [isAbsolute(name) ? name : resolve(name)] : (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '').map((folder) => join(folder, name));
  let own = false;
  for (const path of places) {
    if (!(await isProgram(path))) continue;
    if (basename(await realpath(path)) !== 'spimquant.mjs') return path;
    own = true;
  }
  throw new SpimquantError('engine-missing', `The installed SPIMquant was not found: there is no program ${name}${name.includes('/') ? '' : ' in PATH'}${own ? ', but for this program itself' : ''}.`, {
    where: name, hint: 'Install it (https://github.com/khanlab/SPIMquant), or say how it is called, as in --engine_command "pixi run --manifest-path ~/SPIMquant/pixi.toml spimquant"; or leave out --engine: the embedded engine needs no installation.',
  });
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** What running a program needs. */
export interface ProgramRun {
  readonly words: readonly string[];
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** Told each line of both its outputs, in the order in which they came. */
  readonly onLine: (line: string) => void;
  /** There is no more to read for the moment. */
  readonly onPause?: () => void;
  /** Told the id of the group's leader. */
  readonly onStart?: (pid: number) => void;
}

/**
 * Runs a program in a group of processes of its own and resolves with its exit code when nothing of it is left. Aborting interrupts it
 * (SIGINT), insists (SIGTERM), and at last ends it by force; so does the end of this process.
 */
export async function runProgram({ words, env, signal, onLine, onPause, onStart }: ProgramRun): Promise<number> {
  // What it prints may repeat what it was given.
  rememberSecretsOfEnvironment(env);
  const guard = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './guard.ts' : './guard.js', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', guard, String(grace), ...words], {
    // Python would keep what it says to itself until there is much of it.
    env: { ...env, PYTHONUNBUFFERED: '1' }, detached: true, stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  const stop = (): void => { child.stdin.end(); };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    if (child.pid !== undefined) onStart?.(child.pid);
    const read = [child.stdout, child.stderr].map((stream) => {
      if (onPause !== undefined) stream.on('data', () => { setImmediate(onPause); });
      const lines = createInterface({ input: stream });
      lines.on('line', onLine);
      return new Promise<void>((done) => { lines.on('close', done); });
    });
    const code = await new Promise<number>((done, failed) => {
      child.on('error', failed);
      child.on('close', (status) => { done(status ?? 137); });
    });
    await Promise.all(read);
    return code;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
