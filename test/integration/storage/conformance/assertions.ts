import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { ErrorCode } from '../../../../runner/protocol/errors.ts';
import { reportError, SpimquantError } from '../../../../runner/protocol/errors.ts';
import type { ListEntry, ListOptions, ObjectStore } from '../../../../runner/storage/objectStore.ts';

/** Bytes that differ from block to block, so that a mix-up of parts shows. */
export function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** For assert.rejects: a SpimquantError of one of these codes whose message, hint and place mention all the texts. */
export function isError(code: ErrorCode | readonly ErrorCode[], ...texts: readonly (string | RegExp)[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof SpimquantError, `expected a SpimquantError, got ${inspect(error)}`);
    const codes = typeof code === 'string' ? [code] : code;
    assert.ok(codes.includes(error.code), `expected ${codes.join(' or ')}, got ${error.code}: ${error.message} (${String(error.cause)})`);
    const text = `${error.message}\n${error.hint ?? ''}\n${error.where ?? ''}`;
    for (const expected of texts) assert.ok(typeof expected === 'string' ? text.includes(expected) : expected.test(text), `${JSON.stringify(text)} does not mention ${String(expected)}`);
    return true;
  };
}

/** Throws when an error, or anything that hangs on it, holds one of the secrets. */
export function holdsNoSecret(error: unknown, secrets: readonly string[]): void {
  const everything = `${inspect(error, { depth: 12, showHidden: true })}${JSON.stringify(reportError(error))}`;
  for (const secret of secrets) assert.ok(!everything.includes(secret), `${secret} in ${everything}`);
}

export async function listAll(store: ObjectStore, folder: string, options?: ListOptions): Promise<ListEntry[]> {
  const entries: ListEntry[] = [];
  for await (const entry of store.list(folder, options)) entries.push(entry);
  return entries;
}

export function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

/** Whether bytes are equal; unlike deepEqual it does not print megabytes when they are not. */
export function assertBytes(actual: Uint8Array | undefined, expected: Uint8Array, what: string = 'content'): void {
  assert.ok(actual, `${what}: nothing there`);
  assert.equal(actual.length, expected.length, `${what}: length`);
  assert.equal(Buffer.compare(actual, expected), 0, `${what}: bytes differ`);
}
