import type { OutputEntry, RegionValues } from '../../runner/protocol/outputs.ts';
import { doublesOf } from '../../runner/protocol/outputs.ts';
import { firstRange, scaleOf } from './mapColours.ts';
import type { MapRange, MapScale } from './mapColours.ts';
import type { OutputsModel } from './model.ts';
import type { MapLayer, ShownMap } from './mapPanel.ts';
import { measureWords, splitColumn } from './regionStats.ts';

/** Maps of the same kind, one of each participant. */
export interface MapKind {
  readonly title: string;
  readonly entries: readonly OutputEntry[];
}

/** Maps of participants, by what they show. */
export function mapKinds(files: readonly OutputEntry[]): readonly MapKind[] {
  const groups = Map.groupBy(files.filter(({ kind }) => kind === 'map'), ({ title }) => title);
  const rank = ({ suffix, path }: OutputEntry): number => (suffix === 'fieldfrac' ? 0 : path.includes('/featuremap/') ? 2 : 1);
  return [...groups].map(([title, entries]) => ({ title, entries })).sort((a, b) => rank(a.entries[0]) - rank(b.entries[0]));
}

/** Tables of groups whose statistics can be painted onto an atlas. */
export function groupTables(files: readonly OutputEntry[]): readonly OutputEntry[] {
  return files.filter(({ kind, suffix, scopeKind }) => kind === 'table' && suffix === 'groupstats' && scopeKind === 'group');
}

/** The anatomy of a template, and the atlas of that name on its grid. */
export function templateOf(files: readonly OutputEntry[], template: string, seg: string | undefined): { readonly anat?: OutputEntry; readonly atlas?: OutputEntry; readonly table?: OutputEntry } {
  const own = files.filter(({ scopeKind, entities }) => scopeKind === 'template' && entities['tpl'] === template);
  const images = own.filter(({ kind }) => kind === 'image');
  const anat = images.find(({ suffix, entities }) => suffix === 'anat' && entities['desc'] === undefined) ?? images.find(({ suffix }) => suffix === 'anat');
  const atlases = images.filter(({ suffix }) => suffix === 'dseg');
  const isOf = ({ entities }: OutputEntry): boolean => seg === undefined ? entities['seg'] === 'all' || entities['seg'] === 'roi22' : entities['seg'] === seg;
  const atlas = atlases.find((entry) => isOf(entry) && entry.entities['desc'] === anat?.entities['desc']) ?? atlases.find(isOf) ?? (seg === undefined ? atlases[0] : undefined);
  const table = own.find(({ kind, suffix, entities }) => kind === 'table' && suffix === 'dseg' && entities['seg'] === atlas?.entities['seg']);
  return { ...(anat === undefined ? {} : { anat }), ...(atlas === undefined ? {} : { atlas }), ...(table === undefined ? {} : { table }) };
}

/** The names of an atlas's regions; none where its table cannot be read. */
export async function regionNames(model: OutputsModel, table: OutputEntry | undefined, signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
  if (table === undefined) return new Map();
  const values = await model.asker.ask('outputs.regions', { folder: model.source.folder, paths: [{ path: table.path, version: table.version }] }, signal);
  return new Map(values.regions.map(({ index, name }) => [index, name]));
}

/** Values of a table's one column by region. */
export function valuesByRegion(values: RegionValues): ReadonlyMap<number, number> {
  const numbers = doublesOf(values.bytes);
  return new Map(values.regions.map(({ index }, at) => [index, numbers[at]]));
}

const statistics: Readonly<Record<string, string>> = { tstat: 't', pval: 'p', qval: 'q (false discovery rate)', cohensd: 'Cohen’s d' };

