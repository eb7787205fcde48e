import * as vscode from 'vscode';
import type { ResultView } from '../../runner/protocol/results.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import type { Offer } from '../../webviews/kit/offers.ts';

/** Commands that open something in full, by what pages know them as. */
export const openCommands = {
  openImage: 'spimquant.image.openAddress',
  openOutputs: 'spimquant.outputs.open',
  openRun: 'spimquant.run.open',
} as const satisfies Partial<Record<Offer, string>>;

/** What those commands are told. */
interface Address {
  readonly uri: string;
  readonly storage: StorageChoice;
}

/** Whether a command is there. */
export async function isThere(command: string): Promise<boolean> {
  return (await vscode.commands.getCommands(true)).includes(command);
}

/** What this window can open. Results have a panel of their own always. */
export async function offers(): Promise<readonly Offer[]> {
  const commands = new Set(await vscode.commands.getCommands(true));
  const there = Object.entries(openCommands).flatMap(([offer, command]) => (commands.has(command) ? [offer as Offer] : []));
  return [...there, 'openResult'];
}

/** Opens what a result is about, reached as its command says. */
export async function openView({ kind, uri }: ResultView, command: string): Promise<void> {
  const { storageOf } = await import('../runs/readCommand.ts');
  const address: Address = { uri, storage: storageOf(command) };
  await vscode.commands.executeCommand(kind === 'image' ? openCommands.openImage : openCommands.openOutputs, address);
}
