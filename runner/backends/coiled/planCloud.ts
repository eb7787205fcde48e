import { chunksOf, workersOf } from '../../cloud/chunks.ts';
import { machinePricesFor } from '../../cloud/machinePrices.ts';
import type { CloudProvider } from '../../coiled/client.types.ts';
import { checkOutput } from '../../engine/outputFolder.ts';
import { openPlaces } from '../../engine/places.ts';
import { needsConfirmation } from '../../protocol/cloud.ts';
import type { CloudOptions, CostEstimate } from '../../protocol/cloud.ts';
import type { SyncCommand } from '../../protocol/options.ts';
import { checkDataset, placesOf } from '../local.ts';
import type { LocalBackend } from '../local.ts';
import { jobSeconds, secretsOf } from './batchSpec.ts';
import { cohortOf, estimateRun } from './estimateRun.ts';
import { machinesByName, regionFor } from './machines.ts';
import type { Machines } from './machines.ts';
import { machineCommand, remainingParticipants } from './preflight.ts';
import type { CohortCommand } from './preflight.ts';
import { checkDownload, planUpload, stagingOf } from './staging.ts';
import type { UploadPlan } from './staging.ts';

/** A job as it would be submitted. */
export interface PlannedJob {
  readonly participants: readonly string[];
  /** Machines at the same time, one more that hands out the work not counted. */
  readonly workers: number;
  /** Seconds after which Coiled ends it, and its machines. */
  readonly timeoutSeconds: number;
  readonly clusterTimeoutSeconds: number;
}

/** A cloud run before anything was sent. */
export interface CloudPlan {
  readonly command: CohortCommand;
  readonly cloud: CloudOptions;
  /** Participants that are chosen, and those of which anything is left to do. */
  readonly participants: readonly string[];
  readonly todo: readonly string[];
  readonly jobs: readonly PlannedJob[];
  readonly machines: Machines;
  readonly estimate: CostEstimate;
  /** Whether it would be asked about. */
  readonly asks: boolean;
  /** What would be copied to a bucket first. */
  readonly upload?: UploadPlan;
  /** Where results would be fetched to. */
  readonly download?: SyncCommand;
}

/**
 * Finds out what a cloud run would do and cost, and what would be submitted. Changes nothing, and asks nothing of Coiled: no account is
 * needed. Throws what the run would be refused by from the start.
 */
export async function planOnCloud(given: CohortCommand, cloud: CloudOptions, { planner, env, signal, clock }: LocalBackend): Promise<CloudPlan> {
  const { command, upload, download } = stagingOf(given, cloud);
  secretsOf(cloud, env);
  if (download !== undefined) await checkDownload(given, env);
  const copy = upload === undefined ? undefined : await planUpload(upload, { env, signal, clock });
  // What is not copied yet is looked at where it is.
  const places = placesOf(copy === undefined ? command : { ...command, bids: given.bids }, env);
  machineCommand(command, placesOf(command, env));
  const store = openPlaces(places);
  await checkDataset(store('dataset'), signal);
  await checkOutput(store('output'), command.execution);
  const participants = await cohortOf(store('dataset'), command.options, signal);
  const todo = await remainingParticipants({ command, participants, places, planner, signal });
  const bucket = openPlaces(placesOf(command, env))('dataset');
  const data = (await bucket.region?.({ signal })) ?? { provider: 'other' };
  const provider: CloudProvider = data.provider === 'google' ? 'gcp' : data.provider === 'azure' ? 'azure' : 'aws';
  const machines = machinesByName(cloud, provider, regionFor(cloud, data, undefined), machinePricesFor(env));
  const estimate = await estimateRun({ dataset: store('dataset'), participants: todo, filterSpim: command.options.filterSpim, cloud, machines, env, signal });
  const chunks = chunksOf('RUN', 1, todo);
  const workers = workersOf(chunks, cloud.workers);
  const jobs = chunks.map((chunk, index): PlannedJob => {
    const timeoutSeconds = jobSeconds(cloud, chunk.participants.length, workers[index]);
    return { participants: chunk.participants, workers: workers[index], timeoutSeconds, clusterTimeoutSeconds: timeoutSeconds + 3600 };
  });
  return {
    command, cloud, participants, todo, jobs, machines, estimate, asks: needsConfirmation(estimate, cloud),
    ...(copy === undefined ? {} : { upload: copy }), ...(download === undefined ? {} : { download }),
  };
}
