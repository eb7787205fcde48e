import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunEvent } from '../../../runner/protocol/events.ts';
import type { Task } from '../../../runner/pipeline/task.ts';

const cli = fileURLToPath(new URL('../../fixtures/engine/toyCli.ts', import.meta.url));

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A dataset of toy tasks, an output and a state folder, and the command line as a real process on them. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'engine-'));
  readonly bids = join(this.folder, 'bids');
  readonly out = join(this.folder, 'out');
  readonly state = join(this.folder, 'state');

  /** Added to the environment of every process. */
  readonly env: Readonly<Record<string, string>>;

  constructor(tasks: readonly Task[], env: Readonly<Record<string, string>> = {}) {
    this.env = env;
    mkdirSync(this.bids);
    writeFileSync(join(this.bids, 'image.txt'), 'voxels');
    this.plan(tasks);
  }

  /** Replaces the tasks. */
  plan(tasks: readonly Task[]): void {
    writeFileSync(join(this.bids, 'tasks.json'), JSON.stringify(tasks));
  }

  /** Starts `spimquant BIDS OUT participant FLAGS`. */
  start(flags: readonly string[] = [], out: string = this.out, bids: string = this.bids): ChildProcess {
    const options = ['--disable-warning=ExperimentalWarning', cli, bids, out, 'participant', ...flags];
    return spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SPIMQUANT_STATE_DIR: this.state, SPIMQUANT_CACHE_DIR: join(this.folder, 'cache'), NO_COLOR: '1', ...this.env } });
  }

  async run(flags: readonly string[] = [], out: string = this.out): Promise<Ended> {
    return ended(this.start(flags, out));
  }

  /** The events of a run with `--json`. */
  async events(flags: readonly string[] = [], out: string = this.out): Promise<{ readonly code: number | null; readonly events: readonly RunEvent[] }> {
    const { code, stdout } = await this.run(['--json', ...flags], out);
    return { code, events: stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as RunEvent) };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits for a process to end. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

/** Resolves when the process has written something that matches. */
export async function saying(child: ChildProcess, pattern: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (pattern.test(text)) resolve();
    });
    child.on('close', () => reject(new Error(`it ended without saying ${String(pattern)}: ${text}`)));
  });
}

/** Contents of the results below a folder by path: not the engine's own records. */
export function results(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(files.map((file) => [relative(folder, file), file] as const)
    .filter(([path]) => path.startsWith('sub-')).map(([path, file]) => [path, readFileSync(file, 'utf8')]));
}

/** Everything below a folder whose name says that it was never finished. */
export function temporaries(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('.spimquant-tmp-'));
}
