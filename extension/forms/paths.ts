import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

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
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(trimmed)?.[1].toLowerCase();
  if (scheme !== undefined && scheme !== 's3' && scheme !== 'file') return `${scheme}:// is not supported: write a folder, or s3://bucket/prefix.`;
  if (/^s3:\/\/[^/]*@/i.test(trimmed)) return 'Access keys do not belong in the address; they come from the environment or a profile.';
  if (scheme === 's3' && !/^s3:\/\/[a-z0-9][a-z0-9._-]+/i.test(trimmed)) return 'Write s3://BUCKET/PREFIX.';
  return undefined;
}
