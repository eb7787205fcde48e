import { labelsAtPoints } from '../../kernels/pointGrid.ts';
import { numbers, numberValues, texts, textValues, type Column, type Table } from '../../tables/table.ts';
import type { Provenance } from '../../protocol/options.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readVolume } from '../io.ts';
import { sidecarOf } from '../paths.ts';
import { meanPerRegion, regionNames, regionRows, type RegionRow } from './regionStats.ts';
import { readParquetTable, readRegions, readTsvTable, writeTsvTable } from '../tableFiles.ts';
import { taskParams, type Artifact, type Stage, type Task } from '../task.ts';

interface Params {
  readonly stains: readonly string[];
  readonly provenance: Provenance;
}

/** Measures of pairs that are averaged per region, in the order of their columns. */
const pairMeasures = ['radius_a', 'radius_b', 'nvoxels_a', 'nvoxels_b', 'distance', 'overlapratio'] as const;

/** Sums everything up per region: one row a region, the stains' columns side by side (pipeline-spec §3.9). */
export function atlasStatisticsTask(plan: ImagePlan, seg: string, method: string): Task {
  const { registrationLevel } = plan.options;
  const params: Params = { stains: plan.stainsForSeg, provenance: plan.provenance };
  const table: Artifact = { place: 'output', path: plan.paths.mergedSegStats(seg, method) };
  const inputs = [
    plan.template.paths.table(seg),
    plan.paths.parcellation(seg, registrationLevel),
    ...plan.stainsForSeg.flatMap((stain) => [
      plan.paths.regionPropStats(stain, seg, registrationLevel, method),
      plan.paths.fieldFraction(stain, registrationLevel, method),
    ]),
    ...(plan.stainsForSeg.length > 1 ? [plan.template.paths.dseg(seg), plan.paths.coloc(method)] : []),
  ];
  return {
    id: `${plan.paths.id}/mergedsegstats/${seg}/${method}`,
    stage: 'mergedsegstats',
    scope: plan.participant,
    title: `region table (${seg}, ${method})`,
    params: taskParams(params),
    inputs: inputs.map((path): Artifact => ({ place: 'output', path })),
    outputs: [table, { place: 'output', path: sidecarOf(table.path) }],
    memoryBytes: 500e6 + 8 * plan.template.voxels,
    readBytes: 0,
  };
}

/** Rows by region, with the prefix that their columns get. */
interface Part {
  readonly prefix: string;
  readonly rows: ReadonlyMap<number, RegionRow>;
  readonly columns: readonly PartColumn[];
}

interface PartColumn {
  readonly name: string;
  /** Undefined row: the region is not in this part. */
  readonly number?: (row: RegionRow | undefined) => number;
  readonly text?: (row: RegionRow | undefined) => string;
}

const orNaN = (value: number | undefined): number => value ?? NaN;

function stainPart(stain: string, rows: readonly RegionRow[]): Part {
  return {
    prefix: stain,
    rows: new Map(rows.map((row) => [row.index, row])),
    columns: [
      { name: 'nvoxels', number: (row) => orNaN(row?.nvoxels) },
      { name: 'stain', text: () => stain },
      { name: 'count', number: (row) => orNaN(row?.count) },
      { name: 'fieldfrac', number: (row) => orNaN(row?.fieldfrac) },
      { name: 'volume', number: (row) => orNaN(row?.volume) },
      { name: 'density', number: (row) => orNaN(row?.density) },
    ],
  };
}

/** First pair of each region: upstream keeps its identifiers. */
function colocPart(rows: readonly RegionRow[], firstOf: ReadonlyMap<number, number>, pairs: Table): Part {
  const identifiers = ['object_id_a', 'object_id_b', 'stain_a', 'stain_b'].map((name): PartColumn => {
    const values = textValues(pairs, name);
    return { name, text: (row) => {
      const first = row === undefined ? undefined : firstOf.get(row.index);
      return first === undefined ? '' : values[first];
    } };
  });
  return {
    prefix: 'coloc',
    rows: new Map(rows.map((row) => [row.index, row])),
    columns: [
      ...identifiers,
      ...pairMeasures.map((name): PartColumn => ({ name, number: (row) => orNaN(row?.means[name]) })),
      { name: 'count', number: (row) => orNaN(row?.count) },
      { name: 'volume', number: (row) => orNaN(row?.volume) },
      { name: 'density', number: (row) => orNaN(row?.density) },
    ],
  };
}

/** Outer join of the parts by region. */
function joinParts(parts: readonly Part[], name: (index: number) => string): Table {
  const indices = [...new Set(parts.flatMap(({ rows }) => [...rows.keys()]))].sort((a, b) => a - b);
  const columns: Column[] = [numbers('index', Float64Array.from(indices)), texts('name', indices.map(name))];
  for (const { prefix, rows, columns: own } of parts) {
    for (const { name: column, number, text } of own) {
      if (number !== undefined) columns.push(numbers(`${prefix}+${column}`, Float64Array.from(indices, (index) => number(rows.get(index)))));
      else if (text !== undefined) columns.push(texts(`${prefix}+${column}`, indices.map((index) => text(rows.get(index)))));
    }
  }
  return { columns };
}

export const atlasStatisticsStage: Stage = {
  name: 'mergedsegstats',
  version: 1,
  async run(task, context) {
    const { stains, provenance } = paramsOf<Params>(task);
    const [namesFile, labelFile, ...files] = task.inputs;
    const name = regionNames(await readRegions(context, namesFile));
    const labels = await readVolume(context, labelFile);
    const parts: Part[] = [];
    let volumes: ReturnType<typeof meanPerRegion> = [];
    for (const [i, stain] of stains.entries()) {
      const objects = await readTsvTable(context, files[2 * i]);
      const maps = meanPerRegion(labels, await readVolume(context, files[2 * i + 1]));
      if (i === 0) volumes = maps;
      parts.push(stainPart(stain, regionRows({ region: numberValues(objects, 'index'), nvoxels: numberValues(objects, 'nvoxels'), measures: {} }, maps, name)));
    }
    if (stains.length > 1) {
      const [templateLabels, pairFile] = files.slice(2 * stains.length);
      const pairs = await readParquetTable(context, pairFile);
      const [x, y, z] = ['x', 'y', 'z'].map((axis) => numberValues(pairs, `template_coloc_${axis}`));
      const region = labelsAtPoints({ x, y, z }, await readVolume(context, templateLabels));
      const measures = Object.fromEntries(pairMeasures.map((measure) => [measure, numberValues(pairs, measure)]));
      const firstOf = new Map<number, number>();
      region.forEach((index, row) => {
        if (!firstOf.has(index)) firstOf.set(index, row);
      });
      parts.push(colocPart(regionRows({ region, nvoxels: new Float64Array(region.length), measures }, volumes, name), firstOf, pairs));
    }
    await writeTsvTable(context, task.outputs[0], joinParts(parts, name), provenance);
  },
};
