import type { Result } from '../../runner/protocol/results.ts';
import { runMime } from '../../runner/protocol/results.ts';
import type { RunOutput } from '../../runner/protocol/runOutput.ts';
import blocksStyles from '../kit/blocks.css';
import { renderResult } from '../kit/blocks.ts';
import { make, useStyles } from '../kit/dom.ts';
import { setOffers } from '../kit/offers.ts';
import slicesStyles from '../kit/slices/slices.css';
import { keepKeys } from './keys.ts';
import { readFollowedRuns } from './messages.ts';
import type { RendererRequest } from './messages.ts';
import { RunCard } from './runCard.ts';
import runStyles from './run.css';

/** An output item as the editor hands it over (`OutputItem` of vscode-notebook-renderer). */
interface OutputItem {
  readonly id: string;
  readonly mime: string;
  json(): unknown;
}

/** What the editor gives a renderer (`RendererContext` of vscode-notebook-renderer). Messages need an extension that listens. */
interface RendererContext {
  readonly postMessage?: (message: unknown) => void;
  readonly onDidReceiveMessage?: (listener: (message: unknown) => void) => unknown;
}

interface Renderer {
  renderOutputItem(item: OutputItem, element: HTMLElement): void;
  disposeOutputItem(id?: string): void;
}

/** Called by the editor once for all outputs of a notebook. */
export function activate(context: RendererContext): Renderer {
  useStyles(blocksStyles);
  useStyles(slicesStyles);
  useStyles(runStyles);
  const cards = new Map<string, RunCard>();
  const cardOf = new WeakMap<HTMLElement, RunCard>();
  const resultOf = new WeakMap<HTMLElement, string>();
  let followed: ReadonlySet<string> = new Set();
  /** Milliseconds that the extension's time is ahead of the page's. */
  let ahead = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const { postMessage } = context;
  const ask = postMessage === undefined ? undefined : (request: RendererRequest): void => { postMessage(request); };
  const cardContext = { ask, isFollowed: (run: string) => followed.has(run), now: () => Date.now() + ahead };

  const tick = (): void => {
    for (const [id, card] of cards) {
      if (!card.root.isConnected) cards.delete(id);
      else if (card.isTicking) card.tick();
    }
    if (![...cards.values()].some((card) => card.isTicking)) {
      clearInterval(timer);
      timer = undefined;
    }
  };
  const keepTicking = (): void => {
    if ([...cards.values()].some((card) => card.isTicking)) timer ??= setInterval(tick, 1000);
  };

  context.onDidReceiveMessage?.((message) => {
    const following = readFollowedRuns(message);
    if (following === undefined) return;
    followed = new Set(following.runs);
    ahead = following.now - Date.now();
    setOffers(following.offers);
    for (const card of cards.values()) card.refresh();
    keepTicking();
  });
  ask?.({ type: 'hello' });

  const showRun = (item: OutputItem, element: HTMLElement): void => {
    const output = item.json() as RunOutput;
    let card = cardOf.get(element);
    if (card === undefined || !element.contains(card.root)) {
      card = new RunCard(output, cardContext);
      cardOf.set(element, card);
      resultOf.delete(element);
      keepKeys(card.root);
      element.replaceChildren(card.root);
    } else {
      card.update(output);
    }
    cards.set(item.id, card);
    keepTicking();
  };

  const showResult = (item: OutputItem, element: HTMLElement): void => {
    const result = item.json() as Result;
    const key = JSON.stringify(result);
    if (resultOf.get(element) === key && element.hasChildNodes()) return;
    resultOf.set(element, key);
    cardOf.delete(element);
    const ref = { title: result.title, command: result.command };
    const shown = renderResult(result, ask === undefined ? {} : {
      openLink: (uri, title) => { ask({ type: 'openLink', uri, title, command: result.command }); },
      useCommand: (text) => { ask({ type: 'runCommand', text }); },
      insertCommand: (text) => { ask({ type: 'insertCommand', text }); },
      openView: (view) => { ask({ type: 'openView', view, command: result.command }); },
      openResult: () => { ask({ type: 'openResult', result: ref }); },
      copyText: (text) => { ask({ type: 'copy', text }); },
      choose: (flag, value) => { ask({ type: 'choose', result: ref, flag, value }); },
    });
    keepKeys(shown);
    element.replaceChildren(shown);
  };

  return {
    renderOutputItem: (item, element) => {
      try {
        if (item.mime === runMime) showRun(item, element);
        else showResult(item, element);
      } catch (error) {
        // An output comes from a file, which anything may have written.
        element.replaceChildren(make('article', { class: 'spimquant-result' },
          make('p', { class: 'notice error', role: 'note' }, `This output is damaged. Run the cell again. (${error instanceof Error ? error.message : String(error)})`)));
      }
    },
    disposeOutputItem: (id) => {
      if (id === undefined) cards.clear();
      else cards.delete(id);
      tick();
    },
  };
}
