// The editor's server process: it serves the workbench and runs the extension host.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import type { EditorHost } from './host.ts';
import type { Profile } from './profile.ts';

const startTimeoutMs = 60_000;

/** A server that listens on the loopback address. */
export interface EditorServer extends AsyncDisposable {
  /** Host and port, as the address bar shows them. */
  readonly authority: string;
  readonly port: number;
  readonly pid: number;
  /** Address of the workbench with the token that opens it. */
  url(query: Readonly<Record<string, string>>): string;
  /** Ends the server and its extension hosts at once, as a crash of the machine would. */
  kill(): Promise<void>;
}

export interface ServerOptions {
  readonly host: EditorHost;
  readonly profile: Profile;
  readonly logFile: string;
  /** 0: any that is free. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Lets windows run suites. */
  readonly testing?: boolean;
}

/** Arguments that every start of the program has in common. */
function profileArguments(profile: Profile): readonly string[] {
  return ['--accept-server-license-terms', '--user-data-dir', profile.userData, '--server-data-dir', profile.serverData, '--extensions-dir', profile.extensions];
}

/** No gallery is asked, and nothing of the person's own home is read. */
function environment(profile: Profile, env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: '', itemUrl: '', resourceUrlTemplate: '' }),
    ...profile.env,
    ...env,
  };
}

/** Installs a packaged extension into the profile. Throws with the editor's words when it does not take it. */
export async function installExtension(host: EditorHost, profile: Profile, vsix: string): Promise<void> {
  const child = spawn(host.node, [host.server, ...profileArguments(profile), '--install-extension', vsix, '--force'], { env: environment(profile), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => { output += data.toString(); });
  child.stderr.on('data', (data: Buffer) => { output += data.toString(); });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0 || !output.includes('was successfully installed')) throw new Error(`The editor did not install ${vsix}:\n${output}`);
}

/** Starts the server and waits until it listens. */
export async function startServer(options: ServerOptions): Promise<EditorServer> {
  const { host, profile } = options;
  const token = randomBytes(16).toString('hex');
  await mkdir(profile.folder, { recursive: true });
  const child = spawn(host.node, [
    host.server, '--host', '127.0.0.1', '--port', String(options.port ?? 0), '--connection-token', token, ...profileArguments(profile),
    '--disable-telemetry', '--disable-workspace-trust', '--log', 'info',
    // The test driver's switch also lets a built editor load extensions under development from the address.
    ...(options.testing === true ? ['--enable-smoke-test-driver'] : []),
  ], {
    env: environment(profile, options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that ending it ends the extension hosts too.
    detached: process.platform !== 'win32',
  });
  const log = createWriteStream(options.logFile, { flags: 'a' });
  child.stderr.on('data', (data: Buffer) => log.write(data));
  const ended = new Promise<void>((resolve) => child.once('close', () => { log.end(); resolve(); }));
  const port = await listening(child, log, ended, options.logFile);
  const authority = `127.0.0.1:${port}`;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    killGroup(child, signal);
    await ended;
    await finished(log);
  };
  return {
    authority,
    port,
    pid: child.pid ?? 0,
    url: (query) => `http://${authority}/?${new URLSearchParams({ tkn: token, ...query }).toString()}`,
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      const late = setTimeout(() => { killGroup(child, 'SIGKILL'); }, 5000);
      await end('SIGTERM');
      clearTimeout(late);
      // The server ends before its extension hosts do.
      killGroup(child, 'SIGKILL');
    },
  };
}

async function listening(child: ChildProcess, log: NodeJS.WritableStream, ended: Promise<void>, logFile: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const late = setTimeout(() => { killGroup(child, 'SIGKILL'); reject(new Error(`The editor's server did not start in time: see ${logFile}.`)); }, startTimeoutMs);
  void ended.then(() => { reject(new Error(`The editor's server ended at its start: see ${logFile}.`)); });
  if (child.stdout === null) throw new Error('The server has no output.');
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.write(`${line}\n`);
    const port = /^Extension host agent listening on (\d+)/.exec(line)?.[1];
    if (port !== undefined) resolve(Number(port));
  });
  try {
    return await promise;
  } finally {
    clearTimeout(late);
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Where a profile keeps the log of its server. */
export function serverLog(profile: Profile): string {
  return join(profile.folder, 'server.log');
}
