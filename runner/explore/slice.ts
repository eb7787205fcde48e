import { setImmediate } from 'node:timers/promises';
import { joinWords } from '../command/shell.ts';
import { rgbHex, type Rgb } from '../figures/colormaps.ts';
import { percentileWindow, type Window } from '../figures/panels.ts';
import type { Raster } from '../figures/png.ts';
import { seriesColor } from '../figures/svg.ts';
import { cutSlice, fitSlice, planes, type Plane, type Slice } from '../figures/slices.ts';
import { voxelSize } from '../kernels/geometry.ts';
import { levelGrid } from '../pipeline/segmentation/segmentation.ts';
import type { ExploreCommand } from '../protocol/options.ts';
import type { Figure, Result, SlicesBlock } from '../protocol/results.ts';
import { facts, notices, rounded } from './blocks.ts';
import { ExploreCache } from './cache.ts';
import { levelWords } from './channel.ts';
import { storageFlags } from '../protocol/storageChoice.ts';
import { imageFlags, sameLook } from './commands.ts';
import type { ExploreContext } from './explore.types.ts';
import { channelOfStain, openTarget, type Target } from './openImage.ts';
import { drawStacks, sliceChannel } from './layers.ts';
import { cutAt, figureBudget, grayPicture, inShades, panelGrid, type Cut, type Panel } from './pictures.ts';

type SliceCommand = Extract<ExploreCommand, { verb: 'slice' }>;

const mostStains = 4;
/** Pixels of a picture's longer edge: one of three planes side by side, or one alone. */
const sides = { three: 300, one: 460 } as const;
/** Voxels that are decoded for one stain, whole chunks counted. */
const affordable = 2.5e7;

/** Colours of a composite: each is told from the others by colour-blind readers, and all together make white. */
const mixes: readonly (readonly Rgb[])[] = [
  [[255, 255, 255]],
  [[0, 255, 0], [255, 0, 255]],
  [[0, 160, 255], [255, 220, 0], [255, 0, 160]],
  [[0, 160, 255], [255, 220, 0], [255, 0, 160], [120, 120, 120]],
];

/** A plane of every stain. */
interface Shown {
  readonly plane: Plane;
  readonly cut: Cut;
  readonly slices: readonly Slice[];
}

/** Shows slices of an image. Throws errors for the user. */
export async function slice(command: SliceCommand, text: string, context: ExploreContext): Promise<Result> {
  const { look } = command;
  const { cache = new ExploreCache(), signal } = context;
  const target = await openTarget(command, context, cache);
  const stains = look.stains.length > 0 ? look.stains : target.stains.slice(0, mostStains);
  const channels = stains.map((stain) => channelOfStain(target, stain));
  const wanted = look.plane === undefined ? planes : [look.plane];
  const side = wanted.length === 1 ? sides.one : sides.three;
  const level = look.level ?? levelForPictures(target, wanted, 2 * side);
  const view = target.image.level(level, target.orientation);
  const shown: Shown[] = [];
  for (const plane of wanted) {
    const cut = cutAt(view, plane, look.position);
    const slices: Slice[] = [];
    for (const [i, channel] of channels.entries()) {
      context.progress(`Reading ${stains[i]}, ${plane}`);
      slices.push(await cache.remember(['slice', ...target.key, target.orientation, channel, level, plane, cut.index], () => readPlane(target, channel, level, cut, signal), (made) => made.values.byteLength));
    }
    shown.push({ plane, cut, slices });
  }
  const windows = stains.map((_, i) => sharedWindow(shown.map(({ slices }) => slices[i])));
  const pictures: Figure[] = [];
  const rows = stains.length + (stains.length > 1 ? 1 : 0);
  // Colours take more room than grays.
  const budget = figureBudget / (rows + (rows > 1 ? 1 : 0));
  const places = shown.map(({ plane, cut }) => `${plane} at ${cut.mm.toFixed(2)} mm`).join(', ');
  if (stains.length > 1 && stains.length <= mixes.length) {
    context.progress('Drawing');
    const colors = mixes[stains.length - 1];
    const panels = shown.map((each): Panel => panelOf(each, (width) => composite(each.slices, windows, colors, width)));
    pictures.push(await panelGrid(panels, { title: `All stains: ${stains.map((stain, i) => `${stain} ${colorName(colors[i])}`).join(', ')}`, alt: `${places}: ${stains.join(', ')} together in colours.`, columns: 3, side, budget: 2 * budget }));
  }
  for (const [i, stain] of stains.entries()) {
    await setImmediate();
    signal.throwIfAborted();
    const panels = shown.map((each): Panel => panelOf(each, (width) => grayPicture(each.slices[i], windows[i], width).picture));
    pictures.push(await panelGrid(panels, { title: `${stain}, from ${rounded(windows[i].low, 4)} to ${rounded(windows[i].high, 4)}`, alt: `${places} of ${stain}.`, columns: 3, side, budget }));
  }
  const single = stains.length === 1;
  const colors = stains.map((_, i) => (stains.length > mixes.length ? seriesColor(i) : rgbHex(mixes[stains.length - 1][i])));
  const shownChannels = stains.map((stain, i) => sliceChannel(stain, colors[i], shown.map(({ slices }) => slices[i]), windows[i]));
  const block: SlicesBlock = {
    kind: 'slices', alt: `${places} of ${stains.join(', ')}.`, channels: shownChannels, overlays: [], layout: 'stack',
    stacks: await drawStacks(shown.map(({ cut, slices }) => ({ view: cut.view, grid: view, slices: [{ mm: cut.mm, channels: slices, overlays: [] }], at: 0 })), shownChannels, side),
    pictures,
  };
  signal.throwIfAborted();
  const extent = view.size.map((n, axis) => n * voxelSize(view.affine)[axis]);
  const image = ['spimquant', 'slice', command.uri, ...sameLook({ ...look, level: undefined })];
  return {
    title: single ? `Slices of ${stains[0]}` : 'Slices',
    command: text,
    views: [{ kind: 'image', uri: target.uri }],
    blocks: [
      ...notices('info', [...target.notices, ...(look.stains.length === 0 && stains.length < target.stains.length ? [`Of ${target.stains.length} stains the first ${stains.length} are shown; --stain chooses.`] : [])]),
      facts({
        Participant: target.dataset === undefined ? undefined : `sub-${target.dataset.participant}`,
        Image: target.uri, Stains: stains.join(', '), Level: levelWords(target, level),
        Extent: `${extent.map((mm) => rounded(mm, 3)).join(' × ')} mm`, Orientation: `${target.orientation}; shown with right, anterior and superior at the right and top`,
        Planes: places,
      }),
      block,
      {
        kind: 'commands', title: 'From here',
        commands: [
          { title: 'One plane, larger', text: joinWords([...image, '--plane', 'coronal', '--position', '0.4', ...storageFlags(command.storage)]) },
          { title: 'Intensities', text: joinWords(['spimquant', 'histogram', command.uri, ...(look.participant === undefined ? [] : ['--participant-label', look.participant]), ...imageFlags(look), ...storageFlags(command.storage)]) },
        ],
      },
    ],
  };
}

