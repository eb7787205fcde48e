import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shellScript } from '../../../../runner/command/assist/shellScript.ts';
import type { ScriptCell } from '../../../../runner/command/assist/shellScript.ts';

describe('a notebook as a shell script', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'spimquant-script-'));
    const program = join(folder, 'spimquant');
    writeFileSync(program, '#!/bin/sh\nfor word in "$@"; do printf "[%s]" "$word"; done\necho\ntest "$1" != fail\n');
    chmodSync(program, 0o755);
  });
  after(() => { rmSync(folder, { recursive: true, force: true }); });

  const run = (cells: readonly ScriptCell[]): { readonly out: string; readonly err: string; readonly code: number | null; readonly script: string } => {
    const script = shellScript(cells, 'Brains of "Tuesday"\n$(rm -rf x)');
    const file = join(folder, 'notebook.sh');
    writeFileSync(file, script);
    execFileSync('/bin/sh', ['-n', file]);
    const { stdout, stderr, status } = spawnSync('/bin/sh', [file], { env: { PATH: `${folder}:${process.env.PATH ?? ''}` }, encoding: 'utf8' });
    return { out: stdout, err: stderr, code: status, script };
  };

  it('calls the program with the words of every cell and the options that apply', () => {
    const { out, code, script } = run([
      { kind: 'markdown', text: '# A study\n\nWith `backticks`, $HOME and\r\nmore.' },
      { kind: 'options', text: 'bids_dir: "my \'bids\'"\noutput_dir: out\nseg_method: [th500, otsu+k3i2]\nstains_for_seg: Abeta\nregistration_level: 2\ncorrection_level: 3\n' },
      { kind: 'command', text: '# only a comment\n' },
      { kind: 'command', text: `$ spimquant participant \\\n  --participant-label 01 02 \\\n  --filter-spim 'acq:match=4x.*' # quick` },
      { kind: 'command', text: 'spimquant group --label "a$b" -n' },
      { kind: 'command', text: "spimquant ls 'it'\\''s; $(whoami) *'" },
    ]);
    assert.equal(code, 0);
    assert.deepEqual(out.trim().split('\n'), [
      "[my 'bids'][out][participant][--participant-label][01][02][--filter-spim][acq:match=4x.*][--seg_method][th500][otsu+k3i2][--stains_for_seg][Abeta][--registration_level][2][--correction_level][3]",
      "[my 'bids'][out][group][--label][a$b][-n][--seg_method][th500][otsu+k3i2]",
      "[ls][it's; $(whoami) *]",
    ]);
    assert.match(script, /^#!\/bin\/sh\n# Brains of "Tuesday"\n# \$\(rm -rf x\)\nset -eu\n/);
    assert.match(script, /^# With `backticks`, \$HOME and\n# more\.$/m);
    assert.match(script, / \\\n {2}--seg_method th500 otsu\+k3i2 \\\n/);
  });

  it('stops at the first command that fails', () => {
    const { out, code } = run([{ kind: 'command', text: 'spimquant fail' }, { kind: 'command', text: 'spimquant runs' }]);
    assert.equal(out, '[fail]\n');
    assert.equal(code, 1);
  });

  it('says which command cannot be written, and stops there', () => {
    const { out, err, code, script } = run([{ kind: 'command', text: 'spimquant "open\nrm x' }, { kind: 'command', text: 'spimquant runs' }]);
    assert.equal(out, '');
    assert.equal(code, 2);
    assert.match(err, /A quote " opened in line 1 is never closed/);
    assert.match(script, /^# spimquant "open\n# rm x$/m);
  });
});
