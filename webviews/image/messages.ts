import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { ImageRef, PlaneName, Triple } from '../../runner/protocol/imageView.ts';
import type { Requests } from '../../runner/protocol/rpc.ts';
import type { FirstLook } from './firstLook.ts';
import { readFirstLook } from './firstLook.ts';
import { readAnswer, readQuestion } from '../kit/asker.ts';
import type { Question, QuestionAnswer } from '../kit/asker.ts';
import { readImageRef, readOverlayState } from './viewState.ts';
import type { OverlayState } from './viewState.ts';

/** What the page of an image asks the runner, by way of the extension. */
export const imageQuestions = ['image.open', 'image.piece', 'image.voxel', 'image.histogram', 'image.related', 'image.volume'] as const;
export type ImageQuestions = Pick<Requests, (typeof imageQuestions)[number]>;

/** What a page is told. */
export type ToImagePage =
  /**
   * The first thing said: which image it is. `kept`: how it was looked at last, in this page or another one: a {@link KeptView},
   * to be checked by {@link latestView}.
   */
  | { readonly type: 'show'; readonly image: ImageRef; readonly title: string; readonly place: ShownPlace; readonly kept?: unknown }
  /** What is to be seen now, of an image that is open already. */
  | { readonly type: 'look'; readonly look: FirstLook }
  /** What was wrong may be mended: what could not be had is asked for again. */
  | { readonly type: 'mended' }
  /** The runner has stopped, and is being started again. */
  | { readonly type: 'lost' }
  /** What the runner says of the image, asked while the page was being made. `look`: what is to be seen of it, whatever was kept. */
  | { readonly type: 'opened'; readonly answer: Requests['image.open']['result']; readonly look?: FirstLook }
  | { readonly type: 'unopened'; readonly error: ErrorReport }
  /** Another view is at this point, in RAS millimetres. */
  | { readonly type: 'moved'; readonly point: Triple }
  /** The user has chosen a file to lay over the image. */
  | { readonly type: 'overlay'; readonly overlay: OverlayState }
  | { readonly type: 'visible'; readonly visible: boolean }
  | { readonly type: 'command'; readonly command: ViewerCommand }
  | QuestionAnswer;

/** What the editor's commands do with the view in front. */
export type ViewerCommand = 'reset' | 'screenshot' | 'copyScreenshot' | 'threshold';

/** What can be done where the image is. */
export interface ShownPlace {
  /** Its commands can be put into notebooks: it is an image of the pipeline. */
  readonly canSegment: boolean;
}

/** What a page asks for. */
export type FromImagePage =
  | Question<ImageQuestions>
  /** Opens the image anew; the answer is `opened` or `unopened`. */
  | { readonly type: 'open' }
  | { readonly type: 'moved'; readonly point: Triple }
  | { readonly type: 'chooseOverlay' }
  | { readonly type: 'insert'; readonly stain: string; readonly threshold: number; readonly plane: PlaneName; readonly position: number }
  | { readonly type: 'save'; readonly name: string; readonly png: Uint8Array }
  | { readonly type: 'tell'; readonly level: 'info' | 'error'; readonly text: string }
  /** How the image is looked at now, to be kept for the next time it is opened. */
  | { readonly type: 'keep'; readonly kept: KeptView }
  /** The user wants to mend what was wrong: sign in, or start the runner again. */
  | { readonly type: 'mend'; readonly error: ErrorReport }
  | { readonly type: 'showLog' };

/** How an image was looked at. */
export interface KeptView {
  /** A `ViewState`; checked against the image when that is known. */
  readonly view: object;
  /** How often the image's view had changed by then, in whichever page. */
  readonly changes: number;
}

