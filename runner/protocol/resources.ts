/** What the runner and its runs take at one moment; rates are over the time since the sample before. */
export interface ResourceSample {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Cores in use, e.g. 1.7; of those there are. */
  readonly cpu: number;
  readonly cores: number;
  /** Bytes resident, and what may be used (the container's limit where that is smaller). */
  readonly memory: number;
  readonly memoryLimit: number;
  /** Bytes a second from and to disks. */
  readonly diskRead: number;
  readonly diskWrite: number;
  /** Bytes a second that this machine receives and sends. */
  readonly networkIn: number;
  readonly networkOut: number;
  readonly processes: number;
}

/** What a machine of a cloud run took at one moment, by its own clock. */
export interface MachineSample extends ResourceSample {
  /** As the machine is called; its instance at Coiled is in it, so that each has a name of its own. */
  readonly host: string;
  /** Participant that it worked on, without `sub-`. */
  readonly participant: string;
}

/** The latest of a machine that is at work for a run which goes on. */
export interface MachineUse extends MachineSample {
  /** Id of the run. */
  readonly run: string;
}

/** What a machine took over a while. */
export interface ResourceSummary {
  /** Milliseconds since the epoch, of the first and the last sample. */
  readonly from: number;
  readonly to: number;
  /** Cores in use, on average. */
  readonly meanCpu: number;
  /** The highest of each by itself; cores and limits are the latest. */
  readonly peak: Omit<ResourceSample, 'time'>;
}
