import { readFileSync } from 'node:fs';
import { askLocally, planLocally, runLocally, unlockLocally } from '../backends/local.ts';
import { planSync, runSync, unlockSync } from '../backends/sync.ts';
import type { LocalBackend, Planner, RunCommand, RunSummary } from '../backends/local.ts';
import { formatHelp } from '../command/help.ts';
import { parseArgv } from '../command/parse.ts';
import type { LockHolder } from '../engine/lock.ts';
import { programVersion } from '../pipeline/plan/provenance.ts';
import { reportError } from '../protocol/errors.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { PauseTime } from '../engine/pauses.ts';
import type { Clock } from '../protocol/log.ts';
import { isRunCommand } from '../protocol/options.ts';
import type { SyncCommand } from '../protocol/options.ts';
import type { CostEstimate } from '../protocol/cloud.ts';
import { estimateWords, formatDollars } from '../wording/cloud.ts';
import { resultText } from '../wording/resultText.ts';
import { count } from '../wording/words.ts';
import { answer } from './answer.ts';
import { formatPlan, planLines } from './planText.ts';
import { JsonReporter, PlainReporter, QuietReporter, TerminalReporter, wantsColor } from './reporters.ts';
import type { Output, Reporter } from './reporters.ts';
import { formatError, formatSummary } from './summaryText.ts';
import { formatSyncPlan, formatSyncSummary, syncPlanLines, syncQuestion } from './syncText.ts';

/** The terminal as the program sees it. Results go to `stdout`, everything else to `stderr`. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Calls back whenever the user presses Enter; returns how to stop listening. Left out: nobody is there. */
  readonly onEnter?: (listener: () => void) => () => void;
  /** Asks a question that is answered by yes or no. Left out: nobody is there to be asked. */
  readonly ask?: (question: string) => Promise<boolean>;
  /** Told before machines of a cloud may be started: ending takes longer from now on, because they have to be ended too. */
  readonly onCloud?: () => void;
  /** Told before the installed SPIMquant is started: it is interrupted first, and may need a moment. */
  readonly onEngine?: () => void;
}

/** What decides what is run; the program has its pipeline, tests have toys. */
export interface Engine {
  readonly planner: Planner;
  readonly stageModule?: string;
  readonly pauseTime?: PauseTime;
}

/** 0: done. 1: something failed. 2: the command makes no sense. 130: cancelled. */
export type ExitCode = 0 | 1 | 2 | 130;

/** Errors that are about the command and not about the run. */
const usageErrors: ReadonlySet<ErrorCode> = new Set(['bad-option', 'not-found', 'already-exists', 'bad-template', 'bad-dataset']);

/** Runs one command line (without node and script). Never throws; says what is wrong and returns the exit code. */
export async function main(argv: readonly string[], terminal: Terminal, engine: Engine): Promise<ExitCode> {
  const color = wantsColor(terminal.stderr, terminal.env);
  let json = argv.includes('--json');
  try {
    const { command, text, notices } = parseArgv(argv, { readFile: (path) => readFileSync(path, 'utf8') });
    if (command.verb === 'help') {
      const style = { width: columnsOf(terminal), color: wantsColor(terminal.stdout, terminal.env) };
      terminal.stdout.write(`${formatHelp(command.topic, style)}\n`);
      return 0;
    }
    if (command.verb === 'version') {
      terminal.stdout.write(`spimquant ${programVersion}\n`);
      return 0;
    }
    if (!isRunCommand(command)) {
      json = command.show.json;
      return await answer(command, text, terminal);
    }
    json = command.execution.json;
    if (!command.execution.quiet) for (const notice of notices) terminal.stderr.write(`note: ${notice}\n`);
    return command.verb === 'sync' ? await carryOutSync(command, text, terminal, color) : await carryOut(command, text, terminal, engine, color);
  } catch (error) {
    const report = reportError(error);
    if (json) terminal.stdout.write(`${JSON.stringify({ type: 'error', error: report })}\n`);
    else terminal.stderr.write(`spimquant: ${formatError(report, color)}\n`);
    return report.code === 'cancelled' || terminal.signal.aborted ? 130 : usageErrors.has(report.code) ? 2 : 1;
  }
}

function columnsOf({ stdout, env }: Terminal): number {
  return stdout.columns ?? (Number(env.COLUMNS) || 100);
}

