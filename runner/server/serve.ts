import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { stateFolder } from '../engine/journal.ts';
import { readJson, writeAtomically } from '../engine/runFolder.ts';
import { keepWorkMs, sweepWorkFolders, workRegister } from '../engine/workFolder.ts';
import { guardOutput } from '../monitor/guardedOutput.ts';
import { isAlive, processMark } from '../monitor/process.ts';
import { programVersion } from '../pipeline/plan/provenance.ts';
import type { Environment } from '../protocol/callerEnvironment.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { Logger } from '../protocol/log.ts';
import { protocolVersion } from '../protocol/rpc.ts';
import type { RunnerAddress } from '../protocol/rpc.ts';
import { addressFile, runnerFolderOf } from '../protocol/stateFolder.ts';
import { lendEnvironment } from './askersEnvironment.ts';
import { markInUse, removeOldCopies } from './codeFolder.ts';
import { serveConnection } from './connection.ts';
import type { Caller } from './connection.ts';
import { credentialHandlers } from './credentialHandlers.ts';
import { credentialWatchHandlers } from './credentialWatchHandlers.ts';
import { datasetHandlers, openDatasetService } from './datasetHandlers.ts';
import { ExplorerPool } from './explore/explorerPool.ts';
import { exploreHandlers } from './exploreHandlers.ts';
import type { HandlerContext, HandlerGroup } from './handlers.ts';
import { Outbox } from './outbox.ts';
import { outputsHandlers } from './outputsHandlers.ts';
import { fileLogger, makePrivate, removeOldSockets, socketPaths } from './privateFolder.ts';
import { resourceHandlers } from './resources.ts';
import { runHandlers } from './runHandlers.ts';
import { RunBook } from './runs/runBook.ts';
import { viewerHandlers } from './viewerHandlers.ts';
import { becomeInstance } from './singleInstance.ts';
import type { Instance } from './singleInstance.ts';
import { storageHandlers } from './storageRequests.ts';

/** What the runner answers, by subject. */
const handlerGroups: readonly HandlerGroup[] = [runHandlers, exploreHandlers, datasetHandlers, storageHandlers, credentialHandlers, credentialWatchHandlers, resourceHandlers, viewerHandlers, outputsHandlers];

/** What decides what the runner runs; the program has its pipeline, tests have toys. */
export interface ServeOptions {
  /** Path of the program that carries out a run. */
  readonly runProgram: string;
  /** See ExplorerSetup. */
  readonly exploreModule?: string;
  /** Default: the program's. */
  readonly version?: string;
}

/** Time without windows and runs after which the runner ends, in milliseconds, when nobody says otherwise. */
const defaultIdle = 15 * 60_000;
/** How often the runner looks whether it is still the one, in milliseconds. */
const renewInterval = 1000;
/** How long a starting runner waits for the one before to end, in milliseconds. */
const takeoverPatience = 5000;

