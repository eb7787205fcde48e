import { written } from '../flags.ts';
import { prefixLength } from '../parse.ts';
import { readWords } from '../read.ts';
import { joinWords, scanText } from '../shell.ts';

/**
 * A command's text with a flag set to values, in place of those that it has, and without some other flags. All else stays as it
 * is written: lines, quotes, comments.
 *
 * @param name of the flag without dashes
 * @param without names of flags that are taken out
 */
export function withFlag(text: string, name: string, values: readonly string[], without: readonly string[] = []): string {
  const words = scanText(text).words.filter(({ command }) => command === 0);
  const own = words.slice(prefixLength(words.map((word) => word.text)));
  const { uses } = readWords(own.map((word) => word.text), () => undefined);
  const flag = joinWords([written(name), ...values]);
  const edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  let isSet = false;
  for (const use of uses) {
    if (use.flag?.name !== name && !without.includes(use.flag?.name ?? '')) continue;
    const first = own[use.first];
    const replaces: boolean = use.flag?.name === name && !isSet;
    isSet = isSet || replaces;
    // What is taken out takes the space before it along, the end of a line that is continued included.
    const before = words[words.indexOf(first) - 1]?.end ?? first.start;
    edits.push({ start: replaces ? first.start : before, end: own[use.last].end, text: replaces ? flag : '' });
  }
  if (!isSet) {
    const end = words.at(-1)?.end ?? text.length;
    edits.push({ start: end, end, text: `${end === 0 ? '' : ' '}${flag}` });
  }
  let result = text;
  for (const edit of edits.sort((a, b) => b.start - a.start || b.end - a.end)) result = result.slice(0, edit.start) + edit.text + result.slice(edit.end);
  return result;
}
