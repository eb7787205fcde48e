import { make } from './dom.ts';

/**
 * Makes a table's headings sort it. Numbers (headings of class `n`) begin with the largest, text with the first letter;
 * empty cells stay at the end. A cell's `data-v` is its value where its text is not.
 */
export function makeSortable(table: HTMLTableElement): void {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  heads.forEach((head, column) => {
    const button = make('button', { type: 'button', class: 'sort' });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const numeric = head.classList.contains('n');
      const sorted = head.getAttribute('aria-sort');
      const down = sorted === null ? numeric : sorted === 'ascending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      sortRows(table.tBodies[0], column, numeric, down);
    });
  });
}

function sortRows(body: HTMLTableSectionElement, column: number, numeric: boolean, down: boolean): void {
  const keyed = [...body.rows].map((row) => ({ row, key: row.cells[column]?.dataset.v ?? row.cells[column]?.textContent ?? '' }));
  keyed.sort((a, b) => {
    if (a.key === '' || b.key === '') return Number(a.key === '') - Number(b.key === '');
    const order = numeric ? Number(a.key) - Number(b.key) : a.key.localeCompare(b.key, undefined, { numeric: true });
    return down ? -order : order;
  });
  body.append(...keyed.map(({ row }) => row));
}
