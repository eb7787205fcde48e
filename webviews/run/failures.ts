import type { TaskRow } from '../../runner/protocol/runView.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { likelyCause } from '../../runner/wording/likelyCause.ts';
import { formatScope } from '../../runner/wording/words.ts';
import type { Asker } from '../kit/asker.ts';
import { make, makeButton } from '../kit/dom.ts';
import type { RunAction, RunQuestions } from './messages.ts';
import { groupFailures } from './taskTable.ts';

/** Failures told in full, and lines of the log with each. */
const shown = 3;
const lastLines = 6;

/** The card of what failed: what, why, the last words of the task, and what can be done. */
export class Failures {
  readonly element = make('div', { class: 'failures' });
  readonly #runner: Asker<RunQuestions>;
  readonly #openLog: (task: string) => void;
  readonly #copy: (text: string) => void;
  readonly #act: (action: RunAction) => () => void;
  #key = '';
  #isOver = false;

  constructor(runner: Asker<RunQuestions>, openLog: (task: string) => void, copy: (text: string) => void, act: (action: RunAction) => () => void) {
    this.#runner = runner;
    this.#act = act;
    this.#openLog = openLog;
    this.#copy = copy;
  }

  update(run: RunRecord, tasks: readonly TaskRow[], participants: readonly { readonly participant: string; readonly error: NonNullable<RunRecord['error']> }[]): void {
    const groups = groupFailures(tasks);
    const own = groups.length === 0 && run.error !== undefined && run.error.code !== 'cancelled' && run.status !== 'succeeded' ? [run.error] : [];
    const key = JSON.stringify([groups.map(({ first, count }) => [first.id, count]), participants.length, own, isOver(run.status)]);
    if (key === this.#key) return;
    this.#key = key;
    this.#isOver = isOver(run.status);
    const cards = [
      ...own.map((error) => this.#card('', error, undefined)),
      ...participants.slice(0, shown).map(({ participant, error }) => this.#card(formatScope(participant), error, undefined)),
      ...groups.slice(0, shown).map(({ first, count }) => this.#card(`${formatScope(first.scope)}: ${first.title}${count > 1 ? ` (and ${count - 1} more like it)` : ''}`, first.error, first)),
    ];
    const hidden = Math.max(0, groups.length - shown) + Math.max(0, participants.length - shown);
    this.element.replaceChildren(...cards, ...(hidden > 0 ? [make('p', { class: 'dim' }, `${hidden} more: choose Errors in the log.`)] : []));
  }

  #card(title: string, error: RunRecord['error'], task: TaskRow | undefined): HTMLElement {
    if (error === undefined) return make('div');
    const lines = make('pre', { tabindex: 0, hidden: true, 'aria-label': 'Last lines of the task' });
    if (task !== undefined) void this.#lastLines(task.id, lines);
    const cause = likelyCause(error.code);
    const report = (): string => [title, error.message, cause === undefined ? undefined : `Likely cause: ${cause}`, error.hint, `Code: ${error.code}`, error.where, error.code === 'internal' ? error.stack : undefined, lines.textContent].filter((part) => part !== undefined && part !== '').join('\n');
    const fact = (name: string, text: string | undefined): readonly HTMLElement[] => (text === undefined ? [] : [make('dt', {}, name), make('dd', {}, text)]);
    const isSignIn = error.code === 'auth-expired' || error.code === 'auth-missing';
    return make('div', { class: 'failure', role: 'note' },
      ...(title === '' ? [] : [make('strong', {}, title)]), make('p', {}, error.message),
      make('dl', {}, ...fact('Likely cause', cause), ...fact('What to do', error.hint)),
      make('p', { class: 'dim' }, error.code, ...(error.where === undefined ? [] : [` · ${error.where}`])), lines,
      make('div', { class: 'buttons' }, ...(task === undefined ? [] : [makeButton('Show in Log', () => { this.#openLog(task.id); }, { class: 'quiet' })]),
        ...(isSignIn ? [makeButton('Sign In Again', this.#act('signIn'), { class: 'quiet' })] : []),
        ...(this.#isOver ? [makeButton('Run Again', this.#act('resume'), { class: 'quiet', title: 'Run the command again once the cause is removed. What is finished is kept.' })] : []),
        makeButton('Copy Report', () => { this.#copy(report()); }, { class: 'quiet' })));
  }

  async #lastLines(task: string, place: HTMLElement): Promise<void> {
    const page = await this.#runner.ask('lines', { query: { task }, from: -lastLines, count: lastLines }).catch(() => undefined);
    const text = (page?.rows ?? []).filter(({ level, message }) => level !== 'error' && message !== 'started').map(({ level, message }) => `${level.padEnd(5)} ${message}`).join('\n');
    place.textContent = text;
    place.hidden = text === '';
  }
}
