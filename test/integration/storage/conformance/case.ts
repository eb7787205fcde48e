import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../../runner/protocol/errors.ts';
import type { ObjectStore } from '../../../../runner/storage/objectStore.ts';
import { holdsNoSecret, isError } from './assertions.ts';
import type { ObjectAttributes, RequestKind, StoreFaults, StoreUnderTest, Variant } from './underTest.ts';

/** What a case of the suite works with. Asking for what the store under test does not give fails the case. */
export class Bench {
  readonly under: StoreUnderTest;
  /** A folder for local files, removed at the end. */
  readonly scratch: string;

  constructor(under: StoreUnderTest, scratch: string) {
    this.under = under;
    this.scratch = scratch;
  }

  get store(): ObjectStore {
    return this.under.store;
  }

  get faults(): StoreFaults {
    return needed(this.under.faults, 'faults');
  }

  /** Puts an object past the store, or by it where the key is an ordinary one. */
  async put(key: string, content: Uint8Array | string): Promise<void> {
    await (this.under.put ?? ((ordinary, bytes) => this.store.write(ordinary, bytes)))(key, content);
  }

  /** Puts an object whose key the store itself would refuse. */
  async putOdd(key: string, content: string): Promise<void> {
    await needed(this.under.put, 'put')(key, content);
  }

  async open(variant: Variant): Promise<ObjectStore> {
    return needed(await needed(this.under.open, 'open')(variant), `a store for ${JSON.stringify(variant)}`);
  }

  async attributes(key: string): Promise<ObjectAttributes> {
    return needed(this.under.attributes, 'attributes')(key);
  }

  async unfinishedUploads(): Promise<number> {
    return needed(this.under.unfinishedUploads, 'unfinishedUploads')();
  }

  choice(name: 'storageClass' | 'encryptionKey'): string {
    return needed(this.under.choices?.[name], `choices.${name}`);
  }

  /** The work fails with the error, which holds no secret. */
  async refuses(work: () => Promise<unknown>, code: ErrorCode | readonly ErrorCode[], ...texts: readonly (string | RegExp)[]): Promise<void> {
    await assert.rejects(work, (error) => {
      isError(code, ...texts)(error);
      holdsNoSecret(error, this.under.secrets ?? []);
      return true;
    });
  }

  /** Starts the work and waits until a request of the kind has arrived. */
  async arrivalOf(work: () => Promise<unknown>, on: RequestKind = 'any'): Promise<{ readonly running: Promise<unknown> }> {
    const before = this.faults.seen(on);
    const running = work();
    let ended = false;
    running.then(() => (ended = true), () => (ended = true));
    while (this.faults.seen(on) === before && !ended) await new Promise(setImmediate);
    return { running };
  }
}

function needed<T>(value: T | undefined, what: string): T {
  assert.ok(value !== undefined, `The store under test gives no ${what}: give it, or declare the case not applicable with a reason`);
  return value;
}

/** One thing that stores have to get right. */
export interface ConformanceCase {
  /** Never changes, so that results of different days can be compared. */
  readonly id: string;
  /** What the store does then; a row of the table in docs/storage.md. */
  readonly title: string;
  readonly run: (bench: Bench) => Promise<void>;
}

/** Cases that belong together. */
export interface CaseGroup {
  readonly title: string;
  readonly cases: readonly ConformanceCase[];
}
