import { make, makeButton } from '../kit/dom.ts';
import { makeCheck, makeSelect, makeSlider } from './controls.ts';
import { icon } from './icons.ts';
import { keyOf } from './overlays.ts';
import type { Viewer } from './viewer.ts';
import type { OverlayState } from './viewState.ts';

/** What is laid over the image, and what could be. */
export class OverlayPanel {
  readonly element: HTMLElement;
  readonly #viewer: Viewer;
  readonly #list = make('ul', { class: 'overlays' });
  readonly #note = make('p', { class: 'note' });
  #rows = new Map<string, { readonly element: HTMLElement; show(overlay: OverlayState): void }>();

  constructor(viewer: Viewer, choose: () => void) {
    this.#viewer = viewer;
    this.element = make('section', { 'aria-label': 'Overlays' }, make('h2', {}, 'Overlays'), this.#note, this.#list,
      makeButton('Add File…', choose, { class: 'action', title: 'Lay another image over this one: a mask, an atlas, a map' }));
  }

  show(): void {
    const { state, overlays } = this.#viewer;
    const offered: readonly OverlayState[] = (overlays.related ?? []).map(({ uri, storage, title, kind, table }) => ({
      ref: { uri, storage }, title, kind, ...(table === undefined ? {} : { table }), visible: false, opacity: kind === 'labels' ? 0.6 : 0.5, fill: false,
    }));
    const all = [...state.overlays, ...offered.filter((each) => !state.overlays.some(({ ref }) => keyOf(ref) === keyOf(each.ref)))];
    this.#note.textContent = overlays.related === undefined ? 'Looking for results of this participant.' : 'No results of this participant were found.';
    this.#note.hidden = all.length > 0;
    const rows = new Map(all.map((overlay) => [keyOf(overlay.ref), this.#rows.get(keyOf(overlay.ref)) ?? this.#makeRow(overlay)]));
    const before = [...this.#rows.keys()].join('\n');
    if (before !== [...rows.keys()].join('\n')) this.#list.replaceChildren(...[...rows.values()].map(({ element }) => element));
    this.#rows = rows;
    for (const overlay of all) rows.get(keyOf(overlay.ref))?.show(overlay);
  }

  /** Lays a file over the image that the user has chosen. */
  add(overlay: OverlayState): void {
    this.#set(overlay, { visible: true });
  }

  #set(overlay: OverlayState, change: Partial<OverlayState>): void {
    const { overlays } = this.#viewer.state;
    const key = keyOf(overlay.ref);
    const known = overlays.some(({ ref }) => keyOf(ref) === key);
    this.#viewer.update({ overlays: known ? overlays.map((each) => (keyOf(each.ref) === key ? { ...each, ...change } : each)) : [...overlays, { ...overlay, ...change }] });
  }

  #makeRow(first: OverlayState): { readonly element: HTMLElement; show(overlay: OverlayState): void } {
    let current = first;
    const check = makeCheck(first.title, (visible) => { this.#set(current, { visible }); });
    check.element.title = first.ref.uri;
    const opacity = makeSlider('Opacity', (value) => `${Math.round(100 * value)} %`, (value) => { this.#set(current, { opacity: value }); });
    const style = makeSelect('Regions', (value) => { this.#set(current, { fill: value === 'fill' }); });
    const failure = make('p', { class: 'note failure', role: 'alert' });
    const again = makeButton('Try Again', () => {
      this.#viewer.retryOverlay(current);
    }, { class: 'quiet' });
    const remove = makeButton('', () => {
      this.#viewer.update({ overlays: this.#viewer.state.overlays.filter(({ ref }) => keyOf(ref) !== keyOf(current.ref)) });
    }, { class: 'icon', title: `Take ${first.title} away`, 'aria-label': `Take ${first.title} away` });
    remove.append(icon('close'));
    const body = make('div', { class: 'body' }, opacity.element, ...(first.kind === 'labels' ? [style.element] : []), failure, again);
    return {
      element: make('li', {}, make('div', { class: 'head' }, check.element, remove), body),
      show: (overlay) => {
        current = overlay;
        const { related } = this.#viewer.overlays;
        // What was found is offered again; only what was added by hand can be taken away.
        remove.hidden = related?.some(({ uri, storage }) => keyOf({ uri, storage }) === keyOf(overlay.ref)) !== false;
        check.set(overlay.visible);
        body.hidden = !overlay.visible;
        if (!overlay.visible) return;
        opacity.set(overlay.opacity, { min: 0.05, max: 1, step: 0.05 });
        style.set(overlay.fill ? 'fill' : 'outline', [['outline', 'Outlined'], ['fill', 'Filled']]);
        const error = this.#viewer.overlayProblem(overlay);
        failure.hidden = error === undefined;
        again.hidden = error === undefined;
        failure.textContent = error === undefined ? '' : [error.message, error.hint].filter((part) => part !== undefined).join(' ');
      },
    };
  }
}
