// Channels of a volume as one picture in three dimensions.
import { parseColor, type Window } from './windowing.ts';

/** Voxels of a channel, x fastest. */
export type ChannelVoxels = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** How a channel is mixed in: `#rrggbb`, and what is black and what has the full colour. */
export interface MixedLook {
  readonly visible: boolean;
  readonly color: string;
  readonly window: Window;
}

/** NIfTI's codes of the types of voxels. */
const voxelTypes = { 2: Uint8Array, 4: Int16Array, 8: Int32Array, 16: Float32Array, 64: Float64Array, 256: Int8Array, 512: Uint16Array, 768: Uint32Array } as const;
const rgba = { code: 2304, bits: 32 } as const;
/** Steps from the black of a window to its full colour. */
const steps = 256;
/** Opacity at the black of a window, where its colour is half, and at its full colour: bright structures stand out of the tissue around them. */
const faint = [0, 12, 128] as const;
/** The step at which the colour is half. */
const middle = 96;

/** The voxels of an uncompressed little-endian NIfTI-1 file. Throws for a type that cannot be mixed. */
export function channelVoxels(nifti: ArrayBuffer): ChannelVoxels {
  const header = new DataView(nifti);
  const type = header.getInt16(70, true);
  const Voxels = voxelTypes[type as keyof typeof voxelTypes] as (typeof voxelTypes)[keyof typeof voxelTypes] | undefined;
  if (Voxels === undefined) throw new Error(`Volumes of NIfTI type ${type} cannot be rendered.`);
  return new Voxels(nifti, header.getFloat32(108, true), voxelCount(header));
}

function voxelCount(header: DataView): number {
  return header.getInt16(42, true) * header.getInt16(44, true) * header.getInt16(46, true);
}

/** A NIfTI file of the same place and size, whose voxels are colours with opacity, empty as yet. */
export function mixedNifti(nifti: ArrayBuffer): ArrayBuffer {
  const header = new DataView(nifti);
  const from = header.getFloat32(108, true);
  const mixed = new ArrayBuffer(from + 4 * voxelCount(header));
  new Uint8Array(mixed).set(new Uint8Array(nifti, 0, from));
  const target = new DataView(mixed);
  target.setInt16(70, rgba.code, true);
  target.setInt16(72, rgba.bits, true);
  // No scaling of values: they are colours.
  target.setFloat32(112, 0, true);
  target.setFloat32(116, 0, true);
  return mixed;
}

/** Red, green, blue and opacity of each voxel: the colours of the channels by how opaque each is, and the opacity of the most opaque. */
export function mixChannels(channels: readonly ChannelVoxels[], looks: readonly MixedLook[]): Uint8Array {
  const count = channels.at(0)?.length ?? 0;
  const shown = channels.flatMap((voxels, i) => (looks[i]?.visible === true ? [{ voxels, look: looks[i], table: colourTable(looks[i].color) }] : []));
  const mixed = new Uint8Array(4 * count);
  const block: Block = { colours: new Float32Array(3 * blockVoxels), weights: new Float32Array(blockVoxels), opacities: new Float32Array(blockVoxels) };
  for (let from = 0; from < count; from += blockVoxels) {
    const length = Math.min(blockVoxels, count - from);
    block.colours.fill(0);
    block.weights.fill(0);
    block.opacities.fill(0);
    for (const { voxels, look: { window }, table } of shown) addChannel(block, voxels.subarray(from, from + length), window, table);
    for (let at = 0; at < length; at++) {
      const weight = block.weights[at];
      if (weight === 0) continue;
      const to = 4 * (from + at);
      mixed[to] = block.colours[3 * at] / weight;
      mixed[to + 1] = block.colours[3 * at + 1] / weight;
      mixed[to + 2] = block.colours[3 * at + 2] / weight;
      mixed[to + 3] = block.opacities[at];
    }
  }
  return mixed;
}

/** Sums over the channels of some voxels. */
interface Block {
  /** Red, green, blue times the opacity. */
  readonly colours: Float32Array;
  readonly weights: Float32Array;
  readonly opacities: Float32Array;
}

/** Voxels that are mixed at once: what they need stays in the cache of the processor. */
const blockVoxels = 16_384;

/** For each step of a window: opacity, and red, green, blue times the opacity. */
function colourTable(color: string): Float32Array {
  const parts = parseColor(color) ?? [255, 255, 255];
  const table = new Float32Array(4 * steps);
  for (let step = 0; step < steps; step++) {
    const upper = (step - middle) / (steps - 1 - middle);
    const [rise, opacity] = step < middle ? [(0.5 * step) / middle, faint[0] + ((faint[1] - faint[0]) * step) / middle] : [0.5 + 0.5 * upper, faint[1] + (faint[2] - faint[1]) * upper];
    table.set([opacity, ...parts.map((part) => part * rise * opacity)], 4 * step);
  }
  return table;
}

function addChannel({ colours, weights, opacities }: Block, voxels: ChannelVoxels, { low, high }: Window, table: Float32Array): void {
  const factor = (steps - 1) / (high - low);
  for (let at = 0; at < voxels.length; at++) {
    const place = (voxels[at] - low) * factor;
    // Not a number is nothing, too.
    if (!(place >= 0.5)) continue;
    const entry = 4 * (place >= steps - 1 ? steps - 1 : Math.round(place));
    const opacity = table[entry];
    colours[3 * at] += table[entry + 1];
    colours[3 * at + 1] += table[entry + 2];
    colours[3 * at + 2] += table[entry + 3];
    weights[at] += opacity;
    if (opacity > opacities[at]) opacities[at] = opacity;
  }
}
