import { readDerivative } from '../bids/derivatives.ts';
import { listFolder, mapBounded } from '../bids/folder.ts';
import { parseBidsName } from '../bids/names.ts';
import { joinWords } from '../command/shell.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { didYouMean } from '../protocol/nearest.ts';
import type { ExploreCommand, ResultsOptions } from '../protocol/options.ts';
import type { Block, Result } from '../protocol/results.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { expandHome, joinUri, normaliseUri } from '../storage/uri.ts';
import { columnNames, findColumn, numberValues, textValues, type Table } from '../tables/table.ts';
import { readTsv } from '../tables/tsv.ts';
import { count } from '../wording/words.ts';
import { facts, notices } from './blocks.ts';
import { ExploreCache } from './cache.ts';
import { storageFlags } from '../protocol/storageChoice.ts';
import type { ExploreContext } from './explore.types.ts';

type ResultsCommand = Extract<ExploreCommand, { verb: 'results' }>;

/** Participants whose tables are read. */
const mostParticipants = 40;
/** Regions that are drawn, and shown where there is little room. */
const mostRegions = 15;
/** Rows of a table that travel with a result. */
const mostRows = 500;
const mostContrasts = 4;
const contrastRows = 10;
const linksShown = 30;

/** A table of an output folder, by what its name says. */
interface TableFile {
  readonly path: string;
  readonly participant: string;
  readonly seg: string;
  readonly method: string;
}

/** Shows what an output folder holds. Throws `not-found` when there is nothing, and storage errors. */
export async function results(command: ResultsCommand, text: string, context: ExploreContext): Promise<Result> {
  const { options, storage } = command;
  const { signal, cache = new ExploreCache() } = context;
  const uri = normaliseUri(expandHome(command.uri), context.cwd);
  const store = cache.store(uri, storage);
  context.progress('Looking through the results');
  const root = await listFolder(store, '', signal);
  if (root.files.length === 0 && root.folders.length === 0) throw new SpimquantError('not-found', `There is nothing at ${uri}.`, { where: uri, hint: 'Give the output folder of a run.' });
  const labels = root.folders.filter((folder) => folder.startsWith('sub-')).map((folder) => folder.slice(4));
  const wanted = chooseLabels(labels, options.participantLabel, uri);
  const files = (await mapBounded(wanted.slice(0, mostParticipants), 8, (label) => regionTables(store, label, signal))).flat();
  const derivative = await readDerivative(store, uri, signal);
  const atlases = [...new Set(files.map(({ seg }) => seg))].sort();
  const methods = [...new Set(files.map(({ method }) => method))].sort();
  const chosen = files.length === 0 ? undefined : { seg: chooseOf(atlases, options.atlasSegs, 'atlas', uri), method: chooseOf(methods, options.segMethod.map(({ name }) => name), 'segmentation method', uri) };
  const used = chosen === undefined ? [] : files.filter(({ seg, method }) => seg === chosen.seg && method === chosen.method);
  const tables = await mapBounded(used, 8, async ({ path, participant }) => ({ participant, table: await readTable(store, path, signal) }));
  const stains = [...new Set(tables.flatMap(({ table }) => stainsOf(table)))].sort();
  const shown = options.stains.length === 0 ? stains.slice(0, 2) : options.stains.map((stain) => chooseOf(stains, [stain], 'stain', uri));
  const done = new Set(files.map(({ participant }) => participant));
  const missing = wanted.slice(0, mostParticipants).filter((label) => !done.has(label));
  return {
    title: 'Results', command: text, views: [{ kind: 'outputs', uri }],
    blocks: [
      ...notices('warn', [
        ...(labels.length === 0 ? ['There are no participants in this folder: it does not look like the output of a participant run.'] : []),
        ...(missing.length > 0 && done.size > 0 ? [`No region tables yet of ${missing.map((label) => `sub-${label}`).join(', ')}.`] : []),
        ...(labels.length > 0 && files.length === 0 ? ['There are no region tables yet: the run is not finished, or registered only.'] : []),
        ...(wanted.length > mostParticipants ? [`Of ${wanted.length} participants the first ${mostParticipants} are looked at; --participant-label chooses.`] : []),
      ]),
      facts({
        Output: uri, 'Made by': derivative.generatedBy,
        Participants: wanted.length === 0 ? undefined : `${wanted.length <= 12 ? wanted.slice(0, 12).map((label) => `sub-${label}`).join(', ') : count(wanted.length, 'participant')}`,
        Stains: stains.length === 0 ? undefined : stains.join(', '), Atlases: atlases.length === 0 ? undefined : atlases.join(', '),
        Methods: methods.length === 0 ? undefined : methods.join(', '),
      }),
      ...(chosen === undefined ? [] : shown.flatMap((stain) => regionBlocks(stain, chosen.seg, chosen.method, tables))),
      ...(await groupBlocks(store, root.folders, options, shown, signal)),
      ...(derivative.reports.length === 0 ? [] : [{ kind: 'links' as const, title: 'Reports', links: derivative.reports.slice(0, linksShown) }]),
      ...(atlases.length < 2 ? [] : [{
        kind: 'commands' as const, title: 'From here',
        commands: atlases.filter((seg) => seg !== chosen?.seg).slice(0, 3).map((seg) => ({ title: `By the atlas ${seg}`, text: joinWords(['spimquant', 'results', command.uri, '--atlas_segs', seg, ...storageFlags(storage)]) })),
      }]),
    ],
  };
}

