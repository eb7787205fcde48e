import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../runner/protocol/errors.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { picturesOf, type Figure, type Result, type TableBlock } from '../../../runner/protocol/results.ts';

export function tablesOf(result: Result): readonly TableBlock[] {
  return result.blocks.filter((block): block is TableBlock => block.kind === 'table');
}

export function factsOf(result: Result): Readonly<Record<string, string>> {
  return Object.fromEntries(result.blocks.flatMap((block) => (block.kind === 'facts' ? block.facts.map(({ label, value }) => [label, value]) : [])));
}

export function noticesOf(result: Result): readonly string[] {
  return result.blocks.flatMap((block) => (block.kind === 'notice' ? [`${block.level}: ${block.text}`] : []));
}

export function commandsOf(result: Result): readonly string[] {
  return result.blocks.flatMap((block) => (block.kind === 'commands' ? block.commands.map(({ text }) => text) : []));
}

export function figuresOf(result: Result): readonly Figure[] {
  return picturesOf(result);
}

/** Passes when the error has that code, and its message and hint look like this. */
export function fails(code: ErrorCode, pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SpimquantError, String(error));
    assert.equal(error.code, code);
    assert.match(`${error.message} ${error.hint ?? ''}`, pattern);
    return true;
  };
}
