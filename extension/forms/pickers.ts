import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Move, Place } from './walk.ts';

/** What a question was answered with. `back` carries what was chosen until then. */
export type Picked<T> =
  | { readonly kind: 'picked'; readonly value: T }
  | { readonly kind: 'back'; readonly value?: T }
  | { readonly kind: 'cancel' };

/** Turns the answer of one question into a move of the form. */
export function moveWith<A, K extends keyof A>(key: K, picked: Picked<A[K]>): Move<A> {
  if (picked.kind === 'cancel') return picked;
  const answers: Partial<A> = {};
  if (picked.value !== undefined) answers[key] = picked.value;
  return { kind: picked.kind === 'picked' ? 'next' : 'back', answers };
}

/** A choice; without a value it is a separator. */
export interface Choice<T> {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly value?: T;
  /** Chosen beforehand. */
  readonly picked?: boolean;
}

/** What all questions have in common. */
export interface Question {
  readonly title: string;
  readonly placeholder: string;
  readonly place?: Place;
}

interface Item<T> extends vscode.QuickPickItem {
  readonly choice: Choice<T>;
}

function itemOf<T>(choice: Choice<T>): Item<T> {
  return {
    choice, label: choice.label, description: choice.description, detail: choice.detail,
    ...(choice.value === undefined ? { kind: vscode.QuickPickItemKind.Separator } : {}),
  };
}

/** Gives an input the looks of a form: title, step, back button. */
export function dress(input: vscode.QuickInput, question: Question): void {
  input.title = question.title;
  input.step = question.place?.number;
  input.totalSteps = question.place?.total;
  // Nothing is lost by a look at another window or editor; Escape leaves.
  input.ignoreFocusOut = true;
}

/** Choices that are there already or on their way, until the signal says that nobody waits for them any more. */
export type Choices<T> = readonly Choice<T>[] | ((signal: AbortSignal) => Promise<readonly Choice<T>[]>);

interface PickOptions<T> extends Question {
  readonly choices: Choices<T>;
}

interface ManyOptions<T> {
  readonly atLeast?: number;
  /** A choice made of what was written, added by Enter; undefined: it cannot be one. */
  readonly written?: (text: string) => Choice<T> | undefined;
}

/** One of several. */
export async function pickOne<T>(options: PickOptions<T>): Promise<Picked<T>> {
  const picked = await pick({ ...options, many: false });
  return picked.kind === 'picked' ? { kind: 'picked', value: picked.value[0] } : picked.kind === 'back' ? { kind: 'back' } : picked;
}

/** Any number of several, those chosen beforehand ticked. `atLeast`: fewer are not taken (default 1). */
export function pickMany<T>(options: PickOptions<T> & ManyOptions<T>): Promise<Picked<readonly T[]>> {
  return pick({ ...options, many: true });
}

