import type { Result, ResultView } from '../../runner/protocol/results.ts';
import { readOffers } from '../kit/offers.ts';
import type { Offer } from '../kit/offers.ts';

/** What the panel of results is told. */
export type ToResultPage =
  | { readonly type: 'show'; readonly result: Result; readonly offers: readonly Offer[] }
  /** The command is being run again. */
  | { readonly type: 'busy'; readonly busy: boolean };

/** What the panel of results asks for. */
export type FromResultPage =
  | { readonly type: 'open'; readonly uri: string; readonly title: string }
  | { readonly type: 'run'; readonly text: string }
  | { readonly type: 'insert'; readonly text: string }
  | { readonly type: 'copy'; readonly text: string }
  | { readonly type: 'view'; readonly view: ResultView };

/** What the page keeps over a reload of the window: the result, or only its command where it is too large to keep. */
export interface ResultPageState {
  readonly command: string;
  readonly result?: Result;
}

/** Checks a message to the page. */
export function readToResultPage(message: unknown): ToResultPage | undefined {
  if (!isRecord(message)) return undefined;
  if (message.type === 'show' && isResult(message.result)) return { type: 'show', result: message.result, offers: readOffers(message.offers) };
  if (message.type === 'busy' && typeof message.busy === 'boolean') return { type: 'busy', busy: message.busy };
  return undefined;
}

/** Checks a message of the page. */
export function readFromResultPage(message: unknown): FromResultPage | undefined {
  if (!isRecord(message)) return undefined;
  const { type, uri, title, text, view } = message;
  if (type === 'open' && typeof uri === 'string' && typeof title === 'string') return { type, uri, title };
  if (type === 'view' && isRecord(view) && typeof view.uri === 'string' && (view.kind === 'image' || view.kind === 'outputs')) return { type, view: { kind: view.kind, uri: view.uri } };
  if ((type === 'run' || type === 'insert' || type === 'copy') && typeof text === 'string') return { type, text };
  return undefined;
}

/** Checks what was kept. */
export function readResultPageState(state: unknown): ResultPageState | undefined {
  if (!isRecord(state) || typeof state.command !== 'string') return undefined;
  return isResult(state.result) ? { command: state.command, result: state.result } : { command: state.command };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isResult(value: unknown): value is Result {
  return isRecord(value) && typeof value.title === 'string' && typeof value.command === 'string' && Array.isArray(value.blocks);
}
