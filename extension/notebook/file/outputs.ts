import type { Block, Result } from '../../../runner/protocol/results.ts';
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

/** A result whose figures fit the limit: what does not is replaced by a note that says so. */
export function withFewFigures(result: Result, limit = figureLimit): Result {
  let left = limit;
  const blocks = result.blocks.flatMap((block): readonly Block[] => {
    if (block.kind !== 'figures') return [block];
    const kept = block.figures.filter(({ data }) => {
      if (data.length > left) return false;
      left -= data.length;
      return true;
    });
    if (kept.length === block.figures.length) return [block];
    const dropped = block.figures.length - kept.length;
    const bytes = block.figures.reduce((sum, { data }) => sum + data.length, 0) - kept.reduce((sum, { data }) => sum + data.length, 0);
    const note: Block = {
      kind: 'notice', level: 'info',
      text: `${dropped === 1 ? 'A figure' : `${dropped} figures`} of ${formatBytes(bytes)} ${dropped === 1 ? 'is' : 'are'} not kept in the notebook's file. Run the cell again to see ${dropped === 1 ? 'it' : 'them'}.`,
    };
    return kept.length === 0 ? [note] : [{ ...block, figures: kept }, note];
  });
  return { ...result, blocks };
}
