import { pieceBytes, pieceSpan, pieceValues, planeAxes, type ImageRef, type PieceAddress, type PieceValues, type PlaneName, type Triple, type ViewedImage, type ViewedPlane } from '../../runner/protocol/imageView.ts';
import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { Requests } from '../../runner/protocol/rpc.ts';
import type { Asker } from '../kit/asker.ts';
import { chooseLevel, clampVoxel, fittingScale, fromPane, levelCentre, levelIndex, millimetresOf, pictureOf, piecesOf, planeExtent, visibleVoxels, voxelAt, voxelOf, type ChosenLevel, type PanePoint, type PicturePoint, type Viewport } from './geometry.ts';
import type { ImageQuestions } from './messages.ts';
import { keyOf, Overlays } from './overlays.ts';
import { PieceStore, type PieceWish } from './pieces.ts';
import type { OverlayState, ViewState } from './viewState.ts';
import { percentileWindow, type Window } from './windowing.ts';

/** A pane as the viewer sees it. */
export interface ShownPane {
  readonly plane: ViewedPlane;
  readonly width: number;
  readonly height: number;
}

/** What the viewer tells. */
export interface ViewerEvents {
  /** Something that is shown has changed. */
  readonly onChange: () => void;
  /** The state has changed: keep it. */
  readonly onState: (state: ViewState) => void;
  /** The user has moved to a point, in RAS millimetres. */
  readonly onMoved: (point: Triple) => void;
}

/** Voxels of a plane's neighbours that are fetched ahead of scrolling, in bytes, and how many neighbours. */
const aheadBytes = 6 * 1024 * 1024;
const ahead = 3;
/** Pixels that a voxel of the finest level covers at most. */
const largestVoxel = 80;

/** An image, how it is shown, and the pieces of it that are there. Knows nothing of elements. */
export class Viewer {
  readonly ref: ImageRef;
  readonly image: ViewedImage;
  readonly store: PieceStore;
  readonly overlays: Overlays;
  readonly #events: ViewerEvents;
  #state: ViewState;
  #panes: readonly ShownPane[] = [];
  /** The level of the first picture: there quickly, wherever one scrolls to. */
  readonly #quickLevel: number;
  /** Which way one scrolled last, and where. */
  #travel: { readonly plane: PlaneName; readonly direction: 1 | -1 } = { plane: 'axial', direction: 1 };
  /** The pane that the pointer is in, and its place from the upper left corner, in pixels; undefined: it is in none. */
  pointer: { readonly plane: PlaneName; readonly at: PanePoint } | undefined;

