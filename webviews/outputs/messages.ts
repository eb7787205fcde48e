import type { OutputsRef, TableQuery } from '../../runner/protocol/outputs.ts';
import type { Requests } from '../../runner/protocol/rpc.ts';
import { cleanStorage } from '../../runner/protocol/storageChoice.ts';
import { readAnswer, readQuestion } from '../kit/asker.ts';
import type { Question, QuestionAnswer } from '../kit/asker.ts';

/** What the page of outputs asks the runner, by way of the extension. */
export const outputsQuestions = ['outputs.list', 'outputs.participants', 'outputs.rows', 'outputs.regions', 'image.open', 'image.piece', 'image.histogram', 'storage.read'] as const;
export type OutputsQuestions = Pick<Requests, (typeof outputsQuestions)[number]>;

/** A folder of results as a page shows it. */
export interface OutputsSource {
  readonly folder: OutputsRef;
  /** Name for tabs and headings. */
  readonly title: string;
  /** Dataset that it was made of, where participants.tsv may be. */
  readonly dataset?: OutputsRef;
  /** The run that makes it. */
  readonly run?: string;
}

/** A file of results that something is to be done with. */
export interface FileRef {
  readonly uri: string;
  readonly storage: OutputsRef['storage'];
}

/** A table of a folder, and which of its rows. */
export interface TableRef {
  readonly folder: OutputsRef;
  readonly path: string;
  readonly version?: string;
  readonly query: TableQuery;
}

/** What a page is told. */
export type ToOutputsPage =
  /** The first thing said. `going`: its run goes on, so that there may be more later. `kept`: what the page showed last, to be checked. */
  | { readonly type: 'show'; readonly source: OutputsSource; readonly going: boolean; readonly kept?: unknown }
  /** The run has made something, or has ended. */
  | { readonly type: 'changed'; readonly going: boolean }
  /** The user has chosen what to compare with. */
  | { readonly type: 'other'; readonly source: OutputsSource }
  | QuestionAnswer;

/** What can be done with a file. */
export const fileActions = ['open', 'openImage', 'reveal', 'copyAddress'] as const;
export type FileAction = (typeof fileActions)[number];

/** What the page as a whole can ask for. */
export const pageActions = ['chooseOther', 'showLog', 'startRun', 'openRun'] as const;
export type PageAction = (typeof pageActions)[number];

/** What a page asks for. */
export type FromOutputsPage =
  | Question<OutputsQuestions>
  | { readonly type: 'file'; readonly action: FileAction; readonly file: FileRef }
  | { readonly type: 'page'; readonly action: PageAction }
  | { readonly type: 'signIn'; readonly uri: string }
  /** What is shown now: a window that is reloaded may forget what was said in its last minute. */
  | { readonly type: 'keep'; readonly state: object }
  | { readonly type: 'copy'; readonly text: string }
  | { readonly type: 'saveText'; readonly name: string; readonly text: string }
  /** Writes the rows that fit into a file that the user chooses, or into the clipboard. */
  | { readonly type: 'exportRows'; readonly to: 'file' | 'clipboard'; readonly table: TableRef };

type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

export function readRef(value: unknown): OutputsRef | undefined {
  return isFields(value) && typeof value['uri'] === 'string' && value['uri'] !== '' ? { uri: value['uri'], storage: cleanStorage(value['storage']) } : undefined;
}

export function readSource(value: unknown): OutputsSource | undefined {
  if (!isFields(value)) return undefined;
  const folder = readRef(value['folder']);
  const dataset = readRef(value['dataset']);
  const { title, run } = value;
  if (folder === undefined || typeof title !== 'string') return undefined;
  return { folder, title, ...(dataset === undefined ? {} : { dataset }), ...(typeof run === 'string' ? { run } : {}) };
}

/** Checks a message to the page. */
export function readToOutputsPage(message: unknown): ToOutputsPage | undefined {
  if (!isFields(message)) return undefined;
  switch (message['type']) {
    case 'show':
    case 'other': {
      const source = readSource(message['source']);
      if (source === undefined) return undefined;
      return message['type'] === 'other' ? { type: 'other', source } : { type: 'show', source, going: message['going'] === true, ...(message['kept'] === undefined ? {} : { kept: message['kept'] }) };
    }
    case 'changed':
      return { type: 'changed', going: message['going'] === true };
    default:
      return readAnswer(message);
  }
}

/** Characters that a page may put into the clipboard or a file. */
const textLimit = 32_000_000;

/** Checks a message of the page. Parameters of questions, and queries, are checked by the runner, as those of any request. */
export function readFromOutputsPage(message: unknown): FromOutputsPage | undefined {
  if (!isFields(message)) return undefined;
  const { type, action, text, name, uri, to } = message;
  switch (type) {
    case 'file': {
      const file = readRef(message['file']);
      const known = fileActions.find((each) => each === action);
      return file === undefined || known === undefined ? undefined : { type, action: known, file };
    }
    case 'page': {
      const known = pageActions.find((each) => each === action);
      return known === undefined ? undefined : { type, action: known };
    }
    case 'signIn':
      return typeof uri === 'string' ? { type, uri } : undefined;
    case 'keep':
      return isFields(message['state']) ? { type, state: message['state'] } : undefined;
    case 'copy':
      return typeof text === 'string' && text.length <= textLimit ? { type, text } : undefined;
    case 'saveText':
      return typeof text === 'string' && text.length <= textLimit && typeof name === 'string' && /^[^\\/]{1,200}$/.test(name) ? { type, name, text } : undefined;
    case 'exportRows': {
      const { table } = message;
      const folder = isFields(table) ? readRef(table['folder']) : undefined;
      if (!isFields(table) || folder === undefined || typeof table['path'] !== 'string' || !isFields(table['query'])) return undefined;
      if (to !== 'file' && to !== 'clipboard') return undefined;
      const { path, query, version } = table;
      return { type, to, table: { folder, path, query: query as unknown as TableQuery, ...(typeof version === 'string' ? { version } : {}) } };
    }
    default:
      return readQuestion<OutputsQuestions>(message, outputsQuestions);
  }
}
