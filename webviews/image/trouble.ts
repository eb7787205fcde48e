import type { ErrorReport } from '../../runner/protocol/errors.ts';
import { make, makeButton } from '../kit/dom.ts';

/** What the editor can do about an error, by its code: the title of the button for it. */
export const mendTitles: Readonly<Partial<Record<ErrorReport['code'], string>>> = {
  'auth-expired': 'Sign In Again',
  'auth-missing': 'Sign In',
  'runner-lost': 'Restart Runner',
};

/** What can be done about trouble. */
export interface TroubleActions {
  readonly mend: (error: ErrorReport) => void;
  readonly retry: () => void;
  readonly showLog: () => void;
}

/** Buttons for an error: what mends it, where there is that, then trying again, then the log. */
export function troubleButtons(error: ErrorReport, { mend, retry, showLog }: TroubleActions): readonly HTMLButtonElement[] {
  const title = mendTitles[error.code];
  return [
    ...(title === undefined ? [] : [makeButton(title, () => { mend(error); }, { class: 'action primary' })]),
    makeButton('Try Again', retry, { class: title === undefined ? 'action primary' : 'action' }),
    makeButton('Show Log', showLog, { class: 'action' }),
  ];
}

/** A bar that says that parts of an image that is open cannot be had, and what to do. Takes no room when all is well. */
export class TroubleBar {
  readonly element = make('div', { class: 'trouble', role: 'alert', hidden: true });
  readonly #actions: TroubleActions;
  #shown = '';

  constructor(actions: TroubleActions) {
    this.#actions = actions;
  }

  /** @param note - what passes by itself, said while there is no error */
  show(error: ErrorReport | undefined, note?: string): void {
    const key = error === undefined ? note ?? '' : JSON.stringify([error.code, error.message, error.hint]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.element.hidden = key === '';
    if (error === undefined) this.element.replaceChildren(...(note === undefined ? [] : [make('p', {}, note)]));
    else this.element.replaceChildren(make('p', {}, [error.message, error.hint].filter((part) => part !== undefined).join(' ')), make('div', { class: 'actions' }, ...troubleButtons(error, this.#actions)));
  }
}
