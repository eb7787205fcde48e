import assert from 'node:assert/strict';
import { externalRules, withoutRule } from '../../../runner/command/external.ts';
import { findFlag, offeredFlags } from '../../../runner/command/flags.ts';
import { complete } from '../../../runner/command/assist/complete.ts';
import { diagnose, diagnoseOptions } from '../../../runner/command/assist/diagnose.ts';
import { withDefaults } from '../../../runner/command/assist/effective.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import type { Parsed } from '../../../runner/command/parse.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { LevelCommand } from '../../../runner/protocol/options.ts';
import { callWords } from '../../../runner/backends/snakemake/words.ts';
import type { Call } from '../../../runner/backends/snakemake/words.ts';

function parse(text: string, file = ''): Parsed {
  return parseCommandText(text, { readFile: () => file });
}

/** What the installed SPIMquant is called with, behind its own name. */
function words(text: string, call: Partial<Call> = {}): string {
  const command = parse(text).command as LevelCommand;
  return callWords(command, { dataset: '/d/bids', output: '/d/out', purpose: 'run', fetched: false, ...call }).join(' ');
}

function refusal(text: string, file = ''): SpimquantError {
  try {
    parse(text, file);
  } catch (error) {
    assert.ok(error instanceof SpimquantError);
    return error;
  }
  throw new assert.AssertionError({ message: `accepted: ${text}` });
}