/** What a page keeps over reloads of the window. */
export interface ImagePageState {
  readonly image: ImageRef;
  readonly title: string;
  readonly kept?: KeptView;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isTriple(value: unknown): value is Triple {
  return Array.isArray(value) && value.length === 3 && value.every((item) => typeof item === 'number' && Number.isFinite(item));
}

const commands: readonly unknown[] = ['reset', 'screenshot', 'copyScreenshot', 'threshold'] satisfies readonly ViewerCommand[];

/** Checks a message to the page. */
export function readToImagePage(message: unknown): ToImagePage | undefined {
  if (!isFields(message)) return undefined;
  switch (message['type']) {
    case 'show': {
      const image = readImageRef(message['image']);
      const { title, place } = message;
      if (image === undefined || typeof title !== 'string' || !isFields(place)) return undefined;
      return { type: 'show', image, title, place: { canSegment: place['canSegment'] === true }, ...(message['kept'] === undefined ? {} : { kept: message['kept'] }) };
    }
    case 'look': {
      const look = readFirstLook(message['look']);
      return look === undefined ? undefined : { type: 'look', look };
    }
    case 'mended': return { type: 'mended' };
    case 'lost': return { type: 'lost' };
    case 'opened': {
      const { answer } = message;
      const look = readFirstLook(message['look']);
      return isFields(answer) && isFields(answer['image']) && Array.isArray(answer['pieces']) && answer['bytes'] instanceof Uint8Array
        ? { type: 'opened', answer: answer as unknown as Requests['image.open']['result'], ...(look === undefined ? {} : { look }) } : undefined;
    }
    case 'unopened':
      return isFields(message['error']) && typeof message['error']['message'] === 'string' ? message as unknown as ToImagePage : undefined;
    case 'moved':
      return isTriple(message['point']) ? { type: 'moved', point: message['point'] } : undefined;
    case 'overlay': {
      const overlay = readOverlayState(message['overlay']);
      return overlay === undefined ? undefined : { type: 'overlay', overlay };
    }
    case 'visible':
      return typeof message['visible'] === 'boolean' ? { type: 'visible', visible: message['visible'] } : undefined;
    case 'command':
      return commands.includes(message['command']) ? { type: 'command', command: message['command'] as ViewerCommand } : undefined;
    default:
      return readAnswer(message);
  }
}

/** A picture of a very large screen, as PNG. Bytes. */
const largestPicture = 64 * 1024 * 1024;
/** Characters of a state that is kept. */
const longestState = 64 * 1024;

/** Checks a message of the page. */
export function readFromImagePage(message: unknown): FromImagePage | undefined {
  if (!isFields(message)) return undefined;
  switch (message['type']) {
    case 'open': return { type: 'open' };
    case 'chooseOverlay': return { type: 'chooseOverlay' };
    case 'showLog': return { type: 'showLog' };
    case 'moved':
      return isTriple(message['point']) ? { type: 'moved', point: message['point'] } : undefined;
    case 'insert': {
      const { stain, threshold, position } = message;
      const plane = (['axial', 'coronal', 'sagittal'] as const).find((each) => each === message['plane']);
      return typeof stain === 'string' && typeof threshold === 'number' && Number.isFinite(threshold) && plane !== undefined && typeof position === 'number' && Number.isFinite(position)
        ? { type: 'insert', stain, threshold, plane, position } : undefined;
    }
    case 'save': {
      const { name, png } = message;
      return typeof name === 'string' && png instanceof Uint8Array && png.length <= largestPicture ? { type: 'save', name, png } : undefined;
    }
    case 'keep': {
      const kept = readKeptView(message['kept']);
      return kept !== undefined && JSON.stringify(kept.view).length <= longestState ? { type: 'keep', kept } : undefined;
    }
    case 'mend': {
      const { error } = message;
      return isFields(error) && typeof error['code'] === 'string' && typeof error['message'] === 'string' ? { type: 'mend', error: error as unknown as ErrorReport } : undefined;
    }
    case 'tell': {
      const { level, text } = message;
      return (level === 'info' || level === 'error') && typeof text === 'string' ? { type: 'tell', level, text } : undefined;
    }
    default:
      return readQuestion<ImageQuestions>(message, imageQuestions);
  }
}

/** Checks what was kept. */
export function readImagePageState(state: unknown): ImagePageState | undefined {
  if (!isFields(state)) return undefined;
  const image = readImageRef(state['image']);
  if (image === undefined || typeof state['title'] !== 'string') return undefined;
  const kept = readKeptView(state['kept']);
  return { image, title: state['title'], ...(kept === undefined ? {} : { kept }) };
}

function readKeptView(raw: unknown): KeptView | undefined {
  if (!isFields(raw)) return undefined;
  const { view, changes } = raw;
  return isFields(view) && typeof changes === 'number' && Number.isSafeInteger(changes) ? { view, changes } : undefined;
}

/**
 * The later one of two views of an image; undefined: there is none.
 *
 * @param own what the page finds of itself. The editor in a browser writes it once a minute, so that after a reload it may be
 * of long ago, or of an editor of the image that has been closed since.
 * @param kept what the extension has kept of the image
 */
export function latestView(own: KeptView | undefined, kept: unknown): KeptView | undefined {
  const other = readKeptView(kept);
  return own === undefined || (other !== undefined && other.changes > own.changes) ? other : own;
}
