import { reportError } from '../../runner/protocol/errors.ts';
import type { OutputEntry, TableFilter, TablePage, TableQuery, TableSort, ViewedCell, ViewedColumn } from '../../runner/protocol/outputs.ts';
import { wholeTable } from '../../runner/protocol/outputs.ts';
import { make, makeButton } from '../kit/dom.ts';
import { formatCell } from '../kit/table.ts';
import { VirtualList } from '../kit/virtualList.ts';
import { makeField } from './controls.ts';
import { filterText, numberFilterHelp, parseFilter, textFilterHelp } from './filterText.ts';
import type { TableRef } from './messages.ts';
import type { OutputsModel } from './model.ts';

type Row = readonly ViewedCell[];

/** Pixels: a row, a character of a cell, the room around it, the narrowest and widest column. */
const rowHeight = 22;
const characterWidth = 7.4;
const cellRoom = 22;
const narrowest = 104;
const widest = 340;
/** Rows of the first page that is asked for. */
const firstRows = 200;

export interface TableGridOptions {
  readonly onQuery: (path: string, query: TableQuery) => void;
  readonly copy: (text: string) => void;
  readonly exportRows: (to: 'file' | 'clipboard', table: TableRef) => void;
}

/**
 * One table of any length. Rows are filtered, sorted and searched by the runner and come page by page as they are scrolled to;
 * the page never holds the table.
 */
export class TableGrid {
  readonly element: HTMLElement;
  readonly #options: TableGridOptions;
  readonly #list: VirtualList<Row>;
  readonly #head = make('div', { class: 'grid-head', role: 'presentation' });
  readonly #counts = make('span', { class: 'dim counts', role: 'status' });
  readonly #problem = make('p', { class: 'wrong', role: 'alert', hidden: true });
  readonly #search: HTMLInputElement;
  readonly #fields = new Map<string, HTMLInputElement>();
  readonly #buttons: readonly HTMLButtonElement[];
  #model: OutputsModel | undefined;
  #entry: OutputEntry | undefined;
  #version: string | undefined;
  #columns: readonly ViewedColumn[] = [];
  #query: TableQuery = wholeTable;
  #asking = new AbortController();
  /** Queries that were asked: only the answer to the last one counts. */
  #asked = 0;

