import type { TableBlock } from '../../runner/protocol/results.ts';

type Cell = string | number | null;
type Row = readonly Cell[];

/** By which column rows are sorted, and whether the largest or last comes first. */
export interface SortOrder {
  readonly column: number;
  readonly down: boolean;
}

function isEmpty(cell: Cell | undefined): boolean {
  return cell === null || cell === undefined || cell === '' || (typeof cell === 'number' && !Number.isFinite(cell));
}

/** Places of the rows that contain all words, capitals or not, in their order or in that of a column; empty cells come last. */
export function arrangeRows(rows: readonly Row[], filter: string, sort: SortOrder | undefined): readonly number[] {
  const words = filter.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const kept = rows.flatMap((row, i) => {
    if (words.length === 0) return [i];
    const text = row.map((cell) => String(cell ?? '').toLowerCase()).join('\n');
    return words.every((word) => text.includes(word)) ? [i] : [];
  });
  if (sort === undefined) return kept;
  const { column, down } = sort;
  const collator = new Intl.Collator(undefined, { numeric: true });
  return kept.sort((a, b) => {
    const [one, other] = [rows[a].at(column), rows[b].at(column)];
    if (isEmpty(one) || isEmpty(other)) return Number(isEmpty(one)) - Number(isEmpty(other)) || a - b;
    const order = typeof one === 'number' && typeof other === 'number' ? one - other : collator.compare(String(one), String(other));
    return (down ? -order : order) || a - b;
  });
}

/** Rows with their headings as tab-separated text, for spreadsheets. */
export function rowsAsText({ columns, rows }: Pick<TableBlock, 'columns' | 'rows'>, places: readonly number[]): string {
  const plain = (text: string): string => text.replaceAll(/[\t\r\n]+/g, ' ');
  const heads = columns.map(({ label, unit }) => plain(unit === undefined ? label : `${label} (${unit})`));
  return `${[heads, ...places.map((place) => rows[place].map((cell) => (isEmpty(cell) ? '' : plain(String(cell)))))].map((line) => line.join('\t')).join('\n')}\n`;
}
