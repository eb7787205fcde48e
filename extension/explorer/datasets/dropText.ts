import { joinWords } from '../../../runner/command/shell.ts';

/**
 * What is inserted where a row is dropped: its command into a cell that has none, else its address as one word, with
 * the spaces it needs. `offset` counts UTF-16 units.
 */
export function dropText(text: string, offset: number, command: string, uri: string): string {
  const hasCommand = text.split(/\r?\n/).some((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  if (!hasCommand) {
    // Never behind the comment of a line, nor in the middle of it.
    const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
    const rest = text.slice(offset).split('\n', 1)[0];
    return `${line.trim() === '' ? '' : '\n'}${command}${rest.trim() === '' ? '' : '\n'}`;
  }
  const before = text[offset - 1];
  const after = text[offset];
  const gap = (neighbour: string | undefined): string => (neighbour === undefined || /\s/.test(neighbour) ? '' : ' ');
  return `${gap(before)}${joinWords([uri])}${gap(after)}`;
}
