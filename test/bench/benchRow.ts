import { spawn } from 'node:child_process';

/** One comparison with a peer: the same work, on the same machine, one after the other. */
export interface BenchRow {
  /** What was done, to how much. */
  readonly name: string;
  /** Who else did it. */
  readonly peer: string;
  readonly oursSeconds: number;
  readonly peerSeconds: number;
}

/** Seconds of the fastest of several runs. */
export function bestOf(runs: number, work: () => unknown): number {
  let best = Infinity;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    work();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}

/** Runs a Python program whose last line of output is JSON, with one thread for numerical libraries. Rejects with what it wrote on failing. */
export async function runPython<T>(python: string, script: string, args: readonly string[] = []): Promise<T> {
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
  const child = spawn(python, ['-W', 'ignore', '-c', script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => { out += data.toString(); });
  child.stderr.on('data', (data: Buffer) => { err += data.toString(); });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${python} failed: ${err.trim().split('\n').at(-1) ?? 'without a message'}`);
  return JSON.parse(out.trim().split('\n').at(-1) ?? '') as T;
}
