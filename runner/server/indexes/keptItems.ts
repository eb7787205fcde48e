/** Something that was looked into, and how to know whether it is still so. */
export interface KeptItem {
  /** As JSON: a tenth of what the same takes as objects. */
  readonly json: string;
  /** Of the listings or metadata that it was made from. */
  readonly mark: string;
  /** When it was last compared, in milliseconds since the epoch; -Infinity: by an earlier runner. */
  readonly checked: number;
}

/** Bytes that an entry takes beside its texts. */
const overhead = 200;

/** What was looked into, by name, within a number of bytes; what was not used for longest goes first. */
export class KeptItems {
  readonly #limit: number;
  readonly #items = new Map<string, KeptItem>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(name: string): KeptItem | undefined {
    const item = this.#items.get(name);
    if (item === undefined) return undefined;
    this.#items.delete(name);
    this.#items.set(name, item);
    return item;
  }

  set(name: string, item: KeptItem): void {
    this.delete(name);
    this.#items.set(name, item);
    this.#bytes += sizeOf(name, item);
    for (const oldest of this.#items.keys()) {
      if (this.#bytes <= this.#limit) break;
      this.delete(oldest);
    }
  }

  delete(name: string): void {
    const item = this.#items.get(name);
    if (item === undefined) return;
    this.#items.delete(name);
    this.#bytes -= sizeOf(name, item);
  }

  clear(): void {
    this.#items.clear();
    this.#bytes = 0;
  }

  /** The least used first. */
  entries(): IterableIterator<[string, KeptItem]> {
    return this.#items.entries();
  }
}

function sizeOf(name: string, { json, mark }: KeptItem): number {
  return overhead + name.length + json.length + mark.length;
}
