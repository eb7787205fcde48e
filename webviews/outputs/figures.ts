import type { OutputEntry } from '../../runner/protocol/outputs.ts';
import { reportError } from '../../runner/protocol/errors.ts';
import { make } from '../kit/dom.ts';
import { joinAddress } from './model.ts';
import type { OutputsModel } from './model.ts';

/** Bytes of a picture that is shown. */
const largestFigure = 48 << 20;
/** Pictures fetched at once, and characters of pictures that are kept. */
const fetchesAtOnce = 6;
const keptCharacters = 96 << 20;

/** Media type of a picture by its name. */
export function figureType(path: string): string {
  return /\.svg$/i.test(path) ? 'image/svg+xml' : /\.jpe?g$/i.test(path) ? 'image/jpeg' : 'image/png';
}

/** Pictures of folders of results, fetched when they come into sight, a few at once, and kept for a while. */
export class FigureLoader {
  readonly #kept = new Map<string, string>();
  readonly #waiting: { readonly run: () => Promise<void> }[] = [];
  readonly #observer: IntersectionObserver;
  readonly #seen = new WeakMap<Element, () => void>();
  #running = 0;

  constructor() {
    this.#observer = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        this.#observer.unobserve(target);
        this.#seen.get(target)?.();
      }
    }, { rootMargin: '300px' });
  }

  /** The picture as an address that an image takes. Rejects with errors for the user. */
  async load(model: OutputsModel, entry: OutputEntry): Promise<string> {
    const { uri } = model.listing ?? model.source.folder;
    const key = `${uri}\n${entry.path}\n${entry.version}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        run: async () => {
          try {
            const { base64 } = await model.asker.ask('storage.read', { uri: joinAddress(uri, entry.path), maxBytes: largestFigure, storage: model.source.folder.storage });
            const address = `data:${figureType(entry.path)};base64,${base64}`;
            this.#keep(key, address);
            resolve(address);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
      });
      this.#next();
    });
  }

  /** A picture that is fetched when it comes near the part in sight. `alt`: what it shows, for those who do not see it. */
  picture(model: OutputsModel, entry: OutputEntry, alt: string): HTMLElement {
    const place = make('span', { class: 'picture', 'aria-busy': 'true' });
    this.#seen.set(place, () => {
      this.load(model, entry).then(
        (address) => { place.replaceChildren(make('img', { src: address, alt, draggable: 'false' })); },
        (error: unknown) => { place.replaceChildren(make('span', { class: 'wrong' }, reportError(error).message)); },
      ).finally(() => { place.removeAttribute('aria-busy'); });
    });
    this.#observer.observe(place);
    return place;
  }

  #next(): void {
    while (this.#running < fetchesAtOnce) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running += 1;
      void next.run().finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  #keep(key: string, address: string): void {
    this.#kept.set(key, address);
    let characters = [...this.#kept.values()].reduce((sum, { length }) => sum + length, 0);
    for (const [oldest, { length }] of this.#kept) {
      if (characters <= keptCharacters || oldest === key) break;
      this.#kept.delete(oldest);
      characters -= length;
    }
  }
}
