import type { Memento } from 'vscode';

/** Folders whose panels are remembered. */
const remembered = 20;
const memoryKey = 'outputs.states';

/**
 * What panels of outputs showed last, in this workspace. The editor keeps the states of pages too, but in the browser it
 * writes them once a minute: a reload before that would go back to an older one.
 */
export class KeptStates {
  readonly #memory: Memento;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  /** What the panel of a folder showed; to be checked. */
  of(uri: string): unknown {
    return this.#all().find(([kept]) => kept === uri)?.[1];
  }

  keep(uri: string, state: object): void {
    const states = [[uri, state], ...this.#all().filter(([kept]) => kept !== uri)].slice(0, remembered);
    void this.#memory.update(memoryKey, states);
  }

  #all(): readonly (readonly [string, unknown])[] {
    const kept = this.#memory.get<unknown>(memoryKey);
    return Array.isArray(kept) ? kept.filter((each): each is [string, unknown] => Array.isArray(each) && typeof each[0] === 'string') : [];
  }
}
