import assert from 'node:assert/strict';
import { csvParseRows, tsvParseRows } from 'd3-dsv';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { filterTests, wholeTable, type TableFilter, type TableQuery, type ViewedCell } from '../../../runner/protocol/outputs.ts';
import { TableView, writeRows } from '../../../runner/outputs/tableView.ts';
import { seededRandom } from '../../../runner/phantom/random.ts';
import { numbers, tableOf, texts, type Table } from '../../../runner/tables/table.ts';

const words = ['', 'Cortex, left', 'Cortex, right', 'region 2', 'region 10', 'thalamus', 'Thalamus', 'zona "incerta"', 'à la carte', 'TAB\there'];

function randomTable(rows: number, seed: number): Table {
  const random = seededRandom(seed);
  const special = [NaN, 0, -0, 1, -1, 1e-300, -1e300, Infinity, -Infinity, 0.1, 5];
  return tableOf([
    texts('name', Array.from({ length: rows }, () => words[Math.floor(random() * words.length)])),
    numbers('value', Array.from({ length: rows }, () => (random() < 0.4 ? special[Math.floor(random() * special.length)] : (random() - 0.5) * 10 ** Math.floor(random() * 8)))),
    numbers('few', Array.from({ length: rows }, () => Math.floor(random() * 4))),
    texts('stain', Array.from({ length: rows }, () => (random() < 0.5 ? 'Abeta' : 'Iba1'))),
  ]);
}

type Row = readonly (string | number)[];

/** The same in the plainest way: rows as arrays, filtered and sorted by the language's own means. */
function naive(table: Table, query: TableQuery): Row[] {
  const names = table.columns.map(({ name }) => name);
  const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  const isEmpty = (cell: string | number): boolean => cell === '' || Number.isNaN(cell);
  const compare = (a: string | number, b: string | number): number => (typeof a === 'number' ? a - Number(b) || (a === b ? 0 : a < Number(b) ? -1 : 1) : collator.compare(a, String(b)) || (a < String(b) ? -1 : a > String(b) ? 1 : 0));
  const text = (cell: string | number): string => (typeof cell === 'string' ? cell : Number.isNaN(cell) ? '' : cell === Infinity ? 'inf' : cell === -Infinity ? '-inf' : String(cell === 0 ? 0 : cell));
  const fits = (cell: string | number, { test, value }: TableFilter): boolean => {
    if (test === 'empty') return isEmpty(cell);
    if (test === 'filled') return !isEmpty(cell);
    if (test === 'has') return !(isEmpty(cell) && typeof cell === 'string') && text(cell).toLowerCase().includes(value.toLowerCase());
    if (test === 'hasNot') return !text(cell).toLowerCase().includes(value.toLowerCase());
    if (typeof cell === 'number') {
      const wanted = Number(value);
      return { eq: cell === wanted, ne: cell !== wanted, lt: cell < wanted, le: cell <= wanted, gt: cell > wanted, ge: cell >= wanted }[test];
    }
    if (test === 'ne') return cell.toLowerCase() !== value.toLowerCase();
    if (test === 'eq') return cell.toLowerCase() === value.toLowerCase();
    if (cell === '') return false;
    const order = collator.compare(cell, value);
    return { lt: order < 0, le: order <= 0, gt: order > 0, ge: order >= 0 }[test];
  };
  const search = query.search.trim().toLowerCase();
  const numeric = /^[\d.e+-]+$/.test(search);
  return Array.from({ length: table.columns[0].values.length }, (_, row): Row => table.columns.map(({ values }) => values[row]))
    .filter((row) => query.filters.every((filter) => fits(row[names.indexOf(filter.column)], filter)))
    .filter((row) => search === '' || row.some((cell) => (typeof cell === 'string' || numeric) && text(cell).toLowerCase().includes(search)))
    .sort((a, b) => {
      for (const { column, descending } of query.sort) {
        const [x, y] = [a[names.indexOf(column)], b[names.indexOf(column)]];
        if (isEmpty(x) || isEmpty(y)) {
          if (isEmpty(x) !== isEmpty(y)) return isEmpty(x) ? 1 : -1;
          continue;
        }
        const order = compare(x, y);
        if (order !== 0) return descending ? -order : order;
      }
      return 0;
    });
}

