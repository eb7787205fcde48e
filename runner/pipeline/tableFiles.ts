import type { Provenance } from '../protocol/options.ts';
import { readParquet, writeParquet } from '../tables/parquet.ts';
import { columnNames, type Table } from '../tables/table.ts';
import { readTsv, writeTsv } from '../tables/tsv.ts';
import { readLabelTable } from '../templates/labels.ts';
import type { Region } from '../templates/template.types.ts';
import { tableSidecar } from '../tables/sidecar.ts';
import { readBytes, writeBytes, writeJson } from './io.ts';
import { sidecarOf } from './paths.ts';
import type { Artifact, TaskContext } from './task.ts';

/** Reads a parquet artifact. */
export async function readParquetTable(context: TaskContext, artifact: Artifact): Promise<Table> {
  return readParquet(await readBytes(context, artifact), { name: artifact.path });
}

/** Reads a TSV artifact. Labels of stains and names of regions stay text whatever they look like. */
export async function readTsvTable(context: TaskContext, artifact: Artifact): Promise<Table> {
  return readTsv(await readBytes(context, artifact), { name: artifact.path, text: ['name', 'stain'] });
}

/** Regions of an atlas, from its label table. */
export async function readRegions(context: TaskContext, artifact: Artifact): Promise<readonly Region[]> {
  return readLabelTable(await readBytes(context, artifact), artifact.path);
}

/** Writes a parquet artifact and the JSON sidecar that describes its columns. */
export async function writeParquetTable(context: TaskContext, artifact: Artifact, table: Table, provenance: Provenance): Promise<void> {
  await writeSidecar(context, artifact, table, provenance);
  await writeBytes(context, artifact, writeParquet(table));
}

/** Writes a TSV artifact and the JSON sidecar that describes its columns. */
export async function writeTsvTable(context: TaskContext, artifact: Artifact, table: Table, provenance: Provenance): Promise<void> {
  await writeSidecar(context, artifact, table, provenance);
  await writeBytes(context, artifact, writeTsv(table));
}

async function writeSidecar(context: TaskContext, artifact: Artifact, table: Table, provenance: Provenance): Promise<void> {
  await writeJson(context, { place: artifact.place, path: sidecarOf(artifact.path) }, tableSidecar(columnNames(table), provenance));
}
