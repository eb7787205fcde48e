import { mergeOptions } from '../../../runner/command/assist/effective.ts';
import { positionalKeys, readOptions } from '../../../runner/command/config.ts';
import type { Configuration } from '../../../runner/command/config.ts';
import { written } from '../../../runner/command/flags.ts';
import { joinWords } from '../../../runner/command/shell.ts';
import type { Block, Result } from '../../../runner/protocol/results.ts';
import type { SpimquantError } from '../../../runner/protocol/errors.ts';

/** What an options cell amounts to. */
export interface CheckedOptions {
  readonly result: Result;
  readonly isRight: boolean;
}

/** What is wrong in an options cell, or what holds for the cells below it, those of the options cells above included. */
export function checkOptions(text: string, above: readonly string[]): CheckedOptions {
  const problems: SpimquantError[] = [];
  const own = readOptions(text, (problem) => { problems.push(problem); });
  if (problems.length > 0) {
    const blocks = problems.flatMap(({ message, hint }): readonly Block[] => [
      { kind: 'notice', level: 'error', text: message },
      ...(hint === undefined ? [] : [{ kind: 'notice' as const, level: 'info' as const, text: hint }]),
    ]);
    return { result: { title: 'These options are not right', command: '', blocks }, isRight: false };
  }
  // What is wrong above is told by the cell above.
  const all = mergeOptions([...above, text], () => undefined);
  const rows = [...rowsOf(all)].map(([name, value]) => [name, value, rowsOf(own).has(name) ? 'this cell' : 'a cell above']);
  const table: Block = {
    kind: 'table', columns: [{ label: 'Option' }, { label: 'Value' }, { label: 'Set by' }], rows,
  };
  const blocks: readonly Block[] = rows.length === 0 ? [{ kind: 'notice', level: 'info', text: 'No options are set.' }] : [table];
  return { result: { title: 'Options of the cells below', command: '', blocks }, isRight: true };
}

function rowsOf(configuration: Configuration): ReadonlyMap<string, string> {
  const { bids, output, level, words } = configuration;
  const named = [bids, output, level].flatMap((value, index): [string, string][] => (value === undefined ? [] : [[positionalKeys[index], value]]));
  const flags = [...words].map(([name, values]): [string, string] => [written(name), values === undefined ? 'off' : values.length === 0 ? 'on' : joinWords(values)]);
  return new Map([...named, ...flags]);
}
