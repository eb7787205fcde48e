import type { SliceOverlay, SlicePictures, SlicesBlock, SliceStack } from '../../../runner/protocol/results.ts';
import { makeCheck, makeSelect, makeSlider } from '../../image/controls.ts';
import { picturePng } from '../../image/screenshot.ts';
import { make, makeButton } from '../dom.ts';
import { decodeBytes } from './decode.ts';
import { Pane } from './pane.ts';
import { paintSlice } from './pixels.ts';
import { wholePicture } from './zoom.ts';
import type { Zoom } from './zoom.ts';

/** Overlay in percent, at first. */
const firstOpacity = 70;
/** Pixels around the window in which pictures are drawn already. */
const ahead = '400px';

/** What can be done with slices where they are shown. */
export interface SlicesActions {
  /** Takes an overlay's choice, e.g. writes a flag into the cell; left out: not offered. */
  readonly choose?: (flag: string, value: string) => void;
}

/** Pixels of a slice. */
interface Decoded {
  readonly channels: readonly Uint8Array[];
  readonly overlays: readonly Uint8Array[];
}

/** A pane, the stack that it shows, and the overlays that lie over it. */
interface Place {
  readonly pane: Pane;
  readonly stack: number;
  readonly overlays: readonly number[];
}

/** Builds the view of a block of slices. Nothing is decoded before it comes into sight. */
export function renderSlices(block: SlicesBlock, actions: SlicesActions = {}): HTMLElement {
  return new SlicesView(block, actions).element;
}

class SlicesView {
  readonly element: HTMLElement;
  readonly #block: SlicesBlock;
  readonly #places: readonly Place[];
  readonly #shown: number[];
  readonly #zooms: Zoom[];
  readonly #windows: { low: number; high: number }[];
  readonly #hidden = new Set<number>();
  readonly #decoded = new Map<SlicePictures, Promise<Decoded>>();
  readonly #present = new Map<number, Decoded>();
  readonly #readout = make('p', { class: 'readout', 'aria-hidden': 'true' }, '\u00a0');
  readonly #error = make('p', { class: 'notice error', role: 'alert', hidden: true });
  readonly #steps: ((by: number) => void)[] = [];
  readonly #said = make('span', { class: 'said', role: 'status' });
  readonly #legendItems = new Map<string, HTMLElement>();
  #opacity = firstOpacity;
  #outline = false;
  #isNear = false;
  #drawing = false;

  constructor(block: SlicesBlock, actions: SlicesActions) {
    this.#block = block;
    this.#shown = block.stacks.map(({ at, slices }) => Math.min(slices.length - 1, Math.max(0, at)));
    this.#zooms = block.stacks.map(() => wholePicture);
    this.#windows = block.channels.map(({ window: [low, high] }) => ({ low, high }));
    const isGrid = block.layout === 'grid';
    const every = block.overlays.map((_, i) => i);
    this.#places = isGrid
      ? every.map((overlay) => this.#place(0, [overlay], `${block.overlays[overlay].label}. ${block.alt}`))
      : block.stacks.map((_, stack) => this.#place(stack, every, block.alt));
    const panes = this.#places.map((place) => make('div', { class: 'pane-place' },
      ...(isGrid ? [overlayHead(block.overlays[place.overlays[0]], actions)] : []), place.pane.element, this.#caption(place, isGrid)));
    this.element = make('figure', { class: `slices ${block.layout}`, 'aria-label': block.alt },
      ...(block.title === undefined ? [] : [make('figcaption', {}, block.title)]),
      make('div', { class: 'panes' }, ...panes), this.#controls(), this.#legend(), this.#readout, this.#error);
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      this.#isNear = true;
      this.#redraw();
    }, { rootMargin: ahead });
    observer.observe(this.element);
  }

  #place(stack: number, overlays: readonly number[], alt: string): Place {
    const pane = new Pane(this.#block.stacks[stack], alt, {
      onZoom: (change) => {
        this.#zooms[stack] = change(this.#zooms[stack]);
        for (const other of this.#of(stack)) other.pane.setZoom(this.#zooms[stack]);
      },
      onHover: (place) => { this.#hover(stack, place); },
      onStep: (by) => { this.#steps[stack]?.(by); },
    });
    return { pane, stack, overlays };
  }

  #of(stack: number): readonly Place[] {
    return this.#places.filter((place) => place.stack === stack);
  }

  /** Where the slice is, below each pane; of a grid it is the same everywhere, and said by the slider. */
  #caption({ stack }: Place, isGrid: boolean): HTMLElement {
    const { plane, slices } = this.#block.stacks[stack];
    const words = (): string => `${plane}, ${slices[this.#shown[stack]].mm.toFixed(2)} mm`;
    const caption = make('span', { class: 'place' }, isGrid ? '' : words());
    if (slices.length < 2 || isGrid) return caption;
    return this.#slider(stack, caption);
  }

