import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { errorFromReport, SpimquantError } from '../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { Environment } from '../../runner/protocol/callerEnvironment.ts';
import { callerEnvironment } from '../../runner/protocol/callerEnvironment.ts';
import { messageDecoder, messageEncoder } from '../../runner/protocol/frames.ts';
import type { ProgramIdentity } from '../../runner/protocol/handshake.ts';
import { usualPatience } from './heartbeat.ts';
import type { NotificationName, Notifications, RequestName, Requests, RunnerAddress, Welcome } from '../../runner/protocol/rpc.ts';

/** Thrown by requests whose answer can no longer come. */
export class LineLost extends SpimquantError {
  constructor() {
    super('runner-lost', 'The runner ended before it answered.', { hint: 'Runs go on; try again.' });
  }
}

/** Thrown when a runner takes a call and does not say hello: it hangs. */
export class RunnerSilent extends LineLost {}

/** What is heard on a line. */
export interface LineListener {
  notified<N extends NotificationName>(name: N, value: Notifications[N]): void;
}

/** A connection to one runner, from hello to its loss. */
export interface Line {
  readonly welcome: Welcome;
  /** Rejects with what the runner said, with `cancelled` as soon as the signal is aborted, with {@link LineLost}. */
  request<N extends RequestName>(name: N, params: Requests[N]['params'], signal?: AbortSignal): Promise<Requests[N]['result']>;
  /** Resolves when the connection is over. */
  readonly over: Promise<void>;
  close(): void;
}

/** Every notification has its place here, so that none is forgotten. */
const notifications: { readonly [N in NotificationName]: true } = {
  'runs.events': true, 'runs.changed': true, 'runs.removed': true, 'credentials.changed': true, 'datasets.changed': true, 'datasets.progress': true,
  'datasets.updated': true, 'resources.sample': true, 'resources.machines': true, 'explore.progress': true,
};
const notificationNames = Object.keys(notifications) as NotificationName[];

/**
 * Calls a runner. Rejects when nobody answers there, or somebody else; with {@link RunnerSilent} when it takes the call and
 * says nothing for so many milliseconds.
 */
export async function openLine(address: RunnerAddress, me: ProgramIdentity & { readonly env?: Environment }, listener: LineListener, helloMs: number = usualPatience.helloMs): Promise<Line> {
  // Loaded with the first call: a window that never asks the runner need not wait for it.
  const { CancellationTokenSource, createMessageConnection, ResponseError, StreamMessageReader, StreamMessageWriter } = await import('./jsonrpc.ts');
  const socket = await call(address.socket, helloMs);
  const connection = createMessageConnection(new StreamMessageReader(socket, { contentTypeDecoder: messageDecoder }), new StreamMessageWriter(socket, { contentTypeEncoder: messageEncoder }));
  let lost = false;
  let resolveOver: () => void = () => undefined;
  const over = new Promise<void>((resolve) => { resolveOver = resolve; });
  /** Rejections of requests that wait for an answer. */
  const pending = new Set<(error: Error) => void>();
  socket.on('error', () => undefined);
  socket.once('close', () => {
    lost = true;
    connection.dispose();
    for (const reject of pending) reject(new LineLost());
    pending.clear();
    resolveOver();
  });
  connection.onError(() => { socket.destroy(); });
  for (const name of notificationNames) {
    connection.onNotification(name, (value: Notifications[typeof name]) => { listener.notified(name, value); });
  }
  connection.listen();

  const request: Line['request'] = (name, params, signal) => new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new SpimquantError('cancelled', 'Cancelled.'));
      return;
    }
    if (lost) {
      reject(new LineLost());
      return;
    }
    const cancellation = new CancellationTokenSource();
    const abort = (): void => {
      cancellation.cancel();
      reject(new SpimquantError('cancelled', 'Cancelled.'));
    };
    signal?.addEventListener('abort', abort, { once: true });
    pending.add(reject);
    connection.sendRequest(name, params, cancellation.token).then(
      (result) => { resolve(result as Requests[typeof name]['result']); },
      (error: unknown) => { reject(whatWasSaid(error instanceof ResponseError ? error.data : undefined)); },
    ).finally(() => {
      pending.delete(reject);
      signal?.removeEventListener('abort', abort);
      cancellation.dispose();
    });
  });

  let silent = false;
  const impatience = setTimeout(() => {
    silent = true;
    socket.destroy();
  }, helloMs);
  try {
    const welcome = await request('hello', { token: address.token, protocol: me.protocol, version: me.version, build: me.build, ...(me.env === undefined ? {} : { env: callerEnvironment(me.env) }) });
    return { welcome, request, over, close: () => { socket.destroy(); } };
  } catch (error) {
    socket.destroy();
    throw silent ? new RunnerSilent() : error;
  } finally {
    clearTimeout(impatience);
  }
}

function call(path: string, patienceMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const impatience = setTimeout(() => { socket.destroy(new Error('Nobody answers.')); }, patienceMs);
    socket.once('connect', () => {
      clearTimeout(impatience);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(impatience);
      reject(error);
    });
  });
}

/** The error that the runner reported; anything else means that the line broke. */
function whatWasSaid(data: unknown): Error {
  return isReport(data) ? errorFromReport(data) : new LineLost();
}

function isReport(data: unknown): data is ErrorReport {
  const report = data as Partial<ErrorReport> | null | undefined;
  return typeof report?.code === 'string' && typeof report.message === 'string';
}
