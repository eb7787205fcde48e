import { make, makeButton } from '../kit/dom.ts';
import type { ChannelPanel } from './channelPanel.ts';
import { makeCheck, makeSelect, makeSlider } from './controls.ts';
import type { ShownPane, Viewer } from './viewer.ts';
import type { ThresholdState } from './viewState.ts';
import { valueWords } from './words.ts';

/** What can be done with a threshold that was found. */
export interface ThresholdActions {
  /** Puts the command that segments so into a notebook; undefined: there is none for this image. */
  readonly insert: ((stain: string, threshold: number) => void) | undefined;
}

/** A threshold, and the mask that it makes on what is shown. */
export class ThresholdPanel {
  readonly element: HTMLElement;
  readonly #viewer: Viewer;
  readonly #channels: ChannelPanel;
  readonly #check: ReturnType<typeof makeCheck>;
  readonly #channel: ReturnType<typeof makeSelect>;
  readonly #slider: ReturnType<typeof makeSlider>;
  readonly #opacity: ReturnType<typeof makeSlider>;
  readonly #value: HTMLInputElement;
  readonly #share = make('p', { class: 'note', role: 'status' });
  readonly #body: HTMLElement;
  #counting: number | undefined;

  constructor(viewer: Viewer, channels: ChannelPanel, { insert }: ThresholdActions) {
    this.#viewer = viewer;
    this.#channels = channels;
    this.#check = makeCheck('Show the mask of a threshold', (shown) => { this.#change({ shown }); });
    this.#channel = makeSelect('Channel', (value) => { this.#change({ channel: Number(value), value: undefined }); });
    this.#slider = makeSlider('Threshold', valueWords, (value) => { this.#change({ value }); });
    this.#value = make('input', { type: 'number', step: 'any', 'aria-label': 'Threshold', title: 'Threshold' });
    this.#value.addEventListener('change', () => {
      if (Number.isFinite(this.#value.valueAsNumber)) this.#change({ value: this.#value.valueAsNumber });
      else this.show(undefined);
    });
    this.#opacity = makeSlider('Opacity', (value) => `${Math.round(100 * value)} %`, (opacity) => { this.#change({ opacity }); });
    const copy = insert === undefined ? [] : [makeButton('Copy into Notebook', () => {
      const { channel, value } = viewer.state.threshold;
      if (value !== undefined) insert(viewer.image.channels[channel].label, value);
    }, { class: 'action', title: 'Puts the command that segments this image at this threshold into a cell: into the one that does so already, else into a new one' })];
    this.#body = make('div', { class: 'body' }, ...(viewer.image.channels.length > 1 ? [this.#channel.element] : []), this.#slider.element, this.#value, this.#opacity.element, this.#share, ...copy);
    this.element = make('section', { class: 'threshold', 'aria-label': 'Threshold' }, make('h2', {}, 'Threshold'), this.#check.element, this.#body);
  }

  /** `pane`: the one whose voxels are counted. */
  show(pane: ShownPane | undefined): void {
    const { state, image } = this.#viewer;
    const { shown, channel, value, opacity } = state.threshold;
    this.#check.set(shown);
    this.#body.hidden = !shown;
    if (!shown) return;
    this.#channel.set(String(channel), image.channels.map(({ label }, i) => [String(i), label] as const));
    const window = state.channels[channel].window ?? { low: 0, high: 1 };
    const histogram = this.#channels.histogram(channel);
    const [low, high] = [Math.min(histogram?.low ?? window.low, value ?? window.low), Math.max(histogram?.high ?? window.high, value ?? window.high)];
    const step = this.#viewer.isCounted ? 1 : (high - low) / 1000 || 0.001;
    this.#slider.set(value ?? low, { min: this.#viewer.isCounted ? Math.floor(low) : low, max: this.#viewer.isCounted ? Math.ceil(high) : high, step });
    if (document.activeElement !== this.#value) this.#value.value = value === undefined ? '' : String(value);
    this.#opacity.set(opacity, { min: 0.05, max: 1, step: 0.05 });
    // Counted when it is at rest: the mask itself must follow at once.
    clearTimeout(this.#counting);
    this.#counting = setTimeout(() => { this.#count(pane); }, 120) as unknown as number;
  }

  #count(pane: ShownPane | undefined): void {
    const share = pane === undefined ? undefined : this.#viewer.shareAbove(pane);
    const level = pane === undefined ? undefined : this.#viewer.levelOf(pane)?.level;
    const words = share === undefined || pane === undefined ? '' : `${(100 * share).toPrecision(3)} % of the ${pane.plane.plane} plane${level === undefined || level === 0 ? '' : `, at level ${level}`}. Illumination is as it is in the image.`;
    if (this.#share.textContent !== words) this.#share.textContent = words;
  }

  toggle(): void {
    this.#change({ shown: !this.#viewer.state.threshold.shown });
  }

  #change(change: Partial<ThresholdState>): void {
    this.#viewer.update({ threshold: { ...this.#viewer.state.threshold, ...change } });
  }
}
