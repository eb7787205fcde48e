import { reportError } from '../../runner/protocol/errors.ts';
import type { Triple, ViewedPlane, VoxelAxis } from '../../runner/protocol/imageView.ts';
import { clampVoxel, millimetresOf, pictureOf, planeExtent, voxelAt } from '../image/geometry.ts';
import { borderLines } from '../image/paint.ts';
import { percentileWindow } from '../image/windowing.ts';
import { make } from '../kit/dom.ts';
import { barTicks, barValue, mapColour, scaled } from './mapColours.ts';
import type { MapRange, MapScale } from './mapColours.ts';
import type { FileRef } from './messages.ts';
import type { OutputsAsker } from './model.ts';
import { PlaneReader, type PlaneValues } from './planes.ts';
import { shortNumber } from './scale.ts';

/** What lies over the template: a map, or regions with a value each. */
export type MapLayer =
  | { readonly kind: 'image'; readonly ref: FileRef }
  | { readonly kind: 'regions'; readonly values: ReadonlyMap<number, number> };

/** What a panel shows. */
export interface ShownMap {
  readonly title: string;
  readonly unit: string;
  readonly template: FileRef;
  /** The atlas on the grid of the template, and the names of its regions. */
  readonly atlas?: { readonly ref: FileRef; readonly names: ReadonlyMap<number, string> };
  readonly layer: MapLayer;
  readonly scale: MapScale;
  readonly range: MapRange;
  /** 0 to 1. */
  readonly opacity: number;
  readonly outlines: boolean;
}

/** One plane in its pane. */
interface Pane {
  readonly canvas: HTMLCanvasElement;
  readonly slider: HTMLInputElement;
  readonly words: HTMLElement;
  readonly element: HTMLElement;
  plane: ViewedPlane | undefined;
  read: { readonly back: PlaneValues; readonly over: PlaneValues | undefined; readonly labels: PlaneValues | undefined } | undefined;
  reading: AbortController;
}

const planeNames = ['axial', 'coronal', 'sagittal'] as const;
const barLength = 220;
const barThickness = 12;

/** A map over its template: three planes through a point that the user moves, a colour bar, and what is at the point. */
export class MapPanel {
  readonly element = make('div', { class: 'map-panel' });
  readonly #asker: OutputsAsker;
  readonly #onMove: (voxel: Triple) => void;
  readonly #title = make('h2', {});
  readonly #says = make('p', { class: 'dim', role: 'status' });
  readonly #bar = make('canvas', { class: 'colour-bar', role: 'img' });
  readonly #panes: readonly Pane[];
  #reader: PlaneReader | undefined;
  #template = '';
  #shown: ShownMap | undefined;
  #voxel: Triple | undefined;
  #opening = new AbortController();
  #window = { low: 0, high: 1 };

