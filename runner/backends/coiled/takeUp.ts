import { stopKey } from '../../cloud/layout.ts';
import { listCloudRuns, readEnd, readJobs, readManifest, writeEnd } from '../../cloud/manifest.ts';
import type { JobRecord, Manifest } from '../../cloud/manifest.ts';
import { reportError, SpimquantError } from '../../protocol/errors.ts';
import type { CloudRun } from './cloudRun.types.ts';
import { endMachines } from './endMachines.ts';
import { adoptJob } from './submitChunk.ts';
import type { SubmittedJob } from './submitChunk.ts';

/** Earlier runs of the output that are looked at, newest first. */
const mostRuns = 10;

/** What taking up needs. */
export interface TakeUpRequest extends Omit<CloudRun, 'manifest'> {
  /** Whether an earlier run is what is asked for now. */
  readonly same: (manifest: Manifest) => boolean;
  readonly through: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Settles what earlier processes have left under way in an output: machines of a run that nobody follows any more write to
 * it. One that is the same as what is asked for now is returned, to be gone on with; others are ended, and their machines
 * verified to be gone. Throws `output-busy` when that cannot be verified.
 */
export async function takeUpEarlier(request: TakeUpRequest): Promise<Manifest | undefined> {
  const { output, through, signal } = request;
  const ids = await through(() => listCloudRuns(output, signal));
  let same: Manifest | undefined;
  for (const id of ids.slice(0, mostRuns)) {
    const end = await through(() => readEnd(output, id, signal));
    if (end !== undefined && end.left.length === 0) continue;
    const manifest = await through(() => readManifest(output, id, signal)).catch((error: unknown) => {
      if (reportError(error).code === 'not-found') return undefined;
      throw error;
    });
    if (manifest === undefined) continue;
    const stopped = end !== undefined || (await through(() => output.stat(stopKey(id), { signal }))) !== undefined;
    if (!stopped && same === undefined && request.same(manifest) && manifest.workspace === request.account.workspace) {
      same = manifest;
      continue;
    }
    await endEarlier({ ...request, manifest });
  }
  return same;
}

async function endEarlier(run: CloudRun & Pick<TakeUpRequest, 'through'>): Promise<void> {
  const { output, manifest, journal, through } = run;
  journal.append({ type: 'run-log', level: 'info', message: `Ends the cloud run ${manifest.id}, which another process has left in this output.` });
  await through(() => output.write(stopKey(manifest.id), '{}\n'));
  const jobs = await knownJobs(run, await through(() => readJobs(output, manifest.id)));
  const left = await endMachines(run, jobs, 'SPIMquant: another run of the same output');
  await through(() => writeEnd(output, manifest.id, { outcome: 'cancelled', ended: new Date(run.time.now()).toISOString(), left: left.map(({ name }) => name), finished: 0, failed: 0 }));
  if (left.length === 0) return;
  throw new SpimquantError('output-busy', `Machines of an earlier cloud run may still write to this output: ${left.map(({ name }) => name).join(', ')}.`, {
    where: output.uri, hint: `Stop them at Coiled (${run.account.client.pageOf(left[0].clusterId)}), and run the command again.`,
  });
}

/** What Coiled has of these records; what was only intended is looked for by its name. */
export async function knownJobs(run: CloudRun, records: readonly JobRecord[]): Promise<readonly SubmittedJob[]> {
  const jobs: SubmittedJob[] = [];
  for (const record of records) {
    if (record.gone === true) continue;
    const job = await adoptJob(run, record);
    if (job !== undefined) jobs.push(job);
  }
  return jobs;
}
