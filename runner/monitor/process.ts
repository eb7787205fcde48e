import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether there is a process of that id, whoever's it is. One that has ended and waits for its parent to notice is none. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // In containers there may be nobody who ever notices.
  const state = process.platform === 'linux' ? statFields(pid)?.[0] : undefined;
  return state !== 'Z' && state !== 'X';
}

/** Fields of a process from the third (its state) on. The command before them may hold spaces and brackets. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/**
 * What tells a process from a later one with the same id: the boot and the moment it started. Empty where the system does
 * not say (Windows) or when there is no such process.
 */
export function processMark(pid: number): string {
  try {
    if (process.platform === 'darwin') {
      return execFileSync('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env: { LC_ALL: 'C', TZ: 'UTC' }, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    }
    const started = statFields(pid)?.[19];
    return started === undefined ? '' : `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${started}`;
  } catch {
    return '';
  }
}

/** Whether the process that left this id and mark is still the one running. */
export function isSameProcess(pid: number, mark: string): boolean {
  if (!isAlive(pid)) return false;
  const now = processMark(pid);
  return mark === '' || now === '' || now === mark;
}
