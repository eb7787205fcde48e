import type { Memory } from '../filesystem/reaches.ts';

/** Images whose views are remembered. */
const remembered = 40;
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

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** The view of an image, to be checked against the image; undefined: it was never looked at, or long ago. */
  of(uri: string): object | undefined {
    return this.#all().find((kept) => kept.uri === uri)?.view;
  }

  async keep(uri: string, view: object): Promise<void> {
    await this.#memory.update(memoryKey, [{ uri, view }, ...this.#all().filter((kept) => kept.uri !== uri)].slice(0, remembered));
  }

  #all(): readonly KeptView[] {
    const kept = this.#memory.get(memoryKey);
    return Array.isArray(kept) ? kept.filter(isKept) : [];
  }
}
