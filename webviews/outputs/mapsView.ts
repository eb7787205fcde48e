import { reportError } from '../../runner/protocol/errors.ts';
import type { OutputEntry } from '../../runner/protocol/outputs.ts';
import { make, makeButton } from '../kit/dom.ts';
import { Choice, makeTick, nothing } from './controls.ts';
import { groupMap, groupTables, mapKinds, participantMap, placeOnTemplate, statisticWords } from './mapChoice.ts';
import type { MapContent } from './mapChoice.ts';
import { scaled, unscaled } from './mapColours.ts';
import { MapPanel, type ShownMap } from './mapPanel.ts';
import { isWithin, scopeTitle, shortNames, whoOf } from './model.ts';
import type { OutputsModel } from './model.ts';
import type { PartContext } from './part.ts';

/** Maps of participants and statistics of groups over the template. */
export class MapsView {
  readonly element = make('section', { class: 'maps part', 'aria-label': 'Maps' });
  readonly #context: PartContext;
  readonly #which: Choice;
  readonly #who: Choice;
  readonly #column: Choice;
  readonly #from = numberField('From', 'Smaller values are not shown');
  readonly #to = numberField('To', 'Larger values have the last colour');
  readonly #opacity = make('input', { type: 'range', min: 0, max: 1, step: 0.05, 'aria-label': 'Opacity of the map' });
  readonly #message = make('div', {});
  #panel: MapPanel | undefined;
  #model: OutputsModel | undefined;
  #entry: OutputEntry | undefined;
  #content: MapContent | undefined;
  #place: Pick<ShownMap, 'template' | 'atlas'> | undefined;
  #asked = '';
  #asking = new AbortController();

