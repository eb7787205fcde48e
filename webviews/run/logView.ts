import type { LogPage, LogQuery, LogRow, TaskRow } from '../../runner/protocol/runView.ts';
import { reportError } from '../../runner/protocol/errors.ts';
import { count, formatScope } from '../../runner/wording/words.ts';
import type { Asker } from '../kit/asker.ts';
import { make, makeButton } from '../kit/dom.ts';
import { VirtualList } from '../kit/virtualList.ts';
import type { RunQuestions } from './messages.ts';

/** Milliseconds between the last key and a search. */
const typingPause = 180;
/** Milliseconds between two looks at a log that is still looked through. */
const indexingPause = 120;

/** `14:02:07`. */
function clock(time: number): string {
  return new Date(time).toLocaleTimeString('en-GB');
}

/** The log of a run: filters, the lines, and the one that is chosen in full. */
export class LogView {
  readonly element = make('section', { class: 'log', 'aria-label': 'Log' });
  readonly #runner: Asker<RunQuestions>;
  readonly #list: VirtualList<LogRow>;
  readonly #search = make('input', { type: 'search', placeholder: 'Search', 'aria-label': 'Search in the log', spellcheck: 'false' });
  readonly #level = make('select', { 'aria-label': 'Level' }, make('option', { value: '' }, 'All levels'), make('option', { value: 'warn' }, 'Warnings and errors'), make('option', { value: 'error' }, 'Errors'));
  readonly #scope = make('select', { 'aria-label': 'Participant' }, make('option', { value: '' }, 'All participants'));
  readonly #follow = make('input', { type: 'checkbox', id: 'follow', checked: true });
  readonly #counts = make('span', { class: 'counts', role: 'status' });
  readonly #task = make('select', { 'aria-label': 'Task', hidden: true }, make('option', { value: '' }, 'All tasks'));
  #tasks: readonly TaskRow[] = [];
  #tasksOf = '';
  readonly #previous = makeButton('Previous Error', () => void this.#jump(true), { class: 'quiet' });
  readonly #next = makeButton('Next Error', () => void this.#jump(false), { class: 'quiet' });
  readonly #detail = make('div', { class: 'detail', hidden: true });
  #query: LogQuery = {};
  /** Raised by every change of the query, so that answers to earlier ones are dropped. */
  #turn = 0;
  #refreshing = false;
  #again = false;

