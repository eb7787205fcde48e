import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import { dress } from '../forms/pickers.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Services } from '../services.ts';

/** Milliseconds without a key after which the runner is asked. */
const patience = 120;
const shownAtMost = 100;

interface LabelItem extends vscode.QuickPickItem {
  readonly participant?: string;
}

/** Asks for a participant. The runner searches, so that a dataset of thousands is as quick as one of four. */
export function findParticipant(services: Services, dataset: DatasetRef): Promise<string | undefined> {
  const store = new DisposableStore();
  const input = store.add(vscode.window.createQuickPick<LabelItem>());
  dress(input, { title: 'Find Participant', placeholder: '' });
  input.ignoreFocusOut = false;
  input.placeholder = 'Part of a participant label, such as 017';
  let asking = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  store.add({ dispose: () => { clearTimeout(timer); asking.abort(); } });
  const search = async (): Promise<void> => {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const text = input.value.trim().replace(/^sub-/, '');
    input.busy = true;
    try {
      const { labels, total } = await services.runner.request('datasets.participants', { dataset, offset: 0, limit: shownAtMost, ...(text === '' ? {} : { search: text }) }, { signal });
      if (signal.aborted) return;
      const rest: LabelItem[] = total > labels.length ? [{ label: `$(info) ${(total - labels.length).toLocaleString('en')} more: write more of the label`, alwaysShow: true }] : [];
      const none: LabelItem[] = total === 0 ? [{ label: '$(info) No participant has this in its label', alwaysShow: true }] : [];
      input.items = [...labels.map((label): LabelItem => ({ label: `sub-${label}`, participant: label, alwaysShow: true })), ...rest, ...none];
    } catch (error) {
      const report = reportError(error);
      if (report.code !== 'cancelled') input.items = [{ label: `$(error) ${report.message}`, detail: report.hint, alwaysShow: true }];
    } finally {
      if (!signal.aborted) input.busy = false;
    }
  };
  return new Promise((resolve) => {
    let settled = false;
    const settle = (label: string | undefined): void => {
      if (settled) return;
      settled = true;
      store.dispose();
      resolve(label);
    };
    store.add(input.onDidChangeValue(() => {
      clearTimeout(timer);
      timer = setTimeout(() => { void search(); }, patience);
    }));
    store.add(input.onDidAccept(() => {
      const label = input.selectedItems[0]?.participant;
      if (label !== undefined) settle(label);
    }));
    store.add(input.onDidHide(() => { settle(undefined); }));
    input.show();
    void search();
  });
}
