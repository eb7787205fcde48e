import { SpimquantError } from '../protocol/errors.ts';

/** A body that ended before its announced length. */
export class TruncatedBody extends Error {
  constructor(received: number, expected: number) {
    super(`The answer ended after ${received} of ${expected} bytes`);
    this.name = 'TruncatedBody';
  }
}

/** The object was replaced between two parts of one read. */
export class ChangedObject extends Error {
  constructor() {
    super('The object changed while it was read');
    this.name = 'ChangedObject';
  }
}

/** The error of a read that was to be of one version of an object which has another by now. */
export function changedError(where: string): SpimquantError {
  return new SpimquantError('changed', `It changed while it was read: ${where}`, {
    where, hint: 'Wait until whatever writes it has finished, and run the same command again.',
  });
}

/** The error of a write that was to replace one version of an object which has another by now. */
export function changedMeanwhile(where: string): SpimquantError {
  return new SpimquantError('changed', `Somebody else has changed it meanwhile: ${where}`, { where, hint: 'It was not overwritten. Look at what is there now.' });
}

/** Throws a RangeError for a conditional replacement of more than one request carries: a defect of the caller. */
export function checkReplacement(size: number, most: number, ifVersion: string | undefined): void {
  if (ifVersion !== undefined && size > most) throw new RangeError(`${size} bytes are too many to replace one version of an object: ${most} at most`);
}

/** The error of an upload in parts that its store knows nothing of. */
export function uploadLost(where: string): SpimquantError {
  return new SpimquantError('upload-lost', `The service no longer has the begun upload of ${where}`, { where, hint: 'Run the same command again: it begins anew.' });
}

/** The error of a conditional write that met an object. */
export function alreadyExists(where: string): SpimquantError {
  return new SpimquantError('already-exists', `It exists already: ${where}`, { where });
}