  constructor(runner: Asker<RunQuestions>, actions: { readonly save: () => void; readonly asText: () => void; readonly copy: (text: string) => void }) {
    this.#runner = runner;
    this.#list = new VirtualList<LogRow>({
      label: 'Lines of the log', rowHeight: 20,
      fill: (element, row) => { fillRow(element, row, this.#query.text ?? ''); },
      need: (from, wanted) => void this.#load(from, wanted),
      onSelect: (_index, row) => { this.#showDetail(row, actions.copy); },
      onEnd: (atEnd) => { if (atEnd !== this.#follow.checked) this.#follow.checked = atEnd; },
    });
    let typing: ReturnType<typeof setTimeout> | undefined;
    this.#search.addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => { this.#choose(); }, typingPause);
    });
    this.#search.addEventListener('keydown', (event) => { if (event.key === 'ArrowDown') this.#list.element.focus(); });
    this.#level.addEventListener('change', () => { this.#choose(); });
    this.#scope.addEventListener('change', () => {
      this.#task.value = '';
      this.#offerTasks();
      this.#choose();
    });
    this.#task.addEventListener('change', () => { this.#choose(); });
    this.#follow.addEventListener('change', () => { if (this.#follow.checked) this.#list.showEnd(); });
    this.element.append(
      make('div', { class: 'tools' }, this.#search, this.#level, this.#scope, this.#task,
        make('label', { for: 'follow', class: 'follow' }, this.#follow, ' Follow'),
        make('span', { class: 'group' }, this.#previous, this.#next),
        make('span', { class: 'group end' }, makeButton('Save…', actions.save, { class: 'quiet', title: 'Save the whole log as a text file' }), makeButton('Open as Text', actions.asText, { class: 'quiet' }))),
      this.#counts, this.#list.element, this.#detail);
  }

  /** Tasks whose lines can be chosen, by participant. */
  setTasks(tasks: readonly TaskRow[]): void {
    this.#tasks = tasks;
    const scopes = [...new Set(tasks.map(({ scope }) => scope))];
    if (this.#scope.options.length !== scopes.length + 1) {
      const chosen = this.#scope.value;
      this.#scope.replaceChildren(make('option', { value: '' }, 'All participants'), ...scopes.map((scope) => make('option', { value: scope }, formatScope(scope))));
      this.#scope.value = chosen;
    }
    this.#offerTasks();
  }

  /** The tasks of the participant that is chosen: those of all would be too many to choose from. */
  #offerTasks(): void {
    const scope = this.#scope.value;
    const tasks = scope === '' ? [] : this.#tasks.filter((task) => task.scope === scope);
    const key = `${scope} ${tasks.length}`;
    if (key === this.#tasksOf) return;
    this.#tasksOf = key;
    const chosen = this.#task.value;
    this.#task.replaceChildren(make('option', { value: '' }, 'All tasks'), ...tasks.map(({ id, title }) => make('option', { value: id }, title)));
    this.#task.value = tasks.some(({ id }) => id === chosen) ? chosen : '';
    this.#task.hidden = scope === '';
  }

  /** Shows the lines of one task. */
  showTask(task: string): void {
    this.#level.value = '';
    this.#search.value = '';
    this.#scope.value = this.#tasks.find(({ id }) => id === task)?.scope ?? '';
    this.#offerTasks();
    this.#task.value = task;
    this.#choose();
  }

  /** Looks whether there are more lines. */
  async refresh(): Promise<void> {
    if (this.#refreshing) {
      this.#again = true;
      return;
    }
    this.#refreshing = true;
    try {
      do {
        this.#again = false;
        const turn = this.#turn;
        const page = await this.#runner.ask('lines', { query: this.#query, from: -200, count: 200 });
        if (turn !== this.#turn) {
          this.#again = true;
          continue;
        }
        this.#take(page);
        if (page.known < 1) {
          this.#again = true;
          await new Promise((resolve) => { setTimeout(resolve, indexingPause); });
        }
      } while (this.#again);
    } catch (error) {
      this.#counts.textContent = reportError(error).message;
    } finally {
      this.#refreshing = false;
    }
  }

  #take(page: LogPage): void {
    const following = this.#follow.checked;
    this.#list.setTotal(page.total);
    this.#list.put(page.from, page.rows);
    if (following) requestAnimationFrame(() => { this.#list.showEnd(); });
    const filtered = Object.keys(this.#query).length > 0;
    const words = filtered ? `${page.total.toLocaleString('en-US')} of ${page.all.toLocaleString('en-US')} lines` : `${page.all.toLocaleString('en-US')} ${page.all === 1 ? 'line' : 'lines'}`;
    const known = page.known < 1 ? `, ${Math.floor(100 * page.known)} % of the log looked through` : '';
    this.#counts.textContent = page.all === 0 && page.known === 1 ? 'Nothing has been said yet.' : `${words}${page.errors > 0 ? `, ${count(page.errors, 'error')}` : ''}${known}`;
    this.#previous.disabled = page.errors === 0;
    this.#next.disabled = page.errors === 0;
    this.element.classList.toggle('empty', page.total === 0);
  }

  async #load(from: number, wanted: number): Promise<void> {
    const turn = this.#turn;
    try {
      const page = await this.#runner.ask('lines', { query: this.#query, from, count: wanted });
      if (turn === this.#turn) this.#list.put(page.from, page.rows);
    } catch {
      // The next scroll asks again; why it failed is said by the next look.
    }
  }

  #choose(): void {
    const text = this.#search.value;
    const level = this.#level.value;
    this.#query = {
      ...(level === 'warn' || level === 'error' ? { level } : {}),
      ...(this.#scope.value === '' ? {} : { scope: this.#scope.value }),
      ...(this.#task.value === '' ? {} : { task: this.#task.value }),
      ...(text === '' ? {} : { text }),
    };
    this.element.dataset['task'] = this.#task.value;
    this.#turn += 1;
    this.#list.clear();
    this.#detail.hidden = true;
    void this.refresh();
  }

  async #jump(backwards: boolean): Promise<void> {
    const from = this.#list.selected >= 0 ? this.#list.selected : backwards ? this.#list.total : -1;
    const at = await this.#runner.ask('nextError', { query: this.#query, from, backwards }).catch(() => null);
    if (at === null) {
      this.#counts.textContent = `There is no error ${backwards ? 'above' : 'below'} this line.`;
      return;
    }
    this.#follow.checked = false;
    if (this.#list.row(at) === undefined) await this.#load(Math.max(0, at - 50), 100);
    this.#list.select(at);
    this.#list.show(at);
  }

  #showDetail(row: LogRow | undefined, copy: (text: string) => void): void {
    this.#detail.hidden = row === undefined;
    if (row === undefined) return;
    this.#detail.replaceChildren(
      make('div', { class: 'detail-head' }, make('span', { class: `level ${row.level}` }, row.level), make('span', {}, new Date(row.time).toLocaleString('en-GB')), make('span', { class: 'about' }, row.task ?? 'run'),
        makeButton('Copy', () => { copy(`${new Date(row.time).toISOString()} ${row.level} ${row.task ?? ''}: ${row.message}`); }, { class: 'quiet' }),
        makeButton('Close', () => { this.#detail.hidden = true; }, { class: 'quiet' })),
      make('pre', { tabindex: 0 }, row.message));
  }
}

function fillRow(element: HTMLElement, row: LogRow | undefined, search: string): void {
  if (row === undefined) {
    element.replaceChildren(make('span', { class: 'pending' }, '…'));
    element.dataset['level'] = '';
    return;
  }
  const [first, ...rest] = row.message.split('\n');
  element.dataset['level'] = row.level;
  element.replaceChildren(
    make('span', { class: 'time' }, clock(row.time)), make('span', { class: 'level' }, row.level === 'info' ? '' : row.level),
    make('span', { class: 'about' }, row.task ?? ''), make('span', { class: 'message' }, ...marked(first, search), ...(rest.length === 0 ? [] : [make('span', { class: 'more' }, ` +${count(rest.length, 'line')}`)])));
}

/** A text with what was searched for marked. */
function marked(text: string, search: string): readonly (Node | string)[] {
  if (search === '') return [text];
  const low = text.toLowerCase();
  const wanted = search.toLowerCase();
  const parts: (Node | string)[] = [];
  let at = 0;
  for (let found = low.indexOf(wanted); found >= 0; found = low.indexOf(wanted, at)) {
    parts.push(text.slice(at, found), make('mark', {}, text.slice(found, found + wanted.length)));
    at = found + wanted.length;
  }
  return [...parts, text.slice(at)];
}