function chooseLabels(present: readonly string[], wanted: readonly string[], uri: string): readonly string[] {
  const unknown = wanted.find((label) => !present.includes(label));
  if (unknown !== undefined) throw new SpimquantError('not-found', `There are no results of sub-${unknown} in ${uri}.${didYouMean(unknown, present)}`, { where: uri, hint: `There are ${present.map((label) => `sub-${label}`).join(', ') || 'none of anybody'}.` });
  return wanted.length === 0 ? present : wanted;
}

function chooseOf(present: readonly string[], wanted: readonly string[], what: string, uri: string): string {
  const found = wanted.length === 0 ? (present.find((each) => each === 'all' || each === 'roi22') ?? present[0]) : present.find((each) => wanted.includes(each));
  if (found !== undefined) return found;
  throw new SpimquantError('not-found', `There are no results of the ${what} ${wanted.join(' or ')} in ${uri}.${didYouMean(wanted[0] ?? '', present)}`, { where: uri, hint: `There are those of ${present.join(', ')}.` });
}

/** Region tables of a participant, of all sessions. */
async function regionTables(store: ObjectStore, label: string, signal: AbortSignal): Promise<readonly TableFile[]> {
  const top = await listFolder(store, `sub-${label}`, signal);
  const folders = [`sub-${label}`, ...top.folders.filter((folder) => /\/ses-[^/]+$/.test(folder))];
  const files = (await mapBounded(folders, 4, (folder) => listFolder(store, `${folder}/tabular`, signal))).flatMap((folder) => folder.files);
  return files.flatMap((path): readonly TableFile[] => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    // A method's name has characters that BIDS labels do not have.
    const match = /_seg-([A-Za-z0-9+]+)_.*_desc-([A-Za-z0-9+]+)_mergedsegstats\.tsv$/.exec(name);
    return match === null ? [] : [{ path, participant: label, seg: match[1], method: match[2] }];
  });
}

async function readTable(store: ObjectStore, path: string, signal: AbortSignal): Promise<Table> {
  const where = joinUri(store.uri, path);
  const bytes = await store.read(path, { signal });
  if (bytes === undefined) throw new SpimquantError('not-found', `${where} was removed while it was looked at.`, { where });
  return readTsv(bytes, { name: where, text: ['name'] });
}

function stainsOf(table: Table): readonly string[] {
  return columnNames(table).filter((name) => name.endsWith('+density') && !name.startsWith('coloc+')).map((name) => name.slice(0, -'+density'.length));
}

interface RegionSum {
  readonly name: string;
  n: number;
  count: number;
  density: number;
  fraction: number;
}

