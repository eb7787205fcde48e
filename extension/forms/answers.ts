import type { Memento } from 'vscode';
import type { GroupAnswers, RunAnswers } from './buildCommand.ts';

/** What is remembered of a form, by dataset: choices of taste, not of participants, and never a secret. */
export type Remembered = Partial<Pick<RunAnswers, 'output' | 'stains' | 'methods' | 'template' | 'cores' | 'sloppy' | 'cloud'> & Pick<GroupAnswers, 'column' | 'values' | 'test' | 'label'>>;

function keyOf(form: string, uri: string): string {
  return `form.${form} ${uri}`;
}

/** The last answers of a form for a dataset. */
export function recall(state: Memento, form: string, uri: string): Remembered {
  return state.get<Remembered>(keyOf(form, uri)) ?? {};
}

/** Keeps the answers of a form for the next time. */
export async function remember(state: Memento, form: string, uri: string, answers: Remembered): Promise<void> {
  const { output, stains, methods, template, cores, sloppy, cloud, column, values, test, label } = answers;
  await state.update(keyOf(form, uri), { output, stains, methods, template, cores, sloppy, cloud, column, values, test, label });
}
