import { readdirSync, readFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunnerClient } from '../../../extension/runner-client/client.types.ts';
import { createRunnerClient } from '../../../extension/runner-client/runnerClient.ts';
import type { RunnerClientOptions } from '../../../extension/runner-client/runnerClient.ts';
import { readEvents } from '../../../runner/engine/journal.ts';
import { isAlive } from '../../../runner/monitor/process.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { RunEvent } from '../../../runner/protocol/events.ts';
import type { RunnerAddress } from '../../../runner/protocol/rpc.ts';
import { isOver, newRunId } from '../../../runner/protocol/runs.ts';
import type { RunIntent, RunRecord } from '../../../runner/protocol/runs.ts';
import type { Task } from '../../../runner/pipeline/task.ts';

export const toyServer = fileURLToPath(new URL('../../fixtures/server/toyServer.ts', import.meta.url));

/** Waits until `what` answers something; fails after so many milliseconds. */
export async function until<T>(what: () => T | Promise<T>, describe: string, milliseconds = 15_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const answer = await what();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`Within ${milliseconds} ms it did not come about that ${describe}.`);
    await wait(10);
  }
}

/** A dataset of toy tasks, a state folder of its own, and windows on the runner that serves it. */
export class RunnerBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'runner-'));
  readonly state = join(this.folder, 'state');
  readonly bids = join(this.folder, 'bids');
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #clients: RunnerClient[] = [];

  constructor(tasks: readonly Task[], env: Readonly<Record<string, string>> = {}) {
    mkdirSync(this.bids);
    writeFileSync(join(this.bids, 'image.txt'), 'voxels');
    this.plan(tasks);
    this.env = { ...process.env, SPIMQUANT_STATE_DIR: this.state, SPIMQUANT_CACHE_DIR: join(this.folder, 'cache'), ...env };
  }

  /** Replaces the tasks. */
  plan(tasks: readonly Task[]): void {
    writeFileSync(join(this.bids, 'tasks.json'), JSON.stringify(tasks));
  }

  /** Private folder of the runner. */
  get runnerFolder(): string {
    return join(this.state, 'runner', hostname());
  }

  get address(): RunnerAddress | undefined {
    try {
      return JSON.parse(readFileSync(join(this.runnerFolder, 'runner.json'), 'utf8')) as RunnerAddress;
    } catch {
      return undefined;
    }
  }

  options(more: Partial<RunnerClientOptions> = {}): RunnerClientOptions {
    return {
      start: () => ({ nodePath: process.execPath, electronAsNode: false, idleMs: 60_000 }),
      serverFile: toyServer, env: this.env, version: '0.1.0', build: '', log: () => undefined, ...more,
    };
  }

  /** A window. */
  client(more: Partial<RunnerClientOptions> = {}): RunnerClient {
    const client = createRunnerClient(this.options(more));
    this.#clients.push(client);
    return client;
  }

  /** The command of a run over the dataset. */
  command(output = 'out'): string {
    return `spimquant ${this.bids} ${join(this.folder, output)} participant --cores 2`;
  }

  async start(client: RunnerClient, output = 'out', id = newRunId(Date.now())): Promise<RunRecord> {
    return client.request('runs.start', { id, text: this.command(output), cwd: this.folder });
  }

  runFolder(id: string): string {
    return join(this.state, 'runs', id);
  }

  intent(id: string): RunIntent | undefined {
    try {
      return JSON.parse(readFileSync(join(this.runFolder(id), 'run.json'), 'utf8')) as RunIntent;
    } catch {
      return undefined;
    }
  }

  /** What a run's journal says. */
  events(id: string): RunEvent[] {
    try {
      return readEvents(this.runFolder(id));
    } catch {
      return [];
    }
  }

  get runIds(): string[] {
    try {
      return readdirSync(join(this.state, 'runs')).sort();
    } catch {
      return [];
    }
  }

  /** A record as the runner gives it, once the run is over. */
  async over(client: RunnerClient, id: string, milliseconds = 30_000): Promise<RunRecord> {
    return until(async () => {
      // A runner that was killed may be asked just before its window notices.
      const { runs } = await client.request('runs.list', { limit: 100 }).catch((error: unknown) => {
        if (error instanceof SpimquantError && error.code === 'runner-lost') return { runs: [] };
        throw error;
      });
      const run = runs.find((each) => each.id === id);
      return run !== undefined && isOver(run.status) ? run : undefined;
    }, `run ${id} is over`, milliseconds);
  }

  /** Ends all that this bench has started and removes its folder. */
  async remove(): Promise<void> {
    for (const client of this.#clients) client.dispose();
    for (const id of this.runIds) {
      const pid = this.intent(id)?.pid ?? 0;
      if (pid > 0 && this.events(id).at(-1)?.type !== 'run-finished') kill(pid);
    }
    const pid = this.address?.pid;
    if (pid !== undefined) {
      kill(pid);
      await until(() => !isAlive(pid), 'the runner is gone');
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

/** `kill -9`. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Hears a run as a view does. */
export class Hearing {
  readonly events: RunEvent[] = [];
  gone = false;

  constructor(client: RunnerClient, id: string, after = 0) {
    client.follow(id, after, {
      events: (events) => { this.events.push(...events); },
      gone: () => { this.gone = true; },
    });
  }

  get over(): boolean {
    return this.events.at(-1)?.type === 'run-finished';
  }
}
