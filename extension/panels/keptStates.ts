import type { Memory } from '../filesystem/reaches.ts';

/** Milliseconds from a change until it is written. Pages tell every step of a drag. */
const writeAfterMs = 300;

interface KeptState {
  readonly uri: string;
  readonly state: object;
}

function isKept(value: unknown): value is KeptState {
  return typeof value === 'object' && value !== null && 'uri' in value && typeof value.uri === 'string' && 'state' in value && typeof value.state === 'object' && value.state !== null;
}

/**
 * What pages showed last of an image or a folder, in this workspace: it opens as it was left. The editor keeps the states of
 * pages too, but only while they are open, and in the browser it writes them once a minute: a reload before that goes back
 * to an older one.
 */
export class KeptStates {
  readonly #memory: Memory;
  readonly #key: string;
  readonly #remembered: number;
  /** What is to be written. */
  #states: readonly KeptState[] | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param key where in `memory` the states are
   * @param remembered how many are remembered: those that changed last
   */
  constructor(memory: Memory, key: string, remembered: number) {
    this.#memory = memory;
    this.#key = key;
    this.#remembered = remembered;
  }

  /** The state of what is at `uri`, to be checked; undefined: it was never looked at, or long ago. */
  of(uri: string): object | undefined {
    return this.#all().find((kept) => kept.uri === uri)?.state;
  }

  /** Remembers a state; it is written a moment later, or when this is disposed. */
  keep(uri: string, state: object): void {
    this.#states = [{ uri, state }, ...this.#all().filter((kept) => kept.uri !== uri)].slice(0, this.#remembered);
    this.#timer ??= setTimeout(() => { this.#write(); }, writeAfterMs);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const states = this.#states;
    this.#states = undefined;
    if (states !== undefined) void this.#memory.update(this.#key, states);
  }

  dispose(): void {
    this.#write();
  }

  #all(): readonly KeptState[] {
    if (this.#states !== undefined) return this.#states;
    const kept = this.#memory.get(this.#key);
    return Array.isArray(kept) ? kept.filter(isKept) : [];
  }
}
