import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ReadStream } from 'node:tty';

/**
 * Calls back whenever the user presses Enter, as long as somebody listens; undefined when no terminal is read from. Only
 * while the process is in the foreground: one in the background that reads from its terminal is stopped by the system.
 */
export function enterKey(input: Pick<ReadStream, 'isTTY' | 'on' | 'off' | 'resume' | 'pause'>): ((listener: () => void) => () => void) | undefined {
  if (!input.isTTY) return undefined;
  return (listener) => {
    const heard = (bytes: Buffer): void => { if (bytes.includes(10) || bytes.includes(13)) listener(); };
    let listening = false;
    const look = (): void => {
      const wanted = isForeground();
      if (wanted === listening) return;
      listening = wanted;
      if (wanted) input.on('data', heard).resume();
      else input.off('data', heard).pause();
    };
    look();
    // After Ctrl-Z it goes on in the foreground (fg) or in the background (bg).
    process.on('SIGCONT', look);
    return () => {
      process.off('SIGCONT', look);
      if (listening) input.off('data', heard).pause();
    };
  };
}

/** Whether this process is in the foreground of its terminal. Systems without job control have no background. */
function isForeground(): boolean {
  if (process.platform === 'win32') return true;
  try {
    // pid (name) state ppid pgrp session tty_nr tpgid: see proc(5). The name may hold anything.
    const status = process.platform === 'linux' ? readFileSync('/proc/self/stat', 'utf8') : '';
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    const [group, foreground] = status === ''
      ? execFileSync('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], { encoding: 'utf8' }).trim().split(/\s+/)
      : [fields[2], fields[5]];
    return group === foreground;
  } catch {
    return false;
  }
}
