import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import * as vscode from 'vscode';
import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { Services } from '../services.ts';

/** Lines asked for at once. */
const piece = 5000;

/** Writes the whole log of a run into a file that the user chooses, piece by piece: logs can be longer than memory. */
export async function saveLog(services: Services, id: string): Promise<void> {
  const { runner } = services;
  const target = await vscode.window.showSaveDialog({ title: 'Save the log', defaultUri: vscode.Uri.file(join(services.cwd(), `spimquant-${id}.log`)), filters: { Log: ['log', 'txt'] } });
  if (target === undefined) return;
  if (target.scheme !== 'file') throw new SpimquantError('bad-option', `A log is saved into a folder of this machine, not to ${target.scheme}:.`);
  const part = `${target.fsPath}.part`;
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: 'Saving the log', cancellable: true }, async (progress, token) => {
    const out = createWriteStream(part, { mode: 0o600 });
    const failed = new Promise<never>((_resolve, reject) => { out.once('error', reject); });
    failed.catch(() => undefined);
    try {
      for (let from = 0; ;) {
        const { text, next, over } = await Promise.race([runner.request('runs.log', { id, from, limit: piece }), failed]);
        if (token.isCancellationRequested) return;
        if (text !== '' && !out.write(text)) await Promise.race([once(out, 'drain'), failed]);
        progress.report({ message: `event ${next.toLocaleString('en-US')}` });
        if (over || next === from) break;
        from = next;
      }
      out.end();
      await Promise.race([once(out, 'close'), failed]);
      await rename(part, target.fsPath);
    } finally {
      out.destroy();
      await rm(part, { force: true });
    }
  });
}
