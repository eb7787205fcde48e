// An S3 service for tests and the demo: real signatures, real paging, and faults on request. See s3/server.ts.
export { defaultCredential, S3Server, startS3Server } from './s3/server.ts';
export type { S3ServerOptions } from './s3/server.ts';
export type { BucketOptions } from './s3/state.ts';
export type { Credential } from './s3/signature.ts';
export type { Fault, FaultRule } from './faults.ts';
export type { LoggedRequest } from './s3/loggedRequest.ts';
