import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { BucketOptions } from './state.ts';
import { actionOf, allows } from './policy.ts';
import type { Policy } from './policy.ts';

const page = readFileSync(new URL('../../../docs/aws.md', import.meta.url), 'utf8');

/** The policy below a heading of docs/aws.md, with the names of buckets and folders that a test has in place of the page's. */
export function documentedPolicy(heading: string, names: Readonly<Record<string, string>> = {}): Policy {
  const code = new RegExp(`^## ${heading}\\n[^]*?^\`\`\`json\\n([^]*?)^\`\`\``, 'm').exec(page)?.[1];
  assert.ok(code, `docs/aws.md has no policy "${heading}"`);
  return JSON.parse(Object.entries(names).reduce((text, [name, own]) => text.replaceAll(name, own), code)) as Policy;
}

/** Holds a bucket to a policy; what is refused is noted in `denied`. */
export function heldTo(policy: Policy, denied: string[]): Pick<BucketOptions, 'deny'> {
  return {
    deny: (request) => {
      const refused = !allows(policy, request);
      // Whether the bucket is there: see the page.
      if (refused && !(request.method === 'HEAD' && request.key === '')) denied.push(`${actionOf(request).action} ${request.bucket}/${request.key} ${JSON.stringify(request.query)}`);
      return refused;
    },
  };
}