/** A column of group statistics in words: `Field fraction of Abeta: t`. */
export function statisticWords(column: string): string {
  const match = /^(.+?)_(tstat|pval|qval|cohensd|mean|std|min|max|n)(?:_(.+))?$/.exec(column);
  if (match === null) return column;
  const { stain, measure } = splitColumn(match[1]);
  const what = { mean: 'mean', std: 'standard deviation', min: 'smallest', max: 'largest', n: 'n' }[match[2]];
  return `${measureWords(measure).title}${stain === '' ? '' : ` of ${stain}`}: ${statistics[match[2]] ?? what ?? match[2]}${match[3] === undefined ? '' : ` of ${match[3]}`}`;
}

/** The unit of a statistic: none where it has no dimension. */
export function statisticUnit(column: string): string {
  const match = /^(.+?)_(tstat|pval|qval|cohensd)$/.exec(column);
  if (match !== null) return { tstat: 't', pval: 'p', qval: 'q', cohensd: 'd' }[match[2]] ?? '';
  return measureWords(splitColumn(column.replace(/_(mean|std|min|max)(_.+)?$/, '')).measure).unit;
}

/** What a map shows, before the user changes its colours. */
export interface MapContent {
  readonly title: string;
  readonly unit: string;
  readonly template: string;
  readonly seg: string | undefined;
  readonly layer: MapLayer;
  readonly scale: MapScale;
  readonly range: MapRange;
}

/** Of one participant. */
export async function participantMap(model: OutputsModel, entry: OutputEntry, title: string, signal: AbortSignal): Promise<MapContent> {
  const ref = model.fileRef(entry);
  const { percentiles, maximum } = await model.asker.ask('image.histogram', { image: ref, channel: 0 }, signal);
  const isFeature = entry.path.includes('/featuremap/');
  const measure = isFeature ? splitColumn(entry.suffix).measure : entry.suffix;
  return {
    title, unit: entry.suffix === 'counts' ? 'objects per voxel' : measureWords(measure).unit, template: entry.entities['space'] ?? '', seg: entry.entities['seg'], layer: { kind: 'image', ref }, scale: 'upwards',
    range: firstRange('upwards', [percentiles[3] > 0 ? percentiles[3] : maximum]),
  };
}

/** Of groups: a statistic painted onto the regions that it was taken of. */
export async function groupMap(model: OutputsModel, entry: OutputEntry, column: string | undefined, signal: AbortSignal): Promise<{ readonly content: MapContent; readonly columns: readonly string[]; readonly column: string }> {
  const ask = (wanted: string | undefined): Promise<RegionValues> => model.asker.ask('outputs.regions', { folder: model.source.folder, paths: [{ path: entry.path, version: entry.version }], ...(wanted === undefined ? {} : { column: wanted }) }, signal);
  let values = await ask(column);
  const first = values.columns.find((name) => name.endsWith('+fieldfrac_tstat')) ?? values.columns.find((name) => name.endsWith('_tstat')) ?? values.columns.find((name) => name.endsWith('_mean'));
  if (column === undefined && first !== undefined && first !== values.column) values = await ask(first);
  const byRegion = valuesByRegion(values);
  const scale = scaleOf(values.column);
  return {
    columns: values.columns.filter((name) => !/^n(_|$)|_n_/.test(name)), column: values.column,
    content: {
      title: `${statisticWords(values.column)} (${entry.title.replace(/^.*?: /, '')})`, unit: statisticUnit(values.column), template: entry.entities['from'] ?? '', seg: entry.entities['seg'],
      layer: { kind: 'regions', values: byRegion }, scale, range: firstRange(scale, [...byRegion.values()]),
    },
  };
}

/** A map ready to be shown over its template; undefined: the template is not among the files. */
export async function placeOnTemplate(model: OutputsModel, content: MapContent, signal: AbortSignal): Promise<Pick<ShownMap, 'template' | 'atlas'> | undefined> {
  const { anat, atlas, table } = templateOf(model.files, content.template, content.seg);
  if (anat === undefined || (atlas === undefined && content.layer.kind === 'regions')) return undefined;
  const names = await regionNames(model, table, signal);
  return { template: model.fileRef(anat), ...(atlas === undefined ? {} : { atlas: { ref: model.fileRef(atlas), names } }) };
}