  constructor(asker: OutputsAsker, onMove: (voxel: Triple) => void) {
    this.#asker = asker;
    this.#onMove = onMove;
    this.#panes = planeNames.map((name) => this.#makePane(name));
    this.element.append(this.#title, make('div', { class: 'panes' }, ...this.#panes.map(({ element }) => element)), make('div', { class: 'bar-line' }, this.#bar), this.#says);
    new ResizeObserver(() => { for (const pane of this.#panes) this.#draw(pane); }).observe(this.element);
    new MutationObserver(() => { this.#drawBar(); }).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  get voxel(): Triple | undefined {
    return this.#voxel;
  }

  async show(shown: ShownMap): Promise<void> {
    const before = this.#shown;
    this.#shown = shown;
    this.#title.textContent = shown.title;
    if (shown.template.uri !== this.#template) {
      this.#opening.abort();
      this.#opening = new AbortController();
      const { signal } = this.#opening;
      this.element.setAttribute('aria-busy', 'true');
      this.#says.textContent = 'Reading the template…';
      try {
        const reader = await PlaneReader.open(this.#asker, shown.template, signal);
        this.#template = shown.template.uri;
        this.#reader = reader;
        this.#prepare(reader);
      } catch (error) {
        if (reportError(error).code !== 'cancelled') this.#fail(error);
        return;
      }
    }
    this.#drawBar();
    const isSame = before !== undefined && before.template.uri === shown.template.uri && JSON.stringify([before.layer.kind === 'image' ? before.layer.ref.uri : '', before.atlas?.ref.uri]) === JSON.stringify([shown.layer.kind === 'image' ? shown.layer.ref.uri : '', shown.atlas?.ref.uri]);
    if (isSame && this.#panes.every(({ read }) => read !== undefined)) {
      for (const pane of this.#panes) this.#draw(pane);
      this.#tell();
    } else {
      for (const pane of this.#panes) pane.read = undefined;
      await this.#readAll();
    }
  }

  /** Moves to a voxel of the template, without telling. */
  moveTo(voxel: Triple): void {
    if (this.#reader === undefined) return;
    const before = this.#voxel;
    this.#voxel = clampVoxel(this.#reader.image, voxel);
    for (const pane of this.#panes) {
      const { plane } = pane;
      if (plane === undefined) continue;
      const depth = Math.round(this.#voxel[plane.through]);
      pane.slider.value = String(plane.flipThrough ? this.#reader.image.levels[0].size[plane.through] - 1 - depth : depth);
      if (before === undefined || Math.round(before[plane.through]) !== depth || pane.read === undefined) void this.#read(pane);
      else this.#draw(pane);
    }
    this.#tell();
  }

  #move(voxel: Triple): void {
    this.moveTo(voxel);
    if (this.#voxel !== undefined) this.#onMove(this.#voxel);
  }

  #prepare({ image }: PlaneReader): void {
    const { size } = image.levels[0];
    this.#voxel = clampVoxel(image, this.#voxel ?? [Math.floor(size[0] / 2), Math.floor(size[1] / 2), Math.floor(size[2] / 2)]);
    for (const pane of this.#panes) {
      const plane = image.planes.find((each) => each.plane === pane.slider.dataset['plane']);
      pane.plane = plane;
      pane.read = undefined;
      if (plane === undefined) continue;
      pane.slider.max = String(size[plane.through] - 1);
      const depth = Math.round(this.#voxel[plane.through]);
      pane.slider.value = String(plane.flipThrough ? size[plane.through] - 1 - depth : depth);
    }
  }

  #makePane(name: (typeof planeNames)[number]): Pane {
    const canvas = make('canvas', { class: 'plane', role: 'img', 'aria-label': `${name} plane` });
    const slider = make('input', { type: 'range', min: 0, max: 1, step: 1, value: 0, 'aria-label': `Position of the ${name} plane`, 'data-plane': name });
    const words = make('span', { class: 'dim' });
    const pane: Pane = { canvas, slider, words, element: make('figure', { class: 'pane', 'data-plane': name }, canvas, make('figcaption', {}, make('span', { class: 'dim' }, name), slider, words)), plane: undefined, read: undefined, reading: new AbortController() };
    slider.addEventListener('input', () => {
      if (pane.plane === undefined || this.#voxel === undefined || this.#reader === undefined) return;
      const { through, flipThrough } = pane.plane;
      const place = Number(slider.value);
      this.#move(withAxis(this.#voxel, through, flipThrough ? this.#reader.image.levels[0].size[through] - 1 - place : place));
    });
    const point = (event: PointerEvent): void => {
      if (pane.plane === undefined || this.#voxel === undefined || this.#reader === undefined) return;
      const box = canvas.getBoundingClientRect();
      const extent = planeExtent(this.#reader.image, pane.plane);
      this.#move(voxelAt(this.#reader.image, pane.plane, [((event.clientX - box.left) / box.width) * extent[0], ((event.clientY - box.top) / box.height) * extent[1]], this.#voxel[pane.plane.through]));
    };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      point(event);
    });
    canvas.addEventListener('pointermove', (event) => { if (canvas.hasPointerCapture(event.pointerId)) point(event); });
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      slider.value = String(Number(slider.value) + (event.deltaY < 0 ? 1 : -1));
      slider.dispatchEvent(new Event('input'));
    }, { passive: false });
    return pane;
  }

  async #readAll(): Promise<void> {
    this.element.setAttribute('aria-busy', 'true');
    await Promise.all(this.#panes.map((pane) => this.#read(pane)));
    if (this.#panes.every(({ read }) => read !== undefined)) this.element.removeAttribute('aria-busy');
  }

  async #read(pane: Pane): Promise<void> {
    const [reader, shown, voxel, plane] = [this.#reader, this.#shown, this.#voxel, pane.plane];
    if (reader === undefined || shown === undefined || voxel === undefined || plane === undefined) return;
    pane.reading.abort();
    pane.reading = new AbortController();
    const { signal } = pane.reading;
    const depth = Math.round(voxel[plane.through]);
    const labels = shown.atlas;
    try {
      const [back, over, atlas] = await Promise.all([
        reader.read(plane, depth, undefined, false, signal),
        shown.layer.kind === 'image' ? reader.read(plane, depth, shown.layer.ref, true, signal) : undefined,
        labels === undefined ? undefined : reader.read(plane, depth, labels.ref, false, signal),
      ]);
      if (signal.aborted) return;
      pane.read = { back, over, labels: atlas };
      this.#window = percentileWindow(this.#panes.flatMap(({ read }) => (read === undefined ? [] : [read.back.values])), 1, 99.8);
      this.#draw(pane);
      this.#tell();
    } catch (error) {
      if (reportError(error).code !== 'cancelled') this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const { message, hint } = reportError(error);
    this.element.removeAttribute('aria-busy');
    this.#says.textContent = `${message}${hint === undefined ? '' : ` ${hint}`}`;
  }

  #draw(pane: Pane): void {
    const [reader, shown, voxel] = [this.#reader, this.#shown, this.#voxel];
    const { plane, read, canvas } = pane;
    if (reader === undefined || shown === undefined || voxel === undefined || plane === undefined || read === undefined) return;
    const extent = planeExtent(reader.image, plane);
    canvas.style.aspectRatio = `${extent[0]} / ${extent[1]}`;
    const width = canvas.clientWidth;
    if (width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round((width * ratio * extent[1]) / extent[0]);
    const context = canvas.getContext('2d');
    if (context === null) return;
    const { back, over, labels } = read;
    const picture = new OffscreenCanvas(back.width, back.height);
    const inner = picture.getContext('2d');
    if (inner === null) return;
    const pixels = inner.createImageData(back.width, back.height);
    const gain = 255 / (this.#window.high - this.#window.low || 1);
    for (let i = 0; i < back.values.length; i++) {
      const gray = Math.min(255, Math.max(0, (back.values[i] - this.#window.low) * gain));
      const colour = mapColour(shown.scale, this.#valueAt(over, labels, i), shown.range);
      const share = colour === undefined ? 0 : shown.opacity;
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = gray * (1 - share) + (colour?.[c] ?? 0) * share;
      pixels.data[4 * i + 3] = 255;
    }
    inner.putImageData(pixels, 0, 0);
    context.imageSmoothingEnabled = shown.layer.kind === 'image';
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const [sx, sy] = [canvas.width / back.width, canvas.height / back.height];
    if (shown.outlines && labels !== undefined) {
      context.strokeStyle = 'rgb(255 255 255 / 0.55)';
      context.lineWidth = ratio;
      context.beginPath();
      for (const line of borderLines(labels.values, labels.width, labels.height)) {
        context.moveTo(line.x0 * sx, line.y0 * sy);
        context.lineTo(line.x1 * sx, line.y1 * sy);
      }
      context.stroke();
    }
    const [x, y] = pictureOf(reader.image, plane, voxel);
    context.strokeStyle = 'rgb(90 200 255 / 0.8)';
    context.lineWidth = ratio;
    context.beginPath();
    const [cx, cy] = [(x / extent[0]) * canvas.width, (y / extent[1]) * canvas.height];
    context.moveTo(cx, 0);
    context.lineTo(cx, canvas.height);
    context.moveTo(0, cy);
    context.lineTo(canvas.width, cy);
    context.stroke();
    context.fillStyle = 'white';
    context.font = `${11 * ratio}px sans-serif`;
    context.textBaseline = 'middle';
    context.fillText(plane.letters.left, 4 * ratio, canvas.height / 2 - 9 * ratio);
    context.textAlign = 'right';
    context.fillText(plane.letters.right, canvas.width - 4 * ratio, canvas.height / 2 - 9 * ratio);
    context.textAlign = 'center';
    context.fillText(plane.letters.top, canvas.width / 2 + 10 * ratio, 9 * ratio);
    context.fillText(plane.letters.bottom, canvas.width / 2 + 10 * ratio, canvas.height - 9 * ratio);
    const axis = { axial: 2, coronal: 1, sagittal: 0 }[plane.plane];
    pane.words.textContent = `${millimetresOf(reader.image, voxel)[axis].toFixed(2)} mm`;
  }

  /** The scaled value of a pixel. */
  #valueAt(over: PlaneValues | undefined, labels: PlaneValues | undefined, i: number): number {
    const shown = this.#shown;
    if (shown === undefined) return NaN;
    if (shown.layer.kind === 'image') return over === undefined ? NaN : scaled(shown.scale, over.values[i]);
    const value = labels === undefined ? undefined : shown.layer.values.get(labels.values[i]);
    return value === undefined ? NaN : scaled(shown.scale, value);
  }

  /** Says what is at the point. */
  #tell(): void {
    const [reader, shown, voxel] = [this.#reader, this.#shown, this.#voxel];
    const pane = this.#panes.find(({ read }) => read !== undefined);
    if (reader === undefined || shown === undefined || voxel === undefined || pane?.read === undefined || pane.plane === undefined) return;
    const { plane, read } = pane;
    const level = reader.image.levels[reader.level];
    const along = (axis: VoxelAxis, flip: boolean): number => {
      const at = Math.min(level.size[axis] - 1, Math.max(0, Math.round(voxel[axis] * level.factor[axis] + level.shift[axis])));
      return flip ? level.size[axis] - 1 - at : at;
    };
    const i = along(plane.up, !plane.flipUp) * read.back.width + along(plane.across, plane.flipAcross);
    const label = read.labels?.values[i];
    const value = shown.layer.kind === 'image' ? read.over?.values[i] : shown.layer.values.get(label ?? 0);
    const region = label === undefined || label === 0 ? undefined : shown.atlas?.names.get(label);
    const [x, y, z] = millimetresOf(reader.image, voxel).map((mm) => mm.toFixed(2));
    this.#says.textContent = [value === undefined || !Number.isFinite(value) ? 'no value here' : valueWords(value, shown.unit), ...(region === undefined ? [] : [region]), `x ${x}, y ${y}, z ${z} mm`].join('; ');
  }

  #drawBar(): void {
    const shown = this.#shown;
    if (shown === undefined) return;
    const ratio = window.devicePixelRatio || 1;
    const [left, height] = [26, barThickness + 20];
    const width = barLength + 2 * left + 90;
    this.#bar.width = width * ratio;
    this.#bar.height = height * ratio;
    this.#bar.style.width = `${width}px`;
    this.#bar.style.height = `${height}px`;
    const context = this.#bar.getContext('2d');
    if (context === null) return;
    context.scale(ratio, ratio);
    const style = getComputedStyle(document.body);
    const text = style.getPropertyValue('--vscode-foreground').trim() || '#888';
    for (let x = 0; x < barLength; x++) {
      const colour = mapColour(shown.scale, barValue(shown.scale, shown.range, x / (barLength - 1)), shown.range);
      context.fillStyle = colour === undefined ? 'rgb(60 60 60)' : `rgb(${colour.map(Math.round).join(' ')})`;
      context.fillRect(left + x, 0, 1, barThickness);
    }
    context.strokeStyle = text;
    context.lineWidth = 1;
    context.strokeRect(left - 0.5, 0.5, barLength + 1, barThickness - 1);
    context.fillStyle = text;
    context.font = '11px sans-serif';
    context.textAlign = 'center';
    const ticks = barTicks(shown.scale, shown.range);
    for (const { place, words } of ticks) {
      context.fillRect(left + place * barLength - 0.5, barThickness, 1, 3);
      context.fillText(words, left + place * barLength, barThickness + 14);
    }
    context.textAlign = 'left';
    context.fillText(shown.unit, left + barLength + 22, 10);
    this.#bar.setAttribute('aria-label', `Colours from ${ticks[0]?.words ?? ''} to ${ticks.at(-1)?.words ?? ''} ${shown.unit}`);
  }
}

/** `1.2 %`, but `p = 0.03`: statistics have a letter instead of a unit. */
function valueWords(value: number, unit: string): string {
  return /^[a-z]$/.test(unit) ? `${unit} = ${shortNumber(value)}` : `${shortNumber(value)}${unit === '' ? '' : ` ${unit}`}`;
}

function withAxis(voxel: Triple, axis: VoxelAxis, place: number): Triple {
  const next: [number, number, number] = [voxel[0], voxel[1], voxel[2]];
  next[axis] = place;
  return next;
}
