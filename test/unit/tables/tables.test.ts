import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { aggregate, concatRows, leftJoin, outerJoin } from '../../../runner/tables/combine.ts';
import type { Reduction } from '../../../runner/tables/combine.ts';
import { readParquet, writeParquet } from '../../../runner/tables/parquet.ts';
import {
  columnNames, fillEmpty, filterRows, formatNumber, numbers, numberValues, renameColumns, rowCount, selectColumns, tableOf, texts, textValues, withColumn,
} from '../../../runner/tables/table.ts';
import type { Table } from '../../../runner/tables/table.ts';
import { readTsv, writeTsv } from '../../../runner/tables/tsv.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';

const fixture = (name: string): Uint8Array => readFileSync(new URL(`../../fixtures/tables/${name}`, import.meta.url));
const table = (name: string): Table => readTsv(fixture(name), { name });

/** Equal names, kinds and cells; numbers to the last digits that the order of summation decides. */
function same(actual: Table, wanted: Table): void {
  assert.deepEqual(columnNames(actual), columnNames(wanted));
  assert.equal(rowCount(actual), rowCount(wanted));
  wanted.columns.forEach((column, index) => {
    const other = actual.columns[index];
    assert.equal(other.kind, column.kind, column.name);
    column.values.forEach((value, row) => {
      const got = other.values[row];
      if (typeof value === 'number' && typeof got === 'number' && Number.isFinite(value)) {
        assert.ok(Math.abs(got - value) <= 1e-12 * Math.max(1, Math.abs(value)), `${column.name}[${row}]: ${got} and ${value}`);
      } else assert.deepEqual(got, value, `${column.name}[${row}]`);
    });
  });
}

function refused(action: () => unknown, pattern: RegExp): void {
  assert.throws(action, (error: unknown) => error instanceof SpimquantError && error.code === 'bad-table' && pattern.test(`${error.message} ${error.hint ?? ''}`));
}

describe('joining and grouping, as pandas does', () => {
  it('outer join', () => { same(outerJoin(table('left.tsv'), table('right.tsv'), ['index', 'name']), table('outer.tsv')); });

  it('left join', () => {
    const right = selectColumns(table('right.tsv'), ['index', 'count', 'pos_x']);
    same(leftJoin(table('left.tsv'), right, ['index'], { suffixes: ['_l', '_r'] }), table('leftjoin.tsv'));
  });

  for (const how of ['sum', 'mean', 'std', 'min', 'max', 'count', 'first'] as Reduction[]) {
    it(`${how} of groups`, () => { same(aggregate(table('values.tsv'), ['index', 'stain'], () => how), table(`grouped-${how}.tsv`)); });
  }

  it('rows of several tables', () => { same(concatRows([table('left.tsv'), table('right.tsv')]), table('concat.tsv')); });

  it('joins a text key with one that looks like numbers', () => {
    const left = readTsv('participant_id\tv\nsub-1\t1\n002\t2\n');
    const right = readTsv('participant_id\tage\n002\t9\n');
    assert.equal(writeTsv(leftJoin(left, right, ['participant_id'])), 'participant_id\tv\tage\nsub-1\t1\t\n002\t2\t9\n');
  });

  it('refuses the mean of text', () => {
    assert.throws(() => aggregate(tableOf([numbers('k', [1]), texts('t', ['a'])]), ['k'], () => 'mean'), RangeError);
  });
});

describe('tables', () => {
  const small = tableOf([numbers('index', [1, 2, NaN]), texts('name', ['a', '', 'c'])]);

  it('fills empty cells but for the columns that are left out', () => {
    const wide = withColumn(small, numbers('volume', [NaN, 1, NaN]));
    assert.equal(writeTsv(fillEmpty(wide, { number: 0, text: '0' }, ['volume'])), 'index\tname\tvolume\n1\ta\t\n2\t0\t1\n0\tc\t\n');
  });

  it('filters rows, renames and replaces columns', () => {
    assert.deepEqual(textValues(filterRows(small, (row) => row !== 0), 'name'), ['', 'c']);
    assert.deepEqual(columnNames(renameColumns(small, (name) => `Abeta+${name}`)), ['Abeta+index', 'Abeta+name']);
    assert.deepEqual(columnNames(withColumn(small, texts('index', ['x', 'y', 'z']))), ['index', 'name']);
    assert.throws(() => renameColumns(small, () => 'same'), RangeError);
    assert.throws(() => tableOf([numbers('a', [1]), numbers('b', [])]), RangeError);
  });

  it('names the columns there are when one is missing, and the cell that is no number', () => {
    refused(() => numberValues(small, 'count', 'x.tsv'), /x\.tsv has no column "count".*index, name/);
    refused(() => numberValues(small, 'name', 'x.tsv'), /should hold numbers, but has "a"/);
  });
});

