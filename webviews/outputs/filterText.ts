import type { FilterTest, TableFilter, ViewedColumn } from '../../runner/protocol/outputs.ts';

/** What a filter field of a column can hold, for its tooltip. */
export const numberFilterHelp = 'A number, >5, <=0.05, !=0, 1..10, empty or filled';
export const textFilterHelp = 'Part of the text, =all of it, !not this, empty or filled';

const comparisons: Readonly<Record<string, FilterTest>> = { '>': 'gt', '>=': 'ge', '<': 'lt', '<=': 'le', '=': 'eq', '==': 'eq', '!=': 'ne', '≠': 'ne', '≥': 'ge', '≤': 'le' };

/** What was written into the filter field of a column, as tests; or what is wrong with it. */
export function parseFilter(column: Pick<ViewedColumn, 'name' | 'kind'>, written: string): { readonly filters: readonly TableFilter[] } | { readonly problem: string } {
  const text = written.trim();
  const filter = (test: FilterTest, value = ''): TableFilter => ({ column: column.name, test, value });
  if (text === '') return { filters: [] };
  if (/^(empty|filled)$/i.test(text)) return { filters: [filter(text.toLowerCase() as FilterTest)] };
  if (column.kind === 'text') {
    const match = /^(!=|=|!)(.*)$/s.exec(text);
    if (match === null) return { filters: [filter('has', text)] };
    return { filters: [filter(match[1] === '=' ? 'eq' : match[1] === '!=' ? 'ne' : 'hasNot', match[2].trim())] };
  }
  const range = /^(.+?)\s*\.\.\s*(.+)$/.exec(text);
  if (range !== null) {
    const [low, high] = [numberOf(range[1]), numberOf(range[2])];
    return low === undefined || high === undefined ? { problem: `${text} is no range of numbers, as 1..10 is.` } : { filters: [filter('ge', low), filter('le', high)] };
  }
  const filters: TableFilter[] = [];
  for (const part of text.split(/[\s,;]+(?=[<>=!≠≥≤])/)) {
    const match = /^(>=|<=|!=|==|[<>=≠≥≤])?\s*(.+)$/.exec(part);
    const value = numberOf(match?.[2] ?? '');
    if (match === null || value === undefined) return { problem: `${part} is no number. ${numberFilterHelp}.` };
    filters.push(filter(match[1] === undefined ? 'eq' : comparisons[match[1]], value));
  }
  return { filters };
}

function numberOf(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed !== '' && Number.isFinite(Number(trimmed)) ? trimmed : undefined;
}

const signs: { readonly [T in FilterTest]?: string } = { gt: '>', ge: '>=', lt: '<', le: '<=', ne: '!=', hasNot: '!' };

/** Tests of a column as they are written into its field. */
export function filterText(kind: ViewedColumn['kind'], filters: readonly TableFilter[]): string {
  const [first, second] = filters;
  if (first === undefined) return '';
  if (first.test === 'empty' || first.test === 'filled') return first.test;
  if (filters.length === 2 && first.test === 'ge' && second.test === 'le') return `${first.value}..${second.value}`;
  return filters.map(({ test, value }) => `${signs[test] ?? (test === 'eq' && kind === 'text' ? '=' : '')}${value}`).join(' ');
}
