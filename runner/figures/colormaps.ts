/** Names of the colour maps. */
export type ColormapName = 'gray' | 'hot' | 'viridis' | 'YlOrRd' | 'RdBu_r' | 'tab20';

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Evenly spaced anchors, six hexadecimal digits each; values between are interpolated linearly. */
const anchors: Readonly<Record<Exclude<ColormapName, 'hot' | 'tab20'>, string>> = {
  gray: '000000 ffffff',
  viridis: '440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725',
  YlOrRd: 'ffffcc ffeda0 fed976 feb24c fd8d3c fc4e2a e31a1c bd0026 800026',
  RdBu_r: '053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f',
};

const categorical =
  '1f77b4 aec7e8 ff7f0e ffbb78 2ca02c 98df8a d62728 ff9896 9467bd c5b0d5 8c564b c49c94 e377c2 f7b6d2 7f7f7f c7c7c7 bcbd22 dbdb8d 17becf 9edae5';

function parse(list: string): readonly Rgb[] {
  return list.split(' ').map((hex) => {
    const value = parseInt(hex, 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  });
}

const categoricalColors = parse(categorical);

/** Black over red and yellow to white: each channel rises in turn. */
function hot(t: number): Rgb {
  const rise = (from: number, to: number): number => Math.round(255 * Math.min(1, Math.max(0, (t - from) / (to - from))));
  return [Math.max(10, rise(-0.016, 0.365)), rise(0.365, 0.746), rise(0.746, 1)];
}

/** 256 colours, red, green, blue in turn (768 bytes). `tab20` repeats its 20 colours in blocks. */
export function colormapTable(name: ColormapName): Uint8Array {
  const table = new Uint8Array(768);
  const stops = name === 'hot' || name === 'tab20' ? [] : parse(anchors[name]);
  for (let i = 0; i < 256; i++) {
    const t = i / 255;
    let color: Rgb;
    if (name === 'hot') color = hot(t);
    else if (name === 'tab20') color = categoricalColors[Math.min(19, Math.floor(t * 20))];
    else {
      const place = t * (stops.length - 1);
      const left = Math.min(stops.length - 2, Math.floor(place));
      const weight = place - left;
      const mix = (c: 0 | 1 | 2): number => Math.round(stops[left][c] * (1 - weight) + stops[left + 1][c] * weight);
      color = [mix(0), mix(1), mix(2)];
    }
    table.set(color, 3 * i);
  }
  return table;
}

/** `#rrggbb` of a value between 0 and 1. */
export function colormapHex(table: Uint8Array, t: number): string {
  const i = 3 * Math.round(255 * Math.min(1, Math.max(0, t)));
  return rgbHex([table[i], table[i + 1], table[i + 2]]);
}

/** `#rrggbb`. */
export function rgbHex(color: Rgb): string {
  return `#${color.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** Colour of a label of an atlas: its own when the table gives one, otherwise one of twenty by index. */
export function labelColor(index: number, own?: string): Rgb {
  const match = own === undefined ? null : /^#?([0-9a-f]{6})$/i.exec(own);
  if (match) return parse(match[1])[0];
  return categoricalColors[((Math.trunc(index) % 20) + 20) % 20];
}