describe('TSV', () => {
  it('prints numbers so that they read back the same', () => {
    const values = [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, -0, 12, 1e21, Infinity, -Infinity, NaN];
    assert.deepEqual(values.map(formatNumber), ['0.30000000000000004', '0.3333333333333333', '5e-324', '1.7976931348623157e+308', '0', '12', '1e+21', 'inf', '-inf', '']);
    const back = numberValues(readTsv(writeTsv(tableOf([numbers('v', values), numbers('i', values.map((_, index) => index))]))), 'v');
    assert.deepEqual([...back], values.map((value) => (value === 0 ? 0 : value)));
  });

  it('keeps labels with leading zeros as text', () => {
    assert.deepEqual(textValues(readTsv('id\n0001\n0002\n'), 'id'), ['0001', '0002']);
    assert.equal(readTsv('id\n1\n2\n', { text: ['id'] }).columns[0].kind, 'text');
  });

  it('takes n/a and nothing for empty, and reads Windows line ends and a byte order mark', () => {
    const read = readTsv('\uFEFFage\tsex\r\n12\tn/a\r\nn/a\tF\r\n\t\r\n');
    assert.deepEqual([...numberValues(read, 'age')], [12, NaN, NaN]);
    assert.deepEqual(textValues(read, 'sex'), ['', 'F', '']);
  });

  it('reads rows that end early, and says which row is too long', () => {
    assert.deepEqual([...numberValues(readTsv('a\tb\n1\n'), 'b')], [NaN]);
    refused(() => readTsv('a\tb\n1\t2\n1\t2\t3\n', { name: 'p.tsv' }), /p\.tsv.*row 3 has 3 cells/);
    refused(() => readTsv('', { name: 'p.tsv' }), /empty/);
    refused(() => readTsv('a\ta\n', { name: 'p.tsv' }), /called "a"/);
  });

  it('reads plain text as it reads text that needs care', () => {
    const cells = ['', 'n/a', '0', '-0', '12', '0001', '0.5', '.5', '5.', '-', '+3', '1e5', '1.', '1e-7', 'inf', '-inf', 'nan', ' 7 ', 'a b', '9007199254740993', '0.1234567890123456789', '123456789012345.678', '1..2', '--1', '0x10', 'Abeta', '0.30000000000000004', '4.35', '00.5'];
    let state = 7;
    const random = (n: number): number => { state = (state * 48_271) % 2_147_483_647; return state % n; };
    for (let round = 0; round < 300; round++) {
      const columns = 2 + random(4);
      const numeric = cells.filter((cell) => cell !== '' && !Number.isNaN(Number(cell)) && !/^0\d/.test(cell));
      const lines = Array.from({ length: random(12) }, () => Array.from({ length: random(6) === 0 ? 1 + random(columns) : columns }, (_, c) => (c % 2 === 0 ? numeric[random(numeric.length)] : cells[random(cells.length)])).join('\t'));
      const heads = Array.from({ length: columns }, (_, c) => `h${c}`);
      const end = random(2) === 0 ? '\n' : '';
      const body = lines.length === 0 ? end : `\n${lines.join('\n')}${end}`;
      // A quoted name makes no other table, but a text that is read the general way.
      assert.deepEqual(readTsv(`${heads.join('\t')}${body}`, { text: ['h1'] }), readTsv(`"h0"\t${heads.slice(1).join('\t')}${body}`, { text: ['h1'] }), JSON.stringify(lines));
    }
  });

  it('reads text with quotes, tabs and commas back', () => {
    const odd = tableOf([texts('name', ['a\tb', 'say "x"', 'c, d', 'é']), numbers('n', [1, 2, 3, 4])]);
    assert.deepEqual(readTsv(writeTsv(odd)), odd);
  });
});

describe('parquet', () => {
  const rows = 250_000;
  const big = tableOf([
    numbers('pos_x', Float64Array.from({ length: rows }, (_, row) => Math.sin(row))),
    numbers('vesseldist', Float64Array.from({ length: rows }, (_, row) => (row % 7 === 0 ? NaN : row))),
    texts('stain', Array.from({ length: rows }, (_, row) => (row % 5 === 0 ? '' : row % 2 === 0 ? 'Abeta' : 'Iba1'))),
  ]);

  it('reads back what it writes, over several row groups, and equal tables give equal bytes', async () => {
    const bytes = writeParquet(big);
    assert.deepEqual(await readParquet(bytes), big);
    assert.ok(Buffer.from(bytes).equals(writeParquet(big)));
  });

  it('reads only the columns asked for', async () => {
    assert.deepEqual(await readParquet(writeParquet(big), { columns: ['stain', 'pos_x'] }), selectColumns(big, ['stain', 'pos_x']));
  });

  it('keeps a table without rows', async () => {
    const empty = tableOf([numbers('pos_x', []), texts('stain', [])]);
    assert.deepEqual(await readParquet(writeParquet(empty)), empty);
  });

  for (const name of ['zstd.parquet', 'snappy.parquet']) {
    it(`reads ${name} of pyarrow`, async () => {
      const read = await readParquet(fixture(name));
      assert.deepEqual([...numberValues(read, 'x')], [1.5, NaN, -3.25]);
      assert.deepEqual([...numberValues(read, 'n')], [1, 2, 3]);
      assert.deepEqual([...numberValues(read, 'small')], [1, 2, 3]);
      assert.deepEqual(textValues(read, 'stain'), ['Abeta', '', 'Iba1']);
      assert.deepEqual([...numberValues(read, 'ok')], [1, 0, 1]);
    });
  }

  it('names a file that is damaged, or lacks a column', async () => {
    const isBad = (pattern: RegExp) => (error: unknown): boolean => error instanceof SpimquantError && error.code === 'bad-table' && pattern.test(error.message);
    await assert.rejects(readParquet(writeParquet(big).subarray(0, 5000), { name: 'props.parquet' }), isBad(/props\.parquet.*damaged/));
    await assert.rejects(readParquet(fixture('snappy.parquet'), { name: 'props.parquet', columns: ['y'] }), isBad(/props\.parquet has no column "y"/));
  });
});
