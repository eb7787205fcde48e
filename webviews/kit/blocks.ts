import type { Result } from '../../runner/protocol/results.ts';

/** What the buttons and links of a result do; left out where nothing can be done. */
export interface BlockActions {
  readonly openLink?: (uri: string, title: string) => void;
  /** A command that leads on: the place decides whether it is run or put into a cell. */
  readonly useCommand?: (text: string) => void;
}

/** Builds the elements of a result. Styles: `blocks.css`. */
export function renderResult(result: Result, _actions: BlockActions): HTMLElement {
  const element = document.createElement('article');
  element.textContent = result.title;
  return element;
}
