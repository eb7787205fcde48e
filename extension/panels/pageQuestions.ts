import type * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { Question, QuestionAnswer, Questions } from '../../webviews/kit/asker.ts';

/** How a question of a page is answered. The signal is aborted when nobody waits for the answer any more. */
export type AnswerQuestion<Q extends Questions> = (name: keyof Q, params: Q[keyof Q]['params'], signal: AbortSignal) => Promise<unknown>;

/** Answers what a page asks. Several questions are under way at once, and the page can give up each of them. */
export class PageQuestions<Q extends Questions> implements vscode.Disposable {
  readonly #answer: AnswerQuestion<Q>;
  readonly #post: (message: QuestionAnswer) => void;
  readonly #open = new Map<number, AbortController>();

  constructor(answer: AnswerQuestion<Q>, post: (message: QuestionAnswer) => void) {
    this.#answer = answer;
    this.#post = post;
  }

  /** Takes what the page says. The answer is posted when it is there; one that was given up is not. */
  take(message: Question<Q>): void {
    if (message.type === 'cancel') {
      this.#open.get(message.id)?.abort();
      this.#open.delete(message.id);
      return;
    }
    void this.#ask(message.id, message.name, message.params);
  }

  async #ask(id: number, name: keyof Q, params: Q[keyof Q]['params']): Promise<void> {
    const abort = new AbortController();
    this.#open.get(id)?.abort();
    this.#open.set(id, abort);
    let answer: QuestionAnswer;
    try {
      answer = { type: 'answer', id, result: await this.#answer(name, params, abort.signal) };
    } catch (error) {
      answer = { type: 'failure', id, error: reportError(error) };
    }
    if (this.#open.get(id) !== abort) return;
    this.#open.delete(id);
    this.#post(answer);
  }

  /** Gives up all questions: the page that asked them is gone. */
  forget(): void {
    for (const abort of this.#open.values()) abort.abort();
    this.#open.clear();
  }

  dispose(): void {
    this.forget();
  }
}
