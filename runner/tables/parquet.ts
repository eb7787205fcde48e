import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { SpimquantError } from '../protocol/errors.ts';
import { columnOf } from './table.ts';
import type { Column, Table } from './table.ts';

/** Rows of a row group: small enough to be read one by one, large enough to compress well. */
const rowGroupSize = 100_000;

/**
 * Writes parquet: number columns as double (an empty cell is NaN), text columns as UTF-8 strings (an empty cell is
 * null), compressed with snappy. Equal tables give equal bytes.
 */
export function writeParquet(table: Table): Uint8Array {
  const buffer = parquetWriteBuffer({
    columnData: table.columns.map((column) =>
      column.kind === 'number'
        ? { name: column.name, type: 'DOUBLE' as const, data: column.values, nullable: false }
        : { name: column.name, type: 'STRING' as const, data: column.values.map((value) => (value === '' ? undefined : value)), nullable: true }),
    rowGroupSize,
    createdBy: 'SPIMquant',
  });
  return new Uint8Array(buffer);
}

/**
 * Reads the columns of a parquet file (all, or the named ones in that order). Integers, booleans and floats become
 * numbers, everything else text; any compression that parquet knows.
 *
 * @throws SpimquantError `bad-table` for a file that is not parquet or lacks a column
 */
export async function readParquet(bytes: Uint8Array, options: { readonly name?: string; readonly columns?: readonly string[] } = {}): Promise<Table> {
  const name = options.name ?? 'the parquet file';
  const content = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const file = { byteLength: content.byteLength, slice: (start: number, end?: number): ArrayBuffer => content.slice(start, end) };
  const broken = (cause: unknown): SpimquantError =>
    new SpimquantError('bad-table', `${name} cannot be read as parquet: it is damaged or incomplete.`, { where: name, cause });
  try {
    const metadata = await parquetMetadataAsync(file);
    const fields = parquetSchema(metadata).children;
    const count = Number(metadata.num_rows);
    const present = { columns: fields.map((field): Column => ({ name: field.element.name, kind: 'text', values: [] })) };
    const names = options.columns ?? fields.map((field) => field.element.name);
    for (const wanted of names) columnOf(present, wanted, name);
    const columns: Column[] = [];
    for (const wanted of names) {
      const field = fields.find((candidate) => candidate.element.name === wanted);
      const numeric = isNumeric(field?.element.type, field?.element.converted_type);
      const numbers = numeric ? new Float64Array(count) : undefined;
      const texts: string[] = [];
      // Group by group, so that only one row group of one column is in memory as objects.
      for (let start = 0; start < count; start += rowGroupSize) {
        const rows = await parquetReadObjects({ file, metadata, compressors, columns: [wanted], rowStart: start, rowEnd: Math.min(start + rowGroupSize, count) });
        rows.forEach((row, index) => {
          const value: unknown = row[wanted];
          if (numbers !== undefined) numbers[start + index] = value === null || value === undefined ? NaN : Number(value);
          else texts.push(asCell(value));
        });
      }
      columns.push(numbers === undefined ? { name: wanted, kind: 'text', values: texts } : { name: wanted, kind: 'number', values: numbers });
    }
    return { columns };
  } catch (error) {
    if (error instanceof SpimquantError) throw error;
    throw broken(error);
  }
}

function isNumeric(type: string | undefined, converted: string | undefined): boolean {
  if (type === 'INT32' || type === 'INT64') return converted === undefined || converted.startsWith('INT_') || converted.startsWith('UINT_');
  return type === 'DOUBLE' || type === 'FLOAT' || type === 'BOOLEAN';
}

function asCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.stringify(value);
}
