import { reportError } from '../../runner/protocol/errors.ts';
import type { OutputEntry } from '../../runner/protocol/outputs.ts';
import { doublesOf } from '../../runner/protocol/outputs.ts';
import type { TableBlock } from '../../runner/protocol/results.ts';
import { make, makeButton } from '../kit/dom.ts';
import { renderTable } from '../kit/table.ts';
import { Choice, makeField, nothing, type Option } from './controls.ts';
import type { FigureLoader } from './figures.ts';
import { mapKinds, participantMap, placeOnTemplate } from './mapChoice.ts';
import { MapPanel } from './mapPanel.ts';
import { shortNames, whoOf } from './model.ts';
import type { OutputsModel } from './model.ts';
import type { PartContext } from './part.ts';
import { RegionChart } from './regionChart.ts';
import { fitsSearch, measureWords, orderRegions, splitColumn } from './regionStats.ts';
import type { RegionSummary } from './regionStats.ts';
import { analysesOf } from './regionsView.ts';

/** A participant of a folder of results. */
interface Side {
  readonly model: OutputsModel;
  readonly name: string;
  readonly entries: readonly OutputEntry[];
}

const whats = [{ value: 'figures', title: 'Figures' }, { value: 'regions', title: 'Regions' }, { value: 'maps', title: 'Maps' }] as const;
/** Regions of a chart; the table behind has them all. */
const shownRegions = 40;

/** Two participants, or one of two runs, side by side. */
export class CompareView {
  readonly element = make('section', { class: 'compare part', 'aria-label': 'Compare' });
  readonly #context: PartContext;
  readonly #loader: FigureLoader;
  readonly #left: Choice;
  readonly #right: Choice;
  readonly #what: Choice;
  readonly #map: Choice;
  readonly #analysis: Choice;
  readonly #column: Choice;
  readonly #search: HTMLInputElement;
  readonly #content = make('div', { class: 'compared' });
  readonly #chart = new RegionChart();
  #panels: readonly [MapPanel, MapPanel] | undefined;
  #asking = new AbortController();
  #asked = '';

