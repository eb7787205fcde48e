import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { Requests } from '../../runner/protocol/rpc.ts';
import { Asker } from '../kit/asker.ts';
import { make, useStyles } from '../kit/dom.ts';
import { connectHost, pageElement } from '../kit/host.ts';
import type { FirstLook } from './firstLook.ts';
import { withLook } from './firstLook.ts';
import css from './image.css';
import { latestView, readImagePageState, readToImagePage } from './messages.ts';
import type { FromImagePage, ImagePageState, ImageQuestions, ToImagePage } from './messages.ts';
import { ImagePage } from './page.ts';
import { troubleButtons } from './trouble.ts';
import { readViewState } from './viewState.ts';

useStyles(css);
const place = pageElement();
const host = connectHost<ToImagePage, FromImagePage>(readToImagePage, hear);
const asker = new Asker<ImageQuestions>((message) => { host.post(message); });

let shown: Extract<ToImagePage, { type: 'show' }> | undefined;
let page: ImagePage | undefined;
let state: ImagePageState | undefined = readImagePageState(host.kept());

showMessage('Opening the image…', { busy: true });
document.addEventListener('keydown', (event) => { page?.onKey(event); });

function hear(message: ToImagePage): void {
  switch (message.type) {
    case 'show':
      shown = message;
      if (page === undefined) showMessage(`Opening ${message.title}…`, { busy: true });
      break;
    case 'opened':
      open(message.answer, message.look);
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
    case 'look':
      page?.look(message.look);
      break;
    case 'mended':
      page?.retry();
      break;
    case 'lost':
      page?.lost();
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

function open(answer: Requests['image.open']['result'], look: FirstLook | undefined): void {
  if (shown === undefined) return;
  const { image: ref, title } = shown;
  const latest = latestView(state !== undefined && state.image.uri === ref.uri ? state.kept : undefined, shown.kept);
  const before = readViewState(latest?.view, answer.image);
  let changes = latest?.changes ?? 0;
  const view = look === undefined ? before : withLook(before, answer.image, look);
  page?.dispose();
  const keep = (next: object): void => {
    changes++;
    const kept = { view: next, changes };
    state = { image: ref, title, kept };
    // At once: a page that is hidden is gone the next moment, with all timers.
    host.keep(state);
    host.post({ type: 'keep', kept });
  };
  page = new ImagePage({
    ref, answer, place: shown.place, asker,
    state: view,
    post: (message) => { host.post(message); },
    keep,
  });
  keep(view);
  place.replaceChildren(page.element);
}

function showFailure(error: ErrorReport): void {
  const { code, message, hint, where } = error;
  page?.dispose();
  page = undefined;
  const actions = make('div', { class: 'actions' }, ...troubleButtons(error, {
    mend: () => { host.post({ type: 'mend', error }); },
    retry: () => {
      showMessage(`Opening ${shown?.title ?? 'the image'}…`, { busy: true });
      host.post({ type: 'open' });
    },
    showLog: () => { host.post({ type: 'showLog' }); },
  }));
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
  'runner-lost': 'The runner has stopped',
};
