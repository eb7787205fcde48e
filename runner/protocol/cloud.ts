/** What may be said of the machines of a cloud run. One schema: command line, configuration files, notebooks and settings give it by the same names. */
export interface CloudOptions {
  /** Machine types as the provider calls them, the first that can be had is taken. Empty: by `cpu` and `memoryBytes`, or a usual one. */
  readonly vmTypes: readonly string[];
  /** Virtual CPUs of a machine. */
  readonly cpu?: number;
  /** Memory of a machine, in bytes. */
  readonly memoryBytes?: number;
  /** Region of the machines; `auto`: that of the bucket with the data. */
  readonly region: string;
  readonly spot: SpotPolicy;
  /** Size of a machine's disk, in gigabytes. */
  readonly diskGigabytes: number;
  /** Machines at the same time, at most. */
  readonly workers: number;
  /** Image that the machines run: Node.js and a shell. */
  readonly container: string;
  /** Coiled workspace; undefined: the user's own. */
  readonly workspace?: string;
  /** What the provider's bills can be sorted by. */
  readonly tags: Readonly<Record<string, string>>;
  /** Names of variables of this machine's environment that the machines get, kept secret by Coiled. Values never stand anywhere. */
  readonly env: readonly string[];
  /** Longest time for one participant, in milliseconds. */
  readonly taskLimitMs: number;
  /** A machine that gets no further for so long ends its task; in milliseconds. */
  readonly idleLimitMs: number;
  /** US dollars at which the run is ended; undefined: no limit. */
  readonly maxDollars?: number;
  /** Estimates above so many US dollars are asked about. */
  readonly confirmAbove: number;
  /** Start although the estimate is above that. */
  readonly yes: boolean;
  /** Address in a bucket to which a dataset of this machine is copied first. */
  readonly syncInput?: string;
  /** Address in a bucket for results whose output is a folder of this machine; they are fetched from there. */
  readonly output?: string;
  /** US dollars an hour of one machine, in place of the table of prices. */
  readonly dollarsPerHour?: number;
}

/** Whether machines may be taken away at any time, for a lower price. */
export type SpotPolicy = 'on-demand' | 'spot' | 'spot_with_fallback';

/** What a cloud run is expected to cost, in US dollars, and on which assumptions. */
export interface CostEstimate {
  readonly participants: number;
  readonly low: number;
  readonly likely: number;
  readonly high: number;
  /** Undefined: no price is known, and the dollars are those of what is known. */
  readonly machine: MachinePrice | undefined;
  /** Hours of machines, all together. */
  readonly machineHours: { readonly low: number; readonly likely: number; readonly high: number };
  /** Hours from start to end. */
  readonly hours: number;
  /** Machines at the same time. */
  readonly machines: number;
  /** Parts of the sum. */
  readonly items: readonly CostItem[];
  /** Sentences. */
  readonly assumptions: readonly string[];
}

/** A part of an estimate, in US dollars. */
export interface CostItem {
  readonly title: string;
  readonly low: number;
  readonly likely: number;
  readonly high: number;
}

/** What an hour of a machine costs, and who says so. */
export interface MachinePrice {
  /** As the provider calls it. */
  readonly type: string;
  readonly vcpus: number;
  /** Bytes. */
  readonly memoryBytes: number;
  readonly region: string;
  /** US dollars an hour, on demand. */
  readonly dollarsPerHour: number;
  /** `2026-08`. */
  readonly asOf: string;
  readonly source: string;
}

/** What is spent so far. */
export interface CostSoFar {
  readonly dollars: number;
  /** `coiled`: as Coiled tells, which is the provider's bill without Coiled's fee. `own`: hours of machines times the list price. */
  readonly by: 'coiled' | 'own';
  /** When it was found out, in milliseconds since the epoch. */
  readonly asOf: number;
}

/** A job at Coiled, and the cluster of machines that carries it out. */
export interface CloudJob {
  /** Of the cluster; unique. */
  readonly name: string;
  /** Participants that it works on. */
  readonly participants: number;
  readonly jobId?: number;
  readonly clusterId?: number;
  /** Page of the cluster at Coiled. */
  readonly page?: string;
  /** `intended`: it may or may not have been asked for. `left`: it could not be verified that its machines are gone. */
  readonly state: 'intended' | 'submitted' | 'gone' | 'left';
  /** In words: as Coiled tells, or why its machines are not known to be gone. */
  readonly standing?: string;
}

/** What is known of a cloud run besides its tasks. */
export interface CloudStanding {
  readonly estimate?: CostEstimate;
  readonly jobs: readonly CloudJob[];
  /** Machines that are there now. */
  readonly machines: number;
  readonly spent?: CostSoFar;
}

/** A cloud run in lists. */
export interface CloudDigest {
  /** US dollars. */
  readonly estimate?: { readonly low: number; readonly likely: number; readonly high: number };
  readonly spent?: CostSoFar;
  readonly machines: number;
  /** Page of the newest cluster at Coiled. */
  readonly page?: string;
  /** Names of clusters whose machines may still be there although the run is over. */
  readonly left: readonly string[];
}

/** What somebody has agreed to who was shown an estimate. */
export interface AgreedCost {
  /** US dollars, at most; undefined: what machines cost was not known. */
  readonly dollars?: number;
  /** Hours of machines, all together, at most. */
  readonly machineHours: number;
}

/** The most of what an estimate says: whoever agrees to it has seen the range. */
export function agreementTo({ high, machine, machineHours }: CostEstimate): AgreedCost {
  return { ...(machine === undefined ? {} : { dollars: high }), machineHours: machineHours.high };
}

/** Whether a later estimate is within what was agreed to. */
export function isAgreed({ likely, machineHours }: CostEstimate, agreed: AgreedCost): boolean {
  return agreed.dollars === undefined ? machineHours.likely <= agreed.machineHours : likely <= agreed.dollars;
}

/** Whether an estimate has to be confirmed. */
export function needsConfirmation(estimate: CostEstimate, { confirmAbove, yes }: Pick<CloudOptions, 'confirmAbove' | 'yes'>): boolean {
  return !yes && (estimate.likely > confirmAbove || (estimate.machine === undefined && estimate.machineHours.likely > 24));
}
