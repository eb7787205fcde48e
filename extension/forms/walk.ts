/** How a step of a form ended. What it learned is kept even when the user goes back. */
export type Move<A> =
  | { readonly kind: 'next'; readonly answers: Partial<A> }
  | { readonly kind: 'back'; readonly answers?: Partial<A> }
  | { readonly kind: 'to'; readonly step: string }
  | { readonly kind: 'cancel' };

/** Where a step stands among those that are asked. */
export interface Place {
  /** From 1. */
  readonly number: number;
  readonly total: number;
  readonly canGoBack: boolean;
}

/** One question of a form. */
export interface Step<A> {
  readonly name: string;
  /** Left out: it is always asked. */
  readonly needed?: (answers: Partial<A>) => boolean;
  ask(answers: Partial<A>, place: Place): Promise<Move<A>>;
}

/**
 * Asks a form's questions one after another, back and forth, beginning with the step called `from`. Answers with all that
 * was said, or undefined when the user left the form.
 */
export async function walk<A>(steps: readonly Step<A>[], initial: Partial<A>, from?: string): Promise<Partial<A> | undefined> {
  let answers = initial;
  let at = Math.max(0, steps.findIndex((step) => step.name === from));
  for (;;) {
    const isAsked = (step: Step<A>): boolean => step.needed?.(answers) ?? true;
    while (at < steps.length && !isAsked(steps[at])) at += 1;
    if (at >= steps.length) return answers;
    const asked = steps.filter(isAsked);
    const number = asked.indexOf(steps[at]) + 1;
    const move = await steps[at].ask(answers, { number, total: asked.length, canGoBack: number > 1 });
    if (move.kind === 'cancel') return undefined;
    if (move.kind === 'to') {
      at = Math.max(0, steps.findIndex((step) => step.name === move.step));
      continue;
    }
    answers = { ...answers, ...move.answers };
    if (move.kind === 'next') {
      at += 1;
      continue;
    }
    let before = at - 1;
    while (before > 0 && !(steps[before].needed?.(answers) ?? true)) before -= 1;
    if (before >= 0) at = before;
  }
}