/** The finest level that a picture shows the pixels of and whose planes are cheap to read. */
function levelForPictures(target: Target, wanted: readonly Plane[], pixels: number): number {
  const { info } = target.image;
  for (let level = 0; ; level++) {
    const { size } = levelGrid(info, level);
    const stored = Math.min(level, info.levels.length - 1);
    const { chunk, size: storedSize } = info.levels[stored];
    const all = storedSize[0] * storedSize[1] * storedSize[2];
    const cost = wanted.reduce((sum, plane) => {
      const { through } = cutAt(target.image.level(level, target.orientation), plane).view;
      return sum + (all / storedSize[through]) * Math.min(chunk[through], storedSize[through]);
    }, 0);
    if ((Math.max(...size) <= pixels * 1.5 && cost <= affordable) || Math.max(...size) <= 64) return level;
  }
}

async function readPlane(target: Target, channel: number, level: number, { view: plane, index }: Cut, signal: AbortSignal): Promise<Slice> {
  const view = target.image.level(level, target.orientation);
  const start: [number, number, number] = [0, 0, 0];
  const size: [number, number, number] = [view.size[0], view.size[1], view.size[2]];
  start[plane.through] = index;
  size[plane.through] = 1;
  const data = await target.image.read(view, channel, { start, size }, signal);
  return cutSlice({ data, size, affine: view.affine }, plane, 0);
}

function sharedWindow(slices: readonly Slice[]): Window {
  const all = new Float32Array(slices.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const { values } of slices) {
    all.set(values, at);
    at += values.length;
  }
  return percentileWindow(all, 1, 99.8);
}

function panelOf({ plane, cut, slices }: Shown, draw: (side: number) => Raster): Panel {
  return {
    caption: `${plane}, ${cut.mm.toFixed(2)} mm`, letters: cut.view.letters, scaleBar: true,
    draw: (side) => ({ picture: draw(side), mm: fitSlice(slices[0], side, side, 'nearest').pixel[0] }),
  };
}

/** Stains in their colours, added up. */
function composite(slices: readonly Slice[], windows: readonly Window[], colors: readonly Rgb[], side: number): Raster {
  const fitted = slices.map((each, i) => inShades(fitSlice(each, side, side, 'linear'), windows[i]));
  const [{ width, height }] = fitted;
  const data = new Uint8Array(width * height * 3);
  for (let p = 0; p < width * height; p++) {
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      for (let i = 0; i < fitted.length; i++) sum += ((fitted[i].values[p] - windows[i].low) / (windows[i].high - windows[i].low)) * colors[i][c];
      data[3 * p + c] = Math.round(Math.min(255, Math.max(0, sum)));
    }
  }
  return { width, height, channels: 3, data };
}

function colorName([red, green, blue]: Rgb): string {
  if (red === green && green === blue) return 'gray';
  if (red === 0) return green > blue ? 'green' : 'blue';
  return green > blue ? 'yellow' : 'magenta';
}
