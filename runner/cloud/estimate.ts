import type { CloudOptions, CostEstimate, CostItem, MachinePrice } from '../protocol/cloud.ts';
import type { StoreRegion } from '../storage/objectStore.ts';
import { formatBytes, formatSeconds, count } from '../wording/words.ts';

/** How much work a participant is: what earlier runs took, or what its images are. */
export interface Workload {
  readonly participants: number;
  /** Bytes of the finest level of all its images, uncompressed; undefined: not known. */
  readonly bytesEach?: number;
  /** Participants that this was looked up for. */
  readonly sampled: number;
  readonly past?: PastRuns;
}

/** What earlier runs of the same dataset took. */
export interface PastRuns {
  readonly participants: number;
  /** Seconds of all steps of a participant together, one after the other. */
  readonly stepSecondsEach: number;
  /** Of the newest, in milliseconds since the epoch. */
  readonly newest: number;
}

/** What the machines are. */
export interface MachineChoice {
  readonly type: string;
  readonly vcpus: number;
  readonly price: MachinePrice | undefined;
}

/** What an estimate is made from. */
export interface EstimateRequest {
  readonly work: Workload;
  readonly machine: MachineChoice;
  readonly options: Pick<CloudOptions, 'workers' | 'spot' | 'diskGigabytes'>;
  /** Where the data lie, and where the machines are; undefined: not known. */
  readonly data: StoreRegion;
  readonly region: string | undefined;
  /** US dollars a gigabyte that leaves a region for another; undefined: not known. */
  readonly dollarsPerGigabyte: number | undefined;
}

/**
 * Seconds of steps for each gigabyte of voxels, where no run tells better. `npm run bench -- memory --quick` takes 20 for a stain that is
 * corrected, segmented by one threshold and measured (AMD EPYC, 2026-11-26): that is below what is likely, because others have several
 * stains and methods, and registration and N4 on finer levels; how much those take more was not measured.
 */
const stepSecondsPerGigabyte = { low: 15, likely: 30, high: 120 };
/** Of that bench. */
const measuredPerGigabyte = 20;
/** Seconds of steps that do not depend on the size: template, registration at a coarse level, reports. */
const stepSecondsFixed = { low: 60, likely: 240, high: 900 };
/** Of the CPUs of a machine, so much is at work: steps wait for each other and for the bucket. */
const busyPart = { low: 0.8, likely: 0.55, high: 0.3 };
/** Seconds from asking for a machine to its first step, and from its last step to its end. */
const bootSeconds = { low: 90, likely: 240, high: 600 };
/** What spot machines cost of the price on demand. */
const spotPart = { low: 0.3, likely: 0.6, high: 0.75 };
/** A gigabyte of disk for an hour, in US dollars (EBS gp3: 0.08 a month, us-east-1, 2026). */
const diskDollars = 0.08 / 730;

type Range = { readonly low: number; readonly likely: number; readonly high: number };
const edges = ['low', 'likely', 'high'] as const;

function range(of: (edge: (typeof edges)[number]) => number): Range {
  return { low: of('low'), likely: of('likely'), high: of('high') };
}

