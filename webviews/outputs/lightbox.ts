import type { OutputEntry } from '../../runner/protocol/outputs.ts';
import { reportError } from '../../runner/protocol/errors.ts';
import { make, makeButton } from '../kit/dom.ts';
import type { FigureLoader } from './figures.ts';
import type { FileAction } from './messages.ts';
import { scopeTitle } from './model.ts';
import type { OutputsModel } from './model.ts';

export interface LightboxOptions {
  readonly loader: FigureLoader;
  readonly act: (action: FileAction, model: OutputsModel, entry: OutputEntry) => void;
}

/** Times that a step zooms, and how far it goes, against a picture that fits. */
const zoomStep = 1.25;
const zoomMost = 40;
/** Pixels that an arrow key moves a picture that is zoomed. */
const moveStep = 60;

/** One picture over the whole page: zoomed by wheel and keys, moved by dragging and arrows, with the ones before and after. */
export class Lightbox {
  readonly element: HTMLDialogElement;
  readonly #options: LightboxOptions;
  readonly #image = make('img', { draggable: 'false' });
  readonly #stage = make('div', { class: 'stage', tabindex: 0, role: 'group', 'aria-label': 'Picture' }, this.#image);
  readonly #title = make('h2', {});
  readonly #note = make('p', { class: 'dim', role: 'status' });
  readonly #zoomed = make('span', { class: 'dim zoomed' });
  #model: OutputsModel | undefined;
  #entries: readonly OutputEntry[] = [];
  #at = 0;
  #zoom = 1;
  #moved: readonly [number, number] = [0, 0];
  /** Pictures that were asked for meanwhile: only the last one is shown. */
  #asked = 0;

