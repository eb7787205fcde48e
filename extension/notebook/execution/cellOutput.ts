import type { ErrorReport } from '../../../runner/protocol/errors.ts';
import type { Block, Result } from '../../../runner/protocol/results.ts';
import type { RunOutput } from '../../../runner/protocol/runOutput.ts';
import type { OutputFile, RunRecord } from '../../../runner/protocol/runs.ts';
import type { RunState } from '../../../runner/protocol/runState.ts';
import { formatScope } from '../../../runner/wording/words.ts';
import { isObject } from '../file/json.ts';

/** Lines of the log that a cell shows, failures it lists and files it links to. */
const tailLines = 12;
const failureLimit = 10;
const fileLimit = 20;

/** What a cell holds of a run. Pure. */
export function runOutput(run: RunRecord, state: RunState, files: readonly OutputFile[]): RunOutput {
  return {
    run,
    tail: state.log.slice(-tailLines),
    failures: failuresOf(state),
    files: files.slice(0, fileLimit),
    bytesRead: state.bytesRead,
    bytesWritten: state.bytesWritten,
  };
}

function failuresOf(state: RunState): RunOutput['failures'] {
  const participants = state.failedParticipants.map(({ participant, error }) => ({ title: formatScope(participant), error }));
  const tasks = [...state.tasks.values()].flatMap(({ summary, status, error }) =>
    status === 'failed' && error !== undefined ? [{ title: `${formatScope(summary.scope)} ${summary.title}`, error }] : []);
  return [...participants, ...tasks].map(({ title, error }) => ({ title, error: withoutStack(error) })).slice(0, failureLimit);
}

/** Where in the program a defect was thrown is for the log. */
function withoutStack({ code, message, hint, where }: ErrorReport): ErrorReport {
  return { code, message, ...(hint === undefined ? {} : { hint }), ...(where === undefined ? {} : { where }) };
}

/** An error as a cell shows it: what happened, what to do, its stable code. */
export function errorResult(command: string, error: ErrorReport): Result {
  const blocks: Block[] = [{ kind: 'notice', level: 'error', text: error.message }];
  if (error.hint !== undefined) blocks.push({ kind: 'notice', level: 'info', text: error.hint });
  const facts: { label: string; value: string }[] = [{ label: 'Code', value: error.code }];
  if (error.where !== undefined) facts.push({ label: 'Where', value: error.where });
  blocks.push({ kind: 'facts', facts });
  return { title: 'The command did not succeed', command, blocks };
}

/** A short message in place of a result. */
export function noticeResult(title: string, command: string, text: string, level: 'info' | 'warn' = 'info'): Result {
  return { title, command, blocks: [{ kind: 'notice', level, text }] };
}

/** Whether a value that comes from a file or another process has what a view of a run needs. */
export function isRunOutput(value: unknown): value is RunOutput {
  if (!isObject(value)) return false;
  const { run, tail, failures, files } = value;
  return isObject(run) && typeof run['id'] === 'string' && typeof run['status'] === 'string' && typeof run['command'] === 'string'
    && typeof run['started'] === 'number' && isObject(run['counts']) && Array.isArray(run['current'])
    && Array.isArray(tail) && Array.isArray(failures) && Array.isArray(files);
}
