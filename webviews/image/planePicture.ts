import { pieceSpan, planeAxes, type PieceAddress, type ViewedImage, type ViewedLevel, type ViewedPlane, type VoxelAxis } from '../../runner/protocol/imageView.ts';
import { levelCentre, toPane, visibleVoxels, type PicturePoint, type Viewport, type VoxelRect } from './geometry.ts';
import { borderLines, paintPiece, type BorderLine, type ChannelValues, type Mark, type OverlayValues, type PlacedPiece } from './paint.ts';
import type { ShownPane, Viewer } from './viewer.ts';
import { colorTable, parseColor, type ColorTable, type Rgb } from './windowing.ts';

const white: Rgb = [255, 255, 255];
/** Of masks and thresholds: stands out against every colour of a channel. */
export const markColor: Rgb = [255, 149, 0];

/** Where a piece lies in the picture of a rectangle of voxels; undefined: it does not. */
export function placePiece(level: ViewedLevel, { across, up, flipAcross, flipUp, through }: ViewedPlane, rect: VoxelRect, piece: PieceAddress): PlacedPiece | undefined {
  const [lower] = planeAxes(through);
  const acrossIsLower = across === lower;
  const a = pieceSpan(level, across, acrossIsLower ? piece.x : piece.y);
  const u = pieceSpan(level, up, acrossIsLower ? piece.y : piece.x);
  const row = acrossIsLower ? a.count : u.count;
  const [left, right] = [Math.max(a.start, rect.across[0]), Math.min(a.start + a.count - 1, rect.across[1])];
  const [low, high] = [Math.max(u.start, rect.up[0]), Math.min(u.start + u.count - 1, rect.up[1])];
  if (right < left || high < low) return undefined;
  const [acrossStep, upStep] = acrossIsLower ? [1, row] : [row, 1];
  return {
    rect: {
      x: flipAcross ? rect.across[1] - right : left - rect.across[0],
      y: flipUp ? low - rect.up[0] : rect.up[1] - high,
      width: right - left + 1, height: high - low + 1,
    },
    base: ((flipAcross ? right : left) - a.start) * acrossStep + ((flipUp ? low : high) - u.start) * upStep,
    across: flipAcross ? -acrossStep : acrossStep,
    down: flipUp ? upStep : -upStep,
  };
}

/** Where the picture of a rectangle of voxels lies, in millimetres of the plane: its upper left corner and its size. */
export function rectPlace({ levels }: ViewedImage, plane: ViewedPlane, level: ViewedLevel, rect: VoxelRect): { readonly corner: PicturePoint; readonly size: PicturePoint } {
  const { size, voxelSize } = levels[0];
  const along = (axis: VoxelAxis, [first, last]: readonly [number, number], backwards: boolean): readonly [number, number] => {
    const half = 0.5 / level.factor[axis];
    const ends = [levelCentre(level, axis, first) - half, levelCentre(level, axis, last) + half].map((place) => ((backwards ? size[axis] - 1 - place : place) + 0.5) * voxelSize[axis]);
    return [Math.min(...ends), Math.max(...ends)];
  };
  const [x0, x1] = along(plane.across, rect.across, plane.flipAcross);
  const [y0, y1] = along(plane.up, rect.up, !plane.flipUp);
  return { corner: [x0, y0], size: [x1 - x0, y1 - y0] };
}

/** A picture of what a pane shows at one level, painted anew only when something in it has changed. */
export class PlanePicture {
  readonly canvas = document.createElement('canvas');
  readonly #tables = new Map<string, ColorTable>();
  #signature = '';
  #place: { readonly corner: PicturePoint; readonly size: PicturePoint } | undefined;
  /** Borders of labels, in pixels of the picture. */
  #lines: readonly { readonly color: Rgb; readonly opacity: number; readonly lines: readonly BorderLine[] }[] = [];

