/** A link of the report was pressed. */
export interface FromReportPage {
  readonly type: 'open';
  /** As the report writes it: relative to the report, or a web address. */
  readonly href: string;
}

export function readFromReportPage(message: unknown): FromReportPage | undefined {
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'open' || !('href' in message)) return undefined;
  return typeof message.href === 'string' ? { type: 'open', href: message.href } : undefined;
}
