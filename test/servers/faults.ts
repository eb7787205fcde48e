/** Something that goes wrong. `afterBytes` counts the bytes of the answer's body. */
export type Fault =
  /** An error instead of the answer. */
  | { readonly kind: 'status'; readonly status: number; readonly code: string; readonly message?: string; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is reset: before anything is done, or in mid-body. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** The connection is closed in an orderly way, but before the announced length. */
  | { readonly kind: 'truncate'; readonly afterBytes: number }
  /** One byte of the body is another than it should be, and nothing tells so. */
  | { readonly kind: 'corrupt'; readonly atByte: number }
  /** Nothing more comes, and the connection stays open. */
  | { readonly kind: 'hang'; readonly afterBytes?: number }
  /** The request is carried out, and the connection reset before the answer. */
  | { readonly kind: 'lose-answer' }
  /** The answer waits until the promise settles. */
  | { readonly kind: 'wait'; readonly until: Promise<unknown> };

/** Which requests a fault befalls. */
export interface FaultRule<R> {
  readonly fault: Fault;
  /** Every request when left out. */
  readonly match?: (request: R) => boolean;
  /** How many requests it befalls; 1 when left out. */
  readonly times?: number;
}

/** Faults waiting for their requests. */
export class FaultList<R> {
  #rules: { readonly rule: FaultRule<R>; left: number }[] = [];

  add(rule: FaultRule<R>): void {
    this.#rules.push({ rule, left: rule.times ?? 1 });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault that befalls this request, if any; it is used up by that. */
  take(request: R): Fault | undefined {
    const found = this.#rules.find(({ rule, left }) => left > 0 && (rule.match?.(request) ?? true));
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.rule.fault;
  }
}
