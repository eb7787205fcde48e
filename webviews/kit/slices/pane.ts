import type { SliceStack } from '../../../runner/protocol/results.ts';
import { scaleBar } from '../../image/geometry.ts';
import { make } from '../dom.ts';
import { frameAt, panBy, pictureAt, wholePicture, zoomAt } from './zoom.ts';
import type { Zoom } from './zoom.ts';

/** What a pane tells of its pointer and keys. Places are parts of the picture's size. */
export interface PaneEvents {
  readonly onZoom: (change: (zoom: Zoom) => Zoom) => void;
  /** Undefined: the pointer has left. */
  readonly onHover: (place: readonly [number, number] | undefined) => void;
  /** Steps through the slices, by a key. */
  readonly onStep: (by: number) => void;
}

const zoomStep = 1.5;
const panStep = 0.15;

/** One picture with its letters, scale bar and crosshair. Pictures are drawn by {@link Pane.show}. */
export class Pane {
  readonly element: HTMLElement;
  readonly #stack: SliceStack;
  readonly #canvas: HTMLCanvasElement;
  readonly #bar = make('span', { class: 'scale-bar' });
  readonly #barWords = make('span', { class: 'scale-words' });
  readonly #across = make('span', { class: 'cross across', hidden: true, 'aria-hidden': 'true' });
  readonly #down = make('span', { class: 'cross down', hidden: true, 'aria-hidden': 'true' });
  readonly #source = document.createElement('canvas');
  #zoom = wholePicture;
  #hasPicture = false;