/** What a cloud run costs, as a range, with every assumption said. Pure. */
export function estimateCost({ work, machine, options, data, region, dollarsPerGigabyte }: EstimateRequest): CostEstimate {
  const steps = stepSeconds(work);
  const eachSeconds = range((edge) => steps[edge] / (machine.vcpus * busyPart[edge]));
  const machines = Math.max(1, Math.min(options.workers, work.participants));
  const rounds = Math.ceil(work.participants / machines);
  const onDemand = work.participants === 1 || options.spot === 'on-demand';
  // One machine is there from the first to the last participant of its share. With several there is one more, which hands out the work.
  const perMachine = range((edge) => bootSeconds[edge] + rounds * eachSeconds[edge]);
  const workHours = range((edge) => (machines * bootSeconds[edge] + work.participants * eachSeconds[edge]) / 3600);
  const extraHours = range((edge) => (work.participants === 1 ? 0 : perMachine[edge] / 3600));
  const machineHours = range((edge) => workHours[edge] + extraHours[edge]);
  const dollars = machine.price?.dollarsPerHour ?? 0;
  const part = range((edge) => (onDemand ? 1 : edge === 'high' && options.spot === 'spot_with_fallback' ? 1 : spotPart[edge]));
  const away = region !== undefined && data.name !== undefined && region !== data.name;
  const bytes = (work.bytesEach ?? 0) * work.participants;
  const items: CostItem[] = [
    { title: onDemand ? 'Machines, on demand' : 'Spot machines', ...range((edge) => workHours[edge] * dollars * part[edge]) },
    ...(work.participants === 1 ? [] : [{ title: 'One more machine that hands out the work, on demand', ...range((edge) => extraHours[edge] * dollars) }]),
    { title: `Disks of ${options.diskGigabytes} GB`, ...range((edge) => machineHours[edge] * options.diskGigabytes * diskDollars) },
    ...(away && dollarsPerGigabyte !== undefined ? [{ title: `Data from ${data.name ?? ''} to ${region}`, ...range((edge) => (bytes / 1e9) * dollarsPerGigabyte * (edge === 'low' ? 0.5 : edge === 'likely' ? 1 : 2)) }] : []),
  ];
  const sum = range((edge) => items.reduce((total, item) => total + item[edge], 0));
  return {
    participants: work.participants, ...sum, machine: machine.price, machineHours, machines, hours: perMachine.likely / 3600, items,
    assumptions: [
      ...workAssumptions(work),
      machine.price === undefined
        ? `What an hour of ${machine.type} costs${region === undefined ? '' : ` in ${region}`} is not known here: machines count as nothing. --cloud_price tells it.`
        : `An hour of ${machine.type} (${machine.vcpus} CPUs) costs $${machine.price.dollarsPerHour.toFixed(3)}: ${machine.price.source}, ${machine.price.region}, ${machine.price.asOf}.`,
      ...(onDemand ? [] : [`Spot machines cost ${100 * spotPart.low} to ${100 * spotPart.high} % of that${options.spot === 'spot_with_fallback' ? ', and as much where there are none' : ''}.`]),
      ...(work.participants === 1 && options.spot !== 'on-demand' ? ['A single participant runs on an on-demand machine: Coiled gives spot machines to two and more.'] : []),
      `A machine takes ${formatSeconds(bootSeconds.low)} to ${formatSeconds(bootSeconds.high)} to start and end, and ${100 * busyPart.high} to ${100 * busyPart.low} % of its CPUs are at work.`,
      ...(away ? [dollarsPerGigabyte === undefined
        ? `The machines are in ${region} and the data in ${data.name ?? ''}: what that traffic costs is not known here.`
        : `The machines are in ${region} and the data in ${data.name ?? ''}: that traffic costs ${dollarsPerGigabyte} dollars/GB.`] : []),
      "Coiled's own fee is not in it: Coiled tells it in credits.",
    ],
  };
}

function stepSeconds({ past, bytesEach }: Workload): Range {
  if (past !== undefined) return { low: 0.7 * past.stepSecondsEach, likely: past.stepSecondsEach, high: 1.8 * past.stepSecondsEach };
  const gigabytes = (bytesEach ?? 100e9) / 1e9;
  return range((edge) => stepSecondsFixed[edge] + gigabytes * stepSecondsPerGigabyte[edge]);
}

function workAssumptions({ past, bytesEach, sampled }: Workload): readonly string[] {
  if (past !== undefined) {
    return [`A participant takes ${formatSeconds(past.stepSecondsEach)} of steps, as in earlier runs of this dataset (${count(past.participants, 'participant')}, the latest on ${new Date(past.newest).toISOString().slice(0, 10)}).`];
  }
  const size = bytesEach === undefined ? 'The size of the images is not known: 100 GB of voxels a participant are assumed.' : `A participant has ${formatBytes(bytesEach)} of voxels (seen in ${sampled}).`;
  return [size, `There is no earlier run of this dataset: ${stepSecondsPerGigabyte.low} to ${stepSecondsPerGigabyte.high} s of steps for each gigabyte of voxels are assumed (${measuredPerGigabyte} were measured with one threshold). After a run of one or two participants the estimate is much closer.`];
}

/** Dollars spent by machines so far, for when the provider does not tell: hours of each times its price. */
export function ownCost(machineSeconds: number, dollarsPerHour: number): number {
  return (machineSeconds / 3600) * dollarsPerHour;
}