  constructor(context: PartContext, loader: FigureLoader) {
    this.#context = context;
    this.#loader = loader;
    const choice = (label: string, name: string): Choice => new Choice(label, (value) => { context.choose('compare', { [name]: value }); });
    this.#left = choice('Left', 'left');
    this.#right = choice('Right', 'right');
    this.#what = choice('Compare', 'what');
    this.#map = choice('Map', 'map');
    this.#analysis = choice('Regions of', 'analysis');
    this.#column = choice('Statistic', 'column');
    this.#search = makeField('Find regions', 'Find regions (one, two)', context.choices('compare')['search'] ?? '', (text) => { context.choose('compare', { search: text }); });
    this.element.append(make('div', { class: 'controls' }, this.#left.element, this.#right.element,
      makeButton('Other Run or Folder…', () => { context.post({ type: 'page', action: 'chooseOther' }); }, { class: 'action', title: 'Compare with the outputs of another run, or of any folder or bucket' }),
      this.#what.element, this.#map.element, this.#analysis.element, this.#column.element, this.#search), this.#content);
  }

  update(model: OutputsModel, other: OutputsModel | undefined): void {
    const kept = this.#context.choices('compare');
    const sides = [...sidesOf(model), ...(other === undefined ? [] : sidesOf(other))];
    const keyOf = (side: Side): string => JSON.stringify([side.model.source.folder.uri, side.name]);
    const names = shortNames([...new Set(sides.map(({ name }) => name))]);
    const short = new Map([...new Set(sides.map(({ name }) => name))].map((name, at) => [name, names[at]]));
    const options = sides.map((side): Option => ({ value: keyOf(side), title: short.get(side.name) ?? side.name, ...(other === undefined ? {} : { group: side.model.source.title }) }));
    this.#left.set(options, kept['left'], options.length > 0);
    const left = sides.find((side) => keyOf(side) === this.#left.value);
    // The same participant of the other folder, or the next one of this.
    const twin = sides.find((side) => side.model !== left?.model && side.name === left?.name) ?? sides.find((side) => side !== left && (other === undefined || side.model !== left?.model)) ?? sides.find((side) => side !== left);
    this.#right.set(options, kept['right'] ?? (twin === undefined ? undefined : keyOf(twin)), options.length > 0);
    const right = sides.find((side) => keyOf(side) === this.#right.value);
    this.#what.set(whats, kept['what'] ?? 'figures', true);
    const what = this.#what.value;
    this.#map.set([]);
    this.#analysis.set([]);
    this.#search.hidden = what !== 'regions';
    if (what !== 'regions') this.#column.set([]);
    const isLooking = [model, other].some((each) => each !== undefined && (each.standing.kind === 'loading' || (each.standing.kind === 'there' && each.standing.known < each.participants.length)));
    const failed = other?.standing.kind === 'failed' ? other.standing.error : undefined;
    if (left === undefined || right === undefined || sides.length < 2) {
      this.#asked = '';
      this.#content.replaceChildren(nothing(failed !== undefined ? failed.message : isLooking ? 'Looking for participants…' : 'There is one participant at most. Compare with another run or folder.'));
      return;
    }
    const asked = JSON.stringify([what, keyOf(left), keyOf(right), kept['map'], kept['analysis'], kept['column'], kept['search'], left.entries.map(({ path, version }) => [path, version]), right.entries.map(({ path, version }) => [path, version])]);
    const heads = headings(left, right, short);
    if (what === 'figures') {
      if (asked !== this.#asked) this.#showFigures(left, right, heads);
      this.#asked = asked;
      return;
    }
    if (what === 'maps') this.#chooseMap(left, right);
    else this.#chooseAnalysis(left, right);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    (what === 'maps' ? this.#showMaps(left, right, heads, signal) : this.#showRegions(left, right, heads, signal)).catch((error: unknown) => {
      const { code, message, hint } = reportError(error);
      if (code === 'cancelled' || signal.aborted) return;
      this.#asked = '';
      this.#content.replaceChildren(nothing(`${message}${hint === undefined ? '' : ` ${hint}`}`));
    });
  }

  #showFigures(left: Side, right: Side, [a, b]: readonly [string, string]): void {
    const [ours, theirs] = [left, right].map(({ entries }) => entries.filter(({ kind }) => kind === 'figure'));
    const titles = [...new Set([...ours, ...theirs].map(({ title }) => title))];
    const cell = ({ model }: Side, entries: readonly OutputEntry[], title: string, name: string): HTMLElement => {
      const at = entries.findIndex((entry) => entry.title === title);
      if (at < 0) return make('div', { class: 'missing dim' }, `${name} has none`);
      const tile = make('button', { type: 'button', class: 'tile', 'aria-label': `${name}: ${title}`, title: entries[at].path }, this.#loader.picture(model, entries[at], ''));
      tile.addEventListener('click', () => { this.#context.showFigure(model, entries, at); });
      return tile;
    };
    this.#content.replaceChildren(titles.length === 0 ? nothing('There are no figures of these participants.') : make('div', { class: 'pairs' },
      make('div', { class: 'pair heads' }, make('h2', {}, a), make('h2', {}, b)),
      ...titles.map((title) => make('section', { 'aria-label': title }, make('h3', {}, title), make('div', { class: 'pair' }, cell(left, ours, title, a), cell(right, theirs, title, b))))));
  }

  #chooseMap(left: Side, right: Side): void {
    const theirs = new Set(mapKinds(right.entries).map(({ title }) => title));
    const shared = mapKinds(left.entries).filter(({ title }) => theirs.has(title));
    this.#map.set(shared.map(({ title }) => ({ value: title, title })), this.#context.choices('compare')['map'], shared.length > 0);
  }

  async #showMaps(left: Side, right: Side, heads: readonly [string, string], signal: AbortSignal): Promise<void> {
    const title = this.#map.value;
    const entries = [left, right].map((side) => side.entries.find((entry) => entry.kind === 'map' && entry.title === title));
    const [ours, theirs] = entries;
    if (ours === undefined || theirs === undefined) {
      this.#content.replaceChildren(nothing('There is no map that both have. Maps are compared in the space of one template.'));
      return;
    }
    if (this.#panels === undefined || !this.#content.contains(this.#panels[0].element)) this.#content.replaceChildren(nothing('Reading the maps…'));
    const contents = await Promise.all([participantMap(left.model, ours, heads[0], signal), participantMap(right.model, theirs, heads[1], signal)]);
    const places = await Promise.all([placeOnTemplate(left.model, contents[0], signal), placeOnTemplate(right.model, contents[1], signal)]);
    if (signal.aborted) return;
    const [one, two] = places;
    if (one === undefined || two === undefined) {
      this.#content.replaceChildren(nothing('The template of these maps is not among the outputs.'));
      return;
    }
    const panels = this.#panels ?? [
      new MapPanel(left.model.asker, (voxel) => { this.#panels?.[1].moveTo(voxel); }),
      new MapPanel(right.model.asker, (voxel) => { this.#panels?.[0].moveTo(voxel); }),
    ] as const;
    this.#panels = panels;
    this.#content.replaceChildren(make('div', { class: 'pair maps-pair' }, panels[0].element, panels[1].element));
    // One range for both: the same colour is the same value.
    const range = { low: 0, high: Math.max(contents[0].range.high, contents[1].range.high) };
    await Promise.all([one, two].map((place, at) => panels[at].show({ ...place, title: heads[at], unit: contents[at].unit, layer: contents[at].layer, scale: contents[at].scale, range, opacity: 0.85, outlines: true })));
  }

  #chooseAnalysis(left: Side, right: Side): void {
    const theirs = new Set(analysesOf(right.entries).map(({ key }) => key));
    const shared = analysesOf(left.entries).filter(({ key }) => theirs.has(key));
    this.#analysis.set(shared.map(({ key, title }) => ({ value: key, title })), this.#context.choices('compare')['analysis'], shared.length > 1);
  }

  async #showRegions(left: Side, right: Side, heads: readonly [string, string], signal: AbortSignal): Promise<void> {
    const tables = [left, right].map(({ entries }) => analysesOf(entries).find(({ key }) => key === this.#analysis.value)?.entries[0]);
    if (tables.some((table) => table === undefined)) {
      this.#content.replaceChildren(nothing('There is no region table of one atlas and method that both have.'));
      return;
    }
    const kept = this.#context.choices('compare');
    const values = await Promise.all([left, right].map(({ model }, at) => {
      const table = tables[at];
      return model.asker.ask('outputs.regions', { folder: model.source.folder, paths: table === undefined ? [] : [{ path: table.path, version: table.version }], ...(kept['column'] === undefined ? {} : { column: kept['column'] }) }, signal);
    }));
    if (signal.aborted) return;
    const [ours, theirs] = values;
    this.#column.set(ours.columns.filter((column) => theirs.columns.includes(column)).map((column) => {
      const { stain, measure } = splitColumn(column);
      return { value: column, title: `${measureWords(measure).title}${stain === '' ? '' : ` of ${stain}`}` };
    }), ours.column);
    const [numbers, others] = [doublesOf(ours.bytes), doublesOf(theirs.bytes)];
    const place = new Map(theirs.regions.map(({ index }, at) => [index, at]));
    const summaries = ours.regions.filter(({ name }) => fitsSearch(name, kept['search'] ?? '')).map((region): RegionSummary => {
      const pair = [numbers[ours.regions.indexOf(region)], others[place.get(region.index) ?? -1] ?? NaN];
      return { ...region, groups: pair.map((value, row) => ({ group: heads[row], points: Number.isFinite(value) ? [{ row, value }] : [], mean: value, sd: NaN })) };
    });
    const ordered = orderRegions(summaries, 'difference');
    const { stain, measure } = splitColumn(ours.column);
    const { title, unit } = measureWords(measure);
    const words = `${title}${stain === '' ? '' : ` of ${stain}`}`;
    this.#content.replaceChildren(this.#chart.element, make('div', { class: 'spimquant-result region-table' }, renderTable(differences(words, unit, ordered, heads))));
    this.#chart.update({ title: `${words}, largest differences first`, unit, regions: ordered.slice(0, shownRegions), groups: heads, names: heads, note: 'The table below has all regions.' }, false);
  }
}

/** Participants of a folder with their files. */
function sidesOf(model: OutputsModel): readonly Side[] {
  const groups = Map.groupBy(model.files.filter(({ scopeKind, kind, entities }) => scopeKind === 'participant' && (kind === 'figure' || kind === 'table' || kind === 'map') && entities['sub'] !== undefined), whoOf);
  return [...groups].map(([name, entries]) => ({ model, name, entries }));
}

/** What the sides are called: by participant, and by folder where these are two. */
function headings(left: Side, right: Side, short: ReadonlyMap<string, string>): readonly [string, string] {
  const of = (side: Side): string => `${short.get(side.name) ?? side.name}${left.model === right.model ? '' : `, ${side.model.source.title}`}`;
  const [a, b] = [of(left), of(right)];
  return a === b ? [`${a} (left)`, `${b} (right)`] : [a, b];
}

function differences(title: string, unit: string, regions: readonly RegionSummary[], heads: readonly [string, string]): TableBlock {
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    kind: 'table', title: `${title}${unit === '' ? '' : `, ${unit}`}`,
    columns: [{ label: 'region' }, { label: heads[0], numeric: true }, { label: heads[1], numeric: true }, { label: 'difference', numeric: true }, { label: 'change', unit: '%', numeric: true }],
    rows: regions.map(({ name, groups: [a, b] }) => [name, known(a.mean), known(b.mean), known(b.mean - a.mean), known(a.mean === 0 ? NaN : (100 * (b.mean - a.mean)) / a.mean)]),
  };
}
