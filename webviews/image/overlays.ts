import type { ErrorReport } from '../../runner/protocol/errors.ts';
import { reportError } from '../../runner/protocol/errors.ts';
import type { ImageRef, RelatedOverlay, ViewedImage, ViewedRegion } from '../../runner/protocol/imageView.ts';
import type { Asker } from '../kit/asker.ts';
import type { ImageQuestions } from './messages.ts';
import type { OverlayState } from './viewState.ts';
import { parseColor, percentileWindow, type Rgb, type Window } from './windowing.ts';
import { regionColor } from './paint.ts';
import { pieceValues, type PieceValues } from '../../runner/protocol/imageView.ts';

/** An image that lies over the other, as far as it is known. */
export interface OpenOverlay {
  /** Number of it as a source of pieces; 0 is the image itself. */
  readonly source: number;
  readonly info?: ViewedImage;
  readonly regions?: ReadonlyMap<number, ViewedRegion>;
  /** Values that are clear and those in the full colour. */
  readonly window: Window;
  readonly error?: ErrorReport;
}

/** What is opened to lie over the image. An overlay is opened when it is first needed, and once. */
export class Overlays {
  readonly #asker: Asker<ImageQuestions>;
  readonly #onChange: () => void;
  readonly #open = new Map<string, OpenOverlay>();
  readonly #colors = new Map<string, Map<number, Rgb>>();
  #count = 0;
  /** Results of the participant that could be laid over it; undefined: not known yet. */
  related: readonly RelatedOverlay[] | undefined;

  constructor(asker: Asker<ImageQuestions>, onChange: () => void) {
    this.#asker = asker;
    this.#onChange = onChange;
  }

  /** What is known of an overlay; opens it when nobody has. */
  get(overlay: OverlayState): OpenOverlay {
    const key = keyOf(overlay.ref);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const opening: OpenOverlay = { source: ++this.#count, window: { low: 0, high: 1 } };
    this.#open.set(key, opening);
    void this.#load(key, opening, overlay);
    return opening;
  }

  bySource(source: number): { readonly key: string; readonly overlay: OpenOverlay } | undefined {
    for (const [key, overlay] of this.#open) if (overlay.source === source) return { key, overlay };
    return undefined;
  }

  /** Those that could not be opened. */
  failed(): readonly { readonly ref: ImageRef }[] {
    return [...this.#open].flatMap(([key, { error }]) => (error === undefined ? [] : [{ ref: refOf(key) }]));
  }

  /** Forgets one, so that it is opened anew. */
  forget(ref: ImageRef): void {
    this.#open.delete(keyOf(ref));
  }

  /** The colour of a label: the table's, else one of twenty. */
  labelColor(ref: ImageRef): (label: number) => Rgb {
    const key = keyOf(ref);
    const colors = this.#colors.get(key) ?? new Map<number, Rgb>();
    this.#colors.set(key, colors);
    const regions = this.#open.get(key)?.regions;
    return (label) => {
      let color = colors.get(label);
      if (color === undefined) {
        color = parseColor(regions?.get(label)?.color) ?? regionColor(label);
        colors.set(label, color);
      }
      return color;
    };
  }

  async findRelated(image: ImageRef): Promise<void> {
    try {
      this.related = (await this.#asker.ask('image.related', { image })).overlays;
    } catch {
      // What cannot be looked for cannot be offered.
      this.related = [];
    }
    this.#onChange();
  }

  async #load(key: string, opening: OpenOverlay, { ref, kind, table }: OverlayState): Promise<void> {
    try {
      const { image, pieces, regions, bytes } = await this.#asker.ask('image.open', { image: ref, pixels: 128, channels: 1, ...(table === undefined ? {} : { table }) });
      const values = pieceValues(image.pieceType, bytes);
      const positive: PieceValues = values.filter((value) => value > 0);
      const high = kind === 'mask' ? largest(positive) || 1 : percentileWindow([positive], 0, 99).high;
      this.#colors.delete(key);
      this.#settle(key, {
        ...opening, info: image, window: { low: 0, high: pieces.length === 0 || high <= 0 ? 100 : high },
        ...(regions === undefined ? {} : { regions: new Map(regions.map((region) => [region.index, region])) }),
      });
    } catch (error) {
      this.#settle(key, { ...opening, error: reportError(error) });
    }
  }

  #settle(key: string, overlay: OpenOverlay): void {
    if (this.#open.get(key)?.source !== overlay.source) return;
    this.#open.set(key, overlay);
    this.#onChange();
  }
}

function largest(values: PieceValues): number {
  let most = 0;
  for (const value of values) most = Math.max(most, value);
  return most;
}

function refOf(key: string): ImageRef {
  const [uri, storage] = JSON.parse(key) as [string, ImageRef['storage']];
  return { uri, storage };
}

/** Tells overlays apart. */
export function keyOf(ref: ImageRef): string {
  return JSON.stringify([ref.uri, ref.storage]);
}
