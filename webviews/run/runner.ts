import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { FromRunPage, RunQuestion, RunQuestions, ToRunPage } from './messages.ts';

/** Asks the runner; answers in the order in which they come. */
export class Runner {
  readonly #post: (message: FromRunPage) => void;
  readonly #open = new Map<number, { readonly resolve: (result: unknown) => void; readonly reject: (error: Error) => void }>();
  #number = 0;

  constructor(post: (message: FromRunPage) => void) {
    this.#post = post;
  }

  /** Rejects with a SpimquantError. */
  ask<Q extends RunQuestion>(question: Q, params: RunQuestions[Q]['params']): Promise<RunQuestions[Q]['result']> {
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#open.set(number, { resolve: (result) => { resolve(result as RunQuestions[Q]['result']); }, reject });
      this.#post({ type: 'ask', number, question, params } as FromRunPage);
    });
  }

  /** Takes what the extension answered. */
  take(message: Extract<ToRunPage, { type: 'answer' | 'failed' }>): void {
    const asked = this.#open.get(message.number);
    this.#open.delete(message.number);
    if (message.type === 'answer') asked?.resolve(message.result);
    else asked?.reject(new SpimquantError(message.error.code, message.error.message, { hint: message.error.hint }));
  }
}
