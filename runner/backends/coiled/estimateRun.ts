import { chooseParticipants } from '../../bids/participants.ts';
import { readRootFor } from '../../bids/dataset.ts';
import { estimateCost } from '../../cloud/estimate.ts';
import { machinePricesFor } from '../../cloud/machinePrices.ts';
import type { CloudProvider } from '../../coiled/client.types.ts';
import type { CloudOptions, CostEstimate } from '../../protocol/cloud.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { EntityFilter } from '../../protocol/options.ts';
import type { ObjectStore, StoreRegion } from '../../storage/objectStore.ts';
import { machinesByName, regionFor } from './machines.ts';
import type { Machines } from './machines.ts';
import { measureWorkload } from './workload.ts';

/** Dollars a gigabyte from one region of a provider to another of its own (AWS: 0.02 between most regions, 2026). */
const betweenRegions: Readonly<Partial<Record<StoreRegion['provider'], number>>> = { aws: 0.02 };

/** Which participants of a dataset a run works on. */
export interface Cohort {
  readonly participantLabel: readonly string[];
  readonly excludeParticipantLabel: readonly string[];
  readonly filterSpim: readonly EntityFilter[];
}

/** The participants, by one listing of the dataset. Throws `not-found` and `bad-dataset`. */
export async function cohortOf(dataset: ObjectStore, cohort: Cohort, signal: AbortSignal): Promise<readonly string[]> {
  const { labels } = await readRootFor(dataset, cohort.participantLabel, signal);
  if (labels.length === 0) throw new SpimquantError('bad-dataset', `There are no participants (folders called sub-…) in ${dataset.uri}.`, { where: dataset.uri });
  const chosen = chooseParticipants(labels, cohort.participantLabel, cohort.excludeParticipantLabel, dataset.uri);
  if (chosen.length === 0) throw new SpimquantError('bad-option', 'No participant is left: all are excluded.', { where: dataset.uri });
  return chosen;
}

/** What an estimate needs. */
export interface RunEstimateRequest {
  readonly dataset: ObjectStore;
  readonly participants: readonly string[];
  readonly filterSpim: readonly EntityFilter[];
  readonly cloud: CloudOptions;
  /** Machines that were looked up; left out: as their names, or the usual ones, tell. */
  readonly machines?: Machines;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** What a cloud run over these participants would cost. */
export async function estimateRun({ dataset, participants, filterSpim, cloud, machines, env, signal }: RunEstimateRequest): Promise<CostEstimate> {
  const data = (await dataset.region?.({ signal })) ?? { provider: 'other' };
  const provider: CloudProvider = data.provider === 'google' ? 'gcp' : data.provider === 'azure' ? 'azure' : 'aws';
  const region = machines?.region ?? regionFor(cloud, data, undefined);
  const chosen = machines ?? machinesByName(cloud, provider, region, machinePricesFor(env));
  const work = await measureWorkload(dataset, participants, filterSpim, env, signal);
  return estimateCost({ work, machine: chosen, options: cloud, data, region, dollarsPerGigabyte: betweenRegions[data.provider] });
}
