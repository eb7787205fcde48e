import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJson } from '../engine/runFolder.ts';
import { isSameProcess, processMark } from '../monitor/process.ts';
import { usersFolder } from '../protocol/stateFolder.ts';

/** Copies younger than this, in milliseconds, may be about to be used by a window that has just made them. */
const grace = 10 * 60_000;

/**
 * The program runs from a copy that its caller made (so that an update of the extension does not take it away under
 * running processes): notes there that this process uses it. Does nothing elsewhere.
 */
export function markInUse(moduleUrl: string): void {
  const users = join(dirname(fileURLToPath(moduleUrl)), usersFolder);
  if (!existsSync(users)) return;
  try {
    writeFileSync(join(users, `${process.pid}.json`), JSON.stringify({ pid: process.pid, process: processMark(process.pid) }), { mode: 0o600 });
  } catch {
    // A full disk: the copy may be removed while in use, which shows only when a part is loaded later on.
  }
}

/** Removes the other copies beside the one that this program runs from, those that no process uses. */
export function removeOldCopies(moduleUrl: string, now: number): void {
  const own = dirname(fileURLToPath(moduleUrl));
  if (!existsSync(join(own, usersFolder))) return;
  for (const name of readdirSync(dirname(own))) {
    const copy = join(dirname(own), name);
    try {
      if (copy === own || now - statSync(copy).mtimeMs < grace) continue;
      const half = name.includes('.tmp-');
      if (!half && (!existsSync(join(copy, usersFolder)) || isUsed(join(copy, usersFolder)))) continue;
      rmSync(copy, { recursive: true, force: true });
    } catch {
      // Another window removes it at this moment, or it is not ours to remove.
    }
  }
}

function isUsed(users: string): boolean {
  return readdirSync(users).some((name) => {
    const user = readJson(join(users, name)) as { readonly pid?: unknown; readonly process?: unknown } | undefined;
    return typeof user?.pid === 'number' && isSameProcess(user.pid, typeof user.process === 'string' ? user.process : '');
  });
}
