import type { ErrorCode } from '../protocol/errors.ts';

const causes: { readonly [C in ErrorCode]: string | undefined } = {
  'auth-expired': 'The sign-in was good once and has run out.',
  'auth-missing': 'Nobody is signed in on this machine, or the profile that was named does not exist.',
  'access-denied': 'Whoever is signed in may not read or write there, or the file belongs to someone else.',
  'not-found': 'The name is misspelt, or the file was moved or deleted while the run went on.',
  'region-mismatch': 'The bucket is in another region than the one that was asked.',
  network: 'The connection, the proxy or the service itself was away for longer than the retries lasted.',
  throttled: 'More was asked of the service than it allows this account at a time.',
  'requester-pays': 'The owner of the bucket lets its readers pay, and nobody has agreed to.',
  'already-exists': 'Another program, or an earlier run with other options, has written there.',
  changed: 'Something else wrote the file while it was read.',
  'checksum-mismatch': 'The transfer or the disk has damaged the data.',
  'upload-lost': 'The upload was begun so long ago that the service has thrown its parts away.',
  'output-busy': 'Another run writes to the same output, or died there without taking its lock away.',
  'bad-dataset': 'The dataset does not follow BIDS where the message says, or lacks the image that is named.',
  'bad-zarr': 'The image was not copied whole, or was written by a program that was stopped.',
  'bad-nifti': 'The file was not copied whole, or is no NIfTI file.',
  'bad-table': 'The table was edited by hand, or lacks a column.',
  'bad-template': 'The files of the template are of different versions, or one is missing.',
  'bad-option': 'Two options do not go together, or a value does not fit this dataset.',
  'no-signal': 'The channel is empty, is another stain than was named, or holds too few levels of brightness.',
  'disk-full': 'Results and temporary files are larger than the space that is left.',
  'out-of-memory': 'The level is finer, or more steps go on at once, than the memory allows.',
  'cost-limit': 'The estimate, or what is spent, is above the limit that was set.',
  cancelled: undefined,
  'runner-lost': 'The program that does the work was ended from outside, often for want of memory.',
  'engine-missing': 'The Python SPIMquant is not installed here, or is not in PATH: environments of pixi and conda have to be entered, or named with --engine_command.',
  'engine-failed': 'A program that Snakemake called could not do its work with these images or options.',
  internal: 'A defect in SPIMquant.',
};

/** What has most likely led to an error, as one sentence; undefined: nothing went wrong. */
export function likelyCause(code: ErrorCode): string | undefined {
  // A newer runner may know codes that this page does not.
  return Object.hasOwn(causes, code) ? causes[code] : undefined;
}
