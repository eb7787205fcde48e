// A Google Cloud Storage service for tests and the demo: real tokens, real paging, and faults on request. See gcs/server.ts.
export { accountSecrets, defaultProject, keyFile, serviceAccount, userAccount, userFile } from './gcs/accounts.ts';
export type { GcsAccount } from './gcs/accounts.ts';
export { defaultAccount, GcsServer, startGcsServer } from './gcs/server.ts';
export type { GcsServerOptions } from './gcs/server.ts';
export type { BucketOptions } from './gcs/state.ts';
export type { LoggedRequest } from './gcs/loggedRequest.ts';
export type { Fault, FaultRule } from './faults.ts';
