import type { TableFilter, TableQuery, TableSort } from '../../runner/protocol/outputs.ts';
import { filterTests, wholeTable } from '../../runner/protocol/outputs.ts';
import { isFields, readSource } from './messages.ts';
import type { OutputsSource } from './messages.ts';

/** Parts of the page. */
export const outputsTabs = ['figures', 'tables', 'regions', 'maps', 'compare', 'files'] as const;
export type OutputsTab = (typeof outputsTabs)[number];

/** What the user has chosen in a part, by names of its controls. */
export type Choices = Readonly<Record<string, string>>;

/** What a page shows, and keeps over a reload of the window. */
export interface OutputsState {
  readonly source: OutputsSource;
  /** What it is compared with, where that is another folder. */
  readonly other?: OutputsSource;
  readonly tab: OutputsTab;
  /** `''`: everything; else the scope of an entry, or `kind:participant`. */
  readonly scope: string;
  /** The table in front, and its rows. */
  readonly table?: { readonly path: string; readonly query: TableQuery };
  readonly choices: { readonly [T in OutputsTab]?: Choices };
}

/** Checks what was kept; undefined: it is nothing that could be shown. */
export function readOutputsState(state: unknown): OutputsState | undefined {
  if (!isFields(state)) return undefined;
  const source = readSource(state['source']);
  if (source === undefined) return undefined;
  const other = readSource(state['other']);
  const table = isFields(state['table']) && typeof state['table']['path'] === 'string' ? { path: state['table']['path'], query: readQuery(state['table']['query']) } : undefined;
  const kept = isFields(state['choices']) ? state['choices'] : {};
  return {
    source, ...(other === undefined ? {} : { other }), ...(table === undefined ? {} : { table }),
    tab: outputsTabs.find((tab) => tab === state['tab']) ?? 'figures',
    scope: typeof state['scope'] === 'string' ? state['scope'] : '',
    choices: Object.fromEntries(outputsTabs.map((tab) => [tab, readChoices(kept[tab])])),
  };
}

function readChoices(value: unknown): Choices {
  return isFields(value) ? Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')) : {};
}

function readQuery(value: unknown): TableQuery {
  if (!isFields(value)) return wholeTable;
  const filters = Array.isArray(value['filters']) ? value['filters'] : [];
  const sort = Array.isArray(value['sort']) ? value['sort'] : [];
  return {
    search: typeof value['search'] === 'string' ? value['search'] : '',
    filters: filters.filter((each: unknown): each is TableFilter => isFields(each) && typeof each['column'] === 'string' && typeof each['value'] === 'string' && filterTests.some((test) => test === each['test'])),
    sort: sort.filter((each: unknown): each is TableSort => isFields(each) && typeof each['column'] === 'string' && typeof each['descending'] === 'boolean'),
  };
}
