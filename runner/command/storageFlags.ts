import type { StorageChoice } from '../protocol/options.ts';

/** How storage is reached, as flags of the command line. */
export function storageFlags(storage: StorageChoice): readonly string[] {
  return [
    ...(storage.awsProfile === undefined ? [] : ['--aws-profile', storage.awsProfile]),
    ...(storage.s3Endpoint === undefined ? [] : ['--s3-endpoint', storage.s3Endpoint]),
    ...(storage.s3Region === undefined ? [] : ['--s3-region', storage.s3Region]),
    ...(storage.anonymous === true ? ['--anonymous'] : []),
    ...(storage.requesterPays === true ? ['--requester-pays'] : []),
  ];
}
