import { homedir, hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { reportError, SpimquantError } from '../../runner/protocol/errors.ts';
import { decideConnection } from '../../runner/protocol/handshake.ts';
import { protocolVersion } from '../../runner/protocol/rpc.ts';
import type { NotificationName, Notifications, RequestName, Requests } from '../../runner/protocol/rpc.ts';
import { runnerFolderOf, stateFolderOf } from '../../runner/protocol/stateFolder.ts';
import { readAddress } from './address.ts';
import type { Disposable, RunListener, RunnerClient, RunnerStatus } from './client.types.ts';
import { Feeds } from './feeds.ts';
import { KilledAtStart, launchRunner } from './launch.ts';
import { listenToHeart, usualPatience } from './heartbeat.ts';
import type { Patience } from './heartbeat.ts';
import { LineLost, openLine, RunnerSilent } from './line.ts';
import type { Line } from './line.ts';
import { copyRunner } from './runnerFiles.ts';

/** What may change while a window is open: asked whenever a runner is started. */
export interface StartOptions {
  /** Path of the Node program, or of the editor when `electronAsNode` is set. */
  readonly nodePath: string;
  readonly electronAsNode: boolean;
  /** Milliseconds without windows and runs after which the runner ends; left out: as the runner thinks. */
  readonly idleMs?: number;
}

export interface RunnerClientOptions {
  readonly start: () => StartOptions;
  /** Path of the runner's program, e.g. `dist/server.js`. */
  readonly serverFile: string;
  /** Folder for copies of the program, from which it is started; left out: it is started where it is. */
  readonly copyTo?: string;
  /** The runner gets it, and it says where the state is. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** See `readBuildMark`. */
  readonly build: string;
  readonly log: (message: string) => void;
  /** How long a runner may be silent; left out: as is usual. */
  readonly patience?: Patience;
}

/** Tries to connect before it is given up, and the wait before the second, in milliseconds; it doubles each time. */
const attempts = 6;
const firstBackoff = 60;
/** Time after which a window that follows runs tries again what was given up, in milliseconds. */
const retryInterval = 10_000;
/** Runners that a request may be lost with before it is given up. */
const requestAttempts = 3;
/** Time for another window, which ended the runner, to start its own, in milliseconds. */
const successorPatience = 1500;
/** Time for a runner to end that was asked to, in milliseconds. */
const stopPatience = 3000;
/** Time for a process to be gone that was killed, and between two looks, in milliseconds. */
const endPatience = 2000;
const endPoll = 20;

/** The line to the runner of this user on this machine. Nothing is started before it is needed. */
export function createRunnerClient(options: RunnerClientOptions): RunnerClient {
  return new Client(options);
}

class Client implements RunnerClient {
  readonly #options: RunnerClientOptions;
  readonly #folder: string;
  readonly #feeds = new Feeds();
  readonly #statusListeners = new Set<(status: RunnerStatus) => void>();
  readonly #listeners = new Map<NotificationName, Set<(value: never) => void>>();
  #status: RunnerStatus = { kind: 'idle' };
  #line: Line | undefined;
  #connecting: Promise<Line> | undefined;
  #connectedBefore = false;
  #disposed = false;
  #later: NodeJS.Timeout | undefined;
  readonly #ended = new AbortController();
  readonly #patience: Patience;

  constructor(options: RunnerClientOptions) {
    this.#options = options;
    this.#patience = options.patience ?? usualPatience;
    this.#folder = runnerFolderOf(stateFolderOf({ env: options.env, platform: process.platform, home: homedir() }), hostname());
  }

  get status(): RunnerStatus {
    return this.#status;
  }

  onStatus(listener: (status: RunnerStatus) => void): Disposable {
    this.#statusListeners.add(listener);
    return { dispose: () => this.#statusListeners.delete(listener) };
  }

  on<N extends NotificationName>(name: N, listener: (value: Notifications[N]) => void): Disposable {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return { dispose: () => listeners.delete(listener) };
  }

  async request<N extends RequestName>(name: N, params: Requests[N]['params'], { signal }: { readonly signal?: AbortSignal } = {}): Promise<Requests[N]['result']> {
    for (let attempt = 1; ; attempt++) {
      const line = await unlessAborted(this.#connected(), signal);
      try {
        return await line.request(name, params, signal);
      } catch (error) {
        // All but the end of the runner itself can be asked twice: starts carry an id, the rest says how things are to be.
        if (!(error instanceof LineLost) || this.#disposed || attempt === requestAttempts || name === 'runner.stop') throw error;
      }
    }
  }

  follow(id: string, after: number, listener: RunListener): Disposable {
    const remove = this.#feeds.add(id, after, listener);
    if (this.#line !== undefined) void this.#subscribe(this.#line, id);
    // Once connected, all feeds are asked for.
    else this.#connected().catch(() => undefined);
    return {
      dispose: () => {
        if (remove()) this.#line?.request('runs.unfollow', { id }).catch(() => undefined);
      },
    };
  }

  async attach(): Promise<boolean> {
    if (this.#line !== undefined) return true;
    if (this.#connecting !== undefined) return this.#connecting.then(() => true, () => false);
    if (readAddress(this.#folder) === undefined) return false;
    const found = await this.#find().catch((error: unknown) => {
      this.#options.log(`The runner cannot be used: ${reportError(error).message}`);
      return undefined;
    });
    if (found === 'none' || found === undefined) return this.#line !== undefined;
    // An older one gives way to one of this version, which is why one is started here all the same.
    if (found === 'replaced') return this.#connected().then(() => true, () => false);
    this.#adopt(found);
    return true;
  }

  async restart(): Promise<void> {
    const line = this.#line ?? await this.#find().then((found) => (typeof found === 'string' ? undefined : found), () => undefined);
    this.#line = undefined;
    if (line !== undefined) await this.#stop(line);
    await this.#connected();
  }

  dispose(): void {
    this.#disposed = true;
    this.#ended.abort();
    clearTimeout(this.#later);
    this.#feeds.clear();
    this.#listeners.clear();
    this.#statusListeners.clear();
    this.#line?.close();
    this.#line = undefined;
  }

  #setStatus(status: RunnerStatus): void {
    this.#status = status;
    for (const listener of [...this.#statusListeners]) listener(status);
  }

  /** The line, opened now if there is none. */
  #connected(): Promise<Line> {
    if (this.#disposed) return Promise.reject(new SpimquantError('cancelled', 'The window is closing.'));
    if (this.#line !== undefined) return Promise.resolve(this.#line);
    this.#connecting ??= this.#connect().finally(() => { this.#connecting = undefined; });
    return this.#connecting;
  }

  async #connect(): Promise<Line> {
    if (this.#status.kind !== 'lost') this.#setStatus({ kind: 'connecting' });
    try {
      for (let attempt = 1; ; attempt++) {
        this.#checkOpen();
        try {
          const found = await this.#find();
          if (typeof found !== 'string') return this.#adopt(found);
          await this.#launch();
        } catch (error) {
          if (attempt === attempts || !isTemporary(error)) throw error;
        }
        if (attempt > attempts) throw new SpimquantError('runner-lost', 'The runner starts but cannot be reached.', { where: this.#folder, hint: 'Its log, runner.log in that folder, may say why.' });
        if (attempt > 1) await wait(firstBackoff * 2 ** attempt, undefined, { signal: this.#ended.signal }).catch(() => undefined);
      }
    } catch (error) {
      if (!this.#disposed) {
        const { message, hint } = reportError(error);
        this.#options.log(message);
        this.#setStatus({ kind: 'failed', message: hint === undefined ? message : `${message} ${hint}` });
        // Somebody waits for the rest of a run.
        if (this.#feeds.ids.length > 0) this.#tryLater();
      }
      throw error;
    }
  }

  #tryLater(): void {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => {
      if (!this.#disposed && this.#line === undefined && this.#feeds.ids.length > 0) this.#connected().catch(() => undefined);
    }, retryInterval);
  }

  #checkOpen(): void {
    if (this.#disposed) throw new SpimquantError('cancelled', 'The window is closing.');
  }

  /** The runner that is there, if it can be used; an older one is ended. */
  async #find(): Promise<Line | 'none' | 'replaced'> {
    const address = readAddress(this.#folder);
    if (address === undefined) return 'none';
    const { version, build, env } = this.#options;
    const me = { protocol: protocolVersion, version, build, env };
    let line: Line;
    try {
      line = await openLine(address, me, { notified: this.#notified.bind(this) }, this.#patience.helloMs);
    } catch (error) {
      if (!(error instanceof RunnerSilent)) return 'none';
      await this.#endHung(address.pid);
      return 'replaced';
    }
    switch (decideConnection(me, line.welcome, this.#connectedBefore)) {
      case 'use':
        return line;
      case 'replace':
        this.#options.log(`Replaces the runner of version ${line.welcome.version}.`);
        await this.#stop(line);
        return 'replaced';
      case 'reload-window':
        line.close();
        throw new SpimquantError('runner-lost', `The runner is of a newer version (${line.welcome.version}) than this window (${version}).`, { hint: 'Reload the window.' });
    }
  }

  /** Ends a runner that takes calls and does not answer them: it has stopped, or will never come back. */
  async #endHung(pid: number): Promise<void> {
    this.#options.log(`The runner does not answer. Process ${pid} is ended, and another one started. Runs go on.`);
    try {
      process.kill(pid, 'SIGKILL');
      for (const deadline = Date.now() + endPatience; Date.now() < deadline;) {
        await wait(endPoll);
        process.kill(pid, 0);
      }
    } catch {
      // It is gone.
    }
  }

  /** Ends a runner and waits until it has; by force when it does not by itself. */
  async #stop(line: Line): Promise<void> {
    void line.request('runner.stop', {}).catch(() => undefined);
    const isOver = await Promise.race([line.over.then(() => true), wait(stopPatience, false)]);
    if (!isOver) await this.#endHung(line.welcome.pid);
    line.close();
  }

  async #launch(): Promise<void> {
    const { start, serverFile, copyTo, env, build } = this.#options;
    const { nodePath, electronAsNode, idleMs } = start();
    const program = copyTo === undefined || build === '' ? serverFile : join(await copyRunner(dirname(serverFile), copyTo, build), basename(serverFile));
    const args = ['--build', build, ...(idleMs === undefined ? [] : ['--idle', String(Math.round(idleMs))])];
    const address = await launchRunner({ nodePath, electronAsNode, serverFile: program, args, env, folder: this.#folder, staleId: readAddress(this.#folder)?.serverId });
    this.#options.log(`The runner listens as process ${address.pid}.`);
  }

  #adopt(line: Line): Line {
    if (this.#disposed) {
      line.close();
      throw new SpimquantError('cancelled', 'The window is closing.');
    }
    this.#line = line;
    this.#connectedBefore = true;
    void line.over.then(() => { this.#lost(line); });
    listenToHeart(line, this.#patience, () => { void this.#endHung(line.welcome.pid).finally(() => { line.close(); }); });
    for (const id of this.#feeds.ids) void this.#subscribe(line, id);
    const { pid, version, serverId } = line.welcome;
    this.#setStatus({ kind: 'connected', pid, version, serverId });
    return line;
  }

  async #subscribe(line: Line, id: string): Promise<void> {
    try {
      await line.request('runs.follow', { id, after: this.#feeds.heard(id) });
    } catch (error) {
      // Lost lines are opened again, and ask again.
      if (error instanceof SpimquantError && error.code === 'not-found') this.#feeds.remove(id);
    }
  }

  #notified<N extends NotificationName>(name: N, value: Notifications[N]): void {
    if (this.#disposed) return;
    if (name === 'runs.events') {
      const { id, events } = value as Notifications['runs.events'];
      this.#feeds.deliver(id, events);
    } else if (name === 'runs.removed') {
      this.#feeds.remove((value as Notifications['runs.removed']).id);
    }
    for (const listener of [...(this.#listeners.get(name) ?? [])] as ((value: Notifications[N]) => void)[]) listener(value);
  }

  #lost(line: Line): void {
    if (this.#disposed || this.#line !== line) return;
    this.#line = undefined;
    this.#setStatus({ kind: 'lost' });
    this.#options.log('The runner is lost. Runs go on.');
    this.#connecting ??= this.#reconnect().finally(() => { this.#connecting = undefined; });
    this.#connecting.catch(() => undefined);
  }

  async #reconnect(): Promise<Line> {
    // A runner that was killed leaves its address behind. Without one it was ended, probably by a newer window that is
    // about to start its own.
    const deadline = Date.now() + successorPatience;
    while (readAddress(this.#folder) === undefined && Date.now() < deadline && !this.#disposed) await wait(50);
    return this.#connect();
  }
}

/** Failures to start that a second try may not meet. */
function isTemporary(error: unknown): boolean {
  return !(error instanceof SpimquantError) || error instanceof LineLost || error instanceof KilledAtStart;
}

/** Resolves as `promise` does, or rejects with `cancelled` as soon as the signal is aborted. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => { reject(new SpimquantError('cancelled', 'Cancelled.')); };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => { signal.removeEventListener('abort', abort); });
  });
}
