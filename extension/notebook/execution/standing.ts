import type { RunRecord } from '../../../runner/protocol/runs.ts';
import { isOver } from '../../../runner/protocol/runs.ts';
import { countTasks, runFraction } from '../../../runner/protocol/runState.ts';
import type { RunState } from '../../../runner/protocol/runState.ts';
import { formatScope } from '../../../runner/wording/words.ts';

/** Titles that a record names at most. */
const currentLimit = 3;

/** A run's record brought up to the state that its events make. Pure. */
export function standing(run: RunRecord, state: RunState, seq: number, cancelling: boolean): RunRecord {
  const over = isOver(state.status);
  const failed = state.error ?? state.failedParticipants[0]?.error ?? [...state.tasks.values()].find((task) => task.error !== undefined)?.error;
  return {
    ...run,
    status: state.status,
    cancelling: cancelling && !over,
    started: state.started ?? run.started,
    ended: state.ended,
    counts: countTasks(state.tasks.values()),
    reused: state.reused,
    fraction: runFraction(state),
    current: over ? [] : [...state.tasks.values()].filter(({ status }) => status === 'running').slice(0, currentLimit)
      .map(({ summary }) => `${formatScope(summary.scope)} ${summary.title}`),
    seq,
    error: failed,
  };
}
