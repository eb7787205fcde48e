import type { TableBlock, TableColumn } from '../../runner/protocol/results.ts';
import { make, makeButton } from './dom.ts';
import { arrangeRows, rowsAsText } from './tableRows.ts';
import type { SortOrder } from './tableRows.ts';

/** Rows drawn at once: more make a page slow. */
const drawn = 200;
/** Rows from which on there is something to look for. */
const filtered = 8;
/** Rows that are shown where there is little room, when the table itself does not say how many. */
const firstRows = 25;

/** What can be done with a table where it is shown; what is left out is not offered. */
export interface TableActions {
  /** Opens all of its rows elsewhere; there is little room here. */
  readonly openFull?: () => void;
  readonly copy?: (text: string) => void;
}

/** A table that scrolls in its own frame. Headings sort it; it can be searched when it is long. */
export function renderTable(block: TableBlock, { openFull, copy }: TableActions = {}): HTMLElement {
  const name = block.title ?? 'Table';
  const all = block.rows.length;
  const first = openFull === undefined ? drawn : Math.max(1, Math.min(block.first ?? firstRows, drawn));
  const body = make('tbody');
  const heads = block.columns.map(renderHead);
  const table = make('table', {}, ...(block.title === undefined ? [] : [make('caption', {}, block.title)]), make('thead', {}, make('tr', {}, ...heads)), body);
  const frame = make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': name }, table);
  const note = make('p', { class: 'more', role: 'status' });
  const filter = make('input', { type: 'search', class: 'filter', placeholder: 'Filter', 'aria-label': `Filter the rows of ${name}`, spellcheck: 'false' });
  const copied = make('span', { class: 'said', role: 'status' });
  let sort: SortOrder | undefined;
  let most = first;
  let places: readonly number[] = [];

  const draw = (): void => {
    places = arrangeRows(block.rows, filter.value, sort);
    body.replaceChildren(...places.slice(0, most).map((place) => make('tr', {}, ...block.columns.map((column, i) => renderCell(block.rows[place].at(i) ?? null, column)))));
    const shown = Math.min(most, places.length);
    const total = filter.value === '' ? Math.max(block.total ?? 0, all) : places.length;
    note.replaceChildren(...(shown < total ? [`${words(shown)} of ${words(total)} rows. `] : places.length === 0 && all > 0 ? ['No row contains this. '] : []));
    if (shown < places.length) {
      if (openFull !== undefined) note.append(makeButton('Open Full Table', openFull, { class: 'quiet open-table' }));
      else note.append(makeButton('Show More', () => { most += drawn; draw(); }, { class: 'quiet' }));
    }
    note.hidden = note.childNodes.length === 0;
    copied.textContent = '';
  };
  if (all > 1) makeHeadsSort(heads, (next) => { sort = next; draw(); });
  filter.addEventListener('input', () => {
    most = first;
    draw();
  });
  const tools = make('div', { class: 'table-tools' });
  if (all > filtered) tools.append(filter);
  if (copy !== undefined && all > 0) {
    tools.append(makeButton('Copy', () => {
      copy(rowsAsText(block, places));
      copied.textContent = `${words(places.length)} ${places.length === 1 ? 'row' : 'rows'} copied.`;
    }, { class: 'quiet', title: 'Copy these rows for a spreadsheet', 'aria-label': `Copy the rows of ${name}` }), copied);
  }
  draw();
  return make('div', { class: 'table' }, ...(tools.childNodes.length > 0 ? [tools] : []), frame, note);
}

/** Numbers begin with the largest, text with the first letter; the next press turns it round. */
function makeHeadsSort(heads: readonly HTMLElement[], onSort: (order: SortOrder) => void): void {
  heads.forEach((head, column) => {
    const button = make('button', { type: 'button', class: 'sort' });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const sorted = head.getAttribute('aria-sort');
      const down = sorted === null ? head.classList.contains('n') : sorted === 'ascending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      onSort({ column, down });
    });
  });
}

function renderHead(column: TableColumn): HTMLElement {
  const head = make('th', { scope: 'col', class: column.numeric === true ? 'n' : undefined }, column.label);
  if (column.unit !== undefined) head.append(make('span', { class: 'unit' }, ` ${column.unit}`));
  return head;
}

function renderCell(value: string | number | null, column: TableColumn): HTMLElement {
  const numeric = column.numeric === true || typeof value === 'number';
  const key = value === null || (typeof value === 'number' && !Number.isFinite(value)) ? '' : String(value);
  const shown = formatCell(value);
  return make('td', { class: numeric ? 'n' : undefined, 'data-v': key, title: typeof value === 'number' && shown !== key ? key : undefined }, shown);
}

/** A cell as people read it: whole numbers with thousands apart, others with five significant digits, unknown as a dash. */
export function formatCell(value: string | number | null): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  if (!Number.isFinite(value)) return '–';
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? words(value) : value.toExponential(4);
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) return value.toExponential(3);
  return value.toLocaleString('en-US', { maximumSignificantDigits: 5 });
}

function words(n: number): string {
  return n.toLocaleString('en-US', { maximumFractionDigits: 0 });
}