/** `--name value` of this process's arguments. */
function argument(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

/**
 * Is the runner of this user on this machine until nobody needs it any more, and ends the process. Ends at once when
 * there is one already. Arguments: `--build MARK` (see Hello) and `--idle MILLISECONDS`.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const env = { ...process.env };
  guardOutput(env);
  lendEnvironment();
  const state = stateFolder(env);
  const folder = runnerFolderOf(state, hostname());
  makePrivate(folder);
  const log = fileLogger(join(folder, 'runner.log'), Date.now);
  // Runs and windows come and go with terminals and connections; the runner stays.
  process.on('SIGHUP', () => undefined);
  const instance = await waitForTurn(folder);
  if (instance === undefined) process.exit(0);
  markInUse(import.meta.url);
  removeOldSockets(folder);

  const address: Omit<RunnerAddress, 'socket'> = {
    pid: process.pid, process: processMark(process.pid), token: randomBytes(32).toString('hex'),
    version: options.version ?? programVersion, build: argument('build') ?? '', serverId: randomBytes(12).toString('hex'),
  };
  const runner = new Runner(options, state, env, address, log);
  const { server, socket } = await listen(socketPaths(folder, address.serverId, env), (connection) => { runner.connect(connection); });
  const addressPath = join(folder, addressFile);
  const end = (why: string): void => {
    log('info', `Ends: ${why}.`);
    runner.dispose();
    server.close();
    // Only one's own: another runner may have taken over.
    if ((readJson(addressPath) as Partial<RunnerAddress> | undefined)?.serverId === address.serverId) rmSync(addressPath, { force: true });
    if (process.platform !== 'win32') rmSync(socket, { force: true });
    instance.release();
    process.exit(0);
  };
  runner.onStop = () => { end('asked to'); };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => { end(signal); });
  process.on('uncaughtException', (error) => {
    log('error', `Dies of a defect: ${error.stack ?? error.message}`);
    process.exit(1);
  });
  process.on('unhandledRejection', (reason) => { log('error', `A defect: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`); });

  writeAtomically(addressPath, { ...address, socket });
  log('info', `Listens as process ${process.pid}, version ${address.version}, build ${address.build}.`);
  removeOldCopies(import.meta.url, Date.now());
  void tidyWork(state, env, log);

  const idle = Number(argument('idle') ?? env.SPIMQUANT_IDLE_MS ?? defaultIdle);
  let neededAt = Date.now();
  setInterval(() => {
    if (runner.isNeeded) neededAt = Date.now();
    else if (Date.now() - neededAt >= idle) end('nobody needs it');
  }, Math.min(1000, Math.max(10, idle / 4)));
  setInterval(() => {
    // The folder was removed, or another runner took this one for dead while the machine slept.
    if (!instance.renew()) end('it is no longer the one');
    // Folders of run-time files go away when their user logs out.
    if (process.platform !== 'win32' && !existsSync(socket)) end('its socket is gone');
  }, renewInterval);
}

/** Removes temporary files of runs that nobody has gone on with. */
async function tidyWork(state: string, env: Environment, log: Logger): Promise<void> {
  try {
    for (const { folder, output } of await sweepWorkFolders({ register: workRegister(state), keepMs: keepWorkMs(env), clock: Date.now })) log('info', `Removed temporary files of a run to ${output} that was never gone on with: ${folder}`);
  } catch (error) {
    log('warn', `Temporary files of earlier runs stay: ${reportError(error).message}`);
  }
}

/** The right to be the runner; undefined when another is, or will be as soon as it listens. */
async function waitForTurn(folder: string): Promise<Instance | undefined> {
  const deadline = Date.now() + takeoverPatience;
  for (;;) {
    const turn = await becomeInstance(folder, Date.now());
    if ('renew' in turn) return turn;
    const address = readJson(join(folder, addressFile)) as Partial<RunnerAddress> | undefined;
    if (address?.pid === turn.pid && isAlive(turn.pid)) return undefined;
    // Another is starting, or ending.
    if (Date.now() > deadline) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** Listens at the first place where that is possible. */
async function listen(paths: readonly string[], onConnection: (socket: Socket) => void): Promise<{ readonly server: Server; readonly socket: string }> {
  let failure: unknown;
  for (const path of paths) {
    try {
      if (process.platform !== 'win32') makePrivate(dirname(path));
      const server = createServer(onConnection);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(path, resolve);
      });
      return { server, socket: path };
    } catch (error) {
      failure = error;
    }
  }
  throw new SpimquantError('internal', 'The runner finds no place for its socket.', { hint: 'Set SPIMQUANT_STATE_DIR to a folder with a short path on a local disk.', cause: failure });
}

/** All that the runner does between its start and its end. */
class Runner {
  /** Set by whoever can end the process. */
  onStop: () => void = () => undefined;
  readonly #outboxes = new Set<Outbox>();
  readonly #sockets = new Set<Socket>();
  readonly #disposables: (() => void)[] = [];
  readonly #groups: readonly ((caller: Caller) => void)[];
  readonly #book: RunBook;
  readonly #address: Omit<RunnerAddress, 'socket'>;
  readonly #env: Environment;
  readonly #log: Logger;

  constructor({ runProgram, exploreModule }: ServeOptions, state: string, env: Environment, address: Omit<RunnerAddress, 'socket'>, log: Logger) {
    this.#address = address;
    this.#log = log;
    this.#env = env;
    const host = hostname();
    const runs = join(state, 'runs');
    const broadcast: HandlerContext['broadcast'] = (name, value, key) => {
      for (const outbox of this.#outboxes) outbox.put(name, value, key);
    };
    this.#book = new RunBook({
      runs, host, clock: Date.now, log,
      onChanged: (run) => { broadcast('runs.changed', { run }, run.id); },
      onRemoved: (id) => { broadcast('runs.removed', { id }, id); },
      onLost: (run) => {
        // Loaded when it is needed, which it hardly ever is.
        if (run.place === 'cloud') void import('./runs/takeUp.ts').then(({ takeUpAlone }) => takeUpAlone(run, env, { runs, host, program: runProgram }, Date.now(), log, (id) => void this.#book.look(id))).then(() => { this.#book.scan(); });
      },
    });
    const explorer = new ExplorerPool({ exploreModule }, log);
    this.#disposables.push(() => { this.#book.dispose(); }, () => { explorer.dispose(); });
    const shared: Omit<HandlerContext, 'datasets'> = {
      state, clock: Date.now, log, book: this.#book, explorer, broadcast,
      starter: { runs, host, program: runProgram },
      onEnd: (dispose) => this.#disposables.push(dispose),
    };
    const context: HandlerContext = { ...shared, datasets: openDatasetService(shared) };
    this.#groups = handlerGroups.map((group) => group(context));
  }

  /** Whether a window is connected or a run goes on. */
  get isNeeded(): boolean {
    return this.#sockets.size > 0 || this.#book.active > 0;
  }

  connect(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const { token, version, build, serverId, pid } = this.#address;
    serveConnection(socket, {
      token, log: this.#log, env: this.#env, welcome: { protocol: protocolVersion, version, build, serverId, pid },
      admit: (caller) => {
        const outbox = new Outbox(caller);
        this.#outboxes.add(outbox);
        caller.onClose(() => this.#outboxes.delete(outbox));
        caller.handle('runner.ping', () => null);
        caller.handle('runner.stop', () => {
          caller.afterNextAnswer(() => { this.onStop(); });
          return null;
        });
        for (const register of this.#groups) register(caller);
      },
    });
  }

  dispose(): void {
    for (const dispose of this.#disposables.splice(0).reverse()) dispose();
    for (const socket of this.#sockets) socket.destroy();
  }
}
