import type { TableBlock, TableColumn } from '../../runner/protocol/results.ts';
import { make, makeButton } from './dom.ts';
import { makeSortable } from './sortTable.ts';

/** Rows drawn at once: more make a page slow. */
const drawn = 200;

/** A table that scrolls in its own frame. It can be sorted when all of its rows are drawn. */
export function renderTable(block: TableBlock): HTMLElement {
  const name = block.title ?? 'Table';
  const body = make('tbody');
  const head = make('tr', {}, ...block.columns.map(renderHead));
  const table = make('table', {}, ...(block.title === undefined ? [] : [make('caption', {}, block.title)]), make('thead', {}, head), body);
  const frame = make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': name }, table);
  const element = make('div', { class: 'table' }, frame);
  const note = make('p', { class: 'more' });
  let rows = 0;

  const draw = (): void => {
    const next = block.rows.slice(rows, rows + drawn);
    body.append(...next.map((row) => make('tr', {}, ...row.map((value, i) => renderCell(value, block.columns[i])))));
    rows += next.length;
    const total = Math.max(block.total ?? 0, block.rows.length);
    note.replaceChildren(...(rows < total ? [`${words(rows)} of ${words(total)} rows. `] : []));
    if (rows < block.rows.length) note.append(makeButton('Show More', draw, { class: 'quiet' }));
    if (rows === block.rows.length && rows > 1) makeSortable(table);
    note.hidden = note.childNodes.length === 0;
  };
  element.append(note);
  draw();
  return element;
}

function renderHead(column: TableColumn): HTMLElement {
  const head = make('th', { scope: 'col', class: column.numeric === true ? 'n' : undefined }, column.label);
  if (column.unit !== undefined) head.append(make('span', { class: 'unit' }, ` ${column.unit}`));
  return head;
}

function renderCell(value: string | number | null, column: TableColumn | undefined): HTMLElement {
  const numeric = column?.numeric === true || typeof value === 'number';
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
