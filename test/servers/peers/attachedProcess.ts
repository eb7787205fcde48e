import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** Runs a program of others, and ends it when this process is gone, however that ended: then the channel to it closes. */
const keeper = `
const child = require('node:child_process').spawn(process.argv[1], process.argv.slice(2), { stdio: ['ignore', 'inherit', 'inherit'] });
child.once('error', (error) => { console.error(error.message); process.exit(127); });
child.once('exit', (code) => process.exit(code ?? 1));
process.once('disconnect', () => child.kill('SIGKILL'));
`;
const startMs = 60_000;

/** A program of others that lives no longer than this process. Use {@link attach}. */
export class AttachedProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  #said = '';

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => { this.#said = (this.#said + bytes.toString()).slice(-4000); });
  }

  /** Waits until the program answers as it should. Throws with what it said when it ends before, or never does. */
  async until(answers: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + startMs;
    while (!(await answers())) {
      if (this.#ended()) throw new Error(`${this.name} ended: ${this.#said}`);
      if (Date.now() > deadline) throw new Error(`${this.name} does not start: ${this.#said}`);
      await wait(200);
    }
  }

  async close(): Promise<void> {
    if (this.#ended()) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

/** Starts a program that ends with this process, or by `close()`. */
export function attach(program: string, args: readonly string[], env: Readonly<Record<string, string | undefined>> = process.env): AttachedProcess {
  const child = spawn(process.execPath, ['-e', keeper, program, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...env, NODE_OPTIONS: '' } });
  return new AttachedProcess(program, child);
}

/** A port of the loopback interface at which nothing listens now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether something at the address speaks HTTP. */
export async function answersHttp(address: string): Promise<boolean> {
  try {
    await (await fetch(address)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
