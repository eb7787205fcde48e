import type { Memory } from '../filesystem/reaches.ts';

/** Images whose views are remembered. */
const remembered = 40;
/** Milliseconds from a change until it is written. Pages tell every step of a drag. */
const writeAfterMs = 300;
const memoryKey = 'viewer.views';

interface KeptView {
  readonly uri: string;
  readonly view: object;
}

function isKept(value: unknown): value is KeptView {
  return typeof value === 'object' && value !== null && 'uri' in value && typeof value.uri === 'string' && 'view' in value && typeof value.view === 'object' && value.view !== null;
}

/** How images were looked at last, in this workspace: an image opens as it was left. */
export class KeptViews {
  readonly #memory: Memory;
  /** What is to be written. */
  #views: readonly KeptView[] | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** The view of an image, to be checked against the image; undefined: it was never looked at, or long ago. */
  of(uri: string): object | undefined {
    return this.#all().find((kept) => kept.uri === uri)?.view;
  }

  /** Remembers a view; it is written a moment later, or when this is disposed. */
  keep(uri: string, view: object): void {
    this.#views = [{ uri, view }, ...this.#all().filter((kept) => kept.uri !== uri)].slice(0, remembered);
    this.#timer ??= setTimeout(() => { this.#write(); }, writeAfterMs);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const views = this.#views;
    this.#views = undefined;
    if (views !== undefined) void this.#memory.update(memoryKey, views);
  }

  dispose(): void {
    this.#write();
  }

  #all(): readonly KeptView[] {
    if (this.#views !== undefined) return this.#views;
    const kept = this.#memory.get(memoryKey);
    return Array.isArray(kept) ? kept.filter(isKept) : [];
  }
}
