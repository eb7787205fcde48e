import { join } from 'node:path';
import { readTail } from '../../monitor/fileTail.ts';
import type { Clock } from '../../protocol/log.ts';
import type { ErrorReport } from '../../protocol/errors.ts';
import type { RunEventBody, TaskSummary } from '../../protocol/events.ts';
import { jobKey } from './jobs.ts';
import { SnakemakeLog } from './logParser.ts';
import type { Job, LogEvent } from './logParser.ts';

/** Bytes of a job's own log that are shown when it fails. */
const tailBytes = 8192;
const tailLines = 30;
/** Lines kept for saying why nothing was begun. */
const lastLines = 40;

/** What following needs. */
export interface FollowOptions {
  readonly tasks: readonly TaskSummary[];
  /** Folder that paths of the log are relative to. */
  readonly output: string;
  readonly append: (body: RunEventBody) => void;
  readonly clock: Clock;
}

/** Turns what Snakemake says while it works into events of the run. */
export class Follower {
  readonly #options: FollowOptions;
  readonly #log = new SnakemakeLog();
  readonly #known: ReadonlyMap<string, TaskSummary>;
  /** Tasks by the number of their job. */
  readonly #running = new Map<string, { readonly id: string; readonly job: Job; readonly since: number }>();
  readonly #failed = new Map<string, { readonly job: Job; readonly status?: string }>();
  readonly #finished = new Set<string>();
  readonly #last: string[] = [];
  locked = false;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#known = new Map(options.tasks.map((task) => [task.id, task]));
  }

  line(text: string): void {
    for (const event of this.#log.read(text)) this.#take(event);
  }

  /** There is no more for the moment. */
  pause(): void {
    for (const event of this.#log.flush()) this.#take(event);
  }

  /** The last words, joined: why Snakemake ended when no job says it. */
  get lastWords(): readonly string[] {
    return this.#last;
  }

  /** Tells of jobs that have failed, with what their logs say, and of those that could not follow. Returns how many failed. */
  async finish(cancelled: boolean): Promise<number> {
    for (const event of this.#log.end()) this.#take(event);
    if (cancelled) return 0;
    const { append, tasks, output } = this.#options;
    for (const [id, { job, status }] of this.#failed) {
      const said = (await Promise.all(job.logs.map((path) => tailOf(join(output, path))))).flat();
      for (const message of said) append({ type: 'task-log', task: id, level: 'error', message });
      append({ type: 'task-failed', task: id, error: jobError(job, status, said) });
    }
    if (this.#failed.size === 0) return 0;
    const broken = new Map([...this.#failed.keys()].map((id): [string, string] => [id, this.#known.get(id)?.title ?? id]));
    // In the order of the plan, in which a job comes after those that it needs.
    for (const { id, after } of tasks) {
      if (broken.has(id) || this.#finished.has(id)) continue;
      const cause = after?.map((other) => broken.get(other)).find((title) => title !== undefined);
      if (cause !== undefined) broken.set(id, cause);
      append({ type: 'task-skipped', task: id, because: cause === undefined ? 'Snakemake begins nothing more after a failure; --keep-going lets it' : `it needs ${cause}, which failed` });
    }
    return this.#failed.size;
  }

  #take(event: LogEvent): void {
    const { append, clock } = this.#options;
    switch (event.type) {
      case 'line':
        if (event.text.trim() === '') return;
        this.#last.push(event.text);
        if (this.#last.length > lastLines) this.#last.shift();
        append({ type: 'run-log', level: event.level, message: event.text });
        break;
      case 'started': {
        const id = jobKey(event.job);
        if (!this.#known.has(id)) return;
        // Snakemake tries it again.
        this.#failed.delete(id);
        this.#running.set(event.job.jobid, { id, job: event.job, since: clock() });
        append({ type: 'task-started', task: id });
        break;
      }
      case 'finished': {
        const task = this.#running.get(event.jobid);
        if (task === undefined) return;
        this.#running.delete(event.jobid);
        this.#finished.add(task.id);
        append({ type: 'task-finished', task: task.id, seconds: (clock() - task.since) / 1000, bytesRead: 0, bytesWritten: 0 });
        break;
      }
      case 'failed': {
        const begun = this.#running.get(event.job.jobid);
        const id = begun?.id ?? jobKey(event.job);
        // Of its wildcards only the beginning tells.
        if (this.#known.has(id)) this.#failed.set(id, { job: { ...event.job, wildcards: begun?.job.wildcards ?? event.job.wildcards }, ...(event.status === undefined ? {} : { status: event.status }) });
        break;
      }
      case 'locked':
        this.locked = true;
        break;
      case 'steps':
        break;
    }
  }
}

/** Why a job failed, by what is known of it. Pure. */
export function jobError({ rule, wildcards, logs }: Job, status: string | undefined, said: readonly string[]): ErrorReport {
  const whom = wildcards['subject'] === undefined ? '' : ` for sub-${wildcards['subject']}`;
  const words = said.findLast((line) => /(Error|Exception)\b/.test(line)) ?? said.at(-1);
  const text = said.join('\n');
  const where = logs[0] === undefined ? {} : { where: logs[0] };
  if (/No space left on device|Disk quota exceeded/i.test(text)) return { code: 'disk-full', message: `The disk became full in ${rule}${whom}.`, hint: 'Make room, or choose another --work_dir, and run the same command again.', ...where };
  if (status === 'SIGKILL' || status === '137' || /MemoryError|out of memory|Cannot allocate memory|std::bad_alloc/i.test(text)) {
    return { code: 'out-of-memory', message: `${rule}${whom} was ended for want of memory.`, hint: 'Run the same command again with fewer --cores, or with --mem, which limits what runs together.', ...where };
  }
  return {
    code: 'engine-failed', message: `The step ${rule}${whom} of the installed SPIMquant failed${status === undefined ? '' : /^\d+$/.test(status) ? ` with exit code ${status}` : ` by ${status}`}${words === undefined ? '.' : `: ${words.trim()}`}`,
    hint: 'What it says is in the log of this run. When it is mended, run the same command again: what is finished is kept.', ...where,
  };
}

/** Why Snakemake ended with an error and no job has failed. Pure. */
export function engineError(code: number, lines: readonly string[]): ErrorReport {
  const at = lines.findLastIndex((line) => /^(?:[\w.]*(?:Error|Exception)\b|\S+: error: )/.test(line));
  const words = (at < 0 ? lines.slice(-1) : lines.slice(at, at + 3)).map((line) => line.trim()).join(' ');
  if (code === 127) return { code: 'engine-missing', message: `The installed SPIMquant could not be started: ${words}`, hint: 'Install it (https://github.com/khanlab/SPIMquant), or say how it is called with --engine_command.' };
  if (/unrecognized arguments|invalid choice|expected (?:one|at least one) argument/.test(words)) return { code: 'bad-option', message: `The installed SPIMquant refuses the command: ${words}`, hint: 'It may be of another version than these flags. Its own --help lists those that it takes.' };
  if (/No space left on device/.test(words)) return { code: 'disk-full', message: `The disk is full: ${words}`, hint: 'Make room, and run the same command again.' };
  return { code: 'engine-failed', message: `The installed SPIMquant ended with exit code ${code}${words === '' ? ', and said nothing.' : `: ${words}`}`, hint: 'What it says is in the log of this run. When it is mended, run the same command again: what is finished is kept.' };
}

async function tailOf(path: string): Promise<readonly string[]> {
  // A log that was never written says nothing.
  const tail = await readTail(path, tailBytes).catch(() => undefined);
  if (tail === undefined) return [];
  const lines = tail.text.split(/\r?\n|\r/).filter((line) => line.trim() !== '');
  return (tail.isCut ? lines.slice(1) : lines).slice(-tailLines);
}