  constructor(options: LightboxOptions) {
    this.#options = options;
    const act = (action: FileAction) => (): void => {
      const entry = this.#entries[this.#at];
      if (this.#model !== undefined && entry !== undefined) options.act(action, this.#model, entry);
    };
    const button = (label: string, keys: string, press: () => void): HTMLButtonElement => makeButton(label, press, { class: 'action', title: keys === '' ? label : `${label} (${keys})` });
    this.element = make('dialog', { class: 'lightbox', 'aria-label': 'Figure' },
      make('header', {}, make('div', { class: 'words' }, this.#title, this.#note),
        make('div', { class: 'buttons' },
          button('Previous', '←', () => { this.#step(-1); }), button('Next', '→', () => { this.#step(1); }),
          button('Zoom Out', '-', () => { this.#zoomBy(1 / zoomStep); }), this.#zoomed, button('Zoom In', '+', () => { this.#zoomBy(zoomStep); }),
          button('Fit', '0', () => { this.#fit(); }), button('Open in Editor', '', act('open')), button('Reveal', '', act('reveal')),
          button('Close', 'Escape', () => { this.element.close(); }))),
      this.#stage);
    this.element.addEventListener('keydown', (event) => { this.#onKey(event); });
    this.#stage.addEventListener('wheel', (event) => {
      event.preventDefault();
      const box = this.#stage.getBoundingClientRect();
      this.#zoomBy(event.deltaY < 0 ? zoomStep : 1 / zoomStep, [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2]);
    }, { passive: false });
    this.#stage.addEventListener('dblclick', () => { if (this.#zoom === 1) this.#zoomBy(this.#actualSize()); else this.#fit(); });
    this.#stage.addEventListener('pointerdown', (event) => { this.#onDrag(event); });
    new ResizeObserver(() => { this.#place(); }).observe(this.#stage);
  }

  get isOpen(): boolean {
    return this.element.open;
  }

  /** Shows a picture; the others are those before and after. */
  show(model: OutputsModel, entries: readonly OutputEntry[], at: number): void {
    this.#model = model;
    this.#entries = entries;
    this.#at = at;
    if (!this.element.open) this.element.showModal();
    this.#stage.focus();
    void this.#load();
  }

  async #load(): Promise<void> {
    const model = this.#model;
    const entry = this.#entries[this.#at];
    if (model === undefined || entry === undefined) return;
    const asked = ++this.#asked;
    this.#title.textContent = `${scopeTitle(entry.scope)}: ${entry.title}`;
    this.#note.textContent = `${this.#at + 1} of ${this.#entries.length}, ${entry.path}`;
    this.element.setAttribute('aria-busy', 'true');
    try {
      const address = await this.#options.loader.load(model, entry);
      if (asked !== this.#asked) return;
      this.#image.src = address;
      this.#image.alt = this.#title.textContent;
      await this.#image.decode();
      if (asked === this.#asked) this.#fit();
    } catch (error) {
      if (asked === this.#asked) this.#note.textContent = reportError(error).message;
    } finally {
      if (asked === this.#asked) this.element.removeAttribute('aria-busy');
    }
  }

  #step(by: number): void {
    const at = this.#at + by;
    if (at < 0 || at >= this.#entries.length) return;
    this.#at = at;
    void this.#load();
  }

  /** Pixels of the page for one of the picture, when it fits. Small pictures are not blown up. */
  #fitting(): number {
    const { clientWidth, clientHeight } = this.#stage;
    return Math.min(1, clientWidth / Math.max(1, this.#image.naturalWidth), clientHeight / Math.max(1, this.#image.naturalHeight));
  }

  #actualSize(): number {
    return Math.max(zoomStep, 1 / this.#fitting());
  }

  #fit(): void {
    this.#zoom = 1;
    this.#moved = [0, 0];
    this.#place();
  }

  /** Zooms so that what is at a point, from the middle of the stage, stays there. */
  #zoomBy(factor: number, [x, y]: readonly [number, number] = [0, 0]): void {
    const zoom = Math.min(zoomMost, Math.max(1, this.#zoom * factor));
    const share = zoom / this.#zoom;
    this.#moved = zoom === 1 ? [0, 0] : [x - (x - this.#moved[0]) * share, y - (y - this.#moved[1]) * share];
    this.#zoom = zoom;
    this.#place();
  }

  #move(x: number, y: number): void {
    this.#moved = [this.#moved[0] + x, this.#moved[1] + y];
    this.#place();
  }

  #place(): void {
    const scale = this.#fitting() * this.#zoom;
    const [width, height] = [this.#image.naturalWidth * scale, this.#image.naturalHeight * scale];
    const most = [Math.max(0, (width - this.#stage.clientWidth) / 2), Math.max(0, (height - this.#stage.clientHeight) / 2)];
    this.#moved = [Math.min(most[0], Math.max(-most[0], this.#moved[0])), Math.min(most[1], Math.max(-most[1], this.#moved[1]))];
    this.#image.style.width = `${width}px`;
    this.#image.style.height = `${height}px`;
    this.#image.style.transform = `translate(-50%, -50%) translate(${this.#moved[0]}px, ${this.#moved[1]}px)`;
    this.#image.classList.toggle('pixels', scale > 2.5);
    this.#zoomed.textContent = `${Math.round(scale * 100)} %`;
  }

  #onKey(event: KeyboardEvent): void {
    const isZoomed = this.#zoom > 1;
    const moves: Readonly<Record<string, () => void>> = {
      'ArrowLeft': () => { if (isZoomed) this.#move(moveStep, 0); else this.#step(-1); },
      'ArrowRight': () => { if (isZoomed) this.#move(-moveStep, 0); else this.#step(1); },
      'ArrowUp': () => { this.#move(0, moveStep); },
      'ArrowDown': () => { this.#move(0, -moveStep); },
      'PageUp': () => { this.#step(-1); },
      'PageDown': () => { this.#step(1); },
      '+': () => { this.#zoomBy(zoomStep); }, '=': () => { this.#zoomBy(zoomStep); }, '-': () => { this.#zoomBy(1 / zoomStep); },
      '0': () => { this.#fit(); },
      '1': () => { this.#zoom = 1; this.#zoomBy(this.#actualSize()); },
    };
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  }

  #onDrag(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#stage.setPointerCapture(event.pointerId);
    let [x, y] = [event.clientX, event.clientY];
    const move = (next: PointerEvent): void => {
      this.#move(next.clientX - x, next.clientY - y);
      [x, y] = [next.clientX, next.clientY];
    };
    this.#stage.addEventListener('pointermove', move);
    this.#stage.addEventListener('pointerup', () => { this.#stage.removeEventListener('pointermove', move); }, { once: true });
  }
}