  constructor(options: TableGridOptions) {
    this.#options = options;
    this.#list = new VirtualList<Row>({
      label: 'Rows', rowHeight,
      fill: (element, row, index) => { this.#fill(element, row, index); },
      need: (from, count) => { void this.#need(from, count); },
    });
    const { element } = this.#list;
    element.setAttribute('role', 'grid');
    element.addEventListener('scroll', () => { this.#head.scrollLeft = element.scrollLeft; }, { passive: true });
    element.addEventListener('keydown', (event) => { this.#onKey(event); });
    this.#search = makeField('Search the table', 'Search', '', (text) => { this.#change({ ...this.#query, search: text }); });
    this.#buttons = [
      makeButton('Clear', () => { this.#clear(); }, { class: 'action', title: 'Remove search, filters and order' }),
      makeButton('Copy Row', () => { this.#copyRow(); }, { class: 'action', title: 'Copy the selected row (Ctrl+C)' }),
      makeButton('Copy', () => { this.#export('clipboard'); }, { class: 'action', title: 'Copy all rows that fit, to be pasted into a spreadsheet' }),
      makeButton('Export CSV…', () => { this.#export('file'); }, { class: 'action', title: 'Write all rows that fit, in this order, to a file' }),
    ];
    this.element = make('div', { class: 'table-grid' }, make('div', { class: 'controls' }, this.#search, ...this.#buttons, this.#counts), this.#problem, make('div', { class: 'grid' }, this.#head, element));
  }

  /** Shows a table. The same one again is read anew when it has changed. */
  show(model: OutputsModel, entry: OutputEntry, query: TableQuery): void {
    const isSame = model === this.#model && entry.path === this.#entry?.path;
    if (isSame && entry.version === this.#entry?.version) return;
    [this.#model, this.#entry, this.#version] = [model, entry, entry.version === '' ? undefined : entry.version];
    if (!isSame) {
      this.#query = query;
      this.#columns = [];
      this.#search.value = query.search;
      this.#head.replaceChildren();
      this.#list.clear();
    }
    this.#list.element.setAttribute('aria-label', entry.title);
    void this.#start();
  }

  clear(): void {
    this.#asking.abort();
    this.#entry = undefined;
  }

  /** Asks for the first rows that fit; what was there is shown until they come. */
  async #start(): Promise<void> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const asked = ++this.#asked;
    this.element.setAttribute('aria-busy', 'true');
    try {
      const page = await this.#ask(0, firstRows);
      if (page === undefined || asked !== this.#asked) return;
      const isKnown = JSON.stringify(page.columns) === JSON.stringify(this.#columns);
      this.#columns = page.columns;
      this.#version = page.version;
      if (!isKnown) this.#makeHead();
      this.#showSorting();
      this.#problem.hidden = true;
      const { scrollLeft } = this.#list.element;
      this.#list.clear();
      this.#list.setTotal(page.matched);
      this.#list.put(0, page.rows);
      this.#list.element.scrollLeft = scrollLeft;
      const [matched, total] = [page.matched.toLocaleString('en'), page.total.toLocaleString('en')];
      this.#counts.textContent = page.matched === page.total ? `${total} ${page.total === 1 ? 'row' : 'rows'}` : `${matched} of ${total} rows`;
      this.#list.element.setAttribute('aria-rowcount', String(page.matched));
    } catch (error) {
      const report = reportError(error);
      if (asked !== this.#asked || report.code === 'cancelled') return;
      this.#problem.textContent = `${report.message}${report.hint === undefined ? '' : ` ${report.hint}`}`;
      this.#problem.hidden = false;
    } finally {
      if (asked === this.#asked) this.element.removeAttribute('aria-busy');
    }
  }

  async #need(from: number, count: number): Promise<void> {
    const asked = this.#asked;
    try {
      const page = await this.#ask(from, count);
      if (page !== undefined && asked === this.#asked) this.#list.put(from, page.rows);
    } catch (error) {
      const report = reportError(error);
      if (asked !== this.#asked || report.code === 'cancelled') return;
      this.#problem.textContent = report.message;
      this.#problem.hidden = false;
    }
  }

  #ask(from: number, count: number): Promise<TablePage> | undefined {
    const table = this.#ref();
    return table === undefined ? undefined : this.#model?.asker.ask('outputs.rows', { ...table, from, count }, this.#asking.signal);
  }

  #ref(): TableRef | undefined {
    if (this.#model === undefined || this.#entry === undefined) return undefined;
    return { folder: this.#model.source.folder, path: this.#entry.path, query: this.#query, ...(this.#version === undefined ? {} : { version: this.#version }) };
  }

  #change(query: TableQuery): void {
    this.#query = query;
    if (this.#entry !== undefined) this.#options.onQuery(this.#entry.path, query);
    void this.#start();
  }

  #clear(): void {
    this.#search.value = '';
    for (const field of this.#fields.values()) {
      field.value = '';
      field.removeAttribute('aria-invalid');
    }
    this.#change(wholeTable);
  }

  #export(to: 'file' | 'clipboard'): void {
    const table = this.#ref();
    if (table !== undefined) this.#options.exportRows(to, table);
  }

  #copyRow(): void {
    const row = this.#list.row(this.#list.selected);
    if (row !== undefined) this.#options.copy(row.map((cell) => (cell === null ? '' : String(cell))).join('\t'));
  }

  #onKey(event: KeyboardEvent): void {
    if ((event.ctrlKey || event.metaKey) && event.key === 'c' && this.#list.selected >= 0) {
      event.preventDefault();
      this.#copyRow();
    }
  }

  #makeHead(): void {
    this.#fields.clear();
    const widths = this.#columns.map(({ name, width, units }) => {
      const heading = Math.min(26, name.length + 3 + (units === undefined ? 0 : units.length + 1));
      return Math.round(Math.min(widest, Math.max(narrowest, cellRoom + characterWidth * Math.max(Math.min(width, 44), heading))));
    });
    const template = widths.map((width) => `${width}px`).join(' ');
    this.element.style.setProperty('--columns', template);
    this.element.style.setProperty('--width', `${widths.reduce((sum, width) => sum + width, 0)}px`);
    const heads = this.#columns.map((column, at) => {
      const button = makeButton(column.name, () => undefined, { class: 'sort' });
      button.addEventListener('click', ({ shiftKey }) => { this.#sortBy(column, shiftKey); });
      return make('div', { role: 'columnheader', class: column.kind === 'number' ? 'n' : undefined, 'aria-colindex': at + 1, 'data-column': column.name, title: [column.description, 'Sorts; with Shift after the others'].filter((part) => part !== undefined).join('\n') },
        button, ...(column.units === undefined ? [] : [make('span', { class: 'dim unit' }, column.units)]));
    });
    const fields = this.#columns.map((column) => {
      const help = column.kind === 'number' ? numberFilterHelp : textFilterHelp;
      const field = makeField(`Filter ${column.name}`, column.kind === 'number' ? '> < ..' : 'filter', filterText(column.kind, this.#query.filters.filter((filter) => filter.column === column.name)), () => { this.#filter(); }, 250);
      field.title = column.range === undefined ? help : `${help}\n${formatCell(column.range[0])} to ${formatCell(column.range[1])}`;
      if (column.values !== undefined && column.values.length > 0) {
        const id = `values-${this.#fields.size}`;
        field.setAttribute('list', id);
        this.#fields.set(column.name, field);
        return make('div', {}, field, make('datalist', { id }, ...column.values.map((value) => make('option', { value: `=${value}` }, value))));
      }
      this.#fields.set(column.name, field);
      return make('div', {}, field);
    });
    this.#head.replaceChildren(make('div', { class: 'cells heads', role: 'row' }, ...heads), make('div', { class: 'cells filters', role: 'presentation' }, ...fields));
    this.#list.element.setAttribute('aria-colcount', String(this.#columns.length));
  }

  #filter(): void {
    const filters: TableFilter[] = [];
    let problem: string | undefined;
    for (const column of this.#columns) {
      const field = this.#fields.get(column.name);
      const parsed = parseFilter(column, field?.value ?? '');
      if ('problem' in parsed) problem = parsed.problem;
      else filters.push(...parsed.filters);
      field?.toggleAttribute('aria-invalid', 'problem' in parsed);
    }
    this.#problem.textContent = problem ?? '';
    this.#problem.hidden = problem === undefined;
    if (problem === undefined) this.#change({ ...this.#query, filters });
  }

  /** Numbers begin with the largest, text with the first letter; the third press gives the order of the file. */
  #sortBy(column: ViewedColumn, also: boolean): void {
    const first = column.kind === 'number';
    const now = this.#query.sort.find((each) => each.column === column.name);
    const next: readonly TableSort[] = now === undefined ? [{ column: column.name, descending: first }] : now.descending === first ? [{ column: column.name, descending: !first }] : [];
    const others = this.#query.sort.filter((each) => each.column !== column.name);
    this.#change({ ...this.#query, sort: also ? [...others, ...next] : next });
  }

  #showSorting(): void {
    const heads = this.#head.querySelectorAll<HTMLElement>('[role="columnheader"]');
    this.#columns.forEach((column, at) => {
      const place = this.#query.sort.findIndex((each) => each.column === column.name);
      const head = heads[at];
      if (place < 0) head.removeAttribute('aria-sort');
      else head.setAttribute('aria-sort', this.#query.sort[place].descending ? 'descending' : 'ascending');
      head.dataset['place'] = place >= 0 && this.#query.sort.length > 1 ? String(place + 1) : '';
    });
  }

  #fill(element: HTMLElement, row: Row | undefined, index: number): void {
    element.setAttribute('role', 'row');
    element.setAttribute('aria-rowindex', String(index + 1));
    element.classList.add('cells');
    const columns = this.#columns;
    while (element.childElementCount > columns.length) element.lastElementChild?.remove();
    while (element.childElementCount < columns.length) element.append(make('span', { role: 'gridcell' }));
    for (let at = 0; at < columns.length; at++) {
      const cell = element.children[at] as HTMLElement;
      const value = row?.[at];
      cell.className = columns[at].kind === 'number' ? 'n' : '';
      cell.textContent = row === undefined ? (at === 0 ? '…' : '') : formatCell(value ?? null);
      cell.title = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
    }
  }
}
