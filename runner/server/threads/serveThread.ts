import { parentPort } from 'node:worker_threads';
import { reportError } from '../../protocol/errors.ts';
import { rememberSecretsOfEnvironment } from '../../protocol/knownSecrets.ts';
import { inEnvironmentOf, lendEnvironment, type AskersEnvironment } from '../askersEnvironment.ts';
import type { FromThread, ThreadQuestion, ToThread } from './threadMessages.ts';

/** Time without a request after which all that is kept is dropped, in milliseconds. */
const restAfterMs = 5 * 60_000;

/** What a thread answers by. */
export interface ThreadService {
  answer(question: ThreadQuestion, signal: AbortSignal): Promise<object>;
  /** Forgets what is kept: nobody has asked for a while. */
  rest(): void;
}

/** Makes the process's environment that of whose request is answered; before anything opens a store. */
export { lendEnvironment };

/** Answers what the runner asks this thread, each request in the environment of whoever asked. */
export function serveThread(service: ThreadService): void {
  const askers = new Map<string, AskersEnvironment>();
  const questions = new Map<number, AbortController>();
  let rest: NodeJS.Timeout | undefined;

  const tell = (message: FromThread, handOver: readonly ArrayBuffer[] = []): void => {
    parentPort?.postMessage(message, [...handOver]);
  };
  const answer = async (question: ThreadQuestion): Promise<void> => {
    const { id } = question;
    const abort = new AbortController();
    questions.set(id, abort);
    clearTimeout(rest);
    try {
      const result = await service.answer(question, abort.signal);
      const bytes = 'bytes' in result && result.bytes instanceof Uint8Array ? [result.bytes.buffer as ArrayBuffer] : [];
      tell({ type: 'answer', id, result }, bytes);
    } catch (error) {
      tell({ type: 'failure', id, error: reportError(error) });
    } finally {
      questions.delete(id);
      if (questions.size === 0) rest = setTimeout(() => { service.rest(); }, restAfterMs);
    }
  };

  parentPort?.on('message', (message: ToThread) => {
    switch (message.type) {
      case 'cancel':
        questions.get(message.id)?.abort();
        break;
      case 'environment':
        askers.set(message.asker.key, message.asker);
        rememberSecretsOfEnvironment(message.asker.variables);
        break;
      case 'ask': {
        const asker = askers.get(message.asker);
        void (asker === undefined ? answer(message) : inEnvironmentOf(asker, () => answer(message)));
      }
    }
  });
}
