import { colormapHex, colormapTable } from '../../figures/colormaps.ts';
import { overlayContour, paint, percentileWindow } from '../../figures/panels.ts';
import type { Window } from '../../figures/panels.ts';
import type { Raster } from '../../figures/png.ts';
import { formatNumber } from '../../figures/scale.ts';
import { cutSlice, fitSlice } from '../../figures/slices.ts';
import type { PlaneView } from '../../figures/slices.ts';
import { element, ink, text } from '../../figures/svg.ts';
import type { Volume } from '../../kernels/volume.ts';
import { valuesWithin } from './tuneNumbers.ts';

/** The intensities that all pictures of a tuning are shown between: the uncorrected brain's p1 to p98, so that plaques do not make tissue black. */
export function intensityWindow(image: ArrayLike<number>, mask: ArrayLike<number>): Window {
  return percentileWindow(valuesWithin(image, mask), 1, 98);
}

/** Voxel in the middle of the mask's bounding box, or of the image where the mask is empty. */
export function middleOf(mask: Volume): readonly [number, number, number] {
  const [nx, ny, nz] = mask.size;
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        if (mask.data[i] === 0) continue;
        const at = [x, y, z];
        for (let axis = 0; axis < 3; axis++) {
          low[axis] = Math.min(low[axis], at[axis]);
          high[axis] = Math.max(high[axis], at[axis]);
        }
      }
    }
  }
  const middle = (axis: number): number => (high[axis] < 0 ? (mask.size[axis] - 1) >> 1 : (low[axis] + high[axis]) >> 1);
  return [middle(0), middle(1), middle(2)];
}

/** A slice in gray and true proportions, at most `panel` pixels wide and high. */
export function grayPicture(volume: Volume, view: PlaneView, index: number, panel: number, window: Window): Raster {
  return paint(fitSlice(cutSlice(volume, view, index), panel, panel, 'linear'), window);
}

/** A slice of a bias field from blue (1/factor) over white (1) to red (factor), on a logarithmic scale, with the mask's outline. */
export function biasPicture(bias: Volume<Float32Array>, mask: Volume, view: PlaneView, index: number, panel: number, factor: number): Raster {
  const slice = fitSlice(cutSlice(bias, view, index), panel, panel, 'linear');
  const logarithm = { ...slice, values: slice.values.map((value) => Math.log(value)) };
  const picture = paint(logarithm, { low: -Math.log(factor), high: Math.log(factor) }, 'RdBu_r');
  overlayContour(picture, fitSlice(cutSlice(mask, view, index), panel, panel, 'nearest'), 0.5, [0, 0, 0], 0.7);
  return picture;
}

/** Colours of {@link biasPicture} with what they mean. */
export function drawBiasBar(x: number, y: number, width: number, factor: number): string {
  const table = colormapTable('RdBu_r');
  const stops = Array.from({ length: 17 }, (_, i) => element('stop', { offset: i / 16, 'stop-color': colormapHex(table, i / 16) }));
  const ticks = [[0, 1 / factor], [0.5, 1], [1, factor]] as const;
  return element('linearGradient', { id: 'bias-bar' }, ...stops)
    + element('rect', { x, y, width, height: 10, fill: 'url(#bias-bar)', stroke: ink.rule })
    + ticks.map(([place, value]) => text(x + place * width, y + 24, formatNumber(value, 3), { size: 11, anchor: 'middle', color: ink.faint })).join('')
    + text(x + width / 2, y + 40, 'bias (logarithmic)', { size: 12, anchor: 'middle' });
}

/** Counts of values in equal bins over a window; values outside are left out. */
export function countsOver(values: ArrayLike<number>, window: Window, bins: number): Float64Array {
  const counts = new Float64Array(bins);
  const scale = bins / (window.high - window.low);
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor((values[i] - window.low) * scale);
    if (bin >= 0 && bin < bins) counts[bin]++;
  }
  return counts;
}
