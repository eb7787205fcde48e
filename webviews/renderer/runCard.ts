import type { RunOutput } from '../../runner/protocol/runOutput.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import { pauseHint } from '../../runner/wording/pause.ts';
import { logText } from '../../runner/wording/run.ts';
import { make, makeButton } from '../kit/dom.ts';
import { whenOffered } from '../kit/offers.ts';
import { stateIcon } from './icons.ts';
import type { RendererRequest } from './messages.ts';
import { announce, costText, countsText, placeText, standingOf, stateText, timeText } from './runText.ts';
import type { Announced, Standing } from './runText.ts';

/** What a card needs from its page. */
export interface CardContext {
  /** Undefined: nothing answers, so nothing is offered. */
  readonly ask: ((request: RendererRequest) => void) | undefined;
  readonly isFollowed: (run: string) => boolean;
  /** The runner's time, milliseconds. */
  readonly now: () => number;
}

/** A run in a cell. Updated in place: focus, selection and what was unfolded stay. */
export class RunCard {
  readonly root = make('section', { class: 'spimquant-run' });
  readonly #context: CardContext;
  readonly #icon = make('span', { class: 'icon', 'aria-hidden': 'true' });
  readonly #state = make('strong', { class: 'state' });
  readonly #place = make('span', { class: 'dim' });
  readonly #time = make('span', { class: 'time' });
  readonly #bar = make('div', { class: 'bar', role: 'progressbar', 'aria-label': 'Progress of the run', 'aria-valuemin': 0, 'aria-valuemax': 100 });
  readonly #fill = make('div', { class: 'fill' });
  readonly #percent = make('span', { class: 'percent', 'aria-hidden': 'true' });
  readonly #counts = make('p', { class: 'counts' });
  readonly #current = make('ul', { class: 'current', 'aria-label': 'Going on now' });
  readonly #pause = make('div', { class: 'pause' });
  readonly #failures = make('div', { class: 'failures' });
  readonly #files = make('ul', { class: 'files', 'aria-label': 'Outputs' });
  readonly #log = make('details', { class: 'log' });
  readonly #logSummary = make('summary', {});
  readonly #logLines = make('pre', { tabindex: 0, 'aria-label': 'End of the log' });
  readonly #buttons = make('div', { class: 'buttons' });
  readonly #signIn: HTMLButtonElement;
  readonly #resumeNow: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  readonly #resume: HTMLButtonElement;
  readonly #openOutputs: HTMLButtonElement;
  readonly #openLog: HTMLButtonElement;
  readonly #openRun: HTMLButtonElement;
  readonly #live = make('div', { class: 'hidden-text', role: 'status', 'aria-live': 'polite' });
  #output: RunOutput;
  #announced: Announced | undefined;
  /** Lines that the list of what goes on has had, so that the card does not jump. */
  #currentLines = 1;

