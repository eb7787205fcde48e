import type { TaskRow } from '../../runner/protocol/runView.ts';
import { count, formatScope, formatSeconds } from '../../runner/wording/words.ts';
import { make, makeButton } from '../kit/dom.ts';
import { VirtualList } from '../kit/virtualList.ts';
import { GraphView } from './graphView.ts';
import { stepsForms } from './messages.ts';
import type { StepsForm } from './messages.ts';
import { stageWords } from './stageWords.ts';
import { taskIcon, taskWords } from './taskIcon.ts';
import { arrange, taskFraction } from './taskTable.ts';
import type { Cell, TaskTable } from './taskTable.ts';

/** Pixels of a row of the table, and of the list below it. */
const rowHeight = 26;

/** What is listed below the table. */
type Chosen = { readonly kind: 'now' } | { readonly kind: 'cell'; readonly scope: string; readonly stage: string } | { readonly kind: 'scope'; readonly scope: string } | { readonly kind: 'stage'; readonly stage: string };

/** The steps of a run: participants by stages at a glance, and the single tasks of what is chosen in it. */
export class StepsView {
  readonly element = make('section', { class: 'steps', 'aria-label': 'Steps' });
  readonly #head = make('div', { class: 'stages', 'aria-hidden': 'true' });
  readonly #matrix: VirtualList<string>;
  readonly #tasks: VirtualList<TaskRow>;
  readonly #listTitle = make('h2', {}, 'Now');
  readonly #listEmpty = make('p', { class: 'dim' });
  readonly #back = makeButton('Show What Runs Now', () => { this.#choose({ kind: 'now' }); }, { class: 'quiet', hidden: true });
  readonly #detail = make('div', { class: 'task-detail', hidden: true });
  readonly #openLog: (task: string) => void;
  readonly #onForm: (form: StepsForm) => void;
  readonly #graph: GraphView;
  readonly #forms: readonly HTMLButtonElement[];
  readonly #formBar: HTMLElement;
  readonly #retried = make('span', { class: 'dim retried' });
  readonly #matrixPlace: HTMLElement;
  #form: StepsForm = 'table';
  #table: TaskTable = arrange([]);
  #all: readonly TaskRow[] = [];
  #listed: readonly TaskRow[] = [];
  #chosen: Chosen = { kind: 'now' };