describe('--engine snakemake', () => {
  it('passes on what is given, under its names, and nothing that is not', () => {
    assert.equal(words('bids out participant --engine snakemake'), 'spimquant /d/bids /d/out participant --cores all --rerun-incomplete --force-output');
    assert.equal(
      words('bids out participant --engine snakemake --stains_for_seg Abeta Iba1 --seg_method th900 otsu+k3i2 --filter-spim acquisition=4x session:none --sloppy --participant-label sub-01 02 -c 4'),
      'spimquant /d/bids /d/out participant --stains_for_seg Abeta Iba1 --seg_method th900 otsu+k3i2 --filter-spim acquisition=4x session:none --sloppy --participant-label 01 02 --cores 4 --rerun-incomplete --force-output',
    );
  });

  it("passes on Snakemake's flags and the options that the embedded engine lacks, which without it are refused", () => {
    assert.match(words('bids out participant --engine snakemake --until count --keep-going --use-conda -p --register_to_mri --patch_size 64 64 64'), / --until count --keep-going --use-conda -p --register_to_mri --patch_size 64 64 64 /);
    assert.match(words('bids out participant extra_rule --engine snakemake'), /^spimquant \/d\/bids \/d\/out participant extra_rule /);
    const error = refusal('bids out participant --until count');
    assert.match(error.message, /--until is known, but not offered here/);
    assert.match(error.hint ?? '', /--engine snakemake/);
    assert.match(refusal('bids out participant extra_rule').hint ?? '', /--engine snakemake/);
    assert.match(refusal('bids out participant --engine snakemake --snakefile x').message, /--snakefile/);
    assert.match(refusal('ls bids --until x').message, /--until/);
  });

  it('says what the run is meant to be in its words: memory, jobs of other executors, temporary files', () => {
    assert.match(words('bids out participant --engine snakemake --mem 8GB --resources gpu=1'), / --resources mem_mb=8000 gpu=1 /);
    assert.match(words('bids out participant --engine snakemake --executor slurm --jobs 20'), / --jobs 20 /);
    assert.match(words('bids out participant --engine snakemake -F --notemp', { work: '/w' }), / --work_dir \/w .* --forceall --notemp /);
    assert.match(words('bids out participant --engine snakemake', { purpose: 'plan' }), / --dry-run$/);
    assert.match(words('bids out participant --engine snakemake', { purpose: 'unlock' }), / --unlock$/);
    // Of what was fetched from a bucket times say nothing.
    assert.match(words('bids out participant --engine snakemake', { fetched: true }), / --rerun-triggers params /);
    assert.ok(!words('bids out participant --engine snakemake --rerun-triggers input', { fetched: true }).includes('params'));
  });

  it('is called by words that no shell reads, and that stand in no file', () => {
    const { command } = parse(`bids out participant --engine snakemake --engine_command "pixi run --manifest-path '/my apps/p.toml' spimquant"`);
    assert.deepEqual((command as LevelCommand).execution.external?.program, ['pixi', 'run', '--manifest-path', '/my apps/p.toml', 'spimquant']);
    assert.match(refusal('bids out participant --engine_command x').message, /needs --engine snakemake/);
    assert.match(refusal('bids out participant --engine snakemake --engine_command " "').message, /empty/);
    assert.match(refusal('bids out participant --config c.yaml', 'engine: snakemake\nengine_command: /tmp/x').message, /engine_command cannot stand/);
  });

  it('reads its flags from a file that names the engine', () => {
    assert.deepEqual((parse('bids out participant --config c.yaml', 'engine: snakemake\nuntil: [count]\nkeep-going: true').command as LevelCommand).execution.external?.flags, ['--until', 'count', '--keep-going']);
    assert.match(refusal('bids out participant --config c.yaml', 'until: count').message, /until is known/);
    assert.deepEqual(diagnoseOptions('engine: snakemake\nuntil: count\n'), []);
    const { text } = withDefaults('spimquant bids out participant', 'engine: snakemake\nuntil: count\n');
    assert.equal((parse(text).command as LevelCommand).execution.external?.flags.join(' '), '--until count');
    assert.equal(withDefaults('spimquant ls bids', 'engine: snakemake\nuntil: count\n').added, '');
  });

  it('refuses what would mean something else there, and says what to do', () => {
    assert.match(refusal('bids out group --engine snakemake --contrast_column genotype').hint ?? '', /--group-stats-model/);
    for (const flags of ['--template_dir t', '--template phantom', '--min_object_voxels 5']) assert.match(refusal(`bids out participant --engine snakemake ${flags}`).message, /--engine snakemake|--template phantom/);
    assert.match(refusal('s3://b/bids s3://b/out participant --engine snakemake --cloud').message, /needs --cloud_container/);
    assert.ok((parse('s3://b/bids s3://b/out participant --engine snakemake --cloud --cloud_container lab/spimquant:1').command as LevelCommand).execution.external);
    assert.match(refusal('bids out participant --engine snakemaker').message, /Did you mean snakemake/);
  });

  it('has a rule for each flag that upstream does not know', () => {
    const runs = offeredFlags.filter(({ verbs }) => verbs === undefined || verbs.some((verb) => ['participant', 'group', 'tune_n4'].includes(verb)));
    assert.deepEqual(withoutRule(runs.map(({ name }) => name)), []);
    assert.deepEqual(Object.keys(externalRules).filter((name) => findFlag(name)?.name !== name), []);
  });

  it('only asks where a flag asks', () => {
    assert.equal((parse('bids out participant --engine snakemake --rulegraph').command as LevelCommand).execution.dryRun, true);
    assert.ok(!words('bids out participant --engine snakemake --rulegraph', { purpose: 'plan' }).includes('--dry-run'));
  });

  it('has its flags completed, and not those that it refuses', () => {
    const labels = (text: string): readonly string[] => complete(text, text.length)?.items.map(({ label }) => label) ?? [];
    const offered = labels('spimquant a b participant --engine snakemake --');
    for (const name of ['--keep-going', '--register_to_mri', '--stains_for_seg', '--cores']) assert.ok(offered.includes(name), name);
    for (const name of ['--min_object_voxels', '--template_dir', '--snakefile']) assert.ok(!offered.includes(name), name);
    assert.ok(!labels('spimquant a b participant --').includes('--keep-going'));
    assert.deepEqual(labels('spimquant a b participant --engine '), ['embedded', 'snakemake']);
  });

  it('is judged in the editor as it is run', () => {
    assert.deepEqual(diagnose('spimquant bids out participant --engine snakemake --until count -p'), []);
    assert.deepEqual(diagnose('spimquant bids out participant --until count').map(({ severity, hint }) => [severity, hint]), [['error', 'With --engine snakemake it is passed on to the installed SPIMquant.']]);
    assert.deepEqual(diagnose('spimquant bids out participant -p').map(({ severity }) => severity), ['information']);
  });
});
