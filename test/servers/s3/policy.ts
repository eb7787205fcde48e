import type { LoggedRequest } from './loggedRequest.ts';

/** A statement of an IAM policy, as far as the pages of the documentation use them. */
interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: { readonly StringLike?: Readonly<Record<string, string | readonly string[]>> };
}

export interface Policy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** The action that S3 asks a policy for, and the ARN that it is about. */
export function actionOf({ method, bucket, key, query }: LoggedRequest): { readonly action: string; readonly resource: string } {
  const resource = `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}`;
  if (bucket === '') return { action: 's3:ListAllMyBuckets', resource: '*' };
  if (key === '') return { action: method === 'GET' || method === 'HEAD' ? ('uploads' in query ? 's3:ListBucketMultipartUploads' : 's3:ListBucket') : 's3:CreateBucket', resource };
  if (method === 'DELETE') return { action: 'uploadId' in query ? 's3:AbortMultipartUpload' : 's3:DeleteObject', resource };
  if (method === 'GET' && 'uploadId' in query) return { action: 's3:ListMultipartUploadParts', resource };
  return { action: method === 'GET' || method === 'HEAD' ? 's3:GetObject' : 's3:PutObject', resource };
}

/** Whether a policy allows a request: something allows it and nothing denies it. */
export function allows(policy: Policy, request: LoggedRequest): boolean {
  const { action, resource } = actionOf(request);
  const fitting = policy.Statement.filter((statement) => listOf(statement.Action).some((pattern) => like(pattern, action)) && listOf(statement.Resource).some((pattern) => like(pattern, resource)) && holds(statement, request));
  return fitting.length > 0 && fitting.every(({ Effect }) => Effect === 'Allow');
}

function holds({ Condition }: Statement, { query }: LoggedRequest): boolean {
  return Object.entries(Condition?.StringLike ?? {}).every(([name, patterns]) => {
    if (name !== 's3:prefix') throw new Error(`The server knows no condition ${name}`);
    // A key that the request does not have fits no pattern.
    const value = query.prefix as string | undefined;
    return value !== undefined && listOf(patterns).some((pattern) => like(pattern, value));
  });
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

/** IAM's patterns: `*` for any characters, `?` for one. */
function like(pattern: string, text: string): boolean {
  const expression = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^]*').replaceAll('?', '[^]');
  return new RegExp(`^${expression}$`).test(text);
}