async function carryOut(command: RunCommand, text: string, terminal: Terminal, engine: Engine, color: boolean): Promise<ExitCode> {
  const { stdout, env, clock, signal, onEnter, ask } = terminal;
  const { json, quiet, unlock, dryRun } = command.execution;
  const backend = (onEvent: LocalBackend['onEvent']): LocalBackend => ({ ...engine, clock, env, signal, onEvent, onWish: onEnter });
  if (unlock) {
    stdout.write(unlockedText(await unlockLocally(command, { env, signal })));
    return 0;
  }
  if (dryRun) {
    if (command.verb !== 'group' && command.execution.cloud !== undefined) {
      const planned = await (await import('../explore/cloudPlan.ts')).cloudPlan(command, command.execution.cloud, text, { signal, env, clock, cwd: process.cwd(), progress: () => undefined, log: () => undefined }, engine.planner);
      stdout.write(`${json ? JSON.stringify(planned) : resultText(planned, { width: columnsOf(terminal), color: wantsColor(stdout, env) })}\n`);
      return 0;
    }
    if (command.execution.external !== undefined) {
      const { lines, code } = await askLocally(command, { env, signal });
      stdout.write(json ? lines.map((line) => `${JSON.stringify({ type: 'line', message: line })}\n`).join('') : `${lines.join('\n')}\n`);
      return code === 0 ? 0 : 1;
    }
    const dry = await planLocally(command, backend(() => undefined));
    stdout.write(`${json ? planLines(dry).join('\n') : formatPlan(dry, wantsColor(stdout, env))}\n`);
    return dry.plan.failures.length > 0 ? 1 : 0;
  }
  let reporter = chooseReporter(json, quiet, terminal, color);
  let summary: RunSummary;
  try {
    if (command.execution.cloud !== undefined) terminal.onCloud?.();
    else if (command.execution.external !== undefined) terminal.onEngine?.();
    const started = backend((event, state) => { reporter.event(event, state); });
    summary = command.verb === 'group' || command.execution.cloud === undefined
      ? await runLocally(command, text, started)
      : await (await import('../backends/coiled/runCloud.ts')).runOnCloud(command, text, {
        ...started,
        ...(ask === undefined || json ? {} : {
          confirm: async ({ estimate, above }) => {
            reporter.stop();
            const answer = await ask(costQuestion(estimate, above));
            reporter = chooseReporter(json, quiet, terminal, color);
            return answer;
          },
          confirmCopy: async ({ words }) => {
            reporter.stop();
            const answer = await ask(`The dataset has to be copied to a bucket first: ${words}\nCopy it? [y/N] `);
            reporter = chooseReporter(json, quiet, terminal, color);
            return answer;
          },
        }),
      });
  } finally {
    reporter.stop();
  }
  if (!json) stdout.write(`${formatSummary(summary, wantsColor(stdout, env))}\n`);
  if (summary.outcome === 'cancelled') return 130;
  return summary.outcome === 'succeeded' ? 0 : 1;
}

async function carryOutSync(command: SyncCommand, text: string, terminal: Terminal, color: boolean): Promise<ExitCode> {
  const { stdout, env, clock, signal, ask, onEnter } = terminal;
  const { json, quiet, unlock, dryRun } = command.execution;
  if (unlock) {
    stdout.write(unlockedText(await unlockSync(command, { env, signal })));
    return 0;
  }
  if (dryRun) {
    await using dry = await planSync(command, { env, signal });
    if (json) for await (const line of syncPlanLines(dry)) stdout.write(`${line}\n`);
    else for await (const line of formatSyncPlan(dry, command, wantsColor(stdout, env))) stdout.write(`${line}\n`);
    return dry.plan.problems > 0 || dry.refusal !== undefined ? 1 : 0;
  }
  let reporter = chooseReporter(json, quiet, terminal, color);
  let summary;
  try {
    summary = await runSync(command, text, {
      clock, env, signal, onWish: onEnter, onEvent: (event, state) => { reporter.event(event, state); },
      ...(ask === undefined || json ? {} : {
        confirm: async (question) => {
          reporter.stop();
          const answer = await ask(syncQuestion(question));
          reporter = chooseReporter(json, quiet, terminal, color);
          return answer;
        },
      }),
    });
  } finally {
    reporter.stop();
  }
  if (!json) stdout.write(`${formatSyncSummary(summary, wantsColor(stdout, env))}\n`);
  return summary.outcome === 'cancelled' ? 130 : summary.outcome === 'succeeded' ? 0 : 1;
}

function costQuestion({ participants, assumptions, ...estimate }: CostEstimate, above: number): string {
  return `The run over ${count(participants, 'participant')} is estimated to cost ${estimateWords(estimate)}; above ${formatDollars(above)} it is asked about.\n${assumptions.map((each) => `  ${each}`).join('\n')}\nStart it? [y/N] `;
}

function unlockedText(holder: LockHolder | undefined): string {
  return holder === undefined ? 'The output was not locked.\n' : `Removed the lock of process ${holder.pid} on ${holder.host}, held since ${holder.since}.\n`;
}

function chooseReporter(json: boolean, quiet: boolean, { stdout, stderr, env, clock, onEnter }: Terminal, color: boolean): Reporter {
  if (json) return new JsonReporter(stdout);
  if (quiet) return new QuietReporter(stderr);
  return stderr.isTTY === true && env.TERM !== 'dumb' ? new TerminalReporter(stderr, color, clock, onEnter !== undefined) : new PlainReporter(stderr);
}