function asCell(cell: string | number): ViewedCell {
  if (typeof cell === 'string') return cell === '' ? null : cell;
  return Number.isNaN(cell) ? null : Number.isFinite(cell) ? cell : cell > 0 ? 'inf' : '-inf';
}

describe('Rows of a table of outputs', () => {
  it('are filtered, searched and sorted as the plainest program does it', () => {
    const random = seededRandom(7);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
    for (let round = 0; round < 120; round++) {
      const table = randomTable(1 + Math.floor(random() * 300), round + 1);
      const view = new TableView(table);
      const query: TableQuery = {
        search: random() < 0.5 ? '' : pick(['cortex', 'a', '1', '-1', 'e', 'nothing there', ' Thal ']),
        filters: Array.from({ length: Math.floor(random() * 3) }, (): TableFilter => {
          const column = pick(['name', 'value', 'few', 'stain']);
          return { column, test: pick(filterTests), value: column === 'name' ? pick(['thalamus', 'region 2', 'cortex', 'zz']) : column === 'stain' ? 'abeta' : pick(['0', '1', '-1', '2.5', '1e3']) };
        }),
        sort: Array.from({ length: Math.floor(random() * 3) }, () => ({ column: pick(['name', 'value', 'few', 'stain']), descending: random() < 0.5 })),
      };
      const expected = naive(table, query);
      const { matched, rows } = view.page(query, 0, 1000);
      assert.equal(matched, expected.length, JSON.stringify(query));
      assert.deepEqual(rows.map((row) => row.map((cell) => (cell === 0 ? 0 : cell))), expected.map((row) => row.map(asCell).map((cell) => (cell === 0 ? 0 : cell))), JSON.stringify(query));
      assert.deepEqual(view.page(query, 3, 5).rows, rows.slice(3, 8));
    }
  });

  it('say what a filter cannot be', () => {
    const view = new TableView(randomTable(5, 1));
    for (const filter of [{ column: 'valeu', test: 'eq', value: '1' }, { column: 'value', test: 'gt', value: 'five' }] as const) {
      assert.throws(() => view.select({ ...wholeTable, filters: [filter] }), (error) => error instanceof SpimquantError && error.code === 'bad-option' && error.message.includes(filter.column));
    }
  });

  it('are written as CSV and TSV that read back to the same cells', () => {
    const table = randomTable(200, 3);
    const view = new TableView(table);
    const query: TableQuery = { search: '', filters: [{ column: 'few', test: 'ge', value: '1' }], sort: [{ column: 'value', descending: true }] };
    const text = (cell: string | number): string => (typeof cell === 'string' ? cell : Number.isNaN(cell) ? '' : cell === Infinity ? 'inf' : cell === -Infinity ? '-inf' : String(cell === 0 ? 0 : cell));
    const expected = [table.columns.map(({ name }) => name), ...naive(table, query).map((row) => row.map(text))];
    assert.deepEqual(csvParseRows(new TextDecoder().decode(writeRows(view, query, ','))).map((row) => [...row]), expected);
    assert.deepEqual(tsvParseRows(new TextDecoder().decode(writeRows(view, query, '\t'))).map((row) => [...row]), expected);
  });

  it('tell of each column what helps to filter by it', () => {
    const [name, value, few, stain] = new TableView(randomTable(400, 9)).columns();
    assert.equal(name.kind, 'text');
    assert.deepEqual(stain.values, ['Abeta', 'Iba1']);
    assert.deepEqual(few.range, [0, 3]);
    assert.equal(value.range, undefined, 'Infinite values make no range.');
  });
});