/** The regions with the most objects of a stain, means over participants. */
function regionBlocks(stain: string, seg: string, method: string, tables: readonly { readonly table: Table }[]): readonly Block[] {
  const regions = new Map<number, RegionSum>();
  const own = tables.filter(({ table }) => findColumn(table, `${stain}+density`) !== undefined);
  for (const { table } of own) {
    const names = textValues(table, 'name');
    const [index, counts, densities] = [numberValues(table, 'index'), numberValues(table, `${stain}+count`), numberValues(table, `${stain}+density`)];
    const fractions = findColumn(table, `${stain}+fieldfrac`) === undefined ? undefined : numberValues(table, `${stain}+fieldfrac`);
    for (let row = 0; row < index.length; row++) {
      if (index[row] === 0 || !Number.isFinite(densities[row])) continue;
      const sum = regions.get(index[row]) ?? { name: names[row], n: 0, count: 0, density: 0, fraction: 0 };
      sum.n += 1;
      sum.count += counts[row];
      sum.density += densities[row];
      sum.fraction += fractions?.[row] ?? NaN;
      regions.set(index[row], sum);
    }
  }
  const ranked = [...regions.values()].sort((a, b) => b.density / b.n - a.density / a.n);
  if (ranked.length === 0) return [];
  const mean = own.length > 1 ? `, mean of ${own.length} participants` : '';
  const short = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(4)) : null);
  return [
    {
      kind: 'table', title: `${stain} by the atlas ${seg} (${method})${mean}`,
      columns: [{ label: 'region' }, { label: 'density', unit: 'per mm³', numeric: true }, { label: 'objects', numeric: true }, { label: 'field fraction', unit: '%', numeric: true }],
      rows: ranked.slice(0, mostRows).map(({ name, n, count: objects, density, fraction }) => [name, short(density / n), short(objects / n), short(fraction / n)]),
      total: ranked.length, first: mostRegions,
    },
    {
      kind: 'chart', title: `${stain}: regions with the most objects`, valueLabel: 'objects per mm³', series: [stain],
      rows: ranked.slice(0, mostRegions).map(({ name, density, n }) => ({ label: name, values: [short(density / n)] })),
    },
  ];
}

/** The regions that differ most between groups, of each contrast. */
async function groupBlocks(store: ObjectStore, folders: readonly string[], options: ResultsOptions, stains: readonly string[], signal: AbortSignal): Promise<readonly Block[]> {
  if (!folders.includes('group')) return [];
  const groups = (await listFolder(store, 'group', signal)).folders;
  const files = (await mapBounded(groups, 4, (folder) => listFolder(store, folder, signal))).flatMap((folder) => folder.files)
    .filter((path) => /_groupstats\.tsv$/.test(path) && (options.atlasSegs.length === 0 || options.atlasSegs.some((seg) => path.includes(`/seg-${seg}_`))))
    .slice(0, mostContrasts);
  const blocks = await mapBounded(files, 4, async (path) => contrastBlock(path, await readTable(store, path, signal), stains));
  return blocks.flat();
}

function contrastBlock(path: string, table: Table, stains: readonly string[]): readonly Block[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const contrast = /_contrast-(.+?)_desc-/.exec(name)?.[1];
  const metric = columnNames(table).filter((column) => column.endsWith('+density_pval')).map((column) => column.slice(0, -'_pval'.length))
    .find((each) => stains.length === 0 || stains.includes(each.slice(0, -'+density'.length)));
  if (metric === undefined || contrast === undefined) return [];
  const means = columnNames(table).filter((column) => column.startsWith(`${metric}_mean_`));
  const names = textValues(table, 'name');
  const values = (suffix: string): Float64Array => numberValues(table, `${metric}_${suffix}`);
  const [p, q, d] = [values('pval'), values('qval'), values('cohensd')];
  const groupMeans = means.map((column) => numberValues(table, column));
  const order = Array.from(p.keys()).filter((row) => Number.isFinite(p[row])).sort((a, b) => p[a] - p[b]);
  const seg = parseBidsName(name.replace(/_contrast-.+_groupstats/, '_groupstats'))?.entities.seg ?? '';
  const short = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(3)) : null);
  const groups = means.map((column) => column.slice(`${metric}_mean_`.length));
  const about = `${metric.replace('+', ' ')} by ${contrast.replace(/\+.*$/, '')}`;
  return [
    {
      kind: 'table', title: `${about}: ${groups.join(' and ')}, atlas ${seg}`,
      columns: [
        { label: 'region' }, ...groups.map((label) => ({ label, unit: 'per mm³', numeric: true })),
        { label: "Cohen's d", numeric: true }, { label: 'p', numeric: true }, { label: 'q', numeric: true },
      ],
      rows: order.slice(0, mostRows).map((row) => [names[row], ...groupMeans.map((mean) => short(mean[row])), short(d[row]), short(p[row]), short(q[row])]),
      total: order.length, first: contrastRows,
    },
    {
      kind: 'chart', title: `${about}: regions that differ most`, valueLabel: 'objects per mm³', series: groups,
      rows: order.slice(0, contrastRows).map((row) => ({ label: names[row], values: groupMeans.map((mean) => short(mean[row])) })),
    },
  ];
}
