import { readFileSync } from 'node:fs';

/** Whether there is a process of that id, whoever's it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * What tells a process from a later one with the same id: the boot and the moment it started. Empty where the system does
 * not say (elsewhere than on Linux) or when there is no such process.
 */
export function processMark(pid: number): string {
  try {
    // Field 22 is the start time; the command before it may hold spaces and brackets. The boot id tells restarts apart.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
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
