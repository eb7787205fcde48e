import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { findFlag } from '../../../runner/command/flags.ts';
import { fillIn, problem, remedies } from '../../../runner/storage/health/remedies.ts';
import { withAdvice } from '../../../scripts/troubleshootingReference.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('docs/troubleshooting.md', () => {
  const page = read('docs/troubleshooting.md');

  it('has what doctor says: node scripts/with-node.mjs scripts/troubleshootingReference.ts writes it anew', () => {
    assert.equal(page, withAdvice(page));
  });

  it('explains every code that an error can have', () => {
    const codes = /export type ErrorCode =([^;]*);/.exec(read('runner/protocol/errors.ts'))?.[1].match(/'[a-z-]+'/g) ?? [];
    assert.ok(codes.length > 20);
    assert.deepEqual(codes.filter((code) => !page.includes(`\n| \`${code.slice(1, -1)}\` |`)), []);
  });

  it('names flags that there are', () => {
    const ours = [...page.matchAll(/`([^`]*)`/g)].map(([, code]) => code).filter((code) => !/^(?:sudo |curl|ls |aws |gcloud |az )/.test(code));
    const flags = ours.flatMap((code) => [...code.matchAll(/--([a-z][a-z0-9_-]*)/g)].map(([, name]) => name));
    assert.ok(flags.includes('anonymous'));
    assert.deepEqual(flags.filter((name) => findFlag(name) === undefined), []);
  });
});

describe('steps that mend something', () => {
  it('are filled in with what is known, and leave out what is not', () => {
    assert.equal(problem('s3-sso', { profile: 'lab' }).step, 'Sign in with "aws sso login --profile lab".');
    assert.equal(problem('s3-sso').step, 'Sign in with "aws sso login".');
    assert.equal(problem('s3-keys-expired', { profile: 'lab' }).step, 'Write new ones into ~/.aws/credentials, section [lab].');
    assert.equal(fillIn('Name it [[in {project}]] or {bucket}.', {}), 'Name it  or BUCKET.');
  });

  it('are one sentence or a few, and whole', () => {
    for (const [id, { when, step }] of Object.entries(remedies)) {
      assert.match(step, /^[A-Z].*\.$/, id);
      assert.doesNotMatch(when, /[.{]$/, id);
      assert.equal((step.match(/`/g) ?? []).length % 2, 0, id);
    }
  });
});
