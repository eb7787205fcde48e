import { overlayLabels, overlayOutlines, percentileWindow } from '../figures/panels.ts';
import { cutSlice, fitSlice, type Slice } from '../figures/slices.ts';
import { thresholdsSvg } from '../figures/thresholds.ts';
import type { Labels } from '../kernels/components.ts';
import type { Figure, SliceOverlay, SlicesBlock } from '../protocol/results.ts';
import { percent, rounded } from './blocks.ts';
import type { Channel } from './channel.ts';
import { drawStacks, sliceChannel } from './layers.ts';
import { objectParts, objectsPlane } from './objectsPlane.ts';
import { figureBudget, grayPicture, panelGrid, placeOf, type Cut, type Panel } from './pictures.ts';
import type { SoughtOn, Threshold } from './thresholds.ts';

/** What a method found. */
export interface Trial {
  readonly threshold: Threshold;
  readonly voxels: number;
  /** Share of the tissue that is foreground. */
  readonly share: number;
  /** Of at least the smallest size. */
  readonly objects: number;
  /** Components of any size. */
  readonly components: number;
  readonly labels: Labels;
  /** Voxels of each component. */
  readonly sizes: ArrayLike<number>;
  /** Voxels that an object has at least. */
  readonly smallest: number;
}

/** Orange and sky blue of Okabe and Ito: told apart from gray and from each other by colour-blind readers. */
const colors = { kept: '#ff9500', small: '#56b4e9' } as const;
const orange = [255, 149, 0] as const;

/** Slices on each side of the one that is shown first, and their distance as a part of the whole. */
const neighbours = 2;
const spacing = 0.05;

/** The plane of a cut and some beside it, with what each method found, kept apart. */
export async function segmentSlices(channel: Channel, trials: readonly Trial[], cut: Cut): Promise<SlicesBlock> {
  const { stain, view: grid } = channel;
  const { view } = cut;
  const step = Math.max(1, Math.round(grid.size[view.through] * spacing));
  const indices = Array.from({ length: 2 * neighbours + 1 }, (_, i) => cut.index + (i - neighbours) * step)
    .filter((index) => index >= 0 && index < grid.size[view.through])
    .sort((a, b) => placeOf(grid, view, a) - placeOf(grid, view, b));
  const slices = indices.map((index) => ({
    index, mm: placeOf(grid, view, index),
    channels: [cutSlice({ data: channel.values, size: grid.size, affine: grid.affine }, view, index)],
    overlays: trials.map(({ labels, sizes, smallest }) => {
      const { data, size } = objectsPlane(labels, sizes, smallest, view.through, index);
      return cutSlice({ data, size, affine: grid.affine }, view, 0);
    }),
  }));
  const at = indices.indexOf(cut.index);
  const shown = slices[at];
  const window = percentileWindow(shown.channels[0].values, 1, 99.7);
  const channels = [sliceChannel(stain, '#ffffff', slices.map((slice) => slice.channels[0]), window)];
  const grids = trials.length > 1;
  const shares = trials.map(({ threshold }, i) => `${threshold.method.name} ${percent(shareOf(shown.overlays[i]))}`);
  const alt = `${view.plane} slice of ${stain} at ${cut.mm.toFixed(2)} mm, plain and with the segmented area outlined in orange. Share of this slice: ${shares.join(', ')}.`;
  return {
    kind: 'slices', alt, channels, layout: grids ? 'grid' : 'stack',
    overlays: trials.map((trial) => overlayOf(trial, grids)),
    stacks: await drawStacks([{ view, grid, slices, at }], channels, 460),
    pictures: [await plainPictures(stain, trials, cut, shown, window, alt)],
  };
}

function overlayOf({ threshold, share, objects, components }: Trial, grids: boolean): SliceOverlay {
  return {
    label: threshold.method.name,
    parts: [{ label: 'objects', color: colors.kept }, { label: 'too small, left out', color: colors.small }],
    facts: [
      { label: 'Threshold', value: rounded(threshold.threshold) }, { label: 'Objects', value: String(objects) },
      { label: 'Left out', value: String(components - objects) }, { label: 'Foreground', value: `${percent(share)} of the tissue` },
    ],
    ...(grids ? { choice: { flag: '--seg_method', value: threshold.method.name } } : {}),
  };
}

function shareOf({ values }: Slice): number {
  return values.reduce((sum, value) => sum + (value === objectParts.none ? 0 : 1), 0) / values.length;
}

/** The same as one picture, with the areas drawn in. */
function plainPictures(stain: string, trials: readonly Trial[], { view, mm }: Cut, shown: { readonly channels: readonly Slice[]; readonly overlays: readonly Slice[] }, window: { readonly low: number; readonly high: number }, alt: string): Promise<Figure> {
  const [slice] = shown.channels;
  const plain: Panel = {
    caption: `${stain}, ${view.plane} at ${mm.toFixed(2)} mm`, letters: view.letters, scaleBar: true,
    draw: (side) => {
      const { picture, fitted } = grayPicture(slice, window, side);
      return { picture, mm: fitted.pixel[0] };
    },
  };
  const overlays = trials.map(({ threshold }, i): Panel => ({
    caption: `${threshold.method.name}: at least ${rounded(threshold.threshold)}`,
    draw: (side) => {
      const { picture, fitted } = grayPicture(slice, window, side);
      const parts = fitSlice(shown.overlays[i], side, side, 'nearest');
      overlayLabels(picture, parts, new Map([[objectParts.kept, colors.kept], [objectParts.small, colors.small]]), 0.25);
      overlayOutlines(picture, parts, orange, 1);
      return { picture, mm: fitted.pixel[0] };
    },
  }));
  return panelGrid([plain, ...overlays], { alt, columns: trials.length === 1 ? 2 : 3, side: trials.length === 1 ? 460 : 320, budget: figureBudget });
}

/** One histogram with the threshold of each method, or of one with all it was chosen by. */
export function histogramFigure(stain: string, trials: readonly Trial[], { range, histogram }: SoughtOn): Figure {
  const [{ threshold }] = trials;
  const one = trials.length === 1;
  const candidates = threshold.method.kind === 'otsu' ? (threshold.details.thresholds as readonly number[]).slice(1, -1) : [];
  const svg = thresholdsSvg({
    stain, method: one ? threshold.method.name : trials.map((trial) => trial.threshold.method.name).join(', '),
    counts: histogram.counts, range: [range.lo, range.hi],
    thresholds: one ? candidates : trials.slice(1).map((trial) => trial.threshold.threshold),
    chosen: threshold.threshold,
    ...(one && threshold.components !== undefined ? { components: threshold.components } : {}),
  });
  const marked = trials.map((trial) => `${trial.threshold.method.name} ${rounded(trial.threshold.threshold)}`).join(', ');
  return { alt: `Histogram of ${stain} from ${rounded(range.lo)} to ${rounded(range.hi)} on a logarithmic scale. Thresholds: ${marked}.`, mediaType: 'image/svg+xml', data: svg, width: 1000, height: 600 };
}
