import { make } from '../kit/dom.ts';
import { VirtualList } from '../kit/virtualList.ts';
import { makeField } from './controls.ts';
import { isWithin, scopeTitle } from './model.ts';
import type { OutputsModel } from './model.ts';

/** A row of the list: whose files. */
interface ScopeRow {
  readonly scope: string;
  readonly title: string;
  readonly note: string;
  readonly depth: number;
}

/** Whose results are shown: everything, groups, participants with their sessions, templates. */
export class ScopeList {
  readonly element: HTMLElement;
  readonly #list: VirtualList<ScopeRow>;
  readonly #choose: (scope: string) => void;
  #rows: readonly ScopeRow[] = [];
  #search = '';
  #scope = '';
  #model: OutputsModel | undefined;
  #setting = false;

  constructor(choose: (scope: string) => void) {
    this.#choose = choose;
    this.#list = new VirtualList<ScopeRow>({
      label: 'Whose results', rowHeight: 22,
      fill: (element, row) => {
        element.dataset['scope'] = row?.scope ?? '';
        element.style.paddingInlineStart = `${8 + 14 * (row?.depth ?? 0)}px`;
        element.replaceChildren(make('span', { class: 'name' }, row?.title ?? ''), make('span', { class: 'dim note' }, row?.note ?? ''));
      },
      need: (from, count) => { this.#list.put(from, this.#rows.slice(from, from + count)); },
      onSelect: (_index, row) => { if (row !== undefined && !this.#setting) this.#choose(row.scope); },
    });
    const search = makeField('Find a participant', 'Find a participant', '', (text) => {
      this.#search = text.trim().toLowerCase();
      if (this.#model !== undefined) this.update(this.#model, this.#scope);
    });
    this.element = make('nav', { class: 'scopes', 'aria-label': 'Whose results' }, search, this.#list.element);
  }

  update(model: OutputsModel, scope: string): void {
    this.#model = model;
    this.#scope = scope;
    const rows = scopeRows(model).filter(({ title, depth, scope: own }) => this.#search === '' || own === '' || depth === 0 && !own.startsWith('sub-') || title.toLowerCase().includes(this.#search) || own.toLowerCase().includes(this.#search));
    if (JSON.stringify(rows) !== JSON.stringify(this.#rows)) {
      const { scrollTop } = this.#list.element;
      this.#rows = rows;
      this.#list.clear();
      this.#list.setTotal(rows.length);
      this.#list.put(0, rows.slice(0, 400));
      this.#list.element.scrollTop = scrollTop;
    }
    const at = rows.findIndex((row) => row.scope === scope);
    if (at === this.#list.selected) return;
    this.#setting = true;
    this.#list.select(at);
    this.#setting = false;
  }
}

/** Rows of the list, with what is in each. */
export function scopeRows(model: Pick<OutputsModel, 'files' | 'participants'>): readonly ScopeRow[] {
  const byScope = Map.groupBy(model.files, ({ scope }) => scope);
  const scopes = [...byScope.keys()];
  const count = (scope: string): string => {
    const own = scopes.filter((each) => isWithin({ scope: each } as Parameters<typeof isWithin>[0], scope)).reduce((sum, each) => sum + (byScope.get(each)?.length ?? 0), 0);
    return own === 0 ? '' : String(own);
  };
  const row = (scope: string, depth = 0, title = scopeTitle(scope)): ScopeRow => ({ scope, title, depth, note: scope === '' ? model.files.length.toLocaleString('en') : count(scope) });
  const groups = scopes.filter((scope) => scope.startsWith('group/'));
  const templates = scopes.filter((scope) => scope.startsWith('tpl-'));
  const sessions = Map.groupBy(scopes.filter((scope) => scope.startsWith('sub-') && scope.includes('/')), (scope) => scope.split('/')[0]);
  const { participants } = model;
  // Counting whose file each is by comparing with every scope would take long for thousands of participants.
  const participantCount = new Map<string, number>();
  for (const [scope, own] of byScope) participantCount.set(scope.split('/')[0], (participantCount.get(scope.split('/')[0]) ?? 0) + own.length);
  return [
    row('', 0, 'Everything'),
    ...groups.map((scope) => row(scope)),
    ...(participants.length > 1 ? [{ scope: 'kind:participant', title: `${participants.length.toLocaleString('en')} participants`, depth: 0, note: '' }] : []),
    ...participants.flatMap((label): readonly ScopeRow[] => {
      const scope = `sub-${label}`;
      const own = participantCount.get(scope);
      return [{ scope, title: scope, depth: 1, note: own === undefined ? '' : String(own) }, ...(sessions.get(scope) ?? []).map((session) => row(session, 2, session.slice(scope.length + 1)))];
    }),
    ...templates.map((scope) => row(scope)),
  ];
}
