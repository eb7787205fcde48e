import type { Chunk } from '../../cloud/chunks.ts';
import { writeJob } from '../../cloud/manifest.ts';
import type { JobRecord } from '../../cloud/manifest.ts';
import type { BatchSpec, ClusterId, JobId, Submission } from '../../coiled/client.types.ts';
import type { CloudJob } from '../../protocol/cloud.ts';
import { errorFromReport, reportError, SpimquantError } from '../../protocol/errors.ts';
import type { ErrorReport } from '../../protocol/errors.ts';
import type { CloudRun } from './cloudRun.types.ts';

/** How often, and after how many milliseconds, a cluster is looked for whose making was not answered. */
const looks = [2000, 5000, 10_000, 20_000, 30_000];
/** Tries to send a request that certainly had no effect, or after looking. */
const mostTries = 6;

/** A job that Coiled has, and its cluster. */
export interface SubmittedJob {
  readonly name: string;
  readonly attempt: number;
  readonly participants: readonly string[];
  readonly jobId: JobId | undefined;
  readonly clusterId: ClusterId;
}

/** The job of the journal that a record stands for. */
export function journalJob(run: CloudRun, { name, participants, jobId, clusterId }: Pick<JobRecord, 'name' | 'participants' | 'jobId' | 'clusterId'>, state: CloudJob['state'], standing?: string): CloudJob {
  return {
    name, participants: participants.length, ...(jobId === undefined ? {} : { jobId }), state, ...(standing === undefined ? {} : { standing }),
    ...(clusterId === undefined ? {} : { clusterId, page: run.account.client.pageOf(clusterId) }),
  };
}

/**
 * Has Coiled carry out a chunk exactly once. What is going to be asked is written down first, in the journal and in the
 * bucket. A job without a cluster runs nothing, so only the making of the cluster must not happen twice: it has a name of its
 * own, by which it is looked for whenever it is not sure what became of the request, before anything is sent again. The same
 * call, after whatever crash, finds what is there and goes on.
 *
 * @throws what Coiled refuses with; nothing runs then
 */
export async function submitChunk(run: CloudRun, attempt: number, chunk: Chunk, spec: BatchSpec): Promise<SubmittedJob> {
  const { journal, output, manifest } = run;
  let record: JobRecord = { name: chunk.name, attempt, participants: chunk.participants };
  await writeJob(output, manifest.id, record);
  journal.append({ type: 'cloud-job', job: journalJob(run, record, 'intended') });
  const job = await makeJob(run, spec);
  record = { ...record, jobId: job };
  await writeJob(output, manifest.id, record);
  journal.append({ type: 'cloud-job', job: journalJob(run, record, 'intended') });
  const clusterId = await makeCluster(run, spec, job);
  return noteSubmitted(run, { ...record, clusterId });
}

/** Takes up a record of an earlier process: undefined when what it was going to ask for was never made. */
export async function adoptJob(run: CloudRun, record: JobRecord): Promise<SubmittedJob | undefined> {
  const clusterId = record.clusterId ?? (await findCluster(run, record.name));
  return clusterId === undefined ? undefined : noteSubmitted(run, { ...record, clusterId });
}

async function noteSubmitted(run: CloudRun, record: JobRecord & { readonly clusterId: ClusterId }): Promise<SubmittedJob> {
  // The journal first: whatever happens to the bucket, the machines are known.
  run.journal.append({ type: 'cloud-job', job: journalJob(run, record, 'submitted') });
  await writeJob(run.output, run.manifest.id, record);
  const { name, attempt, participants, jobId, clusterId } = record;
  return { name, attempt, participants, jobId, clusterId };
}

/** The newest cluster of that name; undefined: there is none. */
export async function findCluster({ account: { client }, manifest }: CloudRun, name: string): Promise<ClusterId | undefined> {
  return (await client.clustersNamed(manifest.workspace, name)).at(0)?.id;
}

/** A job whose making was not answered stays without a cluster: it runs nothing, and another is made. */
async function makeJob(run: CloudRun, spec: BatchSpec): Promise<JobId> {
  return persist(run, () => run.account.client.createJob(spec, run.signal), () => Promise.resolve(undefined));
}

async function makeCluster(run: CloudRun, spec: BatchSpec, job: JobId): Promise<ClusterId> {
  const { client } = run.account;
  const environment = await client.environment(spec, run.signal);
  const made = await persist(run, () => client.createCluster(spec, job, environment), async () => {
    for (const wait of looks) {
      await run.time.sleep(wait, run.signal);
      const id = await findCluster(run, spec.name);
      if (id !== undefined) return { id, existing: false };
      // Somebody who wants to end waits no longer than for one look.
      if (run.signal.aborted) break;
    }
    return undefined;
  });
  // The name is of this run alone: a cluster that has it already is the one whose making was not answered.
  return made.id;
}

/** Sends until there is an answer, looking after every request whose fate is not known. */
async function persist<T>(run: CloudRun, send: () => Promise<Submission<T>>, look: () => Promise<T | undefined>): Promise<T> {
  let last: ErrorReport = reportError(new SpimquantError('network', 'Coiled does not answer.'));
  for (let attempt = 0; attempt < mostTries; attempt++) {
    if (attempt > 0) await run.time.sleep(Math.min(60_000, 2000 * 2 ** attempt), run.signal);
    if (run.signal.aborted) throw new SpimquantError('cancelled', 'Cancelled.');
    const answer = await send();
    if (answer.kind === 'accepted') return answer.value;
    last = answer.error;
    if (answer.kind === 'refused') throw errorFromReport(answer.error);
    if (answer.kind === 'not-sent') continue;
    run.journal.append({ type: 'run-log', level: 'warn', message: `Coiled's answer was lost (${answer.error.message}). It is looked up before anything is asked again.` });
    const found = await look();
    if (found !== undefined) return found;
  }
  throw errorFromReport(last);
}
