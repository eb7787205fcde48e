import type { PlaneName, ViewedPlane } from '../../runner/protocol/imageView.ts';
import { make, makeButton } from '../kit/dom.ts';
import { fromPane, pictureOf, scaleBar, toPane, voxelAt, type PanePoint, type PicturePoint, type Viewport } from './geometry.ts';
import { icon } from './icons.ts';
import { PlanePicture } from './planePicture.ts';
import type { ShownPane, Viewer } from './viewer.ts';
import type { Tool } from './viewState.ts';
import { draggedWindow, type Window } from './windowing.ts';
import { planeWords } from './words.ts';

export const planeTitles: Readonly<Record<PlaneName, string>> = { axial: 'Axial', coronal: 'Coronal', sagittal: 'Sagittal' };

/** Pixels of the wheel that are one slice: a notch of a mouse is one, a pad's gesture a smooth run. */
const wheelStep = 60;
/** Voxels smaller than that many pixels of the screen are smoothed; larger ones are shown as they are. */
const smoothBelow = 3;

/** Something that a pane's buttons and keys do elsewhere. */
export interface PaneActions {
  readonly enlarge: (plane: PlaneName) => void;
  readonly onPointer: () => void;
}

/** A plane of the image: its picture, what is written into it, and what the mouse and the keys do there. */
export class Pane {
  readonly element: HTMLElement;
  readonly plane: ViewedPlane;
  readonly #viewer: Viewer;
  readonly #actions: PaneActions;
  readonly #canvas = make('canvas', { class: 'picture', 'aria-hidden': 'true' });
  readonly #frame: HTMLElement;
  readonly #place = make('span', { class: 'place' });
  readonly #note = make('p', { class: 'pane-note', role: 'status' });
  readonly #pictures = { quick: new PlanePicture(), whole: new PlanePicture() };
  #size = { width: 0, height: 0 };
  #wheel = 0;

