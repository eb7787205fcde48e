import { make } from './dom.ts';

/** What a {@link VirtualList} shows, and how. */
export interface VirtualListOptions<Row> {
  /** Name for those who listen. */
  readonly label: string;
  /** Pixels; every row is as high. */
  readonly rowHeight: number;
  /** Fills the element of a row; undefined: the row is on its way. */
  readonly fill: (element: HTMLElement, row: Row | undefined, index: number) => void;
  /** Asks for rows; they come by `put`, or never. */
  readonly need: (from: number, count: number) => void;
  /** A row was chosen by pointer or key. */
  readonly onSelect?: (index: number, row: Row | undefined) => void;
  /** The reader scrolled away from the end, or back to it. */
  readonly onEnd?: (atEnd: boolean) => void;
}

/** Rows asked for at once, and rows remembered. */
const pageRows = 200;
const keptRows = 4000;
/** Browsers cannot make elements higher than about 33 million pixels: longer lists are scrolled in larger steps. */
const highest = 24_000_000;
/** Rows beyond the edge that are ready. */
const overscan = 6;

/** A list of any length: only the rows in sight exist as elements, and only those near are asked for. */
export class VirtualList<Row> {
  readonly element: HTMLElement;
  readonly #options: VirtualListOptions<Row>;
  /** Rows lie in a window that stays in sight: positions in millions of pixels would be rounded. */
  readonly #window = make('div', { class: 'window', role: 'presentation' });
  readonly #space = make('div', { class: 'space', role: 'presentation' }, this.#window);
  readonly #pool: HTMLElement[] = [];
  readonly #rows = new Map<number, Row>();
  readonly #asked = new Set<number>();
  #total = 0;
  #selected = -1;
  #atEnd = true;
  #drawing = false;

  constructor(options: VirtualListOptions<Row>) {
    this.#options = options;
    this.element = make('div', { class: 'virtual-list', role: 'listbox', tabindex: 0, 'aria-label': options.label }, this.#space);
    this.element.addEventListener('scroll', () => { this.#draw(); }, { passive: true });
    this.element.addEventListener('keydown', (event) => { this.#onKey(event); });
    this.#space.addEventListener('click', (event) => {
      const row = (event.target as Element).closest<HTMLElement>('[data-index]');
      if (row !== null) this.select(Number(row.dataset['index']));
    });
    new ResizeObserver(() => { this.#draw(); }).observe(this.element);
  }

  get total(): number {
    return this.#total;
  }

  get selected(): number {
    return this.#selected;
  }

  get isAtEnd(): boolean {
    return this.#atEnd;
  }

  row(index: number): Row | undefined {
    return this.#rows.get(index);
  }

  /** Sets how many rows there are. Those that are known stay. */
  setTotal(total: number): void {
    if (total === this.#total) return;
    // A page that was not full is asked for again when there is more.
    this.#asked.delete(Math.floor(this.#total / pageRows));
    this.#total = total;
    this.#space.style.height = `${Math.min(total * this.#options.rowHeight, highest)}px`;
    this.#draw();
  }

  /** Takes rows in that begin at number `from`. */
  put(from: number, rows: readonly Row[]): void {
    rows.forEach((row, at) => this.#rows.set(from + at, row));
    if (this.#rows.size > keptRows) this.#forgetFar();
    this.#draw();
  }

  /** Forgets all rows, for other ones. */
  clear(): void {
    this.#rows.clear();
    this.#asked.clear();
    this.#selected = -1;
    this.#total = 0;
    this.#space.style.height = '0';
    this.element.scrollTop = 0;
    this.#draw();
  }

  select(index: number): void {
    this.#selected = index;
    this.#draw();
    this.#options.onSelect?.(index, this.#rows.get(index));
  }

  /** Brings a row into sight: at the middle when it is not. */
  show(index: number): void {
    const first = this.#firstRow();
    if (index >= Math.ceil(first) && index < first + this.#visible() - 1) return;
    this.#scrollTo(index - this.#visible() / 2);
  }

  showEnd(): void {
    this.#scrollTo(this.#total);
  }

  /** Rows in a view. */
  #visible(): number {
    return Math.max(1, this.element.clientHeight / this.#options.rowHeight);
  }

  /** Pixels of scrolling for a row. */
  #step(): number {
    const range = Math.min(this.#total * this.#options.rowHeight, highest) - this.element.clientHeight;
    return Math.max(1e-6, range / Math.max(1, this.#total - this.#visible()));
  }

  #firstRow(): number {
    return Math.max(0, Math.min(this.element.scrollTop / this.#step(), this.#total - this.#visible()));
  }

  #scrollTo(first: number): void {
    this.element.scrollTop = Math.max(0, first) * this.#step();
    this.#draw();
  }

  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    const { rowHeight, fill } = this.#options;
    const first = this.#firstRow();
    const from = Math.max(0, Math.floor(first) - overscan);
    const to = Math.min(this.#total, Math.ceil(first + this.#visible()) + overscan);
    while (this.#pool.length < to - from) {
      const element = make('div', { class: 'row', role: 'option' });
      this.#pool.push(element);
      this.#window.append(element);
    }
    this.#pool.forEach((element, at) => {
      const index = from + at;
      element.hidden = index >= to;
      if (element.hidden) return;
      element.style.transform = `translateY(${Math.round((index - first) * rowHeight)}px)`;
      element.style.height = `${rowHeight}px`;
      element.dataset['index'] = String(index);
      element.id = `row-${index}`;
      element.setAttribute('aria-posinset', String(index + 1));
      element.setAttribute('aria-setsize', String(this.#total));
      element.setAttribute('aria-selected', String(index === this.#selected));
      fill(element, this.#rows.get(index), index);
    });
    if (this.#selected >= from && this.#selected < to) this.element.setAttribute('aria-activedescendant', `row-${this.#selected}`);
    else this.element.removeAttribute('aria-activedescendant');
    this.#askFor(from, to);
    const atEnd = this.#total - (first + this.#visible()) < 1.5;
    if (atEnd === this.#atEnd) return;
    this.#atEnd = atEnd;
    this.#options.onEnd?.(atEnd);
  }

  #askFor(from: number, to: number): void {
    for (let page = Math.floor(from / pageRows); page * pageRows < to; page++) {
      const begin = page * pageRows;
      const count = Math.min(pageRows, this.#total - begin);
      if (this.#asked.has(page) || count <= 0) continue;
      this.#asked.add(page);
      this.#options.need(begin, count);
    }
  }

  #forgetFar(): void {
    const middle = this.#firstRow();
    const far = [...this.#rows.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle)).slice(0, this.#rows.size - keptRows / 2);
    for (const index of far) {
      this.#rows.delete(index);
      this.#asked.delete(Math.floor(index / pageRows));
    }
  }

  #onKey(event: KeyboardEvent): void {
    const now = this.#selected < 0 ? Math.floor(this.#firstRow()) - 1 : this.#selected;
    const page = Math.max(1, Math.floor(this.#visible()) - 1);
    const moves: Readonly<Record<string, number>> = { ArrowDown: now + 1, ArrowUp: now - 1, PageDown: now + page, PageUp: now - page, Home: 0, End: this.#total - 1 };
    const to = moves[event.key];
    if (to === undefined || this.#total === 0) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(this.#total - 1, to));
    this.select(index);
    this.show(index);
  }
}
