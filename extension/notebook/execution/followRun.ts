import type { RunEvent } from '../../../runner/protocol/events.ts';
import type { RunOutput } from '../../../runner/protocol/runOutput.ts';
import type { OutputFile, RunRecord } from '../../../runner/protocol/runs.ts';
import { isOver } from '../../../runner/protocol/runs.ts';
import { standingOf } from '../../../runner/wording/runRecord.ts';
import { RunFold } from '../../../runner/protocol/runState.ts';
import type { RunnerClient } from '../../runner-client/client.types.ts';
import { runOutput } from './cellOutput.ts';
import { Throttle } from './throttle.ts';
import type { ThrottleTime } from './throttle.ts';

/** Milliseconds between two updates of a cell. */
const updateInterval = 250;

export interface FollowOptions {
  readonly runner: RunnerClient;
  readonly time: ThrottleTime;
  /** The run as it is known when following begins. */
  readonly run: RunRecord;
  /** Ends following; the run goes on. */
  readonly signal: AbortSignal;
  /** Whether somebody has asked for the run's end. */
  readonly cancelling: () => boolean;
  /** Shows how the run stands. Must not reject. */
  readonly show: (output: RunOutput) => Promise<void>;
}

/** A run that is being followed. */
export interface Following {
  /** How it stood at its end, shown already; undefined: its record is gone, or following was ended. */
  readonly ended: Promise<RunOutput | undefined>;
  /** Shows it anew, e.g. because its end was asked for. */
  refresh(): void;
}

/** Follows a run from its first event on, whatever happened before, and shows how it stands a few times a second. */
export function followRun({ runner, time, run, signal, cancelling, show }: FollowOptions): Following {
  const fold = new RunFold();
  let seq = 0;
  const output = (files: readonly OutputFile[] = []): RunOutput =>
    runOutput({ ...run, ...standingOf(fold.state, { seq, cancelling: cancelling() }), started: fold.state.started ?? run.started }, fold.state, files);
  const throttle = new Throttle<() => RunOutput>(updateInterval, time, (make) => show(make()));

  type Ending = 'ended' | 'gone' | 'left';
  let settle: (ending: Ending) => void = () => undefined;
  const over = new Promise<Ending>((resolve) => { settle = resolve; });
  const leave = (): void => { settle('left'); };
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  const following = runner.follow(run.id, 0, {
    events: (events: readonly RunEvent[]) => {
      for (const event of events) {
        fold.apply(event);
        seq = event.seq;
      }
      if (isOver(fold.state.status)) settle('ended');
      else throttle.push(output);
    },
    gone: () => { settle('gone'); },
  });

  const finish = async (): Promise<RunOutput | undefined> => {
    const how = await over;
    following.dispose();
    signal.removeEventListener('abort', leave);
    if (how === 'left') {
      throttle.dispose();
      return undefined;
    }
    const last = output(how === 'ended' ? await outputFiles(runner, run.id) : []);
    throttle.push(() => last);
    await throttle.flush();
    return how === 'ended' ? last : undefined;
  };
  return { ended: finish(), refresh: () => { throttle.push(output); } };
}

/** What a run has made, reports first. A cell is complete without it, so a failure is none of the cell's. */
async function outputFiles(runner: RunnerClient, id: string): Promise<readonly OutputFile[]> {
  const order: readonly OutputFile['kind'][] = ['report', 'figure', 'table', 'image', 'other'];
  try {
    const { files } = await runner.request('runs.outputs', { id });
    return files.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  } catch {
    return [];
  }
}