  constructor(viewer: Viewer, plane: ViewedPlane, actions: PaneActions) {
    this.plane = plane;
    this.#viewer = viewer;
    this.#actions = actions;
    const title = planeTitles[plane.plane];
    this.#frame = make('div', { class: 'frame', tabindex: 0, role: 'slider', 'aria-label': `${title} plane`, 'aria-orientation': 'vertical', 'data-plane': plane.plane }, this.#canvas);
    const enlarge = makeButton('', () => { actions.enlarge(plane.plane); }, { class: 'icon enlarge', title: `Show the ${title.toLowerCase()} plane alone, or all planes`, 'aria-label': `${title} alone or all planes` });
    enlarge.append(icon('enlarge'));
    this.#note.hidden = true;
    this.element = make('section', { class: `pane ${plane.plane}`, 'aria-label': title }, this.#frame, make('header', {}, make('h2', {}, title), this.#place, enlarge), this.#note);
    this.#listen();
  }

  /** Pixels of the page. */
  get shown(): ShownPane {
    return { plane: this.plane, ...this.#size };
  }

  focus(): void {
    this.#frame.focus();
  }

  /** Takes the size that the page gives it. True when that is another than before. */
  measure(): boolean {
    const { clientWidth: width, clientHeight: height } = this.#frame;
    const pixel = window.devicePixelRatio;
    const [w, h] = [Math.round(width * pixel), Math.round(height * pixel)];
    if (this.#canvas.width !== w || this.#canvas.height !== h) [this.#canvas.width, this.#canvas.height] = [w, h];
    const changed = width !== this.#size.width || height !== this.#size.height;
    this.#size = { width, height };
    return changed;
  }

  /** Draws all anew. */
  draw(): void {
    const context = this.#canvas.getContext('2d');
    const { width, height } = this.#size;
    if (context === null || width === 0 || height === 0) return;
    const pixel = window.devicePixelRatio;
    context.setTransform(pixel, 0, 0, pixel, 0, 0);
    context.fillStyle = '#000';
    context.fillRect(0, 0, width, height);
    const view = this.#viewer.viewport(this.shown);
    const state = this.#paint(context, view);
    this.#write(context, view);
    this.#tell(state);
  }

  /** Paints what is there, the coarse below the fine. */
  #paint(context: CanvasRenderingContext2D, view: Viewport): 'nothing' | 'coarse' | 'whole' | 'too-much' {
    const viewer = this.#viewer;
    const chosen = viewer.levelOf(this.shown);
    if (chosen === undefined) return 'too-much';
    const { level } = chosen;
    const voxel = Math.max(viewer.image.levels[level].voxelSize[this.plane.across], viewer.image.levels[level].voxelSize[this.plane.up]) * view.scale * window.devicePixelRatio;
    const whole = viewer.isComplete(this.shown, level);
    const coarse = whole ? undefined : viewer.meanwhile(this.shown, level);
    if (coarse !== undefined && this.#pictures.quick.paint(viewer, this.shown, coarse, view)) this.#pictures.quick.draw(context, view, true);
    const some = this.#pictures.whole.paint(viewer, this.shown, level, view);
    if (some) {
      this.#pictures.whole.draw(context, view, voxel < smoothBelow);
      this.#pictures.whole.drawLines(context, view);
    }
    return whole ? 'whole' : some || coarse !== undefined ? 'coarse' : 'nothing';
  }

  /** Letters of the body's sides, the scale bar, and where the other planes are. */
  #write(context: CanvasRenderingContext2D, view: Viewport): void {
    const { image, state } = this.#viewer;
    if (state.crosshair) drawCrosshair(context, view, toPane(view, pictureOf(image, this.plane, state.position)));
    const { letters } = this.plane;
    const { width, height } = view;
    context.font = '600 12px system-ui, sans-serif';
    context.textBaseline = 'middle';
    context.textAlign = 'start';
    haloText(context, letters.left, 6, height / 2);
    context.textAlign = 'end';
    haloText(context, letters.right, width - 6, height / 2);
    context.textAlign = 'center';
    haloText(context, letters.top, width / 2, 32);
    haloText(context, letters.bottom, width / 2, height - 10);
    drawScaleBar(context, view);
  }

  #tell(state: 'nothing' | 'coarse' | 'whole' | 'too-much'): void {
    const viewer = this.#viewer;
    const place = planeWords(viewer.image, this.plane, viewer.state.position);
    const { index, count } = viewer.sliceOf(this.plane);
    this.#place.textContent = place;
    const frame = this.#frame;
    frame.setAttribute('aria-valuemin', '1');
    frame.setAttribute('aria-valuemax', String(count));
    frame.setAttribute('aria-valuenow', String(index + 1));
    frame.setAttribute('aria-valuetext', `${place}, slice ${index + 1} of ${count}`);
    const shown = viewer.levelOf(this.shown)?.level;
    frame.dataset['level'] = shown === undefined ? '' : String(shown);
    frame.dataset['state'] = state;
    frame.setAttribute('aria-busy', String(state !== 'whole' && viewer.store.busy));
    frame.dataset['tool'] = viewer.state.tool;
    const note = state === 'too-much' ? 'Zoom in: the image has no level coarse enough to show all of this plane.' : this.#failure(shown) ?? (viewer.neededChannels.length === 0 ? 'All channels are hidden.' : state === 'nothing' ? 'Loading…' : undefined);
    this.#note.hidden = note === undefined;
    if (this.#note.textContent !== (note ?? '')) this.#note.textContent = note ?? '';
    this.#note.classList.toggle('failure', state !== 'nothing' && state !== 'too-much' && viewer.neededChannels.length > 0);
  }

  /** Why a part of what is shown is missing; undefined: nothing is. */
  #failure(level: number | undefined): string | undefined {
    if (level === undefined) return undefined;
    const { store, neededChannels } = this.#viewer;
    for (const address of this.#viewer.piecesOf(this.shown, level)) {
      for (const channel of neededChannels) {
        const error = store.failure(0, address, channel);
        if (error !== undefined) return 'Parts of this plane could not be read.';
      }
    }
    return undefined;
  }

  #listen(): void {
    const frame = this.#frame;
    frame.addEventListener('wheel', (event) => { this.#onWheel(event); }, { passive: false });
    frame.addEventListener('pointerdown', (event) => { this.#onDown(event); });
    frame.addEventListener('pointermove', (event) => {
      this.#viewer.pointer = { plane: this.plane.plane, at: this.#placeOf(event) };
      this.#actions.onPointer();
    });
    frame.addEventListener('pointerleave', () => {
      this.#viewer.pointer = undefined;
      this.#actions.onPointer();
    });
    // The right button changes the window.
    frame.addEventListener('contextmenu', (event) => { event.preventDefault(); });
    frame.addEventListener('dblclick', () => { this.#actions.enlarge(this.plane.plane); });
    frame.addEventListener('keydown', (event) => { this.#onKey(event); });
  }

  #placeOf(event: MouseEvent): PanePoint {
    const box = this.#frame.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #pointOf(event: MouseEvent): PicturePoint {
    return fromPane(this.#viewer.viewport(this.shown), this.#placeOf(event));
  }

  #onWheel(event: WheelEvent): void {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 20 : event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? event.deltaY * 400 : event.deltaY;
    // A pinch of a touch pad comes as a wheel with Control, too.
    if (event.ctrlKey || event.metaKey) {
      this.#viewer.zoomBy(2 ** (-pixels / 240), this.shown, this.#pointOf(event));
      return;
    }
    this.#wheel += pixels;
    const steps = Math.trunc(this.#wheel / wheelStep);
    this.#wheel -= steps * wheelStep;
    this.#viewer.scroll(this.plane, -steps);
  }

  #onDown(event: PointerEvent): void {
    const viewer = this.#viewer;
    const tool: Tool = event.button === 2 ? 'window' : event.button === 1 || event.shiftKey ? 'pan' : viewer.state.tool;
    if (event.button > 2) return;
    event.preventDefault();
    this.#frame.focus();
    this.#frame.setPointerCapture(event.pointerId);
    const start = { x: event.clientX, y: event.clientY };
    let last = start;
    const channel = viewer.state.selected;
    const window: Window = viewer.state.channels[channel].window ?? { low: 0, high: 1 };
    const move = (now: PointerEvent): void => {
      if (tool === 'crosshair') viewer.moveTo(voxelAt(viewer.image, this.plane, this.#pointOf(now), viewer.state.position[this.plane.through]));
      else if (tool === 'pan') viewer.panBy(this.shown, now.clientX - last.x, now.clientY - last.y);
      else {
        const next = draggedWindow(window, now.clientX - start.x, now.clientY - start.y);
        viewer.update({ channels: viewer.state.channels.map((each, i) => (i === channel ? { ...each, window: next } : each)) });
      }
      last = { x: now.clientX, y: now.clientY };
    };
    const end = (): void => {
      this.#frame.removeEventListener('pointermove', move);
      this.#frame.removeEventListener('pointerup', end);
      this.#frame.removeEventListener('pointercancel', end);
    };
    this.#frame.addEventListener('pointermove', move);
    this.#frame.addEventListener('pointerup', end);
    this.#frame.addEventListener('pointercancel', end);
    if (tool === 'crosshair') move(event);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const viewer = this.#viewer;
    const step = slices[event.key];
    const { count } = viewer.sliceOf(this.plane);
    const way = ways[event.key];
    if (event.shiftKey && way !== undefined) this.#step(way);
    else if (event.key === 'Home') viewer.scroll(this.plane, -count);
    else if (event.key === 'End') viewer.scroll(this.plane, count);
    else if (step !== undefined) viewer.scroll(this.plane, step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Moves the crosshair within the plane by one voxel of what is shown. */
  #step([right, down]: readonly [number, number]): void {
    const viewer = this.#viewer;
    const level = viewer.image.levels[viewer.levelOf(this.shown)?.level ?? 0];
    const [x, y] = pictureOf(viewer.image, this.plane, viewer.state.position);
    const point: PicturePoint = [x + right * level.voxelSize[this.plane.across], y + down * level.voxelSize[this.plane.up]];
    viewer.moveTo(voxelAt(viewer.image, this.plane, point, viewer.state.position[this.plane.through]));
  }

  /** Bytes of its pictures. */
  get bytes(): number {
    return 4 * this.#canvas.width * this.#canvas.height + this.#pictures.quick.bytes + this.#pictures.whole.bytes;
  }

  /** What is drawn, for pictures that are saved. */
  get picture(): HTMLCanvasElement {
    return this.#canvas;
  }
}

const slices: Readonly<Record<string, number>> = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };
const ways: Readonly<Record<string, readonly [number, number]>> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function drawCrosshair(context: CanvasRenderingContext2D, { width, height }: Viewport, [x, y]: PicturePoint): void {
  const [cx, cy] = [Math.round(x) + 0.5, Math.round(y) + 0.5];
  const gap = 7;
  context.lineCap = 'butt';
  for (const [color, line] of [['rgb(0 0 0 / 0.5)', 3], ['rgb(255 214 64 / 0.85)', 1]] as const) {
    context.strokeStyle = color;
    context.lineWidth = line;
    context.beginPath();
    for (const [from, to] of [[0, cx - gap], [cx + gap, width]]) {
      context.moveTo(from, cy);
      context.lineTo(to, cy);
    }
    for (const [from, to] of [[0, cy - gap], [cy + gap, height]]) {
      context.moveTo(cx, from);
      context.lineTo(cx, to);
    }
    context.stroke();
  }
}

function drawScaleBar(context: CanvasRenderingContext2D, { width, height, scale }: Viewport): void {
  const bar = scaleBar(scale, Math.min(160, width * 0.3));
  const [right, bottom] = [width - 10, height - 10];
  context.fillStyle = 'rgb(0 0 0 / 0.65)';
  context.fillRect(right - bar.pixels - 1, bottom - 4, bar.pixels + 2, 5);
  context.fillStyle = '#fff';
  context.fillRect(right - bar.pixels, bottom - 3, bar.pixels, 3);
  context.font = '11px system-ui, sans-serif';
  context.textAlign = 'center';
  haloText(context, bar.words, right - bar.pixels / 2, bottom - 12);
}

function haloText(context: CanvasRenderingContext2D, text: string, x: number, y: number): void {
  context.lineWidth = 3;
  context.lineJoin = 'round';
  context.strokeStyle = 'rgb(0 0 0 / 0.75)';
  context.strokeText(text, x, y);
  context.fillStyle = '#fff';
  context.fillText(text, x, y);
}
