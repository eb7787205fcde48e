import type { ResultView } from '../../runner/protocol/results.ts';
import { readOffers } from '../kit/offers.ts';
import type { Offer } from '../kit/offers.ts';

/** Which result a button belongs to: it is found again among the outputs of the notebook. */
export interface ResultRef {
  readonly title: string;
  /** In full, with what options cells add: it says how the storage is reached. */
  readonly command: string;
}

/** What the buttons of an output ask of the extension. */
export type RendererRequest =
  /** Sent when the first output is shown: answers with {@link FollowedRuns}. */
  | { readonly type: 'hello' }
  | { readonly type: 'cancel' | 'openLog' | 'openOutputs' | 'openRun' | 'resume' | 'resumeNow' | 'signIn'; readonly run: string }
  | { readonly type: 'openFile'; readonly run: string; readonly uri: string; readonly title: string }
  | { readonly type: 'openLink'; readonly uri: string; readonly title: string; readonly command: string }
  | { readonly type: 'openView'; readonly view: ResultView; readonly command: string }
  | { readonly type: 'openResult'; readonly result: ResultRef }
  | { readonly type: 'copy'; readonly text: string }
  /** Writes a flag into the cell of a result. */
  | { readonly type: 'choose'; readonly result: ResultRef; readonly flag: string; readonly value: string }
  /** Put a command into a cell below, and carry it out or not. */
  | { readonly type: 'insertCommand' | 'runCommand'; readonly text: string };

/** Runs that this window follows, and its time, which may differ from the page's on a remote machine. */
export interface FollowedRuns {
  readonly type: 'following';
  readonly runs: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What the window can open. */
  readonly offers: readonly Offer[];
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** Longer texts are no message of ours. */
const textLimit = 20_000;
/** The same of a table that is copied. */
const copyLimit = 5_000_000;

function texts(value: Fields, ...names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'string' && value[name].length <= textLimit);
}

function isResultRef(value: unknown): boolean {
  return isFields(value) && texts(value, 'title', 'command');
}

/** A message of an output, checked; undefined when it is none. */
export function readRequest(value: unknown): RendererRequest | undefined {
  if (!isFields(value)) return undefined;
  switch (value['type']) {
    case 'hello':
      return { type: 'hello' };
    case 'cancel':
    case 'openLog':
    case 'openOutputs':
    case 'openRun':
    case 'resume':
    case 'resumeNow':
    case 'signIn':
      return texts(value, 'run') ? value as unknown as RendererRequest : undefined;
    case 'openFile':
      return texts(value, 'run', 'uri', 'title') ? value as unknown as RendererRequest : undefined;
    case 'openLink':
      return texts(value, 'uri', 'title', 'command') ? value as unknown as RendererRequest : undefined;
    case 'openView': {
      const { view } = value;
      return texts(value, 'command') && isFields(view) && texts(view, 'uri') && (view['kind'] === 'image' || view['kind'] === 'outputs') ? value as unknown as RendererRequest : undefined;
    }
    case 'openResult':
      return isResultRef(value['result']) ? value as unknown as RendererRequest : undefined;
    case 'choose':
      return isResultRef(value['result']) && texts(value, 'flag', 'value') ? value as unknown as RendererRequest : undefined;
    case 'copy':
      return typeof value['text'] === 'string' && value['text'].length <= copyLimit ? { type: 'copy', text: value['text'] } : undefined;
    case 'insertCommand':
    case 'runCommand':
      return texts(value, 'text') ? value as unknown as RendererRequest : undefined;
    default:
      return undefined;
  }
}

/** A message of the extension, checked; undefined when it is none. */
export function readFollowedRuns(value: unknown): FollowedRuns | undefined {
  if (!isFields(value) || value['type'] !== 'following' || typeof value['now'] !== 'number') return undefined;
  const { runs } = value;
  return Array.isArray(runs) && runs.every((run) => typeof run === 'string') ? { type: 'following', runs, now: value['now'], offers: readOffers(value['offers']) } : undefined;
}
