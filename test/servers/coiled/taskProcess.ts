import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** What a container image is on this machine. */
export interface ContainerRecipe {
  /** Before the script, as the image's entrypoint has it; the script alone if left out. */
  readonly entrypoint?: readonly string[];
  /** What the image, and the VM below it (the role of its instance, say), put into the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface TaskProcessOptions {
  /** The VM's own folder: its /scratch is below it, its home and temporary files too. */
  readonly folder: string;
  readonly files: readonly { readonly path: string; readonly content: string }[];
  readonly command: string;
  readonly recipe: ContainerRecipe;
  readonly ignoreEntrypoint: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** A task that was begun on a VM. */
export interface StartedTask {
  /** Its exit code; null: it was killed. Settles after all of its output has been told. */
  readonly ended: Promise<number | null>;
  /** Whether it still runs. */
  readonly alive: boolean;
  /** False: nobody is there. */
  signal(signal: NodeJS.Signals | 0): boolean;
}

/** A task that runs for real, in a process group of its own. */
export class TaskProcess implements StartedTask {
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(options: TaskProcessOptions) {
    const batch = join(options.folder, 'scratch', 'batch');
    for (const folder of [batch, join(options.folder, 'home'), join(options.folder, 'tmp')]) mkdirSync(folder, { recursive: true });
    for (const { path, content } of options.files) {
      const file = join(batch, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    const script = options.files.find(({ path }) => path === options.command);
    const command = script === undefined ? ['/bin/sh', '-c', options.command] : [...interpreterOf(script.content), join(batch, script.path)];
    const [program, ...args] = [...(options.ignoreEntrypoint ? [] : options.recipe.entrypoint ?? []), ...command];
    this.#child = spawn(program, args, {
      cwd: batch, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
      // A container sees nothing of the machine that submitted it.
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: join(options.folder, 'home'), TMPDIR: join(options.folder, 'tmp'), LANG: 'C.UTF-8', ...options.recipe.env, ...options.env },
    });
    const { stdout, stderr } = this.#child;
    const told = [stdout, stderr].flatMap((stream) => (stream === null ? [] : [readLines(stream, options.onLine)]));
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        options.onLine(`cannot start: ${error.message}`);
        resolve(127);
      });
      this.#child.once('exit', (code) => {
        // Whatever it has started ends with the container.
        this.signal('SIGKILL');
        void Promise.all(told).then(() => resolve(code));
      });
    });
  }

  /** Whether a process of the group is there. */
  get alive(): boolean {
    return this.signal(0);
  }

  /** To the whole group. */
  signal(signal: NodeJS.Signals | 0): boolean {
    if (this.#child.pid === undefined) return false;
    try {
      return process.kill(-this.#child.pid, signal);
    } catch {
      return false;
    }
  }
}

async function readLines(stream: NodeJS.ReadableStream, tell: (line: string) => void): Promise<void> {
  const lines = createInterface({ input: stream });
  lines.on('line', tell);
  await new Promise<void>((resolve) => lines.once('close', resolve));
}

/** What the first line of a script asks for, as the kernel reads it. */
function interpreterOf(script: string): readonly string[] {
  const line = /^#!\s*(\S+)(?:[ \t]+(.*\S))?/.exec(script);
  if (line === null) return ['/bin/sh'];
  return [line[1], ...(line[2] === undefined ? [] : [line[2]])];
}
