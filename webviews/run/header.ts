import type { RunRecord } from '../../runner/protocol/runs.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import { pauseText } from '../../runner/wording/pause.ts';
import { make, makeButton } from '../kit/dom.ts';
import { stateIcon } from '../renderer/icons.ts';
import { announce, countsText, placeText, standingOf, stateText, timeText } from '../renderer/runText.ts';
import type { Announced } from '../renderer/runText.ts';
import type { RunAction } from './messages.ts';

/** What stands above everything: which run, how it stands, what can be done with it. */
export class Header {
  readonly element = make('header', { class: 'run-header' });
  readonly #title = make('h1', {});
  readonly #icon = make('span', { class: 'icon', 'aria-hidden': 'true' });
  readonly #state = make('strong', {});
  readonly #place = make('span', { class: 'dim' });
  readonly #time = make('span', { class: 'time' });
  readonly #bar = make('div', { class: 'bar', role: 'progressbar', 'aria-label': 'Progress of the run', 'aria-valuemin': 0, 'aria-valuemax': 100 });
  readonly #fill = make('div', { class: 'fill' });
  readonly #counts = make('p', { class: 'counts' });
  readonly #pause = make('p', { class: 'pause', role: 'note' });
  readonly #command = make('code', { class: 'command' });
  readonly #live = make('div', { class: 'hidden-text', role: 'status', 'aria-live': 'polite' });
  readonly #signIn: HTMLButtonElement;
  readonly #resumeNow: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  readonly #resume: HTMLButtonElement;
  readonly #notebook: HTMLButtonElement;
  #run: RunRecord | undefined;
  #announced: Announced | undefined;

  constructor(act: (action: RunAction) => () => void) {
    this.#signIn = makeButton('Sign In Again', act('signIn'), { class: 'action', title: 'Sign in by the provider\'s own command, in a terminal' });
    this.#resumeNow = makeButton('Resume Now', act('resumeNow'), { class: 'action', title: 'Try at once whether it can go on' });
    this.#cancel = makeButton('Cancel', act('cancel'), { class: 'action', title: 'Cancel the run. What is finished is kept.' });
    this.#resume = makeButton('Resume', act('resume'), { class: 'action', title: 'Run the command again. What is finished is kept.' });
    this.#notebook = makeButton('Show Cell', act('openNotebook'), { class: 'action' });
    this.#bar.append(this.#fill);
    this.element.append(
      make('div', { class: 'first' }, this.#title, make('div', { class: 'buttons' }, this.#signIn, this.#resumeNow, this.#cancel, this.#resume, makeButton('Open Outputs', act('openOutputs'), { class: 'action' }), this.#notebook, makeButton('Copy Command', act('copyCommand'), { class: 'action' }))),
      make('div', { class: 'second' }, this.#icon, this.#state, this.#place, this.#time),
      this.#bar, this.#counts, this.#pause, this.#command, this.#live);
  }

  update(run: RunRecord, title: string, now: number): void {
    this.#run = run;
    const standing = standingOf(run, true);
    const state = stateText(run, standing);
    this.#title.textContent = title;
    if (this.element.dataset['standing'] !== standing) {
      this.element.dataset['standing'] = standing;
      this.#icon.replaceChildren(stateIcon(standing));
    }
    this.#state.textContent = state;
    this.#place.textContent = `${placeText(run)}${run.host === '' ? '' : `, ${run.host}`}`;
    const percent = Math.floor(100 * (run.status === 'succeeded' ? 1 : run.fraction));
    this.#fill.style.width = `${percent}%`;
    this.#bar.setAttribute('aria-valuenow', String(percent));
    this.#bar.setAttribute('aria-valuetext', `${state}, ${percent} percent`);
    this.#counts.textContent = countsText(run);
    this.#command.textContent = run.command;
    const pause = standing === 'paused' ? run.pause : undefined;
    this.#pause.hidden = pause === undefined;
    this.#pause.textContent = pause === undefined ? '' : pauseText(pause);
    this.#signIn.hidden = pause?.kind !== 'sign-in';
    this.#resumeNow.hidden = pause === undefined;
    const over = isOver(run.status);
    this.#cancel.hidden = over;
    this.#cancel.disabled = run.cancelling;
    this.#resume.hidden = !over || run.status === 'succeeded';
    this.#notebook.hidden = run.origin === undefined;
    const announced = announce(run, state, this.#announced, now);
    if (announced !== undefined) {
      if (this.#announced !== undefined || !over) this.#live.textContent = announced.text;
      this.#announced = announced;
    }
    this.tick(now);
  }

  /** Shows the time that has passed. */
  tick(now: number): void {
    if (this.#run !== undefined) this.#time.textContent = timeText(this.#run, standingOf(this.#run, true), now);
  }
}
