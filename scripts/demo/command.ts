import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/spimquant.mjs', import.meta.url));

/** How a run of the command ended. */
export interface CommandResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Asks the program to stop as Ctrl-C does. */
  readonly signal?: AbortSignal;
  /** Called with every line the program writes, while it runs. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Called once with the process id, e.g. to end it. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs `spimquant` with the given words, as a user would. Resolves however it ends. */
export async function spimquant(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  // In a process group of its own, so that ending it ends everything it started, and Ctrl-C reaches it only through us.
  const child = spawn(process.execPath, [program, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    env: { ...process.env, ...options.env },
  });
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      if (process.platform === 'win32') child.kill(signal);
      else process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  const interrupt = (): void => { kill('SIGINT'); };
  options.signal?.addEventListener('abort', interrupt, { once: true });
  if (options.signal?.aborted) interrupt();
  options.onStart?.(kill);
  const read = async (stream: 'stdout' | 'stderr'): Promise<string> => {
    let text = '';
    for await (const line of createInterface({ input: child[stream], crlfDelay: Infinity })) {
      text += `${line}\n`;
      options.onLine?.(line, stream);
    }
    return text;
  };
  try {
    const ended = new Promise<Pick<CommandResult, 'code' | 'signal'>>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => { resolve({ code, signal }); });
    });
    const [stdout, stderr, { code, signal }] = await Promise.all([read('stdout'), read('stderr'), ended]);
    return { code, signal, stdout, stderr };
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
  }
}
