import type { OutputEntry } from '../../runner/protocol/outputs.ts';
import { wholeTable } from '../../runner/protocol/outputs.ts';
import { make, makeButton } from '../kit/dom.ts';
import { Choice, nothing } from './controls.ts';
import { isWithin, scopeTitle } from './model.ts';
import type { OutputsModel } from './model.ts';
import type { PartContext } from './part.ts';
import { TableGrid, type TableGridOptions } from './tableGrid.ts';
import type { OutputsState } from './viewState.ts';

/** Tables, one at a time. */
export class TablesView {
  readonly element = make('section', { class: 'tables part', 'aria-label': 'Tables' });
  readonly #which: Choice;
  readonly #grid: TableGrid;
  readonly #empty = make('div', {});
  readonly #actions: HTMLElement;
  #model: OutputsModel | undefined;
  #entry: OutputEntry | undefined;

  constructor(context: PartContext, options: TableGridOptions, choose: (path: string) => void) {
    this.#which = new Choice('Table', choose);
    this.#grid = new TableGrid(options);
    const act = (action: 'open' | 'reveal') => (): void => {
      if (this.#model !== undefined && this.#entry !== undefined) context.act(action, this.#model, this.#entry);
    };
    this.#actions = make('span', { class: 'buttons' }, makeButton('Open in Editor', act('open'), { class: 'action' }), makeButton('Reveal', act('reveal'), { class: 'action' }));
    this.element.append(make('div', { class: 'controls' }, this.#which.element, this.#actions), this.#empty, this.#grid.element);
  }

  update(model: OutputsModel, scope: string, table: OutputsState['table']): void {
    this.#model = model;
    const entries = model.files.filter((entry) => entry.kind === 'table' && isWithin(entry, scope));
    this.#which.set(entries.map((entry) => ({ value: entry.path, title: entry.title, group: scopeTitle(entry.scope) })), table?.path, entries.length > 0);
    const entry = entries.find(({ path }) => path === this.#which.value);
    this.#entry = entry;
    const isLooking = model.standing.kind === 'there' && model.standing.known < model.participants.length;
    this.#empty.replaceChildren(...(entry === undefined ? [nothing(isLooking ? 'Looking for tables…' : 'There are no tables here yet.')] : []));
    this.#empty.hidden = entry !== undefined;
    this.#grid.element.hidden = entry === undefined;
    this.#actions.hidden = entry === undefined;
    const [open] = this.#actions.querySelectorAll('button');
    open.hidden = entry?.path.endsWith('.parquet') ?? true;
    if (entry === undefined) this.#grid.clear();
    else this.#grid.show(model, entry, table?.path === entry.path ? table.query : wholeTable);
  }
}
