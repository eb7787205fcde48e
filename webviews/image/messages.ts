import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { ImageRef, Triple } from '../../runner/protocol/imageView.ts';
import type { Requests } from '../../runner/protocol/rpc.ts';
import { readAnswer, readQuestion } from '../kit/asker.ts';
import type { Question, QuestionAnswer } from '../kit/asker.ts';
import { readImageRef, readOverlayState } from './viewState.ts';
import type { OverlayState } from './viewState.ts';

/** What the page of an image asks the runner, by way of the extension. */
export const imageQuestions = ['image.open', 'image.piece', 'image.voxel', 'image.histogram', 'image.related', 'image.volume'] as const;
export type ImageQuestions = Pick<Requests, (typeof imageQuestions)[number]>;

/** What a page is told. */
export type ToImagePage =
  /** The first thing said: which image it is. `kept`: a look of an earlier panel, where the page itself keeps none. */
  | { readonly type: 'show'; readonly image: ImageRef; readonly title: string; readonly place: ShownPlace; readonly look?: FirstLook }
  /** What the runner says of the image, asked while the page was being made. */
  | { readonly type: 'opened'; readonly answer: Requests['image.open']['result'] }
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

/** How a view is to begin. */
export interface FirstLook {
  readonly level?: number;
}

/** What a page asks for. */
export type FromImagePage =
  | Question<ImageQuestions>
  /** Opens the image anew; the answer is `opened` or `unopened`. */
  | { readonly type: 'open' }
  | { readonly type: 'moved'; readonly point: Triple }
  | { readonly type: 'chooseOverlay' }
  | { readonly type: 'insert'; readonly stain: string; readonly threshold: number; readonly plane: string; readonly position: number }
  | { readonly type: 'save'; readonly name: string; readonly png: Uint8Array }
  | { readonly type: 'tell'; readonly level: 'info' | 'error'; readonly text: string }
  | { readonly type: 'showLog' };

/** What a page keeps over reloads of the window. */
export interface ImagePageState {
  readonly image: ImageRef;
  readonly title: string;
  /** A `ViewState`; checked against the image when that is known. */
  readonly view?: unknown;
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
      const { title, place, look } = message;
      if (image === undefined || typeof title !== 'string' || !isFields(place)) return undefined;
      const level = isFields(look) && Number.isInteger(look['level']) ? (look['level'] as number) : undefined;
      return { type: 'show', image, title, place: { canSegment: place['canSegment'] === true }, ...(level === undefined ? {} : { look: { level } }) };
    }
    case 'opened': {
      const { answer } = message;
      return isFields(answer) && isFields(answer['image']) && Array.isArray(answer['pieces']) && answer['bytes'] instanceof Uint8Array ? message as unknown as ToImagePage : undefined;
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
      const { stain, threshold, plane, position } = message;
      return typeof stain === 'string' && typeof threshold === 'number' && Number.isFinite(threshold) && typeof plane === 'string' && typeof position === 'number' && Number.isFinite(position)
        ? { type: 'insert', stain, threshold, plane, position } : undefined;
    }
    case 'save': {
      const { name, png } = message;
      return typeof name === 'string' && png instanceof Uint8Array && png.length <= largestPicture ? { type: 'save', name, png } : undefined;
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
  return { image, title: state['title'], ...(state['view'] === undefined ? {} : { view: state['view'] }) };
}
