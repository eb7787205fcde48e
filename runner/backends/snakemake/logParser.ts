import type { LogLevel } from '../../protocol/log.ts';

/** A job as Snakemake tells of it. */
export interface Job {
  readonly rule: string;
  readonly jobid: string;
  readonly wildcards: Readonly<Record<string, string>>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Files that its commands write what they say into, relative to the output. */
  readonly logs: readonly string[];
  /** Why it runs. */
  readonly reason: string;
}

/** What a line of Snakemake's log means. */
export type LogEvent =
  | { readonly type: 'line'; readonly level: LogLevel; readonly text: string }
  | { readonly type: 'started'; readonly job: Job }
  | { readonly type: 'finished'; readonly jobid: string }
  /** `status`: of the command that failed, as Snakemake says it: `3`, `SIGKILL`; undefined: it does not. */
  | { readonly type: 'failed'; readonly job: Job; readonly status?: string }
  | { readonly type: 'steps'; readonly done: number; readonly total: number }
  /** The output is locked by another Snakemake, or one that was killed. */
  | { readonly type: 'locked' };

interface Block {
  readonly kind: 'job' | 'error';
  readonly rule: string;
  readonly fields: Map<string, string>;
  /** A job that was told already. */
  told: boolean;
}

/** Colours and other commands to terminals. */
const escapes = /\u001b\[[0-9;?]*[A-Za-z]/g;
const header = /^(?:local)?(?:rule|checkpoint) ([\w.-]+):$/;
const failure = /^Error in (?:rule|checkpoint) ([\w.-]+):$/;
const field = /^ {4}(\w+):(?: (.*))?$/;
/** Snakemake's talk about itself, which views show in a better way. */
const talk = /^(?:\[\w{3} \w{3} +\d+ [\d:]+ \d{4}\]|Select jobs to execute\.\.\.|Execute \d+ jobs?\.\.\.|\d+ of \d+ steps \(.*\) done|Finished job.*)?$/;

/** Reads what Snakemake 7 to 9 print, line by line, as events. Has no clock and touches nothing. */
export class SnakemakeLog {
  #block: Block | undefined;
  #status: string | undefined;

  /** What a line means, in its order; the line itself is always one of the events. */
  read(raw: string): readonly LogEvent[] {
    const text = raw.replaceAll(escapes, '').trimEnd();
    if (this.#block !== undefined && (/^ {4}/.test(text) || (text === '' && this.#block.kind === 'error'))) {
      const [, name, value] = field.exec(text) ?? [];
      if (name !== undefined) this.#block.fields.set(name, value ?? '');
      const line: LogEvent = { type: 'line', level: this.#block.kind === 'error' ? 'info' : 'debug', text };
      // The last of what is told of a job. What follows may be hours away.
      return [line, ...(name === 'resources' ? this.flush() : [])];
    }
    const before = this.#end();
    const started = header.exec(text), failed = failure.exec(text);
    const rule = started?.[1] ?? failed?.[1];
    if (rule !== undefined) this.#block = { kind: started === null ? 'error' : 'job', rule, fields: new Map(), told: false };
    return [...before, { type: 'line', level: rule !== undefined && started !== null ? 'debug' : levelOf(text), text }, ...this.#meaning(text)];
  }

  /** Tells of a job whose lines are read as far as they have come: Snakemake writes them at once. */
  flush(): readonly LogEvent[] {
    const block = this.#block;
    if (block?.kind !== 'job' || block.told || !block.fields.has('jobid')) return [];
    block.told = true;
    return [{ type: 'started', job: jobOf(block) }];
  }

  /** What is left when there are no more lines. */
  end(): readonly LogEvent[] {
    return this.#end();
  }

  #end(): readonly LogEvent[] {
    const told = this.flush();
    const block = this.#block;
    this.#block = undefined;
    if (block?.kind !== 'error') return told;
    const status = this.#status;
    this.#status = undefined;
    return [{ type: 'failed', job: jobOf(block), ...(status === undefined ? {} : { status }) }];
  }

  #meaning(text: string): readonly LogEvent[] {
    const finished = /^Finished job(?:id: (\d+)\b| (\d+)\.)/.exec(text);
    if (finished !== null) return [{ type: 'finished', jobid: finished[1] ?? finished[2] }];
    const steps = /^(\d+) of (\d+) steps \(.*\) done/.exec(text);
    if (steps !== null) return [{ type: 'steps', done: Number(steps[1]), total: Number(steps[2]) }];
    if (/Directory cannot be locked/.test(text)) return [{ type: 'locked' }];
    const status = /returned non-zero exit status (\d+)\.?$|died with <Signals\.(\w+)/.exec(text);
    if (status !== null) this.#status = status[1] ?? status[2];
    return [];
  }
}

function levelOf(text: string): LogLevel {
  if (talk.test(text)) return 'debug';
  if (/^(?:[\w.]*(?:Error|Exception)\b.*:|Error\b|Traceback \(|\S+: error: )/.test(text)) return 'error';
  return /^(?:\S+ )?warning\b/i.test(text) ? 'warn' : 'info';
}

function jobOf({ rule, fields }: Block): Job {
  const list = (name: string): readonly string[] => {
    const text = fields.get(name) ?? '';
    return text === '' ? [] : text.split(', ');
  };
  const wildcards = list('wildcards').flatMap((pair): [string, string][] => {
    const equals = pair.indexOf('=');
    return equals < 1 ? [] : [[pair.slice(0, equals), pair.slice(equals + 1)]];
  });
  return {
    rule, jobid: fields.get('jobid') ?? '', wildcards: Object.fromEntries(wildcards), inputs: list('input'), outputs: list('output'),
    logs: list('log').map((path) => path.replace(/ \(check log file\(s\) for error details\)$/, '')), reason: fields.get('reason') ?? '',
  };
}
