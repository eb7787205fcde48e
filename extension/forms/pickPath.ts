import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import { baseName } from '../explorer/datasets/datasetNodes.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Services } from '../services.ts';
import { addressProblem } from './paths.ts';
import { dress } from './pickers.ts';
import type { Choice, Picked, Question } from './pickers.ts';

/** Milliseconds without a key after which the runner is asked what could be meant. */
const patience = 150;
const shownAtMost = 100;

interface PathItem extends vscode.QuickPickItem {
  /** Taken: what the user wrote. Filled in: a folder to go on from. Given: a choice of the caller. */
  readonly act: 'take' | 'fill' | 'given' | 'browse' | 'none';
  readonly uri: string;
}

/**
 * A folder or file by its name, and where it is. The editor puts rows whose labels fit what is written before the others, so
 * no label holds a whole path.
 */
function placeWords(uri: string, icon: 'folder' | 'file'): { readonly label: string; readonly description: string } {
  const name = baseName(uri);
  return { label: `$(${icon}) ${name}`, description: uri.replace(/[/\\]+$/, '').slice(0, -name.length) };
}

interface PathQuestion extends Question {
  readonly value?: string;
  /** How what is written is reached. */
  readonly storage?: StorageChoice | ((address: string) => Promise<StorageChoice>);
  /** Offered as long as nothing is written: to be taken, and to go on from. */
  readonly given?: readonly Choice<string>[];
  readonly starts?: readonly Choice<string>[];
  /** Says what taking the written address means, e.g. `Add`. */
  readonly verb: string;
  /** Files are offered as well, and taken by a click. */
  readonly files?: boolean;
  /** What is wrong with what is written, besides what is wrong with any address. */
  readonly check?: (text: string) => string | undefined;
}

/** A folder or bucket address, or that of a file, completed while it is written. */
export function pickPath(services: Services, question: PathQuestion): Promise<Picked<string>> {
  const store = new DisposableStore();
  const input = store.add(vscode.window.createQuickPick<PathItem>());
  dress(input, question);
  input.placeholder = question.placeholder;
  input.value = question.value ?? '';
  if (question.place?.canGoBack === true) input.buttons = [vscode.QuickInputButtons.Back];
  let asking = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  store.add({ dispose: () => { clearTimeout(timer); asking.abort(); } });

  const browse: PathItem = { act: 'browse', uri: '', label: question.files === true ? '$(folder-opened) Choose a file…' : '$(folder-opened) Choose a folder…', alwaysShow: true };
  const separator = (label: string): PathItem => ({ act: 'none', uri: '', label, kind: vscode.QuickPickItemKind.Separator });
  const taken = (text: string): PathItem => {
    const wrong = addressProblem(text) ?? question.check?.(text);
    return wrong === undefined
      ? { act: 'take', uri: text, label: `$(check) ${question.verb}`, description: text, alwaysShow: true }
      : { act: 'none', uri: text, label: `$(error) ${wrong}`, alwaysShow: true };
  };
  const offered = (title: string, act: 'given' | 'fill', choices: readonly Choice<string>[] = []): readonly PathItem[] => (choices.length === 0 ? [] : [
    separator(title), ...choices.map(({ value = '', label, description }): PathItem => ({ act, uri: value, label, description, alwaysShow: true })),
  ]);
  const empty = (): readonly PathItem[] => [browse, ...offered('recent', 'given', question.given), ...offered('datasets', 'fill', question.starts)];

  /** The first row, or the one that is named, is what Enter takes, also when rows arrive while the user writes. */
  const list = (items: readonly PathItem[], active: PathItem | undefined = items[0]): void => {
    input.items = items;
    input.activeItems = active === undefined ? [] : [active];
  };

  const complete = async (): Promise<void> => {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const text = input.value.trim();
    if (text === '') {
      input.busy = false;
      list(empty());
      return;
    }
    input.busy = true;
    try {
      const storage = typeof question.storage === 'function' ? await question.storage(text) : question.storage;
      const { items, more } = await services.runner.request('storage.complete', { prefix: text, cwd: services.cwd(), limit: shownAtMost, ...(storage === undefined ? {} : { storage }) }, { signal });
      if (signal.aborted) return;
      const places = items.filter((item) => (item.folder || question.files === true) && item.uri !== text);
      const rows = places.map(({ uri, folder }): PathItem => ({ act: folder ? 'fill' : 'given', uri, ...placeWords(uri, folder ? 'folder' : 'file'), alwaysShow: true }));
      const title = more ? `the first ${shownAtMost}` : question.files === true ? 'folders and files' : 'folders';
      // Half a file's name means the file that it begins; folders may be meant as they are written.
      const isHalf = question.files === true && !items.some(({ uri }) => uri === text);
      list([taken(text), ...(rows.length === 0 ? [] : [separator(title), ...rows])], isHalf ? rows[0] : undefined);
    } catch (error) {
      const report = reportError(error);
      if (report.code === 'cancelled' || signal.aborted) return;
      // Not being able to list does not mean that the address is wrong.
      list([taken(text), { act: 'none', uri: '', label: `$(warning) ${report.message}`, detail: report.hint, alwaysShow: true }]);
    } finally {
      if (!signal.aborted) input.busy = false;
    }
  };

  return new Promise((resolve) => {
    let settled = false;
    let browsing = false;
    const settle = (picked: Picked<string>): void => {
      if (settled) return;
      settled = true;
      store.dispose();
      resolve(picked);
    };
    store.add(input.onDidChangeValue(() => {
      const text = input.value.trim();
      // The written address can be taken at once, whatever the listing takes.
      list(text === '' ? empty() : [taken(text)]);
      clearTimeout(timer);
      timer = setTimeout(() => { void complete(); }, patience);
    }));
    store.add(input.onDidTriggerButton(() => { settle(input.value.trim() === '' ? { kind: 'back' } : { kind: 'back', value: input.value.trim() }); }));
    store.add(input.onDidHide(() => { if (!browsing) settle({ kind: 'cancel' }); }));
    store.add(input.onDidAccept(() => {
      // Rows that have just been replaced are marked, not yet selected.
      const item = input.selectedItems[0] ?? input.activeItems[0];
      if (item === undefined) return;
      if (item.act === 'take' || item.act === 'given') settle({ kind: 'picked', value: item.uri });
      else if (item.act === 'fill') {
        input.value = item.uri;
        void complete();
      } else if (item.act === 'browse') {
        browsing = true;
        void vscode.window.showOpenDialog({ canSelectFolders: question.files !== true, canSelectFiles: question.files === true, canSelectMany: false, openLabel: question.verb, title: question.title }).then((folders) => {
          browsing = false;
          const folder = folders?.[0];
          if (folder !== undefined) settle({ kind: 'picked', value: folder.fsPath });
          else input.show();
        });
      }
    }));
    list(empty());
    input.show();
    if (input.value !== '') {
      list([taken(input.value.trim())]);
      void complete();
    }
  });
}
