import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { parseBucketAddress } from '../../runner/protocol/bucketAddress.ts';
import { reportError } from '../../runner/protocol/errors.ts';

/** Whether an address is one of a bucket. */
export function isBucket(uri: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(uri) && !/^file:/i.test(uri);
}

/** An address as a user writes it, in the form in which it is kept: buckets as they stand, paths absolute. */
export function absoluteAddress(text: string, cwd: string): string {
  const trimmed = text.trim();
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(trimmed)) return trimmed.replace(/(?<=[^/:])\/+$/, '');
  const home = trimmed === '~' || /^~[/\\]/.test(trimmed) ? join(homedir(), trimmed.slice(1)) : trimmed;
  return isAbsolute(home) ? resolve(home) : resolve(cwd, home);
}

/** What is wrong with an address before anyone is asked; undefined: nothing. */
export function addressProblem(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return 'Write a folder or an address such as s3://bucket/bids.';
  if (!isBucket(trimmed)) return undefined;
  try {
    parseBucketAddress(trimmed);
  } catch (error) {
    const { message, hint } = reportError(error);
    return hint === undefined ? message : `${message} ${hint}`;
  }
  return undefined;
}
