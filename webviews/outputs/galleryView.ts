import type { OutputEntry } from '../../runner/protocol/outputs.ts';
import { make, makeButton } from '../kit/dom.ts';
import { Choice, nothing } from './controls.ts';
import type { FigureLoader } from './figures.ts';
import { isWithin, scopeTitle } from './model.ts';
import type { OutputsModel } from './model.ts';
import type { PartContext } from './part.ts';

/** Pictures that are put into the page at once. */
const shownAtOnce = 240;

/** QC figures by participant, or one figure of all participants. */
export class GalleryView {
  readonly element = make('section', { class: 'figures part', 'aria-label': 'Figures' });
  readonly #context: PartContext;
  readonly #loader: FigureLoader;
  readonly #which: Choice;
  readonly #list = make('div', { class: 'gallery' });
  #shown = shownAtOnce;
  #says = '';

  constructor(context: PartContext, loader: FigureLoader) {
    this.#context = context;
    this.#loader = loader;
    this.#which = new Choice('Figure', (title) => {
      this.#shown = shownAtOnce;
      context.choose('figures', { figure: title });
    });
    const size = make('input', { type: 'range', min: 140, max: 640, step: 20, value: context.choices('figures')['size'] ?? '260', 'aria-label': 'Size of the figures' });
    const resize = (): void => { this.element.style.setProperty('--tile', `${size.value}px`); };
    size.addEventListener('input', resize);
    size.addEventListener('change', () => { context.choose('figures', { size: size.value }); });
    resize();
    this.element.append(make('div', { class: 'controls' }, this.#which.element, make('label', { class: 'choice' }, make('span', {}, 'Size'), size)), this.#list);
    this.#list.addEventListener('keydown', (event) => { this.#onKey(event); });
  }

  update(model: OutputsModel, scope: string): void {
    const all = model.files.filter((entry) => entry.kind === 'figure' && isWithin(entry, scope));
    const titles = [...new Set(all.map(({ title }) => title))];
    this.#which.set([{ value: '', title: 'All figures' }, ...titles.map((title) => ({ value: title, title }))], this.#context.choices('figures')['figure'] ?? '', titles.length > 1);
    const title = this.#which.value;
    const entries = title === '' ? all : all.filter((entry) => entry.title === title);
    const says = JSON.stringify([scope, title, this.#shown, entries.map(({ path, version }) => [path, version])]);
    if (says === this.#says) return;
    this.#says = says;
    if (entries.length === 0) {
      this.#list.replaceChildren(model.standing.kind === 'there' && model.standing.known < model.participants.length ? nothing('Looking for figures…') : nothing('There are no figures here. Runs with the target all make them; participants with a failed step may lack some.'));
      return;
    }
    const focused = document.activeElement instanceof HTMLElement && this.#list.contains(document.activeElement) ? document.activeElement.dataset['path'] : undefined;
    const sections = Map.groupBy(entries.slice(0, this.#shown).map((entry, at) => ({ entry, at })), ({ entry }) => (title === '' ? entry.scope : ''));
    this.#list.replaceChildren(...[...sections].map(([of, own]) => make('section', { 'aria-label': of === '' ? title : scopeTitle(of) },
      ...(title === '' ? [make('h2', {}, scopeTitle(of))] : []),
      make('div', { class: 'tiles' }, ...own.map(({ entry, at }) => this.#tile(model, entries, entry, at, title !== ''))))));
    if (entries.length > this.#shown) {
      this.#list.append(make('p', { class: 'more' }, `${this.#shown} of ${entries.length} figures. `, makeButton('Show More', () => {
        this.#shown += shownAtOnce;
        this.update(model, scope);
      }, { class: 'quiet' })));
    }
    if (focused !== undefined) [...this.#list.querySelectorAll<HTMLElement>('.tile')].find((tile) => tile.dataset['path'] === focused)?.focus();
  }

  #tile(model: OutputsModel, entries: readonly OutputEntry[], entry: OutputEntry, at: number, byScope: boolean): HTMLElement {
    const words = `${scopeTitle(entry.scope)}: ${entry.title}`;
    const tile = make('button', { type: 'button', class: 'tile', title: `${words}\n${entry.path}`, 'aria-label': words, 'data-path': entry.path },
      this.#loader.picture(model, entry, ''), make('span', { class: 'caption' }, byScope ? scopeTitle(entry.scope) : entry.title));
    tile.addEventListener('click', () => { this.#context.showFigure(model, entries, at); });
    return tile;
  }

  /** Arrow keys go from tile to tile. */
  #onKey(event: KeyboardEvent): void {
    const tiles = [...this.#list.querySelectorAll<HTMLElement>('.tile')];
    const at = tiles.indexOf(document.activeElement as HTMLElement);
    if (at < 0) return;
    const top = (tile: HTMLElement): number => tile.getBoundingClientRect().top;
    const { left } = tiles[at].getBoundingClientRect();
    const inRow = (candidates: readonly HTMLElement[], row: number | undefined): HTMLElement | undefined => candidates.filter((tile) => top(tile) === row)
      .sort((a, b) => Math.abs(a.getBoundingClientRect().left - left) - Math.abs(b.getBoundingClientRect().left - left))[0];
    const below = tiles.filter((tile) => top(tile) > top(tiles[at]) + 1);
    const above = tiles.filter((tile) => top(tile) < top(tiles[at]) - 1);
    const moves: Readonly<Record<string, HTMLElement | undefined>> = {
      ArrowRight: tiles[at + 1], ArrowLeft: tiles[at - 1], Home: tiles[0], End: tiles.at(-1),
      ArrowDown: inRow(below, below[0] && top(below[0])), ArrowUp: inRow(above, above.at(-1) && top(above[above.length - 1])),
    };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    to.focus();
  }
}
