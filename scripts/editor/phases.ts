// Runs the phases of a scenario one after another, and judges each.
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { Phase, Scenario, Transition } from '../../test/editor/scenarios.ts';
import type { HostCommands, PhaseInfo, Summary } from './driver.types.ts';

const defaultLimitMs = 300_000;
/** Time for an extension host to end by itself. */
const endMs = 15_000;

/** How a phase went. A phase without a summary is red. */
export interface PhaseResult {
  readonly phase: string;
  readonly summary?: Summary;
  /** What made it red, if not a test. */
  readonly problem?: string;
}

/** What the phases need of an editor. */
export interface Window {
  open(onExit: (code: number) => void): Promise<void>;
  /** Brings about the end of a phase; afterwards the next one's window can be opened. */
  leave(how: Transition): Promise<void>;
  /** Called when a test has failed. */
  onFailure(title: string): Promise<void>;
}

/** The side of the driver that belongs to a scenario. */
export class Phases {
  readonly #scenario: Scenario;
  readonly #info: Omit<PhaseInfo, 'phase' | 'kept'>;
  readonly #say: (text: string) => void;
  readonly #kept: Record<string, unknown> = {};
  #phase: Phase;
  #onSummary: (summary: Summary) => void = () => undefined;
  #onFailure: (title: string) => Promise<void> = async () => undefined;

  constructor(scenario: Scenario, info: Omit<PhaseInfo, 'phase' | 'kept'>, say: (text: string) => void) {
    this.#scenario = scenario;
    this.#info = info;
    this.#say = say;
    this.#phase = scenario.phases[0];
  }

  readonly commands: HostCommands = {
    phase: async () => ({ ...this.#info, phase: this.#phase.name, kept: this.#kept }),
    report: async ({ text }) => { this.#say(`    ${text.replaceAll('\n', '\n      ')}`); return null; },
    failed: async ({ title }) => { await this.#onFailure(title); return null; },
    keep: async ({ name, value }) => { this.#kept[name] = value; return null; },
    summary: async (summary) => { this.#onSummary(summary); return this.#phase.then === 'end'; },
  };

  /** Runs all phases; a red one is the last. */
  async run(window: Window): Promise<readonly PhaseResult[]> {
    const results: PhaseResult[] = [];
    this.#onFailure = (title) => window.onFailure(title);
    for (const phase of this.#scenario.phases) {
      this.#phase = phase;
      if (this.#scenario.phases.length > 1) this.#say(`  ${phase.name}`);
      const result = await this.#runPhase(phase, window);
      results.push(result);
      if (!isGreen(result)) break;
    }
    return results;
  }

  async #runPhase(phase: Phase, window: Window): Promise<PhaseResult> {
    const over = Promise.withResolvers<Summary | string>();
    const exited = Promise.withResolvers<number>();
    const limit = this.#scenario.limitMs ?? defaultLimitMs;
    const late = setTimeout(() => { over.resolve(`it was not over after ${limit / 1000} seconds`); }, limit);
    this.#onSummary = over.resolve;
    try {
      await window.open((code) => {
        exited.resolve(code);
        over.resolve(`the extension host ended (code ${code}) without a summary of its tests`);
      });
      const outcome = await over.promise;
      if (typeof outcome === 'string') return { phase: phase.name, problem: outcome };
      const problem = phase.then === 'end' ? await this.#ending(exited.promise) : undefined;
      const result: PhaseResult = { phase: phase.name, summary: outcome, problem };
      // After a red phase there is no next one, and its window is looked at.
      if (isGreen(result)) await window.leave(phase.then);
      return result;
    } catch (error) {
      return { phase: phase.name, problem: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(late);
      this.#onSummary = () => undefined;
    }
  }

  /** Waits until the extension host has ended as it should after its last test. */
  async #ending(exited: Promise<number>): Promise<string | undefined> {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => { late.resolve(undefined); }, endMs);
    const code = await Promise.race([exited, late.promise]);
    clearTimeout(timer);
    return code === undefined ? 'the extension host did not end after its tests' : undefined;
  }
}

export function isGreen({ summary, problem }: PhaseResult): boolean {
  return problem === undefined && summary !== undefined && summary.passes > 0 && summary.failures === 0;
}

/** One line on a phase. */
export function describeResult(scenario: Scenario, result: PhaseResult): string {
  const { summary, problem } = result;
  const tests = summary === undefined ? 'no summary' : `${summary.passes} passed, ${summary.failures} failed`;
  const none = summary?.passes === 0 && summary.failures === 0 ? '; no test ran' : '';
  const blind = summary !== undefined && summary.blind > 0 ? `; ${summary.blind} looks at the page left out, this editor has none to look at` : '';
  const name = scenario.phases.length > 1 ? `${scenario.name}, ${result.phase}` : scenario.name;
  return `${isGreen(result) ? 'green' : 'RED  '} ${name}: ${tests}${none}${problem === undefined ? '' : `; ${problem}`}${blind}`;
}

/** Kills the extension hosts below a server. Throws when there is none. */
export async function killExtensionHosts(serverPid: number): Promise<void> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args='], { maxBuffer: 2 ** 24 });
  const processes = stdout.split('\n').map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)).filter((match) => match !== null)
    .map(([, pid, parent, args]) => ({ pid: Number(pid), parent: Number(parent), args }));
  const hosts = processes.filter(({ parent, args }) => parent === serverPid && args.includes('--type=extensionHost'));
  if (hosts.length === 0) throw new Error(`No extension host runs below process ${serverPid} (${processes.filter(({ parent }) => parent === serverPid).map(({ args }) => basename(args)).join(', ')}).`);
  for (const { pid } of hosts) process.kill(pid, 'SIGKILL');
}
