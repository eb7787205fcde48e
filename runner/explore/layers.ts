import { setImmediate } from 'node:timers/promises';
import { percentileWindow, type Window } from '../figures/panels.ts';
import { encodePng } from '../figures/png.ts';
import { fitSlice, type PlaneView, type Slice } from '../figures/slices.ts';
import { transformPoint, voxelSize, type Affine, type Vec3 } from '../kernels/geometry.ts';
import type { SliceChannel, SliceStack } from '../protocol/results.ts';
import { anatomicalOf } from './pictures.ts';

/** What the layers of a result may take together, in characters of base64: they are kept in notebooks beside plain pictures. */
export const layerBudget = 200_000;

/** Shades over the whole range of a channel, which is about twice as wide as its window. */
const shades = 127;
/** Pixels of a slice's longer edge, at least. */
const narrowest = 96;

/** What a stack of slices is drawn from. */
export interface StackInput {
  readonly view: PlaneView;
  /** The grid that the slices were cut out of. */
  readonly grid: { readonly size: Vec3; readonly affine: Affine };
  readonly slices: readonly {
    /** RAS millimetres along the plane's normal. */
    readonly mm: number;
    readonly channels: readonly Slice[];
    /** Numbers of parts, 0 where there is nothing. */
    readonly overlays: readonly Slice[];
  }[];
  /** Which is shown first. */
  readonly at: number;
}

/** A channel as it is shown at first, with room to widen its window on both sides. */
export function sliceChannel(label: string, color: string, slices: readonly Slice[], window: Window): SliceChannel {
  const parts = slices.map(({ values }) => percentileWindow(values, 0.02, 99.98));
  const width = window.high - window.low;
  const low = Math.max(window.low - width / 2, Math.min(window.low, ...parts.map((part) => part.low)));
  const high = Math.min(window.high + width, Math.max(window.high, ...parts.map((part) => part.high)));
  const short = (value: number): number => Number(value.toPrecision(6));
  return { label, color, low: short(low), high: short(high), window: [short(window.low), short(window.high)] };
}

/** Draws stacks as pictures of one byte a pixel; slices shrink until all fit the budget. They are never larger than what was read. */
export async function drawStacks(inputs: readonly StackInput[], channels: readonly SliceChannel[], side: number, budget = layerBudget): Promise<readonly SliceStack[]> {
  for (let most = side; ; ) {
    const stacks: SliceStack[] = [];
    for (const input of inputs) {
      stacks.push(drawStack(input, channels, most));
      await setImmediate();
    }
    const length = stacks.reduce((sum, { slices }) => sum + slices.reduce((all, slice) => all + [...slice.channels, ...slice.overlays].reduce((part, { length: one }) => part + one, 0), 0), 0);
    if (length <= budget || most <= narrowest) return stacks;
    // Bytes go with the area; a little less, so that the next try is the last one.
    most = Math.max(narrowest, Math.floor(Math.min(most, Math.max(...stacks.map(({ width, height }) => Math.max(width, height)))) * Math.sqrt(budget / length) * 0.96));
  }
}

function drawStack({ view, grid, slices, at }: StackInput, channels: readonly SliceChannel[], most: number): SliceStack {
  const [first] = slices[0].channels;
  const finest = Math.min(...first.pixel);
  const edge = Math.max(1, Math.min(most, Math.round(Math.max(first.width * first.pixel[0], first.height * first.pixel[1]) / finest)));
  const fitted = fitSlice(first, edge, edge, 'nearest');
  return {
    plane: view.plane, width: fitted.width, height: fitted.height, pixel: Number(fitted.pixel[0].toPrecision(6)),
    origin: originOf(view, grid, fitted.pixel[0]), letters: view.letters, at,
    slices: slices.map((slice) => ({
      mm: Number(slice.mm.toFixed(4)),
      channels: slice.channels.map((values, i) => grayPng(fitSlice(values, edge, edge, 'linear'), channels[i])),
      overlays: slice.overlays.map((parts) => bytesPng(fitSlice(parts, edge, edge, 'nearest'), (value) => value)),
    })),
  };
}

function grayPng(slice: Slice, { low, high }: SliceChannel): string {
  const range = high - low || 1;
  return bytesPng(slice, (value) => Math.round((Math.round(Math.min(1, Math.max(0, (value - low) / range)) * shades) * 255) / shades));
}

function bytesPng({ width, height, values }: Slice, byteOf: (value: number) => number): string {
  const png = encodePng({ width, height, channels: 1, data: Uint8Array.from(values, byteOf) });
  return Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64');
}

/** RAS millimetres at the middle of the leftmost and of the topmost pixel of a picture. */
function originOf(view: PlaneView, { size, affine }: StackInput['grid'], pixel: number): readonly [number, number] {
  const corner: [number, number, number] = [(size[0] - 1) / 2, (size[1] - 1) / 2, (size[2] - 1) / 2];
  corner[view.across] = view.flipAcross ? size[view.across] - 1 : 0;
  corner[view.up] = view.flipUp ? 0 : size[view.up] - 1;
  const place = transformPoint(affine, corner);
  const edges = voxelSize(affine);
  const [across, up] = anatomicalOf(view.plane);
  const short = (value: number): number => Number(value.toFixed(4));
  return [short(place[across] + (pixel - edges[view.across]) / 2), short(place[up] - (pixel - edges[view.up]) / 2)];
}
