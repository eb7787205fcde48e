import { SpimquantError } from '../../protocol/errors.ts';
import { cancelledError } from '../cancel.ts';

/** The operating system's code of a file error (`ENOENT`, ...), if it is one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** Whether an error says that there is no such file: also when a parent is a file, or the name is longer than any can be. */
export function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ELOOP'].includes(systemCode(error) ?? '');
}

/** Puts a file error into words for a user. `doing` is a verb phrase such as `read`. */
export function localError(error: unknown, doing: string, path: string): SpimquantError {
  if (error instanceof SpimquantError) return error;
  const code = systemCode(error);
  const details = { where: path, cause: error };
  if (code === 'ABORT_ERR' || (error instanceof Error && error.name === 'AbortError')) return cancelledError(path);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new SpimquantError('disk-full', `The disk is full (or your share of it): could not ${doing} ${path}`, {
        ...details,
        hint: 'Free some space, or choose another output or --work_dir, and run the same command again: finished work is kept.',
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new SpimquantError('access-denied', `You may not ${doing} ${path}`, {
        ...details,
        hint: code === 'EROFS' ? 'The disk is read-only: choose another folder.' : 'Check who owns the folder and its permissions, or choose another one.',
      });
    case 'ENOENT':
      return new SpimquantError('not-found', `There is no such file or folder: ${path}`, { ...details, hint: 'Check the spelling, and that the disk is mounted.' });
    case 'EEXIST':
    case 'ENOTDIR':
    case 'EISDIR':
      return new SpimquantError('bad-option', `Could not ${doing} ${path}: a file stands where a folder is needed, or the other way round.`, {
        ...details,
        hint: 'Move it away, or choose another output.',
      });
    case 'ENAMETOOLONG':
      return new SpimquantError('bad-option', `The name is too long for this disk: ${path}`, { ...details, hint: 'Choose an output with a shorter path.' });
    case 'EMFILE':
    case 'ENFILE':
      return new SpimquantError('internal', `Too many files are open: could not ${doing} ${path}`, { ...details, hint: 'Raise the limit of open files (ulimit -n) or lower --cores.' });
    default:
      return new SpimquantError('network', `Could not ${doing} ${path}: ${error instanceof Error ? error.message : String(error)}`, {
        ...details,
        hint: 'The disk, or the network folder, reported a fault. Check that it is mounted and healthy, and run the same command again.',
      });
  }
}
