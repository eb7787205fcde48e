/** What the frame of a report is told: what its panel needs to be restored. */
export interface ToReportPage {
  readonly type: 'keep';
  readonly state: ReportState;
}

/** A link of the report was pressed. */
export interface FromReportPage {
  readonly type: 'open';
  /** As the report writes it: relative to the report, or a web address. */
  readonly href: string;
}

/** Which report a panel shows, kept over reloads of the window. */
export interface ReportState {
  readonly uri: string;
  readonly title: string;
  /** A `StorageChoice`; checked by the runner. */
  readonly storage: Readonly<Record<string, unknown>>;
}

export function readToReportPage(message: unknown): ToReportPage | undefined {
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'keep' || !('state' in message)) return undefined;
  const state = readReportState(message.state);
  return state === undefined ? undefined : { type: 'keep', state };
}

export function readFromReportPage(message: unknown): FromReportPage | undefined {
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'open' || !('href' in message)) return undefined;
  return typeof message.href === 'string' ? { type: 'open', href: message.href } : undefined;
}

/** Checks what was kept. */
export function readReportState(state: unknown): ReportState | undefined {
  if (typeof state !== 'object' || state === null || !('uri' in state) || !('title' in state)) return undefined;
  const { uri, title } = state;
  const storage = 'storage' in state && typeof state.storage === 'object' && state.storage !== null ? state.storage as Readonly<Record<string, unknown>> : {};
  return typeof uri === 'string' && typeof title === 'string' ? { uri, title, storage } : undefined;
}
