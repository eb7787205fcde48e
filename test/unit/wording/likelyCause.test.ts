import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ErrorCode } from '../../../runner/protocol/errors.ts';
import { likelyCause } from '../../../runner/wording/likelyCause.ts';

describe('the likely cause of an error', () => {
  it('is told for every code of the documentation but that of a cancelled run', () => {
    const documented = [...readFileSync('docs/troubleshooting.md', 'utf8').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code as ErrorCode);
    assert.ok(documented.length > 20);
    for (const code of documented) {
      const cause = likelyCause(code);
      if (code === 'cancelled') assert.equal(cause, undefined);
      else assert.match(cause ?? '', /^[A-Z].*\.$/, code);
    }
    assert.equal(likelyCause('of a newer runner' as ErrorCode), undefined);
  });
});
