import { endPace } from '../../cloud/pace.ts';
import { writeJob } from '../../cloud/manifest.ts';
import { isOver, vmsLeft } from '../../coiled/states.ts';
import { reportError } from '../../protocol/errors.ts';
import { count } from '../../wording/words.ts';
import type { CloudRun } from './cloudRun.types.ts';
import { journalJob } from './submitChunk.ts';
import type { SubmittedJob } from './submitChunk.ts';

/** For how long clusters that are ending are looked at, in milliseconds. */
export const endPatience = 10 * 60_000;
/** A cluster that does not end is told again. */
const tellAgain = 60_000;

/**
 * Stops the clusters of jobs, and verifies that their machines are gone: it is asked for until it is so, whatever goes wrong
 * between. Those of which it cannot be verified are returned, and stand in the journal as left.
 */
export async function endMachines(run: CloudRun, jobs: readonly SubmittedJob[], reason: string, patience: number = endPatience): Promise<readonly SubmittedJob[]> {
  const { time, journal } = run;
  const begun = time.now();
  const told = new Map<string, number>();
  const standing = new Map<string, string>();
  let open = [...jobs];
  while (open.length > 0) {
    const still: SubmittedJob[] = [];
    for (const job of open) {
      if (await isGone(run, job, reason, told, standing)) {
        journal.append({ type: 'cloud-job', job: journalJob(run, job, 'gone') });
        const { name, attempt, participants, jobId, clusterId } = job;
        await writeJob(run.output, run.manifest.id, { name, attempt, participants, ...(jobId === undefined ? {} : { jobId }), clusterId, gone: true }).catch(() => undefined);
      } else still.push(job);
    }
    open = still;
    if (open.length === 0 || time.now() - begun >= patience) break;
    await time.sleep(endPace(time.now() - begun));
  }
  for (const job of open) journal.append({ type: 'cloud-job', job: journalJob(run, job, 'left', standing.get(job.name) ?? 'Coiled does not say') });
  return open;
}

/** Asks for the end of a cluster where that is due, and whether it has come. Never throws. */
async function isGone(run: CloudRun, job: SubmittedJob, reason: string, told: Map<string, number>, standing: Map<string, string>): Promise<boolean> {
  const { account: { client }, manifest, time } = run;
  try {
    const last = told.get(job.name);
    if (last === undefined || time.now() - last >= tellAgain) {
      if ((await client.stopCluster(manifest.workspace, job.clusterId, reason)) === 'gone') return true;
      told.set(job.name, time.now());
    }
    const cluster = await client.cluster(manifest.workspace, job.clusterId);
    const left = vmsLeft(cluster).length;
    standing.set(job.name, `the cluster is ${cluster.state.said}${left > 0 ? `, ${count(left, 'machine')} left` : ''}`);
    return isOver(cluster.state) && left === 0;
  } catch (error) {
    const report = reportError(error);
    if (report.code === 'not-found') return true;
    standing.set(job.name, report.message);
    return false;
  }
}