  #slider(stack: number, first?: HTMLElement): HTMLElement {
    const { plane, slices } = this.#block.stacks[stack];
    const slider = makeSlider(plane, (value) => `${slices[value].mm.toFixed(2)} mm`, (value) => {
      this.#shown[stack] = value;
      this.#redraw();
    });
    const range = { min: 0, max: slices.length - 1, step: 1 };
    slider.set(this.#shown[stack], range);
    slider.element.classList.add('slice-slider');
    this.#steps[stack] = (by) => {
      this.#shown[stack] = Math.min(slices.length - 1, Math.max(0, this.#shown[stack] + by));
      slider.set(this.#shown[stack], range);
      this.#redraw();
    };
    if (first !== undefined) first.replaceChildren(slider.element);
    return first ?? slider.element;
  }

  #controls(): HTMLElement {
    const { channels, overlays, layout, stacks } = this.#block;
    const tools = make('div', { class: 'slice-tools' });
    if (layout === 'grid' && stacks[0].slices.length > 1) tools.append(this.#slider(0));
    if (overlays.length > 0) {
      const opacity = makeSlider('Overlay', (value) => `${value} %`, (value) => { this.#opacity = value; this.#redraw(); });
      opacity.set(this.#opacity, { min: 0, max: 100, step: 5 });
      opacity.element.classList.add('opacity');
      tools.append(opacity.element, makeCheck('Outline only', (on) => { this.#outline = on; this.#redraw(); }).element);
    }
    if (channels.length > 1) {
      channels.forEach(({ label, color }, i) => {
        const check = makeCheck(label, (on) => {
          if (on) this.#hidden.delete(i);
          else this.#hidden.add(i);
          this.#redraw();
        });
        check.set(true);
        check.element.prepend(swatch(color));
        tools.append(check.element);
      });
    }
    tools.append(...this.#windowControls(), makeButton('Copy Image', () => void this.#copyImage(), { class: 'quiet', title: 'Copy the pictures as they are shown, with scale bar and letters' }), this.#said);
    return tools;
  }

  /** Window (its width) and level (its middle) of one channel, as radiologists' viewers have them. */
  #windowControls(): readonly HTMLElement[] {
    const { channels } = this.#block;
    let chosen = 0;
    const short = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en-US');
    const change = (middle: number, width: number): void => {
      this.#windows[chosen] = { low: middle - width / 2, high: middle + width / 2 };
      this.#redraw();
    };
    const parts = (): { readonly middle: number; readonly width: number } => {
      const { low, high } = this.#windows[chosen];
      return { middle: (low + high) / 2, width: high - low };
    };
    const level = makeSlider('Level', short, (value) => { change(value, parts().width); });
    const width = makeSlider('Window', short, (value) => { change(parts().middle, value); });
    const show = (): void => {
      const { low, high } = channels[chosen];
      const step = (high - low) / 200 || 1;
      level.set(parts().middle, { min: low, max: high, step });
      width.set(parts().width, { min: step, max: Math.max(high - low, parts().width), step });
    };
    const select = makeSelect('Stain', (value) => { chosen = Number(value); show(); });
    select.set('0', channels.map(({ label }, i) => [String(i), label]));
    show();
    const reset = makeButton('Reset', () => {
      channels.forEach(({ window: [low, high] }, i) => { this.#windows[i] = { low, high }; });
      this.#block.stacks.forEach((_, stack) => {
        this.#zooms[stack] = wholePicture;
        for (const { pane } of this.#of(stack)) pane.setZoom(wholePicture);
      });
      show();
      this.#redraw();
    }, { class: 'quiet', title: 'Window, level and zoom as at first' });
    return [...(channels.length > 1 ? [select.element] : []), level.element, width.element, reset];
  }

  #legend(): HTMLElement {
    for (const { parts } of this.#block.overlays) {
      for (const part of parts) {
        const key = legendKey(part);
        if (!this.#legendItems.has(key)) this.#legendItems.set(key, make('li', {}, swatch(part.color), part.label, make('span', { class: 'absent', hidden: true }, ' (none to be seen here)')));
      }
    }
    return make('ul', { class: 'legend', hidden: this.#legendItems.size === 0 }, ...this.#legendItems.values());
  }

  /** Says of which parts nothing is in the pictures that are shown: they are elsewhere, or smaller than a pixel. */
  #markAbsent(): void {
    const present = new Set<string>();
    for (const { overlays } of this.#present.values()) {
      overlays.forEach((values, i) => {
        this.#block.overlays[i].parts.forEach((part, at) => { if (values.includes(at + 1)) present.add(legendKey(part)); });
      });
    }
    for (const [key, item] of this.#legendItems) item.querySelector<HTMLElement>('.absent')?.toggleAttribute('hidden', present.has(key));
  }

  async #copyImage(): Promise<void> {
    try {
      const parts = this.#places.map(({ pane, overlays }) => ({
        canvas: pane.picture(), box: pane.element.getBoundingClientRect(), title: this.#block.layout === 'grid' ? this.#block.overlays[overlays[0]].label : '',
      }));
      // The picture is made while it is being written: a page may write only right after a press.
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': picturePng(parts, window.devicePixelRatio || 1) })]);
      this.#said.textContent = 'Copied.';
    } catch (error) {
      this.#said.textContent = `The picture could not be copied (${error instanceof Error ? error.message : String(error)}).`;
    }
  }

  #hover(stack: number, place: readonly [number, number] | undefined): void {
    for (const other of this.#of(stack)) other.pane.setCross(place);
    this.#readout.textContent = (place === undefined ? undefined : this.#words(stack, place)) ?? '\u00a0';
  }

  /** What is at a point: millimetres, intensities, and the part of each overlay. */
  #words(stack: number, [left, top]: readonly [number, number]): string | undefined {
    const { channels, overlays, stacks } = this.#block;
    const { width, height, pixel, origin, slices } = stacks[stack];
    const pixels = this.#present.get(stack);
    if (pixels === undefined) return undefined;
    const [x, y] = [Math.min(width - 1, Math.max(0, Math.floor(left * width))), Math.min(height - 1, Math.max(0, Math.floor(top * height)))];
    const axes = axesOf(stacks[stack]);
    const values = { [axes[0]]: origin[0] + x * pixel, [axes[1]]: origin[1] - y * pixel, [axes[2]]: slices[this.#shown[stack]].mm };
    const at = y * width + x;
    const spots = ['R', 'A', 'S'].map((axis) => `${axis} ${values[axis].toFixed(2)}`).join(', ');
    const intensities = channels.map(({ label, low, high }, i) => `${label} about ${Number((low + (pixels.channels[i][at] / 255) * (high - low)).toPrecision(2))}`);
    const parts = overlays.flatMap(({ label, parts: known }, i) => {
      const part = pixels.overlays[i][at];
      return part === 0 ? [] : [overlays.length > 1 ? `${label}: ${known[part - 1]?.label ?? part}` : known[part - 1]?.label ?? String(part)];
    });
    return [`${spots} mm`, ...intensities, ...parts].join(' · ');
  }

  #redraw(): void {
    if (!this.#isNear || this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#block.stacks.forEach((_, stack) => void this.#drawStack(stack));
    });
  }

  async #drawStack(stack: number): Promise<void> {
    const { stacks, channels, overlays } = this.#block;
    const { width, height, slices } = stacks[stack];
    const slice = slices[this.#shown[stack]];
    let pixels: Decoded;
    try {
      pixels = await this.#decode(slice, stacks[stack]);
    } catch (error) {
      this.#error.textContent = `A slice of this output is damaged: ${error instanceof Error ? error.message : String(error)} Run the cell again.`;
      this.#error.hidden = false;
      return;
    }
    if (slices[this.#shown[stack]] !== slice) return;
    this.#present.set(stack, pixels);
    this.#markAbsent();
    const shown = channels.flatMap((channel, i) => (this.#hidden.has(i) ? [] : [{ ...channel, values: pixels.channels[i], window: this.#windows[i] }]));
    for (const place of this.#of(stack)) {
      const image = new ImageData(width, height);
      paintSlice(image.data, width, height, shown, place.overlays.map((i) => ({
        values: pixels.overlays[i], colors: overlays[i].parts.map(({ color }) => color), opacity: this.#opacity / 100, outline: this.#outline,
      })));
      place.pane.show(image);
    }
    this.element.dataset['drawn'] = 'true';
  }

  #decode(slice: SlicePictures, { width, height }: SliceStack): Promise<Decoded> {
    const known = this.#decoded.get(slice);
    if (known !== undefined) return known;
    const all = (pictures: readonly string[]): Promise<Uint8Array[]> => Promise.all(pictures.map((picture) => decodeBytes(picture, width, height)));
    const decoding = Promise.all([all(slice.channels), all(slice.overlays)]).then(([channels, overlays]) => ({ channels, overlays }));
    this.#decoded.set(slice, decoding);
    return decoding;
  }
}

/** Anatomical axes to the right, up and through. */
function axesOf({ plane }: SliceStack): readonly [string, string, string] {
  return plane === 'axial' ? ['R', 'A', 'S'] : plane === 'coronal' ? ['R', 'S', 'A'] : ['A', 'S', 'R'];
}

function legendKey({ label, color }: { readonly label: string; readonly color: string }): string {
  return `${label}\n${color}`;
}

function swatch(color: string): HTMLElement {
  const element = make('span', { class: 'swatch', 'aria-hidden': 'true' });
  element.style.background = color;
  return element;
}

/** What is said of an overlay above its picture, and the button that takes it. */
function overlayHead({ label, facts = [], choice }: SliceOverlay, { choose }: SlicesActions): HTMLElement {
  const head = make('div', { class: 'pane-head' }, make('strong', {}, label));
  if (choice !== undefined && choose !== undefined) {
    head.append(makeButton('Use This Threshold', () => { choose(choice.flag, choice.value); }, { class: 'action', title: `Writes ${choice.flag} ${choice.value} into the cell`, 'aria-label': `Use this threshold: ${label}` }));
  }
  return make('div', {}, head, make('dl', { class: 'pane-facts' }, ...facts.map(({ label: name, value }) => make('div', {}, make('dt', {}, name), make('dd', {}, value)))));
}
