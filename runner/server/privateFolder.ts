import { appendFileSync, chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { SpimquantError } from '../protocol/errors.ts';
import { hideSecrets } from '../protocol/knownSecrets.ts';
import type { Clock, Logger } from '../protocol/log.ts';

/** Longest path of a Unix socket in bytes: 108 with the closing zero on Linux, 104 on macOS. */
const socketPathLimit = process.platform === 'darwin' ? 103 : 107;
/** Size at which a log is put aside, in bytes. */
const logLimit = 1_000_000;

/** Makes a folder that only this user can enter. Throws `access-denied` when it is somebody else's, or a link. */
export function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') return;
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new SpimquantError('access-denied', `This folder must be yours and no link: ${folder}`, { where: folder, hint: 'Remove it, or set SPIMQUANT_STATE_DIR to another folder.' });
  }
  if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

/**
 * Where a runner can listen, in order of preference: its own folder, then, for paths too long for a socket and for
 * network folders that cannot hold one, the user's folder of run-time files.
 */
export function socketPaths(folder: string, serverId: string, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  if (process.platform === 'win32') return [`\\\\.\\pipe\\spimquant-${serverId}`];
  const name = `${serverId.slice(0, 12)}.sock`;
  const below = [folder];
  if (env.XDG_RUNTIME_DIR) below.push(join(env.XDG_RUNTIME_DIR, 'spimquant'));
  below.push(join(tmpdir(), `spimquant-${userInfo().uid}`), join('/tmp', `spimquant-${userInfo().uid}`));
  return [...new Set(below)].map((place) => join(place, name)).filter((path) => Buffer.byteLength(path) <= socketPathLimit);
}

/** Removes sockets in the runner's own folder: of runners that were killed. The caller is the only runner. */
export function removeOldSockets(folder: string): void {
  for (const name of readdirSync(folder)) if (/^[0-9a-f]{12}\.sock$/.test(name)) rmSync(join(folder, name), { force: true });
}

/** A log in a file, without secrets, that does not grow without limit: the part before is kept once. */
export function fileLogger(path: string, clock: Clock): Logger {
  return (level, message) => {
    try {
      appendFileSync(path, `${new Date(clock()).toISOString()} ${level} ${hideSecrets(message)}\n`, { mode: 0o600 });
      if (statSync(path).size > logLimit) renameSync(path, `${path}.1`);
    } catch {
      // There is nowhere else to say so.
    }
  };
}
