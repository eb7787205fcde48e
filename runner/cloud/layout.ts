/*
 * Where a cloud run keeps what is its own, below the output in the bucket. Whoever can read the output can follow the run.
 */

/** Folder of all cloud runs of an output. */
export const cloudFolder = '.spimquant/cloud';

/** The runner as machines fetch it, named by its content. */
export function bundleKey(sha256: string): string {
  return `${cloudFolder}/runner/${sha256}.bundle`;
}

/** Folder of a run. */
export function runKey(run: string): string {
  return `${cloudFolder}/runs/${run}`;
}

/** Folder of all runs. */
export const runsKey = `${cloudFolder}/runs`;

/** What the run is meant to be: written before anything is asked for. */
export function manifestKey(run: string): string {
  return `${runKey(run)}/run.json`;
}

/** Says that machines are to end: written by whoever cancels the run. */
export function stopKey(run: string): string {
  return `${runKey(run)}/stop.json`;
}

/** How the run ended, and whether its machines are known to be gone. */
export function endKey(run: string): string {
  return `${runKey(run)}/end.json`;
}

/** Folder of what was, or was going to be, asked of Coiled: an object for each cluster. */
export function jobsKey(run: string): string {
  return `${runKey(run)}/jobs`;
}

export function jobKey(run: string, name: string): string {
  return `${jobsKey(run)}/${name}.json`;
}

/** Folder of events: objects whose names begin with the time, so that those that are new stand at the end of a listing. */
export function eventsKey(run: string): string {
  return `${runKey(run)}/events`;
}

/** Who works on a participant. */
export function claimKey(run: string, participant: string): string {
  return `${runKey(run)}/claims/${participant}.json`;
}