  constructor(ref: ImageRef, answer: Requests['image.open']['result'], state: ViewState, asker: Asker<ImageQuestions>, events: ViewerEvents) {
    this.ref = ref;
    this.image = answer.image;
    this.#events = events;
    this.#state = state;
    this.overlays = new Overlays(asker, () => { this.#changed(); });
    this.store = new PieceStore({
      onChange: () => { this.#changed(); },
      fetch: ({ source, address, channels }, signal) => {
        if (source === 0) return asker.ask('image.piece', { image: ref, piece: address, channels }, signal);
        const overlay = this.#overlayOf(source);
        return asker.ask('image.piece', { image: overlay.ref, piece: address, channels, over: ref, ...(overlay.kind === 'map' ? { smooth: true } : {}) }, signal);
      },
    });
    let from = 0;
    for (const { channels, width, height, ...address } of answer.pieces) {
      for (const channel of channels) {
        this.store.put(0, addressOf(address), channel, pieceValues(answer.image.pieceType, answer.bytes, from, width * height));
        from += width * height;
      }
    }
    this.#quickLevel = answer.pieces.at(0)?.level ?? answer.image.levels.length - 1;
    this.#state = this.#withWindows(state);
  }

  get state(): ViewState {
    return this.#state;
  }

  update(change: Partial<ViewState>): void {
    this.#state = this.#withWindows({ ...this.#state, ...change });
    this.#events.onState(this.#state);
    this.#changed();
  }

  /** Which panes there are, and how large. */
  setPanes(panes: readonly ShownPane[]): void {
    this.#panes = panes;
    this.#wish();
  }

  /** Pixels of the page per millimetre. */
  get scale(): number {
    return fittingScale(this.image, this.#panes) * this.#state.zoom;
  }

  viewport({ plane, width, height }: ShownPane): Viewport {
    const [across, down] = planeExtent(this.image, plane);
    return { width, height, scale: this.scale, centre: this.#state.centres[plane.plane] ?? [across / 2, down / 2] };
  }

  /** Channels whose voxels are needed: those that are seen, and the one that the threshold is for. */
  get neededChannels(): readonly number[] {
    const { channels, threshold } = this.#state;
    return channels.flatMap(({ visible }, i) => (visible || (threshold.shown && threshold.channel === i) ? [i] : []));
  }

  /** The level that a pane shows when all has come; undefined: even the coarsest would take too long. */
  levelOf(pane: ShownPane): ChosenLevel | undefined {
    const { levels } = this.image;
    const slab = this.#slabVoxels(pane.plane);
    const { level } = this.#state;
    const wanted = level === undefined || levels[level] === undefined ? undefined : level;
    return chooseLevel(this.image, pane.plane, this.viewport(pane), window.devicePixelRatio, this.neededChannels.length, slab, wanted);
  }

  /** Thickness of the slab in voxels of level 0; 1: the plane itself. */
  #slabVoxels({ through }: ViewedPlane): number {
    return Math.max(1, Math.round(this.#state.slab / this.image.levels[0].voxelSize[through]));
  }

  /** Voxel index and thickness of a plane at a level. */
  planeAt(plane: ViewedPlane, level: number, step = 0): { readonly index: number; readonly slab: number } {
    const { through } = plane;
    const shown = this.image.levels[level];
    const place = this.#state.position[through] + step;
    return { index: levelIndex(shown, through, place), slab: Math.max(1, Math.round(this.#slabVoxels(plane) * shown.factor[through])) };
  }

  /** Pieces that a pane needs at a level. */
  piecesOf(pane: ShownPane, level: number, step = 0): readonly PieceAddress[] {
    const shown = this.image.levels[level];
    const rect = visibleVoxels(this.image, pane.plane, this.viewport(pane), shown);
    if (rect === undefined) return [];
    const { index, slab } = this.planeAt(pane.plane, level, step);
    return piecesOf(shown, level, pane.plane, rect, index, slab);
  }

  /** Whether all that a pane needs at a level is there. */
  isComplete(pane: ShownPane, level: number): boolean {
    return this.piecesOf(pane, level).every((address) => this.neededChannels.every((channel) => this.store.get(0, address, channel) !== undefined));
  }

  /** The finest level, coarser than `level`, that a pane can show in the meantime; undefined: none. */
  meanwhile(pane: ShownPane, level: number): number | undefined {
    for (let coarser = level + 1; coarser < this.image.levels.length; coarser++) {
      const pieces = this.piecesOf(pane, coarser);
      if (pieces.length > 0 && pieces.some((address) => this.neededChannels.some((channel) => this.store.get(0, address, channel) !== undefined))) return coarser;
    }
    return undefined;
  }

  /** The value of a channel (of source 0) or overlay at a voxel of level 0, of the finest level that is there; undefined: none is. */
  valueAt(source: number, channel: number, plane: ViewedPlane, voxel: Triple): { readonly value: number; readonly level: number } | undefined {
    const pane = this.#panes.find((each) => each.plane.plane === plane.plane);
    const first = pane === undefined ? 0 : this.levelOf(pane)?.level ?? this.image.levels.length - 1;
    for (let level = first; level < this.image.levels.length; level++) {
      const shown = this.image.levels[level];
      const at = ([0, 1, 2] as const).map((axis) => levelIndex(shown, axis, voxel[axis]));
      const [lower, higher] = planeAxes(plane.through);
      const [x, y] = [Math.floor(at[lower] / shown.piece[lower]), Math.floor(at[higher] / shown.piece[higher])];
      const address: PieceAddress = { level, axis: plane.through, x, y, ...this.planeAt(plane, level) };
      const values = this.store.get(source, address, channel);
      if (values === undefined) continue;
      const width = pieceSpan(shown, lower, x).count;
      return { value: values[at[lower] - x * shown.piece[lower] + width * (at[higher] - y * shown.piece[higher])], level };
    }
    return undefined;
  }

  /** The name of the atlas region at a voxel, where a parcellation is at hand. */
  regionAt(plane: ViewedPlane, voxel: Triple): { readonly label: number; readonly name: string } | undefined {
    const labels = this.#labels();
    if (labels === undefined) return undefined;
    const { source, regions } = this.overlays.get(labels);
    const found = this.valueAt(source, 0, plane, voxel);
    if (found === undefined || found.value === 0) return undefined;
    return { label: found.value, name: regions?.get(found.value)?.name ?? `region ${found.value}` };
  }

  /** The parcellation that names regions: one that is laid over the image, else the first of the participant's. */
  #labels(): OverlayState | undefined {
    const used = this.#state.overlays.find(({ kind }) => kind === 'labels');
    if (used !== undefined) return used;
    const related = this.overlays.related?.find(({ kind, table }) => kind === 'labels' && table !== undefined);
    return related === undefined ? undefined : { ref: { uri: related.uri, storage: related.storage }, title: related.title, kind: 'labels', table: related.table, visible: false, opacity: 0.5, fill: false };
  }

  #overlayOf(source: number): OverlayState {
    const key = this.overlays.bySource(source)?.key;
    const named = this.#labels();
    const found = [...this.#state.overlays, ...(named === undefined ? [] : [named])].find(({ ref }) => keyOf(ref) === key);
    if (found === undefined) throw new Error(`There is no overlay ${source}.`);
    return found;
  }

  /** Why an overlay, or a part of it that is wanted, is not there; undefined: it is, or is coming. */
  overlayProblem(overlay: OverlayState): ErrorReport | undefined {
    const { source, error } = this.overlays.get(overlay);
    if (error !== undefined) return error;
    for (const pane of this.#panes) {
      const level = this.levelOf(pane)?.level;
      if (level === undefined) continue;
      for (const address of this.piecesOf(pane, level)) {
        const failure = this.store.failure(source, address, 0);
        if (failure !== undefined) return failure;
      }
    }
    return undefined;
  }

  /** Why something that is wanted in the panes is not there; undefined: it is, or is coming. */
  trouble(): ErrorReport | undefined {
    for (const pane of this.#panes) {
      const level = this.levelOf(pane)?.level;
      if (level === undefined) continue;
      for (const address of this.piecesOf(pane, level)) {
        for (const channel of this.neededChannels) {
          const failure = this.store.failure(0, address, channel);
          if (failure !== undefined) return failure;
        }
      }
    }
    return undefined;
  }

  /** Asks again for all that could not be had. */
  retry(): void {
    this.store.retry();
    for (const { ref } of this.overlays.failed()) this.overlays.forget(ref);
    this.#changed();
  }

  /** Asks again for an overlay that could not be had. */
  retryOverlay({ ref }: OverlayState): void {
    this.overlays.forget(ref);
    this.#changed();
  }

  /** Moves to a voxel of level 0, and tells linked views. */
  moveTo(voxel: Triple, tell = true): void {
    const position = clampVoxel(this.image, voxel);
    this.update({ position });
    if (tell && this.#state.linked) this.#events.onMoved(millimetresOf(this.image, position));
  }

  /** Another view has moved: this one follows, as far as it reaches. */
  follow(point: Triple): void {
    if (this.#state.linked) this.moveTo(voxelOf(this.image, point), false);
  }

  /** What the pointer is over, as the planes are now: they move, and are zoomed, under a pointer that rests. Undefined: nothing. */
  get pointed(): { readonly plane: ViewedPlane; readonly voxel: Triple } | undefined {
    const { pointer } = this;
    const pane = pointer === undefined ? undefined : this.#panes.find(({ plane }) => plane.plane === pointer.plane);
    if (pointer === undefined || pane === undefined) return undefined;
    const point = fromPane(this.viewport(pane), pointer.at);
    const isOutside = planeExtent(this.image, pane.plane).some((extent, axis) => point[axis] < 0 || point[axis] > extent);
    return isOutside ? undefined : { plane: pane.plane, voxel: voxelAt(this.image, pane.plane, point, this.#state.position[pane.plane.through]) };
  }

  /** Scrolls by voxels of what is shown, towards the subject's right, front or top. */
  scroll(plane: ViewedPlane, steps: number): void {
    if (steps === 0) return;
    const { through, flipThrough } = plane;
    const level = this.image.levels[this.#scrollLevel(plane)];
    const direction = flipThrough ? -1 : 1;
    const index = levelIndex(level, through, this.#state.position[through]) + steps * direction;
    const position: [number, number, number] = [...this.#state.position];
    position[through] = levelCentre(level, through, Math.min(level.size[through] - 1, Math.max(0, index)));
    this.#travel = { plane: plane.plane, direction: steps * direction > 0 ? 1 : -1 };
    this.moveTo(position);
  }

  /** Voxels that one scrolls by: those of the level that is shown. */
  #scrollLevel({ plane }: ViewedPlane): number {
    const pane = this.#panes.find((each) => each.plane.plane === plane);
    return pane === undefined ? 0 : this.levelOf(pane)?.level ?? 0;
  }

  /** Place among the slices that one scrolls through, counted from the subject's left, back or bottom. */
  sliceOf(plane: ViewedPlane): { readonly index: number; readonly count: number } {
    const { size } = this.image.levels[this.#scrollLevel(plane)];
    const { index } = this.planeAt(plane, this.#scrollLevel(plane));
    return { index: plane.flipThrough ? size[plane.through] - 1 - index : index, count: size[plane.through] };
  }

  /** Zooms so that the point under the pointer stays where it is; in the other panes, where the planes meet. */
  zoomBy(factor: number, pane?: ShownPane, point?: PicturePoint): void {
    const fit = fittingScale(this.image, this.#panes);
    const finest = Math.min(...this.image.levels[0].voxelSize);
    const zoom = Math.min(Math.max(1, largestVoxel / finest / fit), Math.max(0.25, this.#state.zoom * factor));
    const centres: Partial<Record<PlaneName, PicturePoint>> = {};
    for (const plane of this.image.planes) {
      const [across, down] = planeExtent(this.image, plane);
      const centre = this.#state.centres[plane.plane] ?? [across / 2, down / 2];
      const still = pane?.plane.plane === plane.plane && point !== undefined ? point : pictureOf(this.image, plane, this.#state.position);
      const share = this.#state.zoom / zoom;
      centres[plane.plane] = zoom === 1 ? [across / 2, down / 2] : [still[0] + (centre[0] - still[0]) * share, still[1] + (centre[1] - still[1]) * share];
    }
    this.update({ zoom, centres });
  }

  panBy(pane: ShownPane, right: number, down: number): void {
    const { centre, scale } = this.viewport(pane);
    this.update({ centres: { ...this.#state.centres, [pane.plane.plane]: [centre[0] - right / scale, centre[1] - down / scale] } });
  }

  /** Shows the whole image again, its middle, at its own pace. Colours and overlays stay. */
  reset(): void {
    const { size } = this.image.levels[0];
    this.update({ zoom: 1, centres: {}, level: undefined, slab: 0, position: [(size[0] - 1) / 2, (size[1] - 1) / 2, (size[2] - 1) / 2] });
  }

  /** Fits the planes into their panes again; where they cross stays. */
  fit(): void {
    this.update({ zoom: 1, centres: {} });
  }

  /** Shows the maximum over a slab of a tenth of the image's shortest side, or the planes themselves again. */
  toggleSlab(): void {
    const { size, voxelSize } = this.image.levels[0];
    const side = Math.min(...size.map((n, axis) => n * voxelSize[axis]));
    this.update({ slab: this.#state.slab > 0 ? 0 : Number((side / 10).toPrecision(2)) });
  }

  /** A window from what is shown of a channel; undefined: nothing is. */
  autoWindow(channel: number): Window | undefined {
    const parts = this.#shownValues(channel);
    return parts.length === 0 ? undefined : percentileWindow(parts);
  }

  /** Values of a channel in all panes, of the finest level that is there. */
  #shownValues(channel: number): readonly PieceValues[] {
    const of = (pane: ShownPane, level: number): readonly PieceValues[] => this.piecesOf(pane, level).flatMap((address) => this.store.get(0, address, channel) ?? []);
    return this.#panesOrAll().flatMap((pane) => {
      const first = this.levelOf(pane)?.level ?? this.#quickLevel;
      for (let level = first; level < this.image.levels.length; level++) {
        const parts = of(pane, level);
        if (parts.length > 0) return parts;
      }
      return of(pane, this.#quickLevel);
    });
  }

  /** Before there are panes, all of each plane. */
  #panesOrAll(): readonly ShownPane[] {
    return this.#panes.length > 0 ? this.#panes : this.image.planes.map((plane) => ({ plane, width: 400, height: 400 }));
  }

  /** Share of the voxels of a pane that are at or above the threshold; undefined while not all are there. */
  shareAbove(pane: ShownPane): number | undefined {
    const { threshold } = this.#state;
    const level = this.levelOf(pane)?.level;
    if (level === undefined || threshold.value === undefined) return undefined;
    const parts = this.piecesOf(pane, level).map((address) => this.store.get(0, address, threshold.channel));
    let above = 0, all = 0;
    for (const values of parts) {
      if (values === undefined) return undefined;
      for (let i = 0; i < values.length; i++) above += Number(values[i] >= threshold.value);
      all += values.length;
    }
    return all === 0 ? undefined : above / all;
  }

  /** Gives windows to channels that have none yet, and a value to a threshold that is shown. */
  #withWindows(state: ViewState): ViewState {
    const { threshold } = state;
    const channels = state.channels.map((channel, i) => {
      if (channel.window !== undefined) return channel;
      const window = this.autoWindow(i);
      return window === undefined ? channel : { ...channel, window };
    });
    if (!threshold.shown || threshold.value !== undefined) return { ...state, channels };
    const parts = this.#shownValues(threshold.channel);
    if (parts.length === 0) return { ...state, channels };
    const { low } = percentileWindow(parts, 99, 100);
    return { ...state, channels, threshold: { ...threshold, value: this.isCounted ? Math.round(low) : Number(low.toPrecision(3)) } };
  }

  /** Whether values are whole numbers. */
  get isCounted(): boolean {
    return this.image.pieceType !== 'float32';
  }

  #changed(): void {
    const filled = this.#withWindows(this.#state);
    if (filled.channels.some((channel, i) => channel !== this.#state.channels[i]) || filled.threshold !== this.#state.threshold) {
      this.#state = filled;
      this.#events.onState(filled);
    }
    this.#wish();
    this.#events.onChange();
  }

  /** Sets what is to come, in this order: something to see in every pane, all of it, what lies over it, the names of regions, what is scrolled to next. */
  #wish(): void {
    const channels = this.neededChannels;
    const levels = this.#panes.map((pane) => ({ pane, level: this.levelOf(pane)?.level }));
    const wish = (source: number, which: readonly number[]) => (address: PieceAddress): PieceWish => ({ source, address, channels: which });
    const quick = levels.flatMap(({ pane, level }) => {
      const coarse = this.#quickLevel;
      return level !== undefined && coarse > level && !this.isComplete(pane, level) ? this.piecesOf(pane, coarse).map(wish(0, channels)) : [];
    });
    // The plane that is scrolled through first.
    const ordered = [...levels].sort((a, b) => Number(b.pane.plane.plane === this.#travel.plane) - Number(a.pane.plane.plane === this.#travel.plane));
    const whole = ordered.flatMap(({ pane, level }) => (level === undefined ? [] : this.piecesOf(pane, level).map(wish(0, channels))));
    const over = (overlay: OverlayState): readonly PieceWish[] => {
      const { source, info } = this.overlays.get(overlay);
      return info === undefined ? [] : ordered.flatMap(({ pane, level }) => (level === undefined ? [] : this.piecesOf(pane, level).map(wish(source, [0]))));
    };
    const labels = this.#labels();
    const overlays = this.#state.overlays.filter(({ visible }) => visible).flatMap(over);
    const names = labels === undefined || this.#state.overlays.some(({ ref, visible }) => visible && keyOf(ref) === keyOf(labels.ref)) ? [] : over(labels);
    this.store.want([...quick, ...whole, ...overlays, ...names, ...this.#neighbours(channels)]);
  }

  #neighbours(channels: readonly number[]): readonly PieceWish[] {
    const pane = this.#panes.find(({ plane }) => plane.plane === this.#travel.plane) ?? this.#panes.at(0);
    const level = pane === undefined ? undefined : this.levelOf(pane)?.level;
    if (pane === undefined || level === undefined) return [];
    const shown = this.image.levels[level];
    const wishes: PieceWish[] = [];
    let bytes = 0;
    for (const step of [1, 2, -1, 3].slice(0, ahead + 1)) {
      const addresses = this.piecesOf(pane, level, (step * this.#travel.direction) / shown.factor[pane.plane.through]);
      bytes += addresses.reduce((sum, { axis, x, y }) => {
        const [lower, higher] = planeAxes(axis);
        return sum + pieceSpan(shown, lower, x).count * pieceSpan(shown, higher, y).count * pieceBytes(this.image.pieceType) * channels.length;
      }, 0);
      if (bytes > aheadBytes) break;
      wishes.push(...addresses.map((address) => ({ source: 0, address, channels })));
    }
    return wishes;
  }
}

function addressOf({ level, axis, index, x, y, slab }: PieceAddress): PieceAddress {
  return { level, axis, index, x, y, slab };
}
