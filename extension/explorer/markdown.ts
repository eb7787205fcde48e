/** Text that markdown shows as it stands: names and values come from files and may hold anything. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, ' ').replaceAll(/[\\`*_{}[\]()#+!|<>~$&-]/g, (mark) => (mark === '&' ? '&amp;' : mark === '<' ? '&lt;' : mark === '>' ? '&gt;' : `\\${mark}`));
}

/** A table in markdown. Cells are taken as plain text; the editor draws no lines between columns, so they get some air. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => `${escapeMarkdown(cell)}&nbsp;&nbsp;`).join(' | ')} |`;
  return [line(header), `|${header.map(() => ' :--- |').join('')}`, ...rows.map(line)].join('\n');
}
