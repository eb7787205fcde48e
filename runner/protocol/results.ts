import type { CostEstimate } from './cloud.ts';
import type { ExploreData } from './exploreData.ts';
import type { Health } from './health.ts';
import type { TransferOutlook } from './transferOutlook.ts';

/** Mime type of {@link Result} in notebooks. */
export const resultMime = 'application/vnd.spimquant.result+json';
/** Mime type of a `RunOutput` in notebooks. */
export const runMime = 'application/vnd.spimquant.run+json';

/** What an exploring command answers: a page of blocks that terminal, notebook and panels each show in their own way. */
export interface Result {
  readonly title: string;
  /** The command that made it, as one line. */
  readonly command: string;
  readonly blocks: readonly Block[];
  /** What it is about, for places that can open it in full. */
  readonly views?: readonly ResultView[];
  /** Of doctor: the same for programs. */
  readonly health?: Health;
  /** Of ls, info and validate: the same for programs. Only on the terminal. */
  readonly data?: ExploreData;
  /** Of a transfer's plan: the same for programs. */
  readonly transfer?: TransferOutlook;
  /** Of cost: the same for programs. */
  readonly estimate?: CostEstimate;
}

/** An image, or a folder of outputs, that a result was made of. How it is reached is in the result's command. */
export interface ResultView {
  readonly kind: 'image' | 'outputs';
  readonly uri: string;
}

export type Block =
  | FactsBlock
  | TableBlock
  | ChartBlock
  | SlicesBlock
  | FiguresBlock
  | { readonly kind: 'notice'; readonly level: 'info' | 'warn' | 'error'; readonly text: string }
  /** Preformatted. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'links'; readonly title?: string; readonly links: readonly { readonly title: string; readonly uri: string }[] }
  /** Commands that lead on from here. */
  | { readonly kind: 'commands'; readonly title?: string; readonly commands: readonly { readonly title: string; readonly text: string }[] };

/** Names and values, each on its line. */
export interface FactsBlock {
  readonly kind: 'facts';
  readonly title?: string;
  readonly facts: readonly { readonly label: string; readonly value: string }[];
}

export interface TableBlock {
  readonly kind: 'table';
  readonly title?: string;
  readonly columns: readonly TableColumn[];
  /** A cell that is not known is null. */
  readonly rows: readonly (readonly (string | number | null)[])[];
  /** Rows there are, when not all are here. */
  readonly total?: number;
  /** Rows that are shown where there is little room: terminals, cells, exported pages. Left out: all. */
  readonly first?: number;
}

export interface TableColumn {
  readonly label: string;
  readonly unit?: string;
  readonly numeric?: boolean;
  /** Sentences: shown in full, over several lines where they are too long for one. */
  readonly wrap?: boolean;
}

/** Pictures side by side where there is room. */
export interface FiguresBlock {
  readonly kind: 'figures';
  readonly figures: readonly Figure[];
}

export interface Figure {
  readonly title?: string;
  /** What it shows, for those who cannot see it. */
  readonly alt: string;
  readonly mediaType: 'image/png' | 'image/svg+xml';
  /** Base64 of a PNG; text of an SVG. */
  readonly data: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** Numbers as bars: a row of bars for each name (a region, say), a bar for each series (a group, say). */
export interface ChartBlock {
  readonly kind: 'chart';
  readonly title: string;
  /** What the numbers are, with their unit: `objects per mm³`. */
  readonly valueLabel: string;
  /** Names of the bars of a row; one: they need no legend. */
  readonly series: readonly string[];
  /** As many values as there are series; null is not known. */
  readonly rows: readonly { readonly label: string; readonly values: readonly (number | null)[] }[];
}

/** Planes cut out of an image, with what lies over it kept apart, so that a reader can change how they are shown. */
export interface SlicesBlock {
  readonly kind: 'slices';
  readonly title?: string;
  /** What it shows, for those who cannot see it. */
  readonly alt: string;
  readonly channels: readonly SliceChannel[];
  readonly overlays: readonly SliceOverlay[];
  /** `grid`: each overlay in a picture of its own, side by side, to be compared. `stack`: all in one. */
  readonly layout: 'stack' | 'grid';
  /** One for each plane that is shown: axial, coronal, sagittal. */
  readonly stacks: readonly SliceStack[];
  /** The same as plain pictures with the overlays drawn in, for places that show no more than pictures. */
  readonly pictures: readonly Figure[];
}

export interface SliceChannel {
  readonly label: string;
  /** `#rrggbb`; channels add up. */
  readonly color: string;
  /** Intensities that are 0 and 255 in its pictures. */
  readonly low: number;
  readonly high: number;
  /** Intensities that are shown as black and in the full colour at first; within low and high. */
  readonly window: readonly [number, number];
}

export interface SliceOverlay {
  readonly label: string;
  /** What the values 1, 2, … of its pictures are, each with its colour `#rrggbb`; 0 is nothing. */
  readonly parts: readonly { readonly label: string; readonly color: string }[];
  /** What is known of it, e.g. its threshold and how many objects there are. */
  readonly facts?: readonly { readonly label: string; readonly value: string }[];
  /** The flag that chooses it, in a command for a terminal: `--seg_method`, `otsu+k3i2`. */
  readonly choice?: { readonly flag: string; readonly value: string };
}

/** Slices of one plane, all of the same size. The subject's right, front and top are at the right and top. */
export interface SliceStack {
  readonly plane: 'axial' | 'coronal' | 'sagittal';
  /** Pixels, which are square. */
  readonly width: number;
  readonly height: number;
  /** Millimetres of a pixel's edge. */
  readonly pixel: number;
  /** RAS millimetres at the middle of the leftmost and of the topmost pixels, along the axes that run to the right and up. */
  readonly origin: readonly [number, number];
  readonly letters: { readonly left: string; readonly right: string; readonly top: string; readonly bottom: string };
  /** In the order of their places. */
  readonly slices: readonly SlicePictures[];
  /** Which is shown first. */
  readonly at: number;
}

/** A slice as PNG pictures of one byte a pixel, in base64. */
export interface SlicePictures {
  /** RAS millimetres along the plane's normal. */
  readonly mm: number;
  /** One for each channel: intensities between its low (0) and high (255). */
  readonly channels: readonly string[];
  /** One for each overlay: numbers of its parts. */
  readonly overlays: readonly string[];
}

/** Pictures of a result as files or plain pictures: figures, and slices with their overlays drawn in. */
export function picturesOf(result: Result): readonly Figure[] {
  return result.blocks.flatMap((block) => (block.kind === 'figures' ? block.figures : block.kind === 'slices' ? block.pictures : []));
}
