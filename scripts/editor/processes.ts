// Ends what SPIMquant has left running on purpose: its runner and runs outlive the editor.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const limitMs = 10_000;

/** Ends the runner and the runs that keep their state in a folder, and waits until they are gone. */
export async function endProcesses(state: string, delay: (ms: number) => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (let signal: NodeJS.Signals = 'SIGTERM'; ; signal = performance.now() > deadline - limitMs / 2 ? 'SIGKILL' : 'SIGTERM') {
    const alive = (await processIds(state)).filter((pid) => send(pid, signal));
    if (alive.length === 0) return;
    if (performance.now() > deadline) throw new Error(`Processes of the test did not end: ${alive.join(', ')}.`);
    await delay(100);
  }
}

async function processIds(state: string): Promise<readonly number[]> {
  if (process.platform === 'linux') return processesWith(`SPIMQUANT_STATE_DIR=${state}`);
  const runs = await names(join(state, 'runs'));
  const files = ['runner.json', ...runs.map((run) => join('runs', run, 'run.json'))];
  const pids = await Promise.all(files.map(async (file) => {
    try {
      return (JSON.parse(await readFile(join(state, file), 'utf8')) as { pid?: number }).pid;
    } catch {
      return undefined;
    }
  }));
  return pids.filter((pid) => pid !== undefined && pid !== process.pid) as number[];
}

/** Processes of this user that were started with a variable in their environment. */
async function processesWith(variable: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await names('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(variable)) found.push(pid);
  }
  return found;
}

async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

/** Whether the process was there to get the signal. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