  constructor(stack: SliceStack, alt: string, events: PaneEvents) {
    this.#stack = stack;
    this.#canvas = make('canvas', { role: 'img', 'aria-label': alt });
    const { letters } = stack;
    this.element = make('div', { class: 'pane', tabindex: 0, role: 'group', 'aria-label': `${stack.plane} slice. Plus and minus zoom, 0 shows all, arrows move, Page Up and Page Down change the slice.` },
      this.#canvas,
      ...(['left', 'right', 'top', 'bottom'] as const).map((side) => make('span', { class: `letter ${side}`, 'aria-hidden': 'true' }, letters[side])),
      make('span', { class: 'scale' }, this.#barWords, this.#bar), this.#across, this.#down);
    this.element.style.aspectRatio = `${stack.width} / ${stack.height}`;
    this.#source.width = stack.width;
    this.#source.height = stack.height;
    this.#listen(events);
    new ResizeObserver(() => { this.#draw(); }).observe(this.element);
  }

  /** Shows pixels: RGBA, as many as the stack's pictures have. */
  show(pixels: ImageData): void {
    this.#source.getContext('2d')?.putImageData(pixels, 0, 0);
    this.#hasPicture = true;
    this.#draw();
  }

  setZoom(zoom: Zoom): void {
    this.#zoom = zoom;
    this.#draw();
  }

  setCross(place: readonly [number, number] | undefined): void {
    this.#across.hidden = place === undefined;
    this.#down.hidden = place === undefined;
    if (place === undefined) return;
    const [x, y] = frameAt(this.#zoom, place[0], place[1]);
    this.#down.style.insetInlineStart = `${100 * x}%`;
    this.#across.style.top = `${100 * y}%`;
  }

  /** What is shown, at the screen's own pixels, with letters and scale bar drawn in. */
  picture(): HTMLCanvasElement {
    const picture = document.createElement('canvas');
    picture.width = Math.max(1, this.#canvas.width);
    picture.height = Math.max(1, this.#canvas.height);
    const drawing = picture.getContext('2d');
    if (drawing === null) throw new Error('The page cannot draw.');
    const { clientWidth: width, clientHeight: height } = this.element;
    drawing.drawImage(this.#canvas, 0, 0);
    drawing.scale(picture.width / Math.max(1, width), picture.height / Math.max(1, height));
    const write = (text: string, x: number, y: number, align: CanvasTextAlign): void => {
      drawing.textAlign = align;
      drawing.strokeText(text, x, y);
      drawing.fillText(text, x, y);
    };
    drawing.font = '600 12px system-ui, sans-serif';
    drawing.textBaseline = 'middle';
    drawing.lineWidth = 3;
    drawing.strokeStyle = '#000';
    drawing.fillStyle = '#fff';
    const { letters } = this.#stack;
    write(letters.left, 6, height / 2, 'left');
    write(letters.right, width - 6, height / 2, 'right');
    write(letters.top, width / 2, 12, 'center');
    write(letters.bottom, width / 2, height - 12, 'center');
    const bar = Number.parseFloat(this.#bar.style.width) || 0;
    drawing.strokeRect(width - 8 - bar, height - 11, bar, 3);
    drawing.fillRect(width - 8 - bar, height - 11, bar, 3);
    write(this.#barWords.textContent, width - 8, height - 20, 'right');
    return picture;
  }

  #draw(): void {
    const { clientWidth, clientHeight } = this.element;
    if (!this.#hasPicture || clientWidth === 0) return;
    const dense = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(clientWidth * dense), Math.round(clientHeight * dense)];
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    const drawing = this.#canvas.getContext('2d');
    if (drawing === null) return;
    const { scale, x, y } = this.#zoom;
    const stack = this.#stack;
    // Single pixels are shown as such once they are large enough to be told apart.
    drawing.imageSmoothingEnabled = (width / stack.width) * scale < 3;
    drawing.imageSmoothingQuality = 'high';
    drawing.drawImage(this.#source, x * stack.width, y * stack.height, stack.width / scale, stack.height / scale, 0, 0, width, height);
    const bar = scaleBar((clientWidth * scale) / (stack.width * stack.pixel), clientWidth * 0.3);
    this.#bar.style.width = `${bar.pixels}px`;
    this.#barWords.textContent = bar.words;
    this.element.classList.toggle('zoomed', scale > 1);
  }

  #listen({ onZoom, onHover, onStep }: PaneEvents): void {
    const { element } = this;
    const at = (event: MouseEvent): readonly [number, number] => {
      const box = element.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    element.addEventListener('wheel', (event) => {
      // The wheel alone scrolls the page.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      const [x, y] = at(event);
      onZoom((zoom) => zoomAt(zoom, event.deltaY < 0 ? 1.2 : 1 / 1.2, x, y));
    }, { passive: false });
    element.addEventListener('dblclick', (event) => {
      const [x, y] = at(event);
      onZoom((zoom) => (zoom.scale > 1 ? wholePicture : zoomAt(zoom, 3, x, y)));
    });
    let held: readonly [number, number] | undefined;
    element.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || this.#zoom.scale === 1) return;
      held = at(event);
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener('pointermove', (event) => {
      const place = at(event);
      if (held !== undefined) {
        const [byX, byY] = [place[0] - held[0], place[1] - held[1]];
        onZoom((zoom) => panBy(zoom, byX, byY));
        held = place;
      }
      onHover(pictureAt(this.#zoom, place[0], place[1]));
    });
    const release = (): void => { held = undefined; };
    element.addEventListener('pointerup', release);
    element.addEventListener('pointercancel', release);
    element.addEventListener('pointerleave', () => { onHover(undefined); });
    element.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const change = keyChange(event.key, this.#zoom);
      const step = event.key === 'PageUp' ? 1 : event.key === 'PageDown' ? -1 : 0;
      if (change === undefined && step === 0) return;
      event.preventDefault();
      event.stopPropagation();
      if (change !== undefined) onZoom(change);
      else onStep(step);
    });
  }
}

function keyChange(key: string, { scale }: Zoom): ((zoom: Zoom) => Zoom) | undefined {
  if (key === '+' || key === '=') return (zoom) => zoomAt(zoom, zoomStep, 0.5, 0.5);
  if (key === '-') return (zoom) => zoomAt(zoom, 1 / zoomStep, 0.5, 0.5);
  if (key === '0') return () => wholePicture;
  const moves: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [panStep, 0], ArrowRight: [-panStep, 0], ArrowUp: [0, panStep], ArrowDown: [0, -panStep] };
  // A picture that is shown whole leaves the arrows to the page.
  const move = scale > 1 ? moves[key] : undefined;
  return move === undefined ? undefined : (zoom) => panBy(zoom, move[0], move[1]);
}
