import { reportError } from '../../runner/protocol/errors.ts';
import type { OutputEntry, RegionValues } from '../../runner/protocol/outputs.ts';
import type { TableBlock } from '../../runner/protocol/results.ts';
import { make, makeButton } from '../kit/dom.ts';
import { renderTable } from '../kit/table.ts';
import { Choice, makeField, makeTick, nothing } from './controls.ts';
import { isWithin, shortNames, whoOf } from './model.ts';
import type { OutputsModel } from './model.ts';
import type { PartContext } from './part.ts';
import { RegionChart, type ChartData } from './regionChart.ts';
import { fitsSearch, groupRows, hemisphereOf, measureWords, orderRegions, regionOrders, splitColumn, summarise } from './regionStats.ts';
import type { RegionOrder } from './regionStats.ts';

/** Region tables of one atlas, template and method. */
export interface Analysis {
  readonly key: string;
  readonly title: string;
  readonly entries: readonly OutputEntry[];
}

/** Region tables of participants by what they were made with. */
export function analysesOf(files: readonly OutputEntry[]): readonly Analysis[] {
  const tables = files.filter(({ kind, suffix, scopeKind, path }) => kind === 'table' && suffix === 'mergedsegstats' && scopeKind === 'participant' && path.endsWith('.tsv'));
  const templates = new Set(tables.map(({ entities }) => entities['from']));
  const groups = Map.groupBy(tables, ({ entities: { seg, from, desc } }) => [seg, from, desc].map((part) => part ?? '').join(' '));
  return [...groups].map(([key, entries]) => {
    const { seg, from, desc } = entries[0].entities;
    return { key, title: [seg === undefined ? '' : `atlas ${seg}`, desc ?? '', templates.size > 1 && from !== undefined ? `of ${from}` : ''].filter((part) => part !== '').join(', '), entries };
  });
}

const orderWords: { readonly [O in RegionOrder]: string } = { mean: 'Largest mean', difference: 'Largest difference', name: 'Name', atlas: 'As in the atlas' };
const counts = [15, 30, 60, 200] as const;

/** Regions by group, as bars with every participant, or as a table. */
export class RegionsView {
  readonly element = make('section', { class: 'regions part', 'aria-label': 'Regions' });
  readonly #context: PartContext;
  readonly #analysis: Choice;
  readonly #stain: Choice;
  readonly #measure: Choice;
  readonly #group: Choice;
  readonly #side: Choice;
  readonly #order: Choice;
  readonly #count: Choice;
  readonly #chart = new RegionChart();
  readonly #table = make('div', { class: 'spimquant-result region-table', hidden: true });
  readonly #message = make('div', {});
  readonly #failed = make('p', { class: 'dim', hidden: true });
  readonly #asTable: HTMLButtonElement;
  #model: OutputsModel | undefined;
  #entries: readonly OutputEntry[] = [];
  #values: RegionValues | undefined;
  #asking = new AbortController();
  #asked = '';
  #data: ChartData | undefined;

