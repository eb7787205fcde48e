import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { createMessageConnection, ResponseError, StreamMessageReader } from 'vscode-jsonrpc/node';
import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc/node';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { ErrorReport } from '../protocol/errors.ts';
import type { Environment } from '../protocol/callerEnvironment.ts';
import { messageDecoder } from '../protocol/frames.ts';
import type { Logger } from '../protocol/log.ts';
import type { Hello, NotificationName, Notifications, RequestName, Requests, Welcome } from '../protocol/rpc.ts';
import { AnswerWriter } from './answerWriter.ts';
import { environmentOf, inEnvironmentOf } from './askersEnvironment.ts';
import type { AskersEnvironment } from './askersEnvironment.ts';
import { checkParameters } from './parameters.ts';

/** Answers one kind of request. What it throws travels to the caller as an {@link ErrorReport}. */
export type Handler<N extends RequestName> = (params: Requests[N]['params'], signal: AbortSignal) => Promise<Requests[N]['result']> | Requests[N]['result'];

/** A window, as the handlers of its requests see it. */
export interface Caller {
  /** The environment that its requests are answered in. */
  readonly env: Readonly<Record<string, string>>;
  /** Answers requests of that name from this window. */
  handle<N extends RequestName>(name: N, handler: Handler<N>): void;
  /** Tells this window something. Resolves when it is written: wait for it before sending much more. Never rejects. */
  notify<N extends NotificationName>(name: N, value: Notifications[N]): Promise<void>;
  /** Calls back once the next answer to this window is written. */
  afterNextAnswer(then: () => void): void;
  /** Calls `listener` when the window is gone. */
  onClose(listener: () => void): void;
}

/** Bytes that a stranger may send before it has said who it is: hello with the environment of a window. */
const strangersBytes = 256 * 1024;
/** Time to say so, and to leave after a refusal, in milliseconds. */
const strangersTime = 10_000;

/** What a connection needs from the server. */
export interface ConnectionContext {
  readonly token: string;
  readonly welcome: Welcome;
  /** The runner's own environment. */
  readonly env: Environment;
  readonly log: Logger;
  /** Called once the window has shown the token; registers its handlers. */
  readonly admit: (caller: Caller) => void;
}

/** Code of JSON-RPC for errors that the server defines; ours are told apart by the report in `data`. */
const serverError = -32000;

function responseError(error: unknown): ResponseError<ErrorReport> {
  const report = reportError(error);
  return new ResponseError(serverError, report.message, report);
}

function sameToken(mine: string, theirs: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(mine), digest(theirs));
}

/** Listens to one window. Until it has said hello with the right token, anything else it says ends the connection. */
export function serveConnection(socket: Socket, { token, welcome, env, log, admit }: ConnectionContext): void {
  const writer = new AnswerWriter(socket);
  const connection = createMessageConnection(new StreamMessageReader(socket, { contentTypeDecoder: messageDecoder }), writer);
  const closeListeners: (() => void)[] = [];
  let admitted = false;
  let closed = false;
  const drop = (why: string): void => {
    if (!closed) log('warn', `A connection was ended: ${why}.`);
    socket.destroy();
  };

  /** Answers that something is refused, and ends the connection behind that answer. Whoever does not leave then is thrown out. */
  const refuse = (error: unknown, why: string): ResponseError<ErrorReport> => {
    const refusal = responseError(error);
    writer.after((answer) => answer.error?.data === refusal.data, () => {
      if (closed) return;
      log('warn', `A connection was ended: ${why}.`);
      socket.end();
      const leave = setTimeout(() => { socket.destroy(); }, strangersTime);
      socket.once('close', () => { clearTimeout(leave); });
    });
    return refusal;
  };

  const impatience = setTimeout(() => { drop('it did not say hello'); }, strangersTime);
  let received = 0;
  const count = (bytes: Buffer): void => {
    received += bytes.length;
    if (received > strangersBytes) drop('it said too much before hello');
  };
  socket.on('data', count);
  // The connection tells of it; without a listener it would end the process.
  socket.on('error', () => undefined);
  socket.once('close', () => {
    closed = true;
    clearTimeout(impatience);
    connection.dispose();
    for (const listener of closeListeners) listener();
  });
  connection.onError(([error]) => { drop(`it cannot be read (${error.message})`); });

  const callerIn = (asker: AskersEnvironment): Caller => ({
    env: asker.variables,
    handle: (name, handler) => {
      handle(connection, name, (params, signal) => inEnvironmentOf(asker, () => handler(params, signal)), log);
    },
    notify: async (name, value) => {
      if (closed) return;
      await connection.sendNotification(name, value).catch(() => undefined);
    },
    afterNextAnswer: (then) => { writer.after(() => true, then); },
    onClose: (listener) => {
      if (closed) listener();
      else closeListeners.push(listener);
    },
  });

  connection.onRequest('hello', (params: unknown): Welcome | ResponseError<ErrorReport> => {
    let hello: Hello;
    try {
      hello = checkParameters('hello', params);
      if (!sameToken(token, hello.token)) throw new SpimquantError('access-denied', 'The token is wrong.');
    } catch (error) {
      return refuse(error, 'its hello was wrong');
    }
    if (!admitted) {
      admitted = true;
      clearTimeout(impatience);
      socket.off('data', count);
      admit(callerIn(environmentOf(env, hello.env)));
    }
    return welcome;
  });
  connection.onRequest((method) => {
    if (!admitted) return refuse(new SpimquantError('bad-option', 'Say hello first.'), `it asked ${method} before hello`);
    return responseError(new SpimquantError('bad-option', `The runner knows no request ${method}.`));
  });
  connection.onNotification(() => {
    if (!admitted) drop('it told something before hello');
  });
  connection.listen();
}

/** Answers requests of one name: parameters are checked, a cancelled request aborts the handler's signal and is answered at once. */
function handle<N extends RequestName>(connection: MessageConnection, name: N, handler: Handler<N>, log: Logger): void {
  connection.onRequest(name, async (params: unknown, token: CancellationToken): Promise<Requests[N]['result'] | ResponseError<ErrorReport>> => {
    const abort = new AbortController();
    const cancelled = new Promise<never>((_resolve, reject) => {
      token.onCancellationRequested(() => {
        abort.abort();
        reject(new SpimquantError('cancelled', 'Cancelled.'));
      });
    });
    cancelled.catch(() => undefined);
    try {
      const checked = checkParameters(name, params);
      if (token.isCancellationRequested) throw new SpimquantError('cancelled', 'Cancelled.');
      return await Promise.race([handler(checked, abort.signal), cancelled]);
    } catch (error) {
      const report = reportError(error);
      if (report.code === 'internal') log('error', `${name}: ${report.stack ?? report.message}`);
      return responseError(error);
    }
  });
}
