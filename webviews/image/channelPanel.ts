import { reportError } from '../../runner/protocol/errors.ts';
import type { IntensityHistogram } from '../../runner/protocol/imageView.ts';
import { make, makeButton } from '../kit/dom.ts';
import type { Asker } from '../kit/asker.ts';
import { makeCheck } from './controls.ts';
import { HistogramView } from './histogramView.ts';
import type { ImageQuestions } from './messages.ts';
import type { Viewer } from './viewer.ts';
import type { ChannelState } from './viewState.ts';
import { valueWords } from './words.ts';

interface ChannelRow {
  readonly element: HTMLElement;
  readonly check: ReturnType<typeof makeCheck>;
  readonly color: HTMLInputElement;
  readonly name: HTMLButtonElement;
  readonly range: HTMLElement;
}

/** Channels: which are seen, in which colours, from which value to which. */
export class ChannelPanel {
  readonly element: HTMLElement;
  readonly #viewer: Viewer;
  readonly #asker: Asker<ImageQuestions>;
  readonly #rows: readonly ChannelRow[];
  readonly #plot: HistogramView;
  readonly #ends: readonly [HTMLInputElement, HTMLInputElement];
  readonly #histograms = new Map<number, IntensityHistogram | 'asked' | { readonly error: string }>();
  readonly #note = make('p', { class: 'note' });

  constructor(viewer: Viewer, asker: Asker<ImageQuestions>) {
    this.#viewer = viewer;
    this.#asker = asker;
    this.#rows = viewer.image.channels.map(({ label }, i) => this.#makeRow(label, i));
    this.#plot = new HistogramView({ onWindow: (window) => { this.#change(viewer.state.selected, { window }); } });
    this.#ends = [this.#makeEnd('Black at', 'low'), this.#makeEnd('Full colour at', 'high')];
    const auto = makeButton('Auto', () => { this.#auto(viewer.state.selected); }, { class: 'action', title: 'From the 1st to the 99.8th percentile of what is shown' });
    this.element = make('section', { 'aria-label': 'Channels' }, make('h2', {}, viewer.image.channels.length === 1 ? 'Intensities' : 'Channels'),
      make('ul', { class: 'channels' }, ...this.#rows.map(({ element }) => element)), this.#plot.element, make('div', { class: 'ends' }, ...this.#ends, auto), this.#note);
  }

  /** The histogram of a channel, asked for when it is first wanted. */
  histogram(channel: number): IntensityHistogram | undefined {
    const known = this.#histograms.get(channel);
    if (known === undefined) {
      this.#histograms.set(channel, 'asked');
      void this.#ask(channel);
    }
    return typeof known === 'object' && 'counts' in known ? known : undefined;
  }

  show(): void {
    const { state } = this.#viewer;
    const { selected, threshold } = state;
    this.#rows.forEach(({ element, check, color, name, range }, i) => {
      const channel = state.channels[i];
      check.set(channel.visible);
      color.value = channel.color;
      element.classList.toggle('selected', i === selected);
      name.setAttribute('aria-pressed', String(i === selected));
      range.textContent = channel.window === undefined ? '' : `${valueWords(round(channel.window.low))} – ${valueWords(round(channel.window.high))}`;
    });
    const channel = state.channels[selected];
    const window = channel.window ?? { low: 0, high: 1 };
    this.#plot.show(this.histogram(selected), window, threshold.shown && threshold.channel === selected ? threshold.value : undefined, channel.color);
    this.#ends.forEach((input, i) => {
      if (document.activeElement !== input) input.value = String(round(i === 0 ? window.low : window.high));
    });
    const known = this.#histograms.get(selected);
    const note = typeof known === 'object' && 'error' in known ? known.error : typeof known === 'object' && known.middleOnly ? 'The histogram is of a plane through the middle.' : undefined;
    this.#note.hidden = note === undefined;
    this.#note.textContent = note ?? '';
  }

  toggle(channel: number): void {
    const { channels } = this.#viewer.state;
    if (channel < channels.length) this.#change(channel, { visible: !channels[channel].visible });
  }

  #change(channel: number, change: Partial<ChannelState>): void {
    const { channels } = this.#viewer.state;
    this.#viewer.update({ channels: channels.map((each, i) => (i === channel ? { ...each, ...change } : each)) });
  }

  #auto(channel: number): void {
    const window = this.#viewer.autoWindow(channel);
    if (window !== undefined) this.#change(channel, { window });
  }

  async #ask(channel: number): Promise<void> {
    try {
      this.#histograms.set(channel, await this.#asker.ask('image.histogram', { image: this.#viewer.ref, channel }));
    } catch (error) {
      this.#histograms.set(channel, { error: reportError(error).message });
    }
    this.show();
  }

  #makeRow(label: string, i: number): ChannelRow {
    const check = makeCheck(`Show ${label}`, (visible) => { this.#change(i, { visible }); }, true);
    const color = make('input', { type: 'color', 'aria-label': `Colour of ${label}`, title: `Colour of ${label}` });
    color.addEventListener('input', () => { this.#change(i, { color: color.value }); });
    const name = makeButton(label, () => { this.#viewer.update({ selected: i }); }, { class: 'name', 'aria-pressed': 'false', title: `Intensities of ${label}`, ...(i < 9 ? { 'aria-keyshortcuts': String(i + 1) } : {}) });
    const range = make('span', { class: 'range' });
    const key = i < 9 ? [make('kbd', { 'aria-hidden': 'true', title: `Press ${i + 1} to show or hide it` }, String(i + 1))] : [];
    return { element: make('li', {}, check.element, color, name, range, ...key), check, color, name, range };
  }

  #makeEnd(label: string, end: 'low' | 'high'): HTMLInputElement {
    const input = make('input', { type: 'number', step: 'any', 'aria-label': label, title: label });
    input.addEventListener('change', () => {
      const { selected, channels } = this.#viewer.state;
      const window = { low: 0, high: 1, ...channels[selected].window, [end]: input.valueAsNumber };
      if (Number.isFinite(input.valueAsNumber) && window.high > window.low) this.#change(selected, { window });
      else this.show();
    });
    return input;
  }
}

/** Ends of windows need no more digits than the eye tells apart. */
function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(4));
}
