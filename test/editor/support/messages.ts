import * as vscode from 'vscode';
import type { PageCommands } from '../../../scripts/editor/driver.types.ts';

/** A message in the list of messages. */
export const message = '.notifications-center .notification-list-item';

/** Waits for a message to the user in the list of messages; the editor of tests shows none by itself. */
export async function seeMessage(page: PageCommands, text: string): Promise<void> {
  await vscode.commands.executeCommand('notifications.showList');
  await page.see({ selector: message, text });
}
