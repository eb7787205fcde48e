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
  /** Of doctor: the same for programs. */
  readonly health?: Health;
  /** Of a transfer's plan: the same for programs. */
  readonly transfer?: TransferOutlook;
}

export type Block =
  | FactsBlock
  | TableBlock
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
