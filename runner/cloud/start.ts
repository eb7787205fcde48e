import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpimquantError } from '../protocol/errors.ts';
import type { ObjectStore, StorageOptions } from '../storage/objectStore.ts';
import { unpackRunner } from './bundle.ts';
import { bundleKey } from './layout.ts';
import { machineRequest } from './taskRequest.ts';

/** Time that the runner has to end by itself when its time is over, or it is told to end; in milliseconds. */
const patience = 120_000;
/** Tries to fetch the runner: rights and network of a machine that has just started may come a moment later. */
const tries = 5;

/**
 * What a machine does first, with Node.js alone: fetches the runner from the output, checks that it is the one that is
 * meant, and has it work on this task's participant. Returns the runner's exit code. Ends it by force when it overstays.
 */
export async function startOnMachine(env: NodeJS.ProcessEnv, open: (uri: string, options: StorageOptions) => ObjectStore): Promise<number> {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 15)) throw new SpimquantError('bad-option', `The container has Node.js ${process.versions.node}; 22.15 or newer is needed.`, { hint: 'Give another image with --cloud_container.' });
  const request = machineRequest(env);
  const folder = join(env.SPIMQUANT_RUNNER_DIR ?? tmpdir(), `spimquant-${request.bundle.slice(0, 16)}`);
  if (!existsSync(join(folder, 'task.js'))) await unpackRunner(await fetchRunner(open(request.output, request.storage), request.bundle), request.bundle, folder);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(folder, 'task.js')], { stdio: 'inherit', env });
  const force = (): void => { setTimeout(() => child.kill('SIGKILL'), patience).unref(); };
  const overstay = setTimeout(() => { child.kill('SIGTERM'); force(); }, Math.min(2 ** 31 - 1, request.taskLimitMs + patience));
  // A machine that is taken away says so by a signal.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => { child.kill(signal); force(); });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(overstay);
      resolve(code ?? (signal === null ? 1 : 137));
    });
  });
}

async function fetchRunner(output: ObjectStore, sha256: string): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    try {
      const bytes = await output.read(bundleKey(sha256));
      if (bytes !== undefined) return bytes;
      throw new SpimquantError('not-found', 'The runner is not in the output.', { where: `${output.uri}/${bundleKey(sha256)}`, hint: 'Start the run anew.' });
    } catch (error) {
      if (attempt === tries) throw error;
      process.stderr.write(`The runner cannot be fetched yet: ${error instanceof Error ? error.message : String(error)}\n`);
      await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** attempt));
    }
  }
}