  constructor(context: PartContext) {
    this.#context = context;
    const choice = (label: string, name: string, more: Readonly<Record<string, string>> = {}): Choice => new Choice(label, (value) => { context.choose('maps', { [name]: value, from: '', to: '', ...more }); });
    this.#which = choice('Map', 'map', { column: '' });
    this.#who = choice('Participant', 'who');
    this.#column = choice('Statistic', 'column');
    const kept = context.choices('maps');
    this.#opacity.value = kept['opacity'] ?? '0.85';
    for (const [field, name] of [[this.#from, 'from'], [this.#to, 'to']] as const) field.querySelector('input')?.addEventListener('change', ({ target }) => { context.choose('maps', { [name]: (target as HTMLInputElement).value }); });
    this.#opacity.addEventListener('input', () => { this.#show(); });
    this.#opacity.addEventListener('change', () => { context.choose('maps', { opacity: this.#opacity.value }); });
    const act = (action: 'openImage' | 'open' | 'reveal') => (): void => { if (this.#model !== undefined && this.#entry !== undefined) context.act(this.#entry.kind === 'table' && action === 'openImage' ? 'open' : action, this.#model, this.#entry); };
    this.element.append(
      make('div', { class: 'controls' }, this.#which.element, this.#who.element, this.#column.element, this.#from, this.#to, make('label', { class: 'choice' }, make('span', {}, 'Opacity'), this.#opacity),
        makeTick('Outlines', kept['outlines'] !== 'off', (checked) => { context.choose('maps', { outlines: checked ? 'on' : 'off' }); }),
        makeButton('Open Image', act('openImage'), { class: 'action' }), makeButton('Reveal', act('reveal'), { class: 'action' })),
      this.#message);
  }

  update(model: OutputsModel, scope: string): void {
    this.#model = model;
    const kept = this.#context.choices('maps');
    const files = model.files.filter((entry) => isWithin(entry, scope) || entry.scopeKind === 'template');
    const tables = groupTables(files);
    const kinds = mapKinds(files);
    this.#which.set([
      ...tables.map((entry) => ({ value: entry.path, title: entry.title, group: scopeTitle(entry.scope) })),
      ...kinds.map(({ title }) => ({ value: title, title, group: 'Participants' })),
    ], kept['map'] ?? kinds[0]?.title, tables.length + kinds.length > 0);
    const table = tables.find(({ path }) => path === this.#which.value);
    const kind = kinds.find(({ title }) => title === this.#which.value);
    const isLooking = model.standing.kind === 'there' && model.standing.known < model.participants.length;
    if (table === undefined && kind === undefined) {
      this.#say(isLooking ? 'Looking for maps…' : 'There are no maps in the space of a template here yet. A run with the target all makes them after registration.');
      return;
    }
    const names = shortNames(kind?.entries.map(whoOf) ?? []);
    this.#who.set(kind?.entries.map(({ path }, at) => ({ value: path, title: names[at] })) ?? [], kept['who'], kind !== undefined);
    const entry = table ?? kind?.entries.find(({ path }) => path === this.#who.value);
    if (entry === undefined) return;
    this.#entry = entry;
    const column = kept['column'] === '' ? undefined : kept['column'];
    const asked = JSON.stringify([model.source.folder.uri, entry.path, entry.version, table === undefined ? undefined : column, model.files.some(({ scopeKind }) => scopeKind === 'template')]);
    if (asked === this.#asked) {
      this.#show();
      return;
    }
    this.#asked = asked;
    void this.#load(model, entry, table === undefined ? undefined : column, table === undefined ? `${kind?.title ?? ''}, ${names[kind?.entries.indexOf(entry) ?? 0]}` : '');
  }

  async #load(model: OutputsModel, entry: OutputEntry, column: string | undefined, title: string): Promise<void> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.element.setAttribute('aria-busy', 'true');
    if (this.#panel === undefined) this.#say('Reading the map…');
    try {
      if (entry.kind === 'table') {
        const { content, columns, column: chosen } = await groupMap(model, entry, column, signal);
        this.#content = content;
        this.#column.set(columns.map((name) => ({ value: name, title: statisticWords(name) })), chosen);
      } else {
        this.#content = await participantMap(model, entry, title, signal);
        this.#column.set([]);
      }
      this.#place = await placeOnTemplate(model, this.#content, signal);
      if (signal.aborted) return;
      if (this.#place === undefined) {
        this.#say(`The template ${this.#content.template} is not in this folder, so there is nothing to lay the map over. Open Image shows the map alone.`);
        return;
      }
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

  #say(text: string): void {
    this.#message.replaceChildren(nothing(text));
    this.#message.hidden = false;
    if (this.#panel !== undefined) this.#panel.element.hidden = true;
  }

  #show(): void {
    const [content, place, model] = [this.#content, this.#place, this.#model];
    if (content === undefined || place === undefined || model === undefined) return;
    const kept = this.#context.choices('maps');
    const of = (written: string | undefined, otherwise: number): number => {
      const value = written === undefined || written.trim() === '' ? NaN : Number(written);
      return Number.isFinite(value) ? scaled(content.scale, value) : otherwise;
    };
    const [low, high] = [of(kept['from'], content.range.low), of(kept['to'], content.range.high)];
    const range = high > low ? { low, high } : content.range;
    for (const [field, value] of [[this.#from, range.low], [this.#to, range.high]] as const) {
      const input = field.querySelector('input');
      if (input !== null && document.activeElement !== input) input.value = String(Number(unscaled(content.scale, value).toPrecision(3)));
    }
    if (this.#panel === undefined) {
      this.#panel = new MapPanel(model.asker, () => undefined);
      this.element.append(this.#panel.element);
    }
    this.#panel.element.hidden = false;
    this.#message.hidden = true;
    void this.#panel.show({ ...place, title: content.title, unit: content.unit, layer: content.layer, scale: content.scale, range, opacity: Number(this.#opacity.value), outlines: kept['outlines'] !== 'off' });
  }
}

function numberField(label: string, title: string): HTMLElement {
  return make('label', { class: 'choice', title }, make('span', {}, label), make('input', { type: 'number', step: 'any' }));
}
