import * as vscode from 'vscode';
import { reportError } from '../../../runner/protocol/errors.ts';
import type { ColumnSummary, DatasetRef, ParticipantPage } from '../../../runner/protocol/datasets.ts';
import { dress } from '../../forms/pickers.ts';
import { DisposableStore } from '../../platform/lifecycle.ts';
import type { Services } from '../../services.ts';
import { suggestTerms, withTerm } from './searchTerms.ts';

/** Milliseconds without a key after which the runner is asked. */
const patience = 120;
const shownAtMost = 100;

/** What was chosen. */
export type FoundParticipant =
  | { readonly kind: 'participant'; readonly label: string }
  /** Show only what fits this; empty: everything. */
  | { readonly kind: 'filter'; readonly search: string };

interface Item extends vscode.QuickPickItem {
  readonly choice?: FoundParticipant;
  /** Written into the box in the place of its last word. */
  readonly term?: string;
}

const filterButton: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('filter'), tooltip: 'Show only these in the Datasets view' };

/**
 * Asks for a participant, or for what participants have to fit. The runner searches, so that a dataset of thousands is as quick
 * as one of four, and while it is still being counted. Undefined: nothing was chosen.
 */
export function findParticipant(services: Services, dataset: DatasetRef | undefined, purpose: 'find' | 'filter', before = ''): Promise<FoundParticipant | undefined> {
  const store = new DisposableStore();
  const input = store.add(vscode.window.createQuickPick<Item>());
  dress(input, { title: purpose === 'find' ? 'Find Participant' : 'Filter Participants', placeholder: '' });
  input.ignoreFocusOut = false;
  input.placeholder = 'Part of a label or value, or a comparison such as treatment=drug age>30';
  input.value = before;
  if (purpose === 'find') input.buttons = [filterButton];
  let asking = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let columns: Promise<readonly ColumnSummary[]> | undefined;
  store.add({ dispose: () => { clearTimeout(timer); asking.abort(); } });

  const search = async (): Promise<void> => {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const text = input.value.trim();
    if (dataset === undefined) {
      input.items = purpose === 'filter' ? filterItems(text, undefined) : [];
      return;
    }
    input.busy = true;
    try {
      const page = await services.runner.request('datasets.participants', { dataset, offset: 0, limit: shownAtMost, ...(text === '' ? {} : { search: text }) }, { signal });
      columns ??= services.runner.request('datasets.columns', { dataset }).then((answer) => answer.columns);
      const suggested = suggestTerms(input.value, await columns.catch(() => []));
      if (signal.aborted) return;
      const terms = suggested.map(({ term, detail }): Item => ({ label: `$(symbol-field) ${term}`, description: detail, term, alwaysShow: true }));
      input.items = [
        ...(purpose === 'filter' ? filterItems(text, page) : participantItems(page)),
        ...(terms.length === 0 ? [] : [{ label: 'participants.tsv', kind: vscode.QuickPickItemKind.Separator }, ...terms]),
      ];
      // Numbers grow while participants are counted.
      if (page.counting === true) timer = setTimeout(() => { void search(); }, 1000);
    } catch (error) {
      const report = reportError(error);
      if (report.code !== 'cancelled') input.items = [{ label: `$(error) ${report.message}`, detail: report.hint, alwaysShow: true }];
    } finally {
      if (!signal.aborted) input.busy = false;
    }
  };
  return new Promise((resolve) => {
    let settled = false;
    const settle = (choice: FoundParticipant | undefined): void => {
      if (settled) return;
      settled = true;
      store.dispose();
      resolve(choice);
    };
    const typed = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => { void search(); }, patience);
    };
    store.add(input.onDidChangeValue(typed));
    store.add(input.onDidTriggerButton((button) => { if (button === filterButton) settle({ kind: 'filter', search: input.value.trim() }); }));
    store.add(input.onDidAccept(() => {
      const chosen = input.selectedItems.at(0);
      if (chosen?.term !== undefined) {
        input.value = withTerm(input.value, chosen.term);
        typed();
      } else if (chosen?.choice !== undefined) {
        settle(chosen.choice);
      }
    }));
    store.add(input.onDidHide(() => { settle(undefined); }));
    input.show();
    void search();
  });
}

function participantItems({ labels, total, matched, counting, problem }: ParticipantPage): readonly Item[] {
  const soFar = counting === true ? ' so far, while participants are counted' : '';
  const rest: Item[] = total > labels.length ? [{ label: `$(info) ${(total - labels.length).toLocaleString('en')} more${soFar}: write more of the label or value`, alwaysShow: true }] : [];
  const none: Item[] = total === 0 ? [{ label: problem === undefined ? `$(info) No participant has this in its label or values${soFar}` : `$(warning) ${problem}`, alwaysShow: true }] : [];
  return [
    ...labels.map((label, at): Item => ({
      label: `sub-${label}`, description: matched?.[at].map(({ name, value }) => `${name} ${value}`).join(', '), choice: { kind: 'participant', label }, alwaysShow: true,
    })),
    ...rest, ...none,
  ];
}

function filterItems(text: string, page: ParticipantPage | undefined): readonly Item[] {
  if (text === '') return [{ label: '$(clear-all) Show all participants', choice: { kind: 'filter', search: '' }, alwaysShow: true }];
  const found = page === undefined ? 'show only what fits' : page.problem ?? `show only ${countText(page.total)}${page.counting === true ? ' so far' : ''}`;
  // It begins with what was written, by which the editor keeps it on top.
  return [{ label: `$(filter) ${text}`, description: found, choice: { kind: 'filter', search: text }, alwaysShow: true }];
}

function countText(total: number): string {
  return total === 1 ? 'this 1 participant' : `these ${total.toLocaleString('en')} participants`;
}
