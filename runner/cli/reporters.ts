import type { RunEvent } from '../protocol/events.ts';
import type { Clock } from '../protocol/log.ts';
import type { RunState } from '../protocol/runState.ts';
import { pauseText } from '../wording/pause.ts';
import { renderProgress } from './progress.ts';
import { formatScope, formatSeconds, paint } from '../wording/words.ts';

/** Where text goes: a part of Node's writable streams. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Shows a run while it goes on. */
export interface Reporter {
  event(event: RunEvent, state: RunState): void;
  /** Removes what is drawn in place. Called once, also before an error is shown. */
  stop(): void;
}

/** Whether colours are wanted: see https://no-color.org; a dumb terminal has none. */
export function wantsColor(output: Output, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return output.isTTY === true && env.TERM !== 'dumb';
}

/** What is worth a line that stays, or undefined. */
function lasting(event: RunEvent, state: RunState, color: boolean): string | undefined {
  const ink = paint(color);
  const name = (id: string): string => {
    const task = state.tasks.get(id);
    return task === undefined ? id : `${formatScope(task.summary.scope)}  ${task.summary.title}`;
  };
  switch (event.type) {
    case 'task-failed': return ink.red(`failed   ${name(event.task)}: ${event.error.message}`);
    case 'participant-failed': return ink.red(`failed   sub-${event.participant}: ${event.error.message}`);
    case 'run-paused': return ink.yellow(`paused   ${pauseText(event)}`);
    case 'run-still-paused': return ink.yellow(`paused   Not yet: ${event.error.message}`);
    case 'run-resumed': return 'goes on';
    case 'run-log': return event.level === 'warn' || event.level === 'error' ? ink.yellow(`note     ${event.message}`) : undefined;
    case 'task-log': return event.level === 'warn' || event.level === 'error' ? ink.yellow(`note     ${name(event.task)}: ${event.message}`) : undefined;
    default: return undefined;
  }
}

/** Bars that are redrawn in place, at most eight times a second, each time in one write. */
export class TerminalReporter implements Reporter {
  readonly #output: Output;
  readonly #color: boolean;
  readonly #clock: Clock;
  readonly #hearsEnter: boolean;
  readonly #timer: NodeJS.Timeout;
  #state: RunState | undefined;
  #drawn = 0;

  /** @param hearsEnter whether a paused run tries to go on when the user presses Enter */
  constructor(output: Output, color: boolean, clock: Clock, hearsEnter = false) {
    this.#output = output;
    this.#hearsEnter = hearsEnter;
    this.#color = color;
    this.#clock = clock;
    this.#timer = setInterval(() => this.#draw(''), 125);
    this.#timer.unref();
    output.write('\u001b[?25l');
  }

  event(event: RunEvent, state: RunState): void {
    this.#state = state;
    const line = lasting(event, state, this.#color);
    if (line !== undefined) this.#draw(`${line}${event.type === 'run-paused' && this.#hearsEnter ? ' Enter tries at once.' : ''}\n`);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#output.write(`${this.#up()}\u001b[J\u001b[?25h`);
    this.#drawn = 0;
  }

  #up(): string {
    return this.#drawn > 0 ? `\u001b[${this.#drawn}A\r` : '\r';
  }

  #draw(above: string): void {
    if (this.#state === undefined) return;
    const style = { width: this.#output.columns ?? 80, height: Math.min(12, Math.max(2, (this.#output.rows ?? 24) - 2)), color: this.#color };
    const lines = renderProgress(this.#state, this.#clock(), style);
    // Lines are overwritten and only their ends erased: nothing is blank for a moment.
    const text = `${above.replace('\n', '\u001b[K\n')}${lines.map((line) => `${line}\u001b[K\n`).join('')}`;
    this.#output.write(`${this.#up()}${text}\u001b[J`);
    this.#drawn = lines.length;
  }
}

/** One line for whatever begins or ends: for pipes and log files. */
export class PlainReporter implements Reporter {
  readonly #output: Output;
  #ended = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  event(event: RunEvent, state: RunState): void {
    const line = this.#line(event, state);
    if (line !== undefined) this.#output.write(`${line}\n`);
  }

  stop(): void {
    // Nothing is drawn in place.
  }

  #line(event: RunEvent, state: RunState): string | undefined {
    const name = (id: string): string => {
      const task = state.tasks.get(id);
      return task === undefined ? id : `${formatScope(task.summary.scope)}  ${task.summary.title}`;
    };
    switch (event.type) {
      case 'run-planned': return `plan     ${event.tasks.length} steps to run, ${event.reused} up to date`;
      case 'task-finished': return `${this.#position(state)} done     ${name(event.task)} (${formatSeconds(event.seconds)})`;
      case 'task-failed': return `${this.#position(state)} ${lasting(event, state, false) ?? ''}`;
      case 'task-skipped': return `${this.#position(state)} skipped  ${name(event.task)}: ${event.because}`;
      default: return lasting(event, state, false);
    }
  }

  #position(state: RunState): string {
    this.#ended += 1;
    const total = String(state.tasks.size);
    return `[${String(this.#ended).padStart(total.length)}/${total}]`;
  }
}

/** Every event as one line of JSON. */
export class JsonReporter implements Reporter {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  event(event: RunEvent): void {
    this.#output.write(`${JSON.stringify(event)}\n`);
  }

  stop(): void {
    // Nothing is drawn in place.
  }
}

/** Says nothing until the summary, except what a run waits for: otherwise it would seem to hang. */
export class QuietReporter implements Reporter {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  event(event: RunEvent, state: RunState): void {
    if (event.type !== 'run-paused' && event.type !== 'run-still-paused' && event.type !== 'run-resumed') return;
    this.#output.write(`${lasting(event, state, false) ?? ''}\n`);
  }

  stop(): void {
    // Nothing is drawn in place.
  }
}
