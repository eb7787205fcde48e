import type { NotificationName, Notifications, RequestName, Requests } from '../../runner/protocol/rpc.ts';
import type { RunEvent } from '../../runner/protocol/events.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';

export interface Disposable {
  dispose(): void;
}

/** `idle`: not asked for yet. `lost`: it went away and is being started again. */
export type RunnerStatus =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly pid: number; readonly version: string; readonly serverId: string }
  | { readonly kind: 'lost' }
  | { readonly kind: 'failed'; readonly message: string };

/** What follows a run hears. */
export interface RunListener {
  /** In order, each exactly once, whatever happens to the runner meanwhile. */
  events(events: readonly RunEvent[]): void;
  /** The record was deleted, or never was. Nothing follows. */
  gone(): void;
}

/** The window's line to the runner. Starts it when first needed, and again when it is lost. */
export interface RunnerClient extends Disposable {
  readonly status: RunnerStatus;
  onStatus(listener: (status: RunnerStatus) => void): Disposable;

  /**
   * Asks the runner. Rejects with a SpimquantError that says what the runner said, with `cancelled` as soon as the
   * signal is aborted, with `runner-lost` when it died before it answered, three times over (what can be asked again is).
   */
  request<N extends RequestName>(name: N, params: Requests[N]['params'], options?: { readonly signal?: AbortSignal }): Promise<Requests[N]['result']>;

  on<N extends NotificationName>(name: N, listener: (value: Notifications[N]) => void): Disposable;

  /** Hears a run from event `after` + 1 on, across losses of the runner. */
  follow(id: string, after: number, listener: RunListener): Disposable;

  /** Connects when there is a runner already; never starts one. True when connected. */
  attach(): Promise<boolean>;

  /** Ends the runner (runs go on) and starts it anew. */
  restart(): Promise<void>;
}

/** A run as this window knows it, and changes to it. */
export interface RunStoreView {
  /** Newest first. */
  readonly runs: readonly RunRecord[];
  readonly more: boolean;
}