  constructor(openLog: (task: string) => void, onForm: (form: StepsForm) => void) {
    this.#openLog = openLog;
    this.#onForm = onForm;
    this.#graph = new GraphView((stage, scope) => { this.#choose(scope === undefined ? { kind: 'stage', stage } : { kind: 'cell', scope, stage }); });
    const titles: { readonly [F in StepsForm]: string } = { table: 'Table', graph: 'Graph' };
    this.#forms = stepsForms.map((form) => makeButton(titles[form], () => { this.setForm(form); }, { 'aria-pressed': 'false', 'data-form': form }));
    this.#formBar = make('div', { class: 'forms' }, make('span', { class: 'choice', role: 'group', 'aria-label': 'Show the steps as' }, ...this.#forms), this.#retried);
    this.#matrix = new VirtualList<string>({
      label: 'Participants and their stages', rowHeight, need: () => undefined,
      fill: (element, _row, index) => { this.#fillMatrixRow(element, this.#table.scopes[index]); },
      onSelect: (index) => { this.#choose({ kind: 'scope', scope: this.#table.scopes[index] }); },
    });
    this.#matrix.element.addEventListener('click', (event) => {
      const cell = (event.target as Element).closest<HTMLElement>('[data-stage]');
      const row = (event.target as Element).closest<HTMLElement>('[data-index]');
      if (cell === null || row === null) return;
      this.#choose({ kind: 'cell', scope: this.#table.scopes[Number(row.dataset['index'])], stage: cell.dataset['stage'] ?? '' });
    });
    this.#tasks = new VirtualList<TaskRow>({
      label: 'Tasks', rowHeight, need: () => undefined,
      fill: (element, _row, index) => { fillTaskRow(element, this.#listed[index]); },
      onSelect: (index) => { this.#showDetail(this.#listed[index]); },
    });
    this.#matrixPlace = make('div', { class: 'matrix' }, this.#head, this.#matrix.element);
    this.element.append(this.#formBar, this.#matrixPlace, this.#graph.element,
      make('div', { class: 'list' }, make('header', {}, this.#listTitle, this.#back), this.#listEmpty, this.#tasks.element, this.#detail));
  }

  /** Chooses between table and graph. */
  setForm(form: StepsForm): void {
    if (form !== this.#form) this.#onForm(form);
    this.#form = form;
    this.#showForm();
  }

  /** A run that does not say what needs what is shown as a table always. */
  #showForm(): void {
    const hasGraph = GraphView.isFor(this.#all);
    const isGraph = hasGraph && this.#form === 'graph';
    this.#forms.forEach((button, at) => {
      button.setAttribute('aria-pressed', String(stepsForms[at] === (isGraph ? 'graph' : 'table')));
      button.hidden = !hasGraph;
    });
    this.#matrixPlace.hidden = isGraph;
    this.#graph.element.hidden = !isGraph;
    if (isGraph) this.#graph.update(this.#all, this.#table.scopes);
  }

  /** Shows tasks as they stand. `reused`: results that were there already. */
  update(tasks: readonly TaskRow[], reused: number): void {
    this.#all = tasks;
    this.#table = arrange(tasks);
    const again = tasks.reduce((sum, { attempts }) => sum + Math.max(0, attempts - 1), 0);
    this.#retried.textContent = again === 0 ? '' : `${count(again, 'task')} tried again.`;
    this.#showForm();
    const { scopes, stages } = this.#table;
    this.element.style.setProperty('--stages', String(stages.length));
    this.#head.replaceChildren(make('span', { class: 'corner' }, ''), ...stages.map((stage) => make('span', { class: 'stage', title: stage }, make('span', {}, stageWords(stage)))));
    this.#matrix.setTotal(scopes.length);
    // Rows are drawn from the table itself; this only asks for a redraw.
    this.#matrix.put(0, []);
    this.#matrix.element.style.height = `${Math.min(12, Math.max(1, scopes.length)) * rowHeight + 2}px`;
    this.element.classList.toggle('nothing', tasks.length === 0);
    this.#list(tasks.length === 0 ? (reused > 0 ? `Nothing to do: ${count(reused, 'result')} were there already.` : 'The steps are not known yet.') : undefined);
  }

  get scopes(): readonly string[] {
    return this.#table.scopes;
  }

  #choose(chosen: Chosen): void {
    this.#chosen = chosen;
    this.#detail.hidden = true;
    this.#tasks.clear();
    this.#list();
  }

  #list(nothing?: string): void {
    const chosen = this.#chosen;
    const fits = (task: TaskRow): boolean =>
      chosen.kind === 'now' ? task.status === 'running' : chosen.kind === 'stage' ? task.stage === chosen.stage : task.scope === chosen.scope && (chosen.kind === 'scope' || task.stage === chosen.stage);
    this.#listed = this.#all.filter(fits);
    this.#listTitle.textContent = chosen.kind === 'now' ? 'Now' : chosen.kind === 'stage' ? stageWords(chosen.stage) : chosen.kind === 'scope' ? formatScope(chosen.scope) : `${formatScope(chosen.scope)}: ${stageWords(chosen.stage)}`;
    this.#back.hidden = chosen.kind === 'now';
    this.#listEmpty.hidden = this.#listed.length > 0;
    this.#listEmpty.textContent = nothing ?? (chosen.kind === 'now' ? 'Nothing runs at this moment. Choose a row or a mark above to see its tasks.' : '');
    this.#tasks.element.hidden = this.#listed.length === 0;
    this.#tasks.setTotal(this.#listed.length);
    this.#tasks.put(0, []);
    this.#tasks.element.style.height = `${Math.min(10, this.#listed.length) * rowHeight + 2}px`;
  }

  #fillMatrixRow(element: HTMLElement, scope: string | undefined): void {
    if (scope === undefined) {
      element.replaceChildren();
      return;
    }
    const cells = this.#table.stages.map((stage) => this.#table.cell(scope, stage));
    element.setAttribute('aria-label', `${formatScope(scope)}: ${summary(cells)}`);
    element.replaceChildren(make('span', { class: 'scope' }, formatScope(scope)), ...cells.map((cell, at) => matrixCell(cell, this.#table.stages[at])));
  }

  #showDetail(task: TaskRow | undefined): void {
    this.#detail.hidden = task === undefined;
    if (task === undefined) return;
    const { error } = task;
    this.#detail.replaceChildren(
      make('div', { class: 'detail-head' }, make('strong', {}, task.title), make('span', { class: 'dim' }, task.id),
        makeButton('Show in Log', () => { this.#openLog(task.id); }, { class: 'quiet' })),
      ...(task.why === undefined ? [] : [make('p', { class: 'dim' }, `Because ${task.why}.`)]),
      ...(task.because === undefined ? [] : [make('p', {}, `Skipped: ${task.because}`)]),
      ...(task.attempts > 1 ? [make('p', {}, `Begun ${task.attempts} times.`)] : []),
      ...(error === undefined ? [] : [make('p', {}, error.message), ...(error.hint === undefined ? [] : [make('p', {}, error.hint)]), make('p', { class: 'dim' }, error.code)]));
  }
}

function summary(cells: readonly (Cell | undefined)[]): string {
  const present = cells.filter((cell) => cell !== undefined);
  const done = present.filter(({ status }) => status === 'finished').length;
  const failed = present.filter(({ status }) => status === 'failed').map(({ stage }) => stageWords(stage));
  const running = present.filter(({ status }) => status === 'running').map(({ stage }) => stageWords(stage));
  return [`${done} of ${count(present.length, 'stage')} done`, ...(running.length > 0 ? [`running: ${running.join(', ')}`] : []), ...(failed.length > 0 ? [`failed: ${failed.join(', ')}`] : [])].join('; ');
}

function matrixCell(cell: Cell | undefined, stage: string): HTMLElement {
  if (cell === undefined) return make('span', { class: 'cell none' });
  const words = `${stageWords(stage)}, ${formatScope(cell.scope)}: ${taskWords[cell.status]}${cell.tasks.length > 1 ? `, ${cell.tasks.length} tasks` : ''}${cell.status === 'running' ? `, ${Math.floor(100 * cell.fraction)} %` : ''}`;
  const element = make('span', { class: `cell ${cell.status}`, title: words, 'data-stage': stage, 'data-status': cell.status }, taskIcon(cell.status));
  if (cell.status === 'running') {
    const fill = make('span', { class: 'fill' });
    fill.style.width = `${Math.round(100 * cell.fraction)}%`;
    element.append(fill);
  }
  return element;
}

function fillTaskRow(element: HTMLElement, task: TaskRow | undefined): void {
  if (task === undefined) {
    element.replaceChildren();
    return;
  }
  const bar = make('span', { class: 'bar', hidden: task.status !== 'running' });
  const fill = make('span', { class: 'fill' });
  fill.style.width = `${Math.round(100 * taskFraction(task))}%`;
  bar.append(fill);
  element.setAttribute('aria-label', `${formatScope(task.scope)}, ${task.title}: ${taskWords[task.status]}`);
  element.replaceChildren(
    taskIcon(task.status), make('span', { class: 'scope' }, formatScope(task.scope)), make('span', { class: 'title', title: task.title }, task.title), bar,
    make('span', { class: 'when' }, task.status === 'running' && task.progress !== undefined ? `${Math.floor(100 * taskFraction(task))} %` : task.seconds === undefined ? taskWords[task.status] : formatSeconds(task.seconds),
      ...(task.attempts > 1 ? [make('span', { class: 'dim' }, `, ${task.attempts} attempts`)] : [])));
}