  constructor(context: PartContext) {
    this.#context = context;
    const choice = (label: string, name: string): Choice => new Choice(label, (value) => { context.choose('regions', { [name]: value }); });
    this.#analysis = choice('Regions of', 'analysis');
    this.#stain = choice('Stain', 'stain');
    this.#measure = choice('Statistic', 'measure');
    this.#group = choice('Groups by', 'group');
    this.#side = choice('Hemisphere', 'side');
    this.#order = choice('Order', 'order');
    this.#count = choice('Show', 'count');
    const kept = context.choices('regions');
    this.#asTable = makeButton('Show as Table', () => { context.choose('regions', { table: this.#isTable() ? '' : 'on' }); }, { class: 'action', 'aria-pressed': 'false' });
    this.element.append(
      make('div', { class: 'controls' }, this.#analysis.element, this.#stain.element, this.#measure.element, this.#group.element,
        makeField('Find regions', 'Find regions (one, two)', kept['search'] ?? '', (text) => { context.choose('regions', { search: text }); }), this.#side.element, this.#order.element, this.#count.element,
        makeTick('Participants', kept['points'] !== 'off', (checked) => { context.choose('regions', { points: checked ? 'on' : 'off' }); }),
        this.#asTable,
        makeButton('Copy Values', () => { context.post({ type: 'copy', text: this.#text('\t') }); }, { class: 'action' }),
        makeButton('Export CSV…', () => { context.post({ type: 'saveText', name: `${this.#name()}.csv`, text: this.#text(',') }); }, { class: 'action' }),
        makeButton('Save Picture…', () => { context.post({ type: 'saveText', name: `${this.#name()}.svg`, text: this.#chart.toSvg() }); }, { class: 'action' })),
      this.#message, this.#failed, this.#chart.element, this.#table);
  }

  update(model: OutputsModel, scope: string): void {
    this.#model = model;
    const kept = this.#context.choices('regions');
    const within = model.files.filter((entry) => !scope.startsWith('sub-') || isWithin(entry, scope));
    const analyses = analysesOf(within);
    this.#analysis.set(analyses.map(({ key, title }) => ({ value: key, title })), kept['analysis'] ?? analyses.find(({ entries }) => entries[0].entities['seg'] === 'all' || entries[0].entities['seg'] === 'roi22')?.key);
    const entries = analyses.find(({ key }) => key === this.#analysis.value)?.entries ?? [];
    const isLooking = model.standing.kind === 'there' && model.standing.known < model.participants.length;
    if (entries.length === 0) {
      this.#say(isLooking ? 'Looking for region tables…' : 'There are no region tables here yet. The step that writes them comes after registration and segmentation: a run with the target all makes them.');
      return;
    }
    const column = kept['stain'] === undefined && kept['measure'] === undefined ? undefined : `${kept['stain'] ?? ''}+${kept['measure'] ?? ''}`;
    // Participants come in one after another: tables are read when no more are on their way, or there is nothing to see yet.
    const asked = JSON.stringify([model.source.folder.uri, column, entries.map(({ path, version }) => [path, version])]);
    if (asked !== this.#asked && (!isLooking || this.#values === undefined)) {
      this.#asked = asked;
      void this.#load(model, entries, column);
      return;
    }
    this.#show();
  }

  async #load(model: OutputsModel, entries: readonly OutputEntry[], column: string | undefined): Promise<void> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.element.setAttribute('aria-busy', 'true');
    if (this.#values === undefined) this.#say('Reading region tables…');
    try {
      const paths = entries.map(({ path, version }) => ({ path, ...(version === '' ? {} : { version }) }));
      const values = await model.asker.ask('outputs.regions', { folder: model.source.folder, paths, ...(column === undefined ? {} : { column }) }, signal);
      if (signal.aborted) return;
      [this.#values, this.#entries] = [values, entries];
      this.#show();
    } catch (error) {
      const report = reportError(error);
      if (report.code === 'cancelled') return;
      this.#asked = '';
      this.#say(`${report.message}${report.hint === undefined ? '' : ` ${report.hint}`}`);
    } finally {
      if (!signal.aborted) this.element.removeAttribute('aria-busy');
    }
  }

  #isTable(): boolean {
    return this.#context.choices('regions')['table'] === 'on';
  }

  #say(text: string): void {
    this.#message.replaceChildren(nothing(text));
    this.#message.hidden = false;
    this.#chart.element.hidden = true;
    this.#table.hidden = true;
  }

  #show(): void {
    const [values, model] = [this.#values, this.#model];
    if (values === undefined || model === undefined) return;
    const kept = this.#context.choices('regions');
    const now = splitColumn(values.column);
    const columns = values.columns.map(splitColumn);
    this.#stain.set([...new Set(columns.map(({ stain }) => stain))].map((stain) => ({ value: stain, title: stain === 'coloc' ? 'Overlapping pairs' : stain === '' ? 'none' : stain })), now.stain);
    this.#measure.set(columns.filter(({ stain }) => stain === now.stain).map(({ measure }) => {
      const { title, unit } = measureWords(measure);
      return { value: measure, title: unit === '' ? title : `${title} (${unit})` };
    }), now.measure);
    const columnsOfGroups = model.groupColumns.filter(({ values: of }) => this.#entries.some(({ entities }) => of[entities['sub'] ?? ''] !== undefined));
    this.#group.set([{ value: '', title: 'no groups' }, ...columnsOfGroups.map(({ name }) => ({ value: name, title: name }))], kept['group'] ?? columnsOfGroups[0]?.name ?? '', columnsOfGroups.length > 0);
    const hasSides = values.regions.some(({ name }) => hemisphereOf(name) === 'left') && values.regions.some(({ name }) => hemisphereOf(name) === 'right');
    this.#side.set([{ value: '', title: 'both' }, { value: 'left', title: 'left' }, { value: 'right', title: 'right' }], kept['side'] ?? '', hasSides);
    const grouping = groupRows(this.#entries.map(({ entities }) => entities['sub'] ?? ''), columnsOfGroups.find(({ name }) => name === this.#group.value));
    const isGrouped = grouping.names.length > 1;
    this.#order.set(regionOrders.filter((order) => isGrouped || order !== 'difference').map((order) => ({ value: order, title: orderWords[order] })), kept['order'] ?? 'mean', true);
    const fitting = values.regions.filter(({ name }) => fitsSearch(name, kept['search'] ?? '') && (!hasSides || this.#side.value === '' || hemisphereOf(name) === this.#side.value));
    const wanted = new Set(fitting.map(({ index }) => index));
    const summaries = orderRegions(summarise(values, grouping).filter(({ index }) => wanted.has(index)), regionOrders.find((order) => order === this.#order.value) ?? 'mean');
    this.#count.set([...counts.filter((count) => count < summaries.length).map((count) => ({ value: String(count), title: `first ${count}` })), { value: 'all', title: `all ${summaries.length}` }], kept['count'] ?? '30', summaries.length > counts[0]);
    const shown = this.#count.value === 'all' ? summaries : summaries.slice(0, Number(this.#count.value));
    const { title, unit } = measureWords(now.measure);
    this.#data = {
      title: now.stain === '' ? title : `${title}, ${now.stain}`, unit, regions: shown, groups: grouping.names, names: shortNames(this.#entries.map(whoOf)),
      note: this.#entries.length > 1 ? 'Bars are means, lines standard deviations, marks participants.' : '',
    };
    this.#failed.hidden = values.failed.length === 0;
    this.#failed.textContent = values.failed.length === 0 ? '' : `${values.failed.length} of ${this.#entries.length} tables cannot be read: ${values.failed[0].message}`;
    const isTable = this.#isTable();
    this.#asTable.setAttribute('aria-pressed', String(isTable));
    this.#asTable.textContent = isTable ? 'Show as Chart' : 'Show as Table';
    if (shown.length === 0) {
      this.#say(values.regions.length === 0 ? 'These tables hold no regions.' : 'No region fits: change what is written in Find regions.');
      return;
    }
    this.#message.hidden = true;
    this.#chart.element.hidden = isTable;
    this.#table.hidden = !isTable;
    if (isTable) this.#table.replaceChildren(renderTable(tableOf(this.#data)));
    else this.#chart.update(this.#data, kept['points'] !== 'off');
  }

  #name(): string {
    return `regions ${this.#data?.title ?? ''}`.replaceAll(/[^\w+-]+/g, '-');
  }

  /** The values behind the chart: a row for each region, a column for each participant, then the groups. */
  #text(delimiter: ',' | '\t'): string {
    const data = this.#data;
    if (data === undefined) return '';
    const quoted = (text: string): string => (/[",\t\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const number = (value: number): string => (Number.isFinite(value) ? String(value) : '');
    const heads = ['index', 'name', ...data.names, ...data.groups.flatMap((group) => [`mean ${group}`.trim(), `sd ${group}`.trim(), `n ${group}`.trim()])];
    const rows = data.regions.map(({ index, name, groups }) => {
      const points = new Map(groups.flatMap((group) => group.points.map(({ row, value }) => [row, value] as const)));
      return [String(index), name, ...data.names.map((_, row) => number(points.get(row) ?? NaN)), ...groups.flatMap(({ mean, sd, points: own }) => [number(mean), number(sd), String(own.length)])];
    });
    return `${[heads, ...rows].map((row) => row.map(quoted).join(delimiter)).join('\n')}\n`;
  }
}

/** The values of a chart as a table. */
function tableOf(data: ChartData): TableBlock {
  const named = data.groups.length > 1 || data.groups[0] !== '';
  return {
    kind: 'table', title: `${data.title}${data.unit === '' ? '' : `, ${data.unit}`}`,
    columns: [{ label: 'region' }, ...data.groups.flatMap((group) => [
      { label: named ? `${group}, mean` : 'mean', numeric: true }, { label: named ? `${group}, SD` : 'SD', numeric: true }, { label: named ? `${group}, n` : 'n', numeric: true },
    ])],
    rows: data.regions.map(({ name, groups }) => [name, ...groups.flatMap(({ mean, sd, points }) => [Number.isFinite(mean) ? mean : null, Number.isFinite(sd) ? sd : null, points.length])]),
  };
}
