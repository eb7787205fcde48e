import type { CloudStanding } from '../../runner/protocol/cloud.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import { estimateWords, formatDollars, jobWords, leftWords, spentWords } from '../../runner/wording/cloud.ts';
import { count, formatSeconds } from '../../runner/wording/words.ts';
import { make, makeButton } from '../kit/dom.ts';

/** Milliseconds after which what is spent is no longer what it was. */
const staleAfter = 10 * 60_000;

/** What a cloud run costs: spent so far, estimate with what it assumes, machines, and warnings that stay. Not shown for other runs. */
export class CostView {
  readonly element = make('section', { class: 'cost', hidden: true, 'aria-label': 'Cost' });
  readonly #spent = make('strong', { class: 'spent' });
  readonly #age = make('span', { class: 'dim age' });
  readonly #estimate = make('span', { class: 'estimate' });
  readonly #machines = make('span', { class: 'machines' });
  readonly #warnings = make('div', { class: 'warnings', role: 'alert' });
  readonly #details = make('details', {}, make('summary', {}, 'How the estimate is made'));
  readonly #body = make('div', { class: 'cost-body' });
  readonly #jobs = make('details', {}, make('summary', {}, 'Clusters'));
  readonly #jobList = make('ul', {});
  readonly #page: HTMLButtonElement;
  #run: RunRecord | undefined;
  #standing: CloudStanding | undefined;
  #shown = '';

  constructor(openCluster: () => void) {
    this.#page = makeButton('Open at Coiled', openCluster, { class: 'quiet', title: 'Show the newest cluster of this run at Coiled' });
    this.#details.append(this.#body);
    this.#jobs.append(this.#jobList);
    this.element.append(make('p', { class: 'cost-row' }, this.#spent, this.#age, this.#estimate, this.#machines, this.#page), this.#warnings, this.#details, this.#jobs);
  }

  /** `standing`: what is known besides the record; it comes a moment later. */
  update(run: RunRecord, standing: CloudStanding | undefined, now: number): void {
    this.#run = run;
    this.#standing = standing ?? this.#standing;
    this.element.hidden = run.cloud === undefined && this.#standing === undefined && run.cost === undefined;
    this.tick(now);
  }

  /** Shows how old the numbers are. */
  tick(now: number): void {
    const run = this.#run;
    if (run === undefined || this.element.hidden) return;
    const over = isOver(run.status);
    const digest = run.cloud;
    const spent = this.#standing?.spent ?? digest?.spent;
    const estimate = this.#standing?.estimate ?? digest?.estimate;
    const [dollars, ...rest] = spent === undefined ? [run.cost === undefined ? 'Nothing spent yet' : formatDollars(run.cost)] : spentWords(spent, now, over).split(', ');
    this.#spent.textContent = spent === undefined && run.cost === undefined ? dollars : `${dollars} ${over ? 'spent' : 'so far'}`;
    this.#age.textContent = rest.join(', ');
    this.#estimate.textContent = estimate === undefined ? 'No estimate was made.' : `Estimate: ${estimateWords(estimate)}`;
    this.#machines.textContent = over ? '' : count(digest?.machines ?? this.#standing?.machines ?? 0, 'machine');
    this.#page.hidden = digest?.page === undefined;
    this.#warn(run, now);
    this.#explain();
  }

  #warn(run: RunRecord, now: number): void {
    const { cloud } = run;
    const spent = this.#standing?.spent ?? cloud?.spent;
    const estimate = this.#standing?.estimate ?? cloud?.estimate;
    const left = cloud === undefined ? undefined : leftWords(cloud);
    const warnings = [
      ...(left === undefined ? [] : [left]),
      ...(spent !== undefined && estimate !== undefined && estimate.high > 0 && spent.dollars > estimate.high ? [isOver(run.status) ? `More was spent than the highest estimate of ${formatDollars(estimate.high)}.` : `More is spent than the highest estimate of ${formatDollars(estimate.high)}. Cancel the run if that is too much; what is finished is kept.`] : []),
      ...(!isOver(run.status) && spent !== undefined && now - spent.asOf > staleAfter ? [`What is spent was last known ${formatSeconds((now - spent.asOf) / 1000)} ago; it may be more by now.`] : []),
    ];
    const texts = [...this.#warnings.children].map(({ textContent }) => textContent);
    if (texts.length === warnings.length && texts.every((text, at) => text === warnings[at])) return;
    this.#warnings.replaceChildren(...warnings.map((text) => make('p', { class: 'warning' }, text)));
  }

  #explain(): void {
    const { estimate, jobs = [] } = this.#standing ?? {};
    const key = JSON.stringify([estimate, jobs]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#details.hidden = estimate === undefined;
    this.#jobs.hidden = jobs.length === 0;
    this.#jobList.replaceChildren(...jobs.map((job) => make('li', {}, jobWords(job))));
    if (estimate === undefined) return;
    const price = estimate.machine;
    this.#body.replaceChildren(
      make('table', {}, make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, 'Part'), ...['Low', 'Likely', 'High'].map((head) => make('th', { scope: 'col', class: 'n' }, head)))),
        make('tbody', {}, ...estimate.items.map(({ title, low, likely, high }) => make('tr', {}, make('th', { scope: 'row' }, title), ...[low, likely, high].map((value) => make('td', { class: 'n' }, formatDollars(value))))))),
      make('ul', {}, ...(price === undefined ? [] : [make('li', {}, `${price.type} in ${price.region} at $${price.dollarsPerHour.toFixed(3)} an hour, as of ${price.asOf} (${price.source}).`)]),
        ...estimate.assumptions.map((text) => make('li', {}, text))));
  }
}
