import { errorFromReport, SpimquantError } from '../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../runner/protocol/errors.ts';

/** Questions of a page by name: parameters and answers. */
export type Questions = Readonly<Record<string, { readonly params: unknown; readonly result: unknown }>>;

/** What a page says to ask, and not to wait any more. */
export type Question<Q extends Questions> =
  | { readonly [N in keyof Q]: { readonly type: 'ask'; readonly id: number; readonly name: N; readonly params: Q[N]['params'] } }[keyof Q]
  | { readonly type: 'cancel'; readonly id: number };

/** What it is answered. */
export type QuestionAnswer =
  | { readonly type: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: ErrorReport };

/** Asks the extension, which asks the runner. Answers come in whatever order they are ready. */
export class Asker<Q extends Questions> {
  readonly #post: (message: Question<Q>) => void;
  readonly #open = new Map<number, { readonly resolve: (result: never) => void; readonly reject: (error: Error) => void }>();
  #count = 0;

  constructor(post: (message: Question<Q>) => void) {
    this.#post = post;
  }

  /** Rejects with a SpimquantError that says what the runner said; with `cancelled` as soon as the signal is aborted. */
  ask<N extends keyof Q>(name: N, params: Q[N]['params'], signal?: AbortSignal): Promise<Q[N]['result']> {
    return new Promise((resolve, reject) => {
      const id = ++this.#count;
      const cancel = (): void => {
        if (!this.#open.delete(id)) return;
        this.#post({ type: 'cancel', id });
        reject(new SpimquantError('cancelled', 'Cancelled.'));
      };
      if (signal?.aborted === true) {
        reject(new SpimquantError('cancelled', 'Cancelled.'));
        return;
      }
      signal?.addEventListener('abort', cancel, { once: true });
      const done = <T>(settle: (value: T) => void) => (value: T): void => {
        signal?.removeEventListener('abort', cancel);
        settle(value);
      };
      this.#open.set(id, { resolve: done(resolve), reject: done(reject) });
      this.#post({ type: 'ask', id, name, params } as Question<Q>);
    });
  }

  /** Takes what came back; what is not waited for any more is dropped. */
  take(message: QuestionAnswer): void {
    const waiting = this.#open.get(message.id);
    this.#open.delete(message.id);
    if (message.type === 'answer') waiting?.resolve(message.result as never);
    else waiting?.reject(errorFromReport(message.error));
  }
}

/** Checks an answer; undefined: it is something else. */
export function readAnswer(message: Readonly<Record<string, unknown>>): QuestionAnswer | undefined {
  const { type, id, error } = message;
  if (typeof id !== 'number') return undefined;
  if (type === 'answer' && 'result' in message) return { type, id, result: message['result'] };
  if (type !== 'failure' || typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return undefined;
  return typeof error.code === 'string' && typeof error.message === 'string' ? { type, id, error: error as ErrorReport } : undefined;
}

/** Checks a question. Its parameters are checked by the runner, as those of any request. */
export function readQuestion<Q extends Questions>(message: Readonly<Record<string, unknown>>, names: readonly (keyof Q)[]): Question<Q> | undefined {
  const { type, id, name, params } = message;
  if (typeof id !== 'number') return undefined;
  if (type === 'cancel') return { type, id };
  if (type !== 'ask' || !names.includes(name as keyof Q) || typeof params !== 'object' || params === null) return undefined;
  return { type, id, name, params } as Question<Q>;
}
