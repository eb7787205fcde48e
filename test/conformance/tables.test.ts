import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeParquet } from '../../runner/tables/parquet.ts';
import { numbers, tableOf, texts } from '../../runner/tables/table.ts';
import { writeTsv } from '../../runner/tables/tsv.ts';

interface Read {
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly numeric: boolean; readonly dtype: string; readonly values: readonly unknown[]; readonly missing: number; readonly sum: number | null }[];
}

const peer = fileURLToPath(new URL('tablesPeer.py', import.meta.url));

describe('tables and pandas', () => {
  let folder: string;
  before(() => { folder = mkdtempSync(join(tmpdir(), 'spimquant-conformance-')); });
  after(() => { rmSync(folder, { recursive: true, force: true }); });

  const read = (name: string, content: Uint8Array | string): Read => {
    const program = process.env['SPIMQUANT_PYTHON'];
    assert.ok(program, 'These tests are run by test/conformance/run.ts.');
    writeFileSync(join(folder, name), content);
    return JSON.parse(execFileSync(program, ['-W', 'ignore', peer, join(folder, name)], { encoding: 'utf8', maxBuffer: 1 << 26 })) as Read;
  };

  const rows = 120_000;
  const table = tableOf([
    numbers('pos_x', Float64Array.from({ length: rows }, (_, row) => Math.sin(row) / 3)),
    numbers('nvoxels', Float64Array.from({ length: rows }, (_, row) => 200 + (row % 1000))),
    numbers('vesseldist', Float64Array.from({ length: rows }, (_, row) => (row % 4 === 0 ? NaN : row / 7))),
    texts('stain', Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? 'Abeta' : 'Iba1'))),
    texts('note', Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? '' : `é\t"${row % 5}"`))),
  ]);

  for (const name of ['props.parquet', 'props.tsv']) {
    it(`reads ${name} with the same numbers, text and gaps`, () => {
      const { rows: count, columns } = read(name, name.endsWith('.tsv') ? writeTsv(table) : writeParquet(table));
      assert.equal(count, rows);
      assert.deepEqual(columns.map((column) => [column.name, column.numeric]), [['pos_x', true], ['nvoxels', true], ['vesseldist', true], ['stain', false], ['note', false]]);
      table.columns.forEach((column, index) => {
        const expected = Array.from<number | string>(column.values).map((value) => (value === '' || Number.isNaN(value) ? null : value));
        assert.deepEqual(columns[index].values, expected.slice(0, 1000), column.name);
        assert.equal(columns[index].missing, expected.filter((value) => value === null).length, column.name);
      });
    });
  }

  it('reads whole numbers in a TSV as integers', () => {
    assert.deepEqual(read('counts.tsv', writeTsv(table)).columns.filter(({ numeric }) => numeric).map(({ dtype }) => dtype), ['float64', 'int64', 'float64']);
  });
});
