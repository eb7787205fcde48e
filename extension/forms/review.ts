import * as vscode from 'vscode';
import { insertCommandCell } from '../notebook/insertCell.ts';
import type { Services } from '../services.ts';
import { cellText, lineOf, planOf } from './buildCommand.ts';
import type { CommandPart } from './buildCommand.ts';
import { pickOne } from './pickers.ts';
import type { Choice } from './pickers.ts';
import type { Place } from './walk.ts';
import { joinWords } from '../../runner/command/shell.ts';

/** What is done with a command that a form has made. */
export type Deed = 'run' | 'plan' | 'insert' | 'copy';

type Chosen = { readonly deed: Deed } | { readonly step: string };

const deeds: readonly (Choice<Chosen> & { readonly deed: Deed })[] = [
  { deed: 'run', label: '$(play) Run', description: 'on this machine; goes on when the window is closed', value: { deed: 'run' } },
  { deed: 'plan', label: '$(checklist) Plan (dry run)', description: 'show what would be done, and why', value: { deed: 'plan' } },
  { deed: 'insert', label: '$(notebook) Insert into notebook', description: 'as a cell', value: { deed: 'insert' } },
  { deed: 'copy', label: '$(copy) Copy', description: 'the command line', value: { deed: 'copy' } },
];

/**
 * The last question of a form: shows the command, and asks what to do with it. A line of the command leads back to its question.
 * `cost` tells, of a run on cloud machines, what it is expected to cost.
 */
export async function reviewCommand(title: string, parts: readonly CommandPart[], place: Place, first: Deed, cost?: () => Promise<string>): Promise<{ readonly kind: 'deed'; readonly deed: Deed } | { readonly kind: 'to'; readonly step: string } | { readonly kind: 'back' } | { readonly kind: 'cancel' }> {
  const onCloud = async (): Promise<typeof deeds> => {
    const words = await cost?.();
    return words === undefined ? deeds : deeds.map((each) => (each.deed === 'run' ? { ...each, label: '$(cloud) Run on Coiled', description: words } : each));
  };
  const ordered = async (): Promise<typeof deeds> => [...await onCloud()].sort((a, b) => Number(b.deed === first) - Number(a.deed === first));
  const picked = await pickOne<Chosen>({
    title, place, placeholder: 'What shall be done with this command?',
    choices: async () => [
      ...await ordered(),
      { label: 'the command: choose a line to change it' },
      ...parts.map((part): Choice<Chosen> => ({ label: joinWords(part.words), value: { step: part.step } })),
    ],
  });
  if (picked.kind !== 'picked') return { kind: picked.kind };
  return 'deed' in picked.value ? { kind: 'deed', deed: picked.value.deed } : { kind: 'to', step: picked.value.step };
}

/** Does what was chosen. */
export async function carryOut(services: Services, deed: Deed, parts: readonly CommandPart[]): Promise<void> {
  const line = lineOf(parts);
  switch (deed) {
    case 'run': {
      await services.startRun({ text: line, cwd: services.cwd() });
      await vscode.commands.executeCommand('spimquant.runs.show');
      return;
    }
    case 'plan': {
      const result = await services.explore(planOf(line));
      if (result !== undefined) services.panels.showResult(result);
      return;
    }
    case 'insert':
      await insertCommandCell(cellText(parts));
      return;
    case 'copy':
      await vscode.env.clipboard.writeText(line);
      vscode.window.setStatusBarMessage('The command is copied.', 3000);
      return;
  }
}