function pick<T>(options: PickOptions<T> & ManyOptions<T> & { readonly many: boolean }): Promise<Picked<readonly T[]>> {
  const store = new DisposableStore();
  const abort = new AbortController();
  const input = store.add(vscode.window.createQuickPick<Item<T>>());
  dress(input, options);
  input.placeholder = options.placeholder;
  input.canSelectMany = options.many;
  input.matchOnDescription = true;
  const add: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('add'), tooltip: 'Add what is written (Enter)' };
  input.buttons = [...(options.place?.canGoBack === true ? [vscode.QuickInputButtons.Back] : []), ...(options.written === undefined ? [] : [add])];
  let known: readonly Item<T>[] = [];
  // At the end, so that what the editor says of the rows before still holds for them.
  const addWritten = (): boolean => {
    const text = input.value.trim();
    const choice = text === '' || known.some((item) => item.label.toLowerCase().includes(text.toLowerCase())) ? undefined : options.written?.(text);
    if (choice === undefined) return false;
    const selected = input.selectedItems;
    const item = itemOf(choice);
    known = [...known, item];
    input.value = '';
    input.items = known;
    input.selectedItems = [...selected, item];
    return true;
  };
  const show = (choices: readonly Choice<T>[]): void => {
    known = choices.map(itemOf);
    input.items = known;
    const chosen = known.filter((item) => item.choice.picked === true);
    if (options.many) input.selectedItems = chosen;
    else if (chosen.length > 0) input.activeItems = chosen;
  };
  const load = async (): Promise<void> => {
    if (typeof options.choices !== 'function') {
      show(options.choices);
      return;
    }
    input.busy = true;
    try {
      show(await options.choices(abort.signal));
    } catch (error) {
      const report = reportError(error);
      if (report.code === 'cancelled') return;
      // The message stands where the choices would be; taking it asks again.
      input.items = [{ choice: { label: '' }, label: `$(error) ${report.message}`, detail: [report.hint, 'Choose this line to try again.'].filter((text) => text !== undefined).join(' '), alwaysShow: true }];
    } finally {
      input.busy = false;
    }
  };
  return new Promise<Picked<readonly T[]>>((resolve) => {
    let settled = false;
    const settle = (picked: Picked<readonly T[]>): void => {
      if (settled) return;
      settled = true;
      abort.abort();
      store.dispose();
      resolve(picked);
    };
    const values = (items: readonly Item<T>[]): readonly T[] => items.flatMap(({ choice }) => (choice.value === undefined ? [] : [choice.value]));
    store.add(input.onDidTriggerButton((button) => {
      if (button === add) addWritten();
      else settle({ kind: 'back', value: values(input.selectedItems) });
    }));
    store.add(input.onDidHide(() => { settle({ kind: 'cancel' }); }));
    store.add(input.onDidAccept(() => {
      if (addWritten()) return;
      const chosen = values(input.selectedItems);
      if (input.selectedItems.some((item) => item.choice.value === undefined)) void load();
      else if (chosen.length >= (options.atLeast ?? 1)) settle({ kind: 'picked', value: chosen });
    }));
    input.show();
    void load();
  });
}

interface TextOptions {
  readonly value?: string;
  readonly prompt?: string;
  /** What is wrong with a text; undefined: nothing. */
  readonly check?: (text: string) => string | undefined;
  /** What is to be known about a text that is taken all the same. */
  readonly warn?: (text: string) => string | undefined;
}

/** A line of text, checked while it is written. */
export function askText(question: Question & TextOptions): Promise<Picked<string>> {
  const store = new DisposableStore();
  const input = store.add(vscode.window.createInputBox());
  dress(input, question);
  input.placeholder = question.placeholder;
  input.prompt = question.prompt;
  input.value = question.value ?? '';
  if (question.place?.canGoBack === true) input.buttons = [vscode.QuickInputButtons.Back];
  return new Promise((resolve) => {
    let settled = false;
    const settle = (picked: Picked<string>): void => {
      if (settled) return;
      settled = true;
      store.dispose();
      resolve(picked);
    };
    const tell = (text: string): string | undefined => {
      const wrong = question.check?.(text);
      const warning = wrong === undefined ? question.warn?.(text) : undefined;
      input.validationMessage = warning === undefined ? wrong : { message: warning, severity: vscode.InputBoxValidationSeverity.Warning };
      return wrong;
    };
    // What is there already is not blamed for being empty before anything was written.
    if (input.value !== '') tell(input.value.trim());
    store.add(input.onDidChangeValue((text) => { tell(text.trim()); }));
    store.add(input.onDidTriggerButton(() => { settle({ kind: 'back', value: input.value.trim() }); }));
    store.add(input.onDidHide(() => { settle({ kind: 'cancel' }); }));
    store.add(input.onDidAccept(() => {
      const text = input.value.trim();
      if (tell(text) === undefined) settle({ kind: 'picked', value: text });
    }));
    input.show();
  });
}