  /** Paints what is there; false: nothing is. */
  paint(viewer: Viewer, pane: ShownPane, level: number, view: Viewport): boolean {
    const { image, state, store } = viewer;
    const shown = image.levels[level];
    const rect = visibleVoxels(image, pane.plane, view, shown);
    if (rect === undefined) return false;
    const pieces = viewer.piecesOf(pane, level);
    const present = pieces.map((address) => viewer.neededChannels.map((channel) => Number(store.get(0, address, channel) !== undefined)).join(''));
    if (!present.some((each) => each.includes('1'))) return false;
    const overlays = state.overlays.filter(({ visible }) => visible);
    const over = overlays.map((overlay) => ({ overlay, open: viewer.overlays.get(overlay) }));
    const presentOver = over.map(({ open }) => pieces.map((address) => Number(store.get(open.source, address, 0) !== undefined)).join(''));
    const signature = JSON.stringify([pane.plane.plane, level, rect, viewer.planeAt(pane.plane, level), present, state.channels, state.threshold, overlays, presentOver]);
    this.#place = rectPlace(image, pane.plane, shown, rect);
    if (signature === this.#signature) return true;
    const [width, height] = [rect.across[1] - rect.across[0] + 1, rect.up[1] - rect.up[0] + 1];
    this.#signature = signature;
    [this.canvas.width, this.canvas.height] = [width, height];
    const context = this.canvas.getContext('2d');
    if (context === null) return false;
    const pixels = context.createImageData(width, height);
    const picture = new Uint32Array(pixels.data.buffer);
    const labels = over.map(({ overlay }) => (overlay.kind === 'labels' ? new Uint32Array(width * height) : undefined));
    for (const address of pieces) {
      const placed = placePiece(shown, pane.plane, rect, address);
      if (placed === undefined) continue;
      const channels = state.channels.flatMap(({ visible, window, color }, i): readonly ChannelValues[] => {
        const values = visible && window !== undefined ? store.get(0, address, i) : undefined;
        return values === undefined || window === undefined ? [] : [{ values, table: this.#table(i, image.pieceType, window, color) }];
      });
      const overlaid = over.flatMap(({ overlay, open }): readonly OverlayValues[] => {
        const values = store.get(open.source, address, 0);
        return values === undefined ? [] : [{ kind: overlay.kind, values, opacity: overlay.opacity, fill: overlay.fill, color: markColor, labelColor: viewer.overlays.labelColor(overlay.ref), window: open.window }];
      });
      const marked = mark(viewer, address);
      // Nothing of it has come: what is below shows through.
      if (channels.length === 0 && overlaid.length === 0 && marked === undefined && state.channels.some(({ visible }) => visible)) continue;
      paintPiece(picture, width, placed, channels, overlaid, marked);
      over.forEach(({ open }, i) => {
        const [target, values] = [labels[i], store.get(open.source, address, 0)];
        if (target !== undefined && values !== undefined) copyPlaced(values, placed, target, width);
      });
    }
    context.putImageData(pixels, 0, 0);
    this.#lines = over.flatMap(({ overlay }, i) => {
      const found = labels[i];
      if (found === undefined) return [];
      const color = viewer.overlays.labelColor(overlay.ref);
      const byLabel = Map.groupBy(borderLines(found, width, height), ({ label }) => label);
      return [...byLabel].map(([label, lines]) => ({ color: color(label), opacity: Math.min(1, overlay.opacity + 0.3), lines }));
    });
    return true;
  }

  /** Bytes of the picture. */
  get bytes(): number {
    return 4 * this.canvas.width * this.canvas.height;
  }

  /** Draws the picture where it belongs. */
  draw(context: CanvasRenderingContext2D, view: Viewport, smooth: boolean): void {
    if (this.#place === undefined) return;
    const { corner, size } = this.#place;
    const [x, y] = toPane(view, corner);
    context.imageSmoothingEnabled = smooth;
    context.imageSmoothingQuality = 'medium';
    context.drawImage(this.canvas, x, y, size[0] * view.scale, size[1] * view.scale);
  }

  /** Draws the borders of labels, as thin at every zoom. */
  drawLines(context: CanvasRenderingContext2D, view: Viewport): void {
    if (this.#place === undefined) return;
    const { corner, size } = this.#place;
    const [x, y] = toPane(view, corner);
    const [sx, sy] = [(size[0] * view.scale) / this.canvas.width, (size[1] * view.scale) / this.canvas.height];
    context.lineWidth = 1.25;
    context.lineCap = 'square';
    for (const { color, opacity, lines } of this.#lines) {
      context.strokeStyle = `rgb(${color.join(' ')} / ${opacity})`;
      context.beginPath();
      for (const line of lines) {
        context.moveTo(x + line.x0 * sx, y + line.y0 * sy);
        context.lineTo(x + line.x1 * sx, y + line.y1 * sy);
      }
      context.stroke();
    }
  }

  #table(channel: number, type: ViewedImage['pieceType'], window: { readonly low: number; readonly high: number }, color: string): ColorTable {
    const key = JSON.stringify([channel, window, color]);
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    // While a window is dragged, a table is made for every step.
    if (this.#tables.size > 24) this.#tables.clear();
    const made = colorTable(type, window, parseColor(color) ?? white);
    this.#tables.set(key, made);
    return made;
  }
}

function mark({ state: { threshold }, store }: Viewer, address: PieceAddress): Mark | undefined {
  const { shown, channel, value, opacity } = threshold;
  const values = shown && value !== undefined ? store.get(0, address, channel) : undefined;
  return values === undefined || value === undefined ? undefined : { values, threshold: value, color: markColor, opacity };
}

function copyPlaced(values: ArrayLike<number>, { rect, base, across, down }: PlacedPiece, target: Uint32Array, width: number): void {
  for (let y = 0; y < rect.height; y++) {
    let from = base + y * down;
    const to = (rect.y + y) * width + rect.x;
    for (let x = 0; x < rect.width; x++, from += across) target[to + x] = values[from];
  }
}

