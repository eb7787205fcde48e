import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** Rows of a TSV file by column name. */
export async function readTsv(path: string): Promise<readonly Readonly<Record<string, string>>[]> {
  const [head, ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n').map((line) => line.split('\t'));
  return lines.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i] ?? ''])));
}

/** Objects of a stain per region index, from a `mergedsegstats` table. Regions without objects are left out. */
export async function countsOf(table: string, stain: string): Promise<ReadonlyMap<number, number>> {
  const rows = await readTsv(table);
  return new Map(rows.map((row) => [Number(row.index), Number(row[`${stain}+count`] || 0)] as const).filter(([, count]) => count > 0));
}

/** Files below a folder whose names match, as paths with `/`, sorted. */
export async function filesBelow(folder: string, pattern: RegExp): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** The tables (TSV and parquet) of a run's participants, by path, as SHA-256 of their bytes. */
export async function tableDigests(output: string): Promise<ReadonlyMap<string, string>> {
  const paths = (await filesBelow(output, /\.(tsv|parquet)$/)).filter((path) => path.startsWith('sub-'));
  const digests = await Promise.all(paths.map(async (path) => createHash('sha256').update(await readFile(join(output, path))).digest('hex')));
  return new Map(paths.map((path, i) => [path, digests[i]]));
}

/** Paths of tables that are not the same in two outputs, or are missing from one. */
export function differingTables(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path)).sort();
}
