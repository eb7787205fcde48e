import * as vscode from 'vscode';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import type { Services } from '../services.ts';
import { signInChoices } from './signInChoices.ts';
import type { SignInChoice } from './signInChoices.ts';

/** What a sign-in is for; nothing: whatever needs one. */
export interface SignInTarget {
  readonly run?: RunRecord;
  /** An address that was refused. */
  readonly uri?: string;
}

const terminalName = 'SPIMquant: Sign In';

/**
 * Signs in by the provider's own command, in a terminal that is shown; asks which where that is not clear. The runner
 * watches the files that the command writes, so nothing needs to be told afterwards.
 */
export async function signIn(services: Services, target: SignInTarget): Promise<void> {
  const { datasets } = await services.runner.request('datasets.list', {}).catch(() => ({ datasets: [] }));
  const choices = signInChoices({ ...target, runs: services.runs.runs, datasets, environment: process.env });
  const choice = choices.length === 1 ? choices[0] : await choose(choices);
  if (choice === undefined) return;
  if (choice.kind === 'file') {
    await vscode.window.showTextDocument(vscode.Uri.file(choice.text));
    return;
  }
  const idle = vscode.window.terminals.find(({ name, exitStatus }) => name === terminalName && exitStatus === undefined);
  const terminal = idle ?? vscode.window.createTerminal({ name: terminalName, iconPath: new vscode.ThemeIcon('key') });
  terminal.show();
  terminal.sendText(choice.text);
}

async function choose(choices: readonly SignInChoice[]): Promise<SignInChoice | undefined> {
  const items = choices.map((choice) => ({
    label: choice.kind === 'file' ? '$(edit) Edit the file of credentials' : `$(terminal) ${choice.text}`,
    description: choice.kind === 'file' ? choice.text : choice.why,
    choice,
  }));
  const picked = await vscode.window.showQuickPick(items, { title: 'Sign In Again', placeHolder: 'How do you sign in? What waits for it goes on by itself afterwards.', matchOnDescription: true });
  return picked?.choice;
}
