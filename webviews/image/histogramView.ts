import type { IntensityHistogram } from '../../runner/protocol/imageView.ts';
import { make } from '../kit/dom.ts';
import type { Window } from './windowing.ts';
import { valueWords } from './words.ts';

const svg = 'http://www.w3.org/2000/svg';
const [width, height] = [256, 64];
/** Share of the range that a key moves a handle by. */
const keyStep = 0.01;

/** Values at the ends of the plot: those of the histogram, and further where a handle is. */
export function plotRange({ low, high }: Pick<IntensityHistogram, 'low' | 'high'>, marks: readonly (number | undefined)[]): Window {
  const all = marks.filter((mark) => mark !== undefined && Number.isFinite(mark)) as number[];
  const [first, last] = [Math.min(low, ...all), Math.max(high, ...all)];
  return { low: first, high: last > first ? last : first + 1 };
}

/** The outline of a histogram as an SVG path in a box of 256 by 64; voxels per bin logarithmically, so that few bright ones are seen. */
export function histogramPath({ low, high, counts }: Pick<IntensityHistogram, 'low' | 'high' | 'counts'>, range: Window): string {
  const most = Math.log1p(counts.reduce((a, b) => Math.max(a, b), 0)) || 1;
  const x = (value: number): string => (((value - range.low) / (range.high - range.low)) * width).toFixed(2);
  const step = (high - low) / counts.length;
  let path = `M${x(low)} ${height}`;
  counts.forEach((count, i) => {
    const y = (height - (Math.log1p(count) / most) * (height - 4)).toFixed(2);
    path += `V${y}H${x(low + (i + 1) * step)}`;
  });
  return `${path}V${height}Z`;
}

/** What can be set in the plot. */
export interface HistogramHandles {
  readonly onWindow: (window: Window) => void;
}

/** A histogram with two handles for the window, and a line for the threshold. */
export class HistogramView {
  readonly element: HTMLElement;
  readonly #plot = document.createElementNS(svg, 'svg');
  readonly #bars = document.createElementNS(svg, 'path');
  readonly #threshold = make('div', { class: 'threshold-line', 'aria-hidden': 'true' });
  readonly #band = make('div', { class: 'band', 'aria-hidden': 'true' });
  readonly #handles: readonly [HTMLElement, HTMLElement];
  readonly #area: HTMLElement;
  readonly #onWindow: (window: Window) => void;
  #range: Window = { low: 0, high: 1 };
  #window: Window = { low: 0, high: 1 };

  constructor({ onWindow }: HistogramHandles) {
    this.#onWindow = onWindow;
    this.#plot.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.#plot.setAttribute('preserveAspectRatio', 'none');
    this.#plot.setAttribute('aria-hidden', 'true');
    this.#plot.append(this.#bars);
    this.#handles = [this.#makeHandle('Black', 'low'), this.#makeHandle('Full colour', 'high')];
    this.#area = make('div', { class: 'histogram' }, this.#band, this.#threshold, ...this.#handles);
    this.#area.prepend(this.#plot);
    this.element = this.#area;
  }

  /** `histogram`: undefined while it is not known. */
  show(histogram: IntensityHistogram | undefined, window: Window, threshold: number | undefined, color: string): void {
    this.#window = window;
    const known = histogram ?? { low: window.low - (window.high - window.low) / 4, high: window.high + (window.high - window.low) / 4, counts: [] };
    this.#range = plotRange(known, [window.low, window.high, threshold]);
    this.#bars.setAttribute('d', histogramPath(known, this.#range));
    this.#area.setAttribute('aria-busy', String(histogram === undefined));
    this.#band.style.left = this.#percent(window.low);
    this.#band.style.width = `${100 * (this.#share(window.high) - this.#share(window.low))}%`;
    this.#band.style.setProperty('--channel', color);
    this.#threshold.hidden = threshold === undefined;
    if (threshold !== undefined) this.#threshold.style.left = this.#percent(threshold);
    (['low', 'high'] as const).forEach((end, i) => {
      const handle = this.#handles[i];
      handle.style.left = this.#percent(window[end]);
      handle.setAttribute('aria-valuemin', valueWords(this.#range.low));
      handle.setAttribute('aria-valuemax', valueWords(this.#range.high));
      handle.setAttribute('aria-valuenow', valueWords(Number(window[end].toPrecision(5))));
    });
  }

  #share(value: number): number {
    return (value - this.#range.low) / (this.#range.high - this.#range.low);
  }

  #percent(value: number): string {
    return `${(100 * this.#share(value)).toFixed(2)}%`;
  }

  #makeHandle(label: string, end: 'low' | 'high'): HTMLElement {
    const handle = make('div', { class: `handle ${end}`, role: 'slider', tabindex: 0, 'aria-label': label, 'aria-orientation': 'horizontal' });
    const set = (value: number): void => {
      const gap = (this.#range.high - this.#range.low) / 1000;
      const { low, high } = this.#window;
      this.#onWindow(end === 'low' ? { low: Math.min(value, high - gap), high } : { low, high: Math.max(value, low + gap) });
    };
    handle.addEventListener('keydown', (event) => {
      const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (steps === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      set(this.#window[end] + steps * keyStep * (this.#range.high - this.#range.low));
    });
    handle.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
      const { left, width: across } = this.#area.getBoundingClientRect();
      // While it is dragged, the plot keeps its range: a handle at its end would run away.
      const range = this.#range;
      const move = (now: PointerEvent): void => {
        const share = Math.min(1, Math.max(0, (now.clientX - left) / across));
        set(range.low + share * (range.high - range.low));
      };
      const done = (): void => {
        handle.removeEventListener('pointermove', move);
        handle.removeEventListener('pointerup', done);
        handle.removeEventListener('pointercancel', done);
      };
      handle.addEventListener('pointermove', move);
      handle.addEventListener('pointerup', done);
      handle.addEventListener('pointercancel', done);
    });
    return handle;
  }
}
