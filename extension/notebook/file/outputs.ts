import type { Block, Figure, Result, SlicesBlock } from '../../../runner/protocol/results.ts';
import { resultMime, runMime } from '../../../runner/protocol/results.ts';
import { formatBytes } from '../../../runner/wording/words.ts';
import { isObject, orderedObject, splitKnown } from './json.ts';
import type { Extra, JsonFields } from './json.ts';

/** One representation of an output. */
export interface SavedItem {
  readonly mime: string;
  readonly data: Uint8Array;
}

/** An output of a cell with its representations, the best first. */
export interface SavedOutput {
  readonly items: readonly SavedItem[];
  readonly metadata?: JsonFields;
  readonly extra?: Extra;
}

/** Bytes of figures that one result may bring into a file. */
export const figureLimit = 400_000;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true });

/** Reads the outputs of a cell; undefined when they are damaged. */
export function parseOutputs(values: readonly unknown[]): SavedOutput[] | undefined {
  const outputs: SavedOutput[] = [];
  for (const value of values) {
    if (!isObject(value) || !isObject(value['data'])) return undefined;
    const { data, metadata } = value;
    const items = Object.entries(data).map(([mime, content]) => ({ mime, data: itemBytes(mime, content) }));
    const extra = splitKnown(value, ['data', 'metadata']);
    outputs.push({ items, ...(isObject(metadata) ? { metadata } : {}), ...(extra === undefined ? {} : { extra }) });
  }
  return outputs;
}

/** Outputs as they go into a file: our own as JSON alone, which makes the other representations again. */
export function printOutputs(outputs: readonly SavedOutput[]): JsonFields[] {
  return outputs.map((output) => {
    const own = output.items.filter(({ mime }) => mime === runMime || mime === resultMime);
    const items = own.length > 0 ? own : output.items;
    return orderedObject({
      data: Object.fromEntries(items.map(({ mime, data }) => [mime, itemJson(mime, data)])),
      metadata: output.metadata === undefined || Object.keys(output.metadata).length === 0 ? undefined : output.metadata,
    }, output.extra);
  });
}

function isJsonMime(mime: string): boolean {
  return mime === 'application/json' || mime.endsWith('+json');
}

function itemBytes(mime: string, content: unknown): Uint8Array {
  if (isObject(content) && typeof content['base64'] === 'string' && Object.keys(content).length === 1) {
    return new Uint8Array(Buffer.from(content['base64'], 'base64'));
  }
  if (!isJsonMime(mime)) {
    if (typeof content === 'string') return encoder.encode(content);
    if (Array.isArray(content) && content.every((line) => typeof line === 'string')) return encoder.encode(content.join('\n'));
  }
  return encoder.encode(JSON.stringify(content));
}

function itemJson(mime: string, data: Uint8Array): unknown {
  try {
    const text = strictDecoder.decode(data);
    if (!isJsonMime(mime)) return text.split('\n');
    const value: unknown = JSON.parse(text);
    return mime === resultMime && isResult(value) ? withFewFigures(value) : value;
  } catch {
    // Neither text nor JSON: bytes.
    return { base64: Buffer.from(data).toString('base64') };
  }
}

/** Whether a value looks like a result, as far as its blocks are concerned. */
export function isResult(value: unknown): value is Result {
  return isObject(value) && typeof value['title'] === 'string' && Array.isArray(value['blocks']) && value['blocks'].every((block) => isObject(block));
}

/**
 * A result whose pictures fit the limit. Of slices first those beside the one in front are left out, then the layers, of which
 * the plain pictures stay; what does not fit at all is replaced by a note that says so.
 */
export function withFewFigures(result: Result, limit = figureLimit): Result {
  let left = limit;
  const take = <T>(size: number, value: T): T | undefined => {
    if (size > left) return undefined;
    left -= size;
    return value;
  };
  const blocks = result.blocks.flatMap((block): readonly Block[] => {
    if (block.kind === 'figures') return keptFigures(block.figures, take);
    if (block.kind !== 'slices') return [block];
    const fitting = [block, withOneSlice(block)].find((each) => take(sizeOfSlices(each), each) !== undefined);
    if (fitting !== undefined) return [fitting];
    return keptFigures(block.pictures, take);
  });
  return { ...result, blocks };
}

function keptFigures(figures: readonly Figure[], take: (size: number, figure: Figure) => Figure | undefined): readonly Block[] {
  const kept = figures.filter((figure) => take(figure.data.length, figure) !== undefined);
  const block: Block = { kind: 'figures', figures: kept };
  const dropped = figures.length - kept.length;
  if (dropped === 0) return [block];
  const bytes = sizeOf(figures) - sizeOf(kept);
  const note: Block = {
    kind: 'notice', level: 'info',
    text: `${dropped === 1 ? 'A figure' : `${dropped} figures`} of ${formatBytes(bytes)} ${dropped === 1 ? 'is' : 'are'} not kept in the notebook's file. Run the cell again to see ${dropped === 1 ? 'it' : 'them'}.`,
  };
  return kept.length === 0 ? [note] : [block, note];
}

function sizeOf(figures: readonly Figure[]): number {
  return figures.reduce((sum, { data }) => sum + data.length, 0);
}

/** Characters of all pictures; damaged ones, of files that others have written, are of no size. */
function sizeOfSlices({ stacks, pictures }: SlicesBlock): number {
  const texts = (values: readonly string[]): number => values.reduce((sum, { length }) => sum + length, 0);
  return sizeOf(pictures) + stacks.reduce((sum, { slices }) => sum + slices.reduce((all, { channels, overlays }) => all + texts(channels) + texts(overlays), 0), 0);
}

function withOneSlice(block: SlicesBlock): SlicesBlock {
  return { ...block, stacks: block.stacks.map((stack) => ({ ...stack, slices: stack.slices.slice(stack.at, stack.at + 1), at: 0 })) };
}
