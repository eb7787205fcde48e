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