  constructor(output: RunOutput, context: CardContext) {
    this.#output = output;
    this.#context = context;
    const ask = (type: 'cancel' | 'openLog' | 'openOutputs' | 'openRun' | 'resume' | 'resumeNow' | 'signIn') => () => { context.ask?.({ type, run: this.#output.run.id }); };
    this.#signIn = makeButton('Sign In Again', ask('signIn'), { class: 'primary', title: 'Sign in by the provider\'s own command, in a terminal' });
    this.#resumeNow = makeButton('Resume Now', ask('resumeNow'), { title: 'Try at once whether it can go on' });
    this.#cancel = makeButton('Cancel', ask('cancel'), { title: 'Cancel the run. What is finished is kept.' });
    this.#resume = makeButton('Resume', ask('resume'), { title: 'Run the cell again. What is finished is kept.' });
    this.#openOutputs = makeButton('Open Outputs', ask('openOutputs'));
    this.#openLog = makeButton('Open Log', ask('openLog'));
    this.#openRun = whenOffered(makeButton('Open Run', ask('openRun'), { title: 'Steps, log and resources of the run in full' }), 'openRun');
    this.#bar.append(this.#fill);
    this.#log.append(this.#logSummary, this.#logLines);
    this.#buttons.append(this.#signIn, this.#resumeNow, this.#cancel, this.#resume, this.#openOutputs, this.#openRun, this.#openLog);
    this.root.append(
      make('div', { class: 'head' }, this.#icon, this.#state, this.#place, this.#time),
      make('div', { class: 'progress' }, this.#bar, this.#percent),
      this.#counts, this.#pause, this.#current, this.#failures, this.#files, this.#log, this.#buttons, this.#live,
    );
    this.update(output);
  }

  get isTicking(): boolean {
    return isGoing(standingOf(this.#output.run, this.#context.isFollowed(this.#output.run.id)));
  }

  update(output: RunOutput): void {
    this.#output = output;
    this.refresh();
    this.#showFailures();
    this.#showFiles();
    const lines = output.tail.map(logText).join('\n');
    setText(this.#logLines, lines);
    setText(this.#logSummary, `Log, last ${output.tail.length === 1 ? 'line' : `${output.tail.length} lines`}`);
    this.#log.hidden = output.tail.length === 0;
  }

  /** What may change without a new output: whether it is followed, and time. */
  refresh(): void {
    const { run } = this.#output;
    const standing = standingOf(run, this.#context.isFollowed(run.id));
    const state = stateText(run, standing);
    if (this.root.dataset['standing'] !== standing) {
      this.root.dataset['standing'] = standing;
      this.#icon.replaceChildren(stateIcon(standing));
    }
    setText(this.#state, state);
    setText(this.#place, placeText(run));
    this.tick();
    const percent = Math.floor(100 * (run.status === 'succeeded' ? 1 : run.fraction));
    this.#fill.style.width = `${percent}%`;
    const isPlanning = run.status === 'starting' && standing === 'running';
    this.#bar.classList.toggle('unknown', isPlanning);
    if (isPlanning) this.#bar.removeAttribute('aria-valuenow');
    else this.#bar.setAttribute('aria-valuenow', String(percent));
    this.#bar.setAttribute('aria-valuetext', `${state}, ${percent} percent`);
    setText(this.#percent, isPlanning ? '' : `${percent} %`);
    setText(this.#counts, [countsText(run), costText(run)].filter((part) => part !== '').join('; '));
    this.#showPause(standing === 'paused');
    // Steps under way are not stopped by a pause.
    this.#showCurrent(standing === 'running' || (standing === 'paused' && run.current.length > 0));
    this.root.setAttribute('aria-label', `Run, ${state}: ${run.command}`);
    this.#showButtons(isGoing(standing), standing);
    const announced = announce(run, state, this.#announced, this.#context.now());
    if (announced !== undefined) {
      // A card that is shown for the first time speaks only while its run goes on.
      if (this.#announced !== undefined || isGoing(standing)) setText(this.#live, announced.text);
      this.#announced = announced;
    }
  }

  /** Shows the time that has passed. */
  tick(): void {
    const { run } = this.#output;
    setText(this.#time, timeText(run, standingOf(run, this.#context.isFollowed(run.id)), this.#context.now()));
  }

  #showPause(isPaused: boolean): void {
    const { pause } = this.#output.run;
    replaceIfNew(this.#pause, isPaused && pause !== undefined ? [pause] : [], (each) => make('div', { class: 'failure', role: 'note' },
      make('p', {}, each.error.message),
      make('p', { class: 'hint' }, pauseHint(each)),
      make('p', { class: 'dim' }, each.error.code, ...(each.error.where === undefined ? [] : [` · ${each.error.where}`])),
    ));
  }

  #showCurrent(isRunning: boolean): void {
    const { current } = this.#output.run;
    this.#current.hidden = !isRunning;
    if (!isRunning) return;
    this.#currentLines = Math.max(this.#currentLines, current.length);
    while (this.#current.childElementCount < this.#currentLines) this.#current.append(make('li', {}));
    [...this.#current.children].forEach((line, index) => {
      // An empty line keeps its height.
      setText(line, current[index] ?? '\u00a0');
      line.toggleAttribute('aria-hidden', current[index] === undefined);
    });
  }

  #showFailures(): void {
    const { failures, run } = this.#output;
    const own = failures.length === 0 && run.error !== undefined && run.error.code !== 'cancelled' ? [{ title: '', error: run.error }] : failures;
    replaceIfNew(this.#failures, own, ({ title, error }) => make('div', { class: 'failure', role: 'note' },
      ...(title === '' ? [] : [make('strong', {}, title)]),
      make('p', {}, error.message),
      ...(error.hint === undefined ? [] : [make('p', { class: 'hint' }, error.hint)]),
      make('p', { class: 'dim' }, error.code, ...(error.where === undefined ? [] : [` · ${error.where}`])),
    ));
  }

  #showFiles(): void {
    const { files, run } = this.#output;
    const { ask } = this.#context;
    const shown = files.filter(({ kind }) => kind === 'report' || kind === 'figure' || kind === 'table').slice(0, 8);
    replaceIfNew(this.#files, shown, ({ uri, title }) => make('li', {}, ask === undefined
      ? make('span', { title: uri }, title)
      : makeButton(title, () => { ask({ type: 'openFile', run: run.id, uri, title }); }, { class: 'link', title: uri })));
  }

  #showButtons(isRunning: boolean, standing: string): void {
    const { run } = this.#output;
    this.#buttons.hidden = this.#context.ask === undefined;
    const focused = this.#buttons.querySelector<HTMLButtonElement>('button:focus');
    this.#signIn.hidden = standing !== 'paused' || run.pause?.kind !== 'sign-in';
    this.#resumeNow.hidden = standing !== 'paused';
    this.#cancel.hidden = !isRunning;
    this.#cancel.disabled = run.cancelling;
    this.#resume.hidden = !isOver(run.status) || standing === 'succeeded';
    this.#openOutputs.hidden = !isOver(run.status) || run.counts.finished + run.reused === 0;
    // Whoever had the keyboard on Cancel finds it on what stands there now.
    if (focused?.hidden === true) [this.#cancel, this.#resume, this.#openOutputs, this.#openLog].find(({ hidden }) => !hidden)?.focus();
  }
}

/** Whether the run has an end to come that is waited for here. */
function isGoing(standing: Standing): boolean {
  return standing === 'running' || standing === 'paused';
}

function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const shown = new WeakMap<HTMLElement, string>();

/** Fills a list anew when what it shows is not what it showed before. */
function replaceIfNew<T>(list: HTMLElement, items: readonly T[], show: (item: T) => HTMLElement): void {
  list.hidden = items.length === 0;
  const key = JSON.stringify(items);
  if (shown.get(list) === key) return;
  shown.set(list, key);
  list.replaceChildren(...items.map(show));
}
