import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { Requests } from '../../runner/protocol/rpc.ts';
import { Asker } from '../kit/asker.ts';
import { make, makeButton, useStyles } from '../kit/dom.ts';
import { connectHost, pageElement } from '../kit/host.ts';
import css from './image.css';
import { readImagePageState, readToImagePage } from './messages.ts';
import type { FromImagePage, ImagePageState, ImageQuestions, ToImagePage } from './messages.ts';
import { ImagePage } from './page.ts';
import { readViewState } from './viewState.ts';

/** Milliseconds after a change until it is kept. */
const keepAfterMs = 250;

useStyles(css);
const place = pageElement();
const host = connectHost<ToImagePage, FromImagePage>(readToImagePage, hear);
const asker = new Asker<ImageQuestions>((message) => { host.post(message); });

let shown: Extract<ToImagePage, { type: 'show' }> | undefined;
let page: ImagePage | undefined;
let state: ImagePageState | undefined = readImagePageState(host.kept());
let keeping: number | undefined;

showMessage('Opening the image…', { busy: true });
document.addEventListener('keydown', (event) => { page?.onKey(event); });

function hear(message: ToImagePage): void {
  switch (message.type) {
    case 'show':
      shown = message;
      if (page === undefined) showMessage(`Opening ${message.title}…`, { busy: true });
      break;
    case 'opened':
      open(message.answer);
      break;
    case 'unopened':
      showFailure(message.error);
      break;
    case 'moved':
      page?.follow(message.point);
      break;
    case 'overlay':
      page?.addOverlay(message.overlay);
      break;
    case 'visible':
      page?.setVisible(message.visible);
      break;
    case 'command':
      page?.run(message.command);
      break;
    default:
      asker.take(message);
  }
}

function open(answer: Requests['image.open']['result']): void {
  if (shown === undefined) return;
  const { image: ref, title, look } = shown;
  const kept = state !== undefined && state.image.uri === ref.uri ? state.view : undefined;
  const view = readViewState(kept, answer.image);
  page?.dispose();
  const keep = (next: unknown): void => {
    state = { image: ref, title, view: next };
    clearTimeout(keeping);
    keeping = setTimeout(() => { host.keep(state); }, keepAfterMs) as unknown as number;
  };
  page = new ImagePage({
    ref, answer, place: shown.place, asker,
    state: kept === undefined && look?.level !== undefined && answer.image.levels[look.level] !== undefined ? { ...view, level: look.level } : view,
    post: (message) => { host.post(message); },
    keep,
  });
  keep(view);
  place.replaceChildren(page.element);
}

function showFailure({ code, message, hint, where }: ErrorReport): void {
  page?.dispose();
  page = undefined;
  const actions = make('div', { class: 'actions' },
    makeButton('Try Again', () => {
      showMessage(`Opening ${shown?.title ?? 'the image'}…`, { busy: true });
      host.post({ type: 'open' });
    }, { class: 'action primary' }),
    makeButton('Show Log', () => { host.post({ type: 'showLog' }); }, { class: 'action' }));
  place.replaceChildren(make('div', { class: 'message', role: 'alert' }, make('h1', {}, titles[code] ?? 'The image cannot be shown'), make('p', {}, message),
    ...(hint === undefined ? [] : [make('p', {}, hint)]), ...(where === undefined || message.includes(where) ? [] : [make('code', {}, where)]), actions));
}

function showMessage(text: string, { busy }: { readonly busy: boolean }): void {
  page?.dispose();
  page = undefined;
  place.replaceChildren(make('div', { class: 'message', role: 'status', 'aria-busy': String(busy) }, ...(busy ? [make('div', { class: 'ring', 'aria-hidden': 'true' })] : []), make('p', {}, text)));
}

/** What happened, in a few words. */
const titles: Readonly<Partial<Record<ErrorReport['code'], string>>> = {
  'not-found': 'There is no such image',
  'access-denied': 'Access to the image is denied',
  'auth-expired': 'The sign-in has expired',
  'auth-missing': 'Nobody is signed in',
  'bad-zarr': 'The image is damaged',
  'bad-nifti': 'The image is damaged',
  'network': 'The storage cannot be reached',
};
