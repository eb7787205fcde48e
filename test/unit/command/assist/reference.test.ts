import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { withReference } from '../../../../scripts/commandReference.ts';
import { parseCommandText } from '../../../../runner/command/parse.ts';
import { diagnoseOptions } from '../../../../runner/command/assist/diagnose.ts';

describe('docs/commands.md', () => {
  const page = readFileSync(new URL('../../../../docs/commands.md', import.meta.url), 'utf8');

  it('lists verbs and flags as they are: node scripts/with-node.mjs scripts/commandReference.ts writes it anew', () => {
    assert.equal(page, withReference(page));
  });

  it('shows a command and options that are right', () => {
    const command = /```\n(# Lines that[^`]*)```/.exec(page)?.[1] ?? '';
    const parsed = parseCommandText(command, { readFile: () => '' }).command;
    assert.ok(parsed.verb === 'participant');
    assert.deepEqual(parsed.options.participantLabel, ['01', '02']);
    assert.deepEqual(diagnoseOptions(/```yaml\n([^`]*)```/.exec(page)?.[1] ?? 'x'), []);
  });
});
