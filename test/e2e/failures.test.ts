import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imagePath } from '../../runner/phantom/dataset.ts';
import { tableDigests } from '../../scripts/demo/results.ts';
import { temporaryFolder, tinyBrain, tinyFlags, writeDataset, type TemporaryFolder } from './support/phantoms.ts';
import { spimquant, succeed } from './support/runs.ts';

describe('a participant that fails', function () {
  this.timeout(200_000);
  let folder: TemporaryFolder;
  let bids: string;

  before(async () => {
    folder = await temporaryFolder();
    bids = join(folder.path, 'bids');
    await writeDataset(bids, [tinyBrain('bad', 41, 'control'), tinyBrain('good', 42, 'drug')]);
  });

  after(() => folder[Symbol.asyncDispose]());

  it('does not stop the others; the summary names it, the store, the array and the chunk; repaired, it is continued', async () => {
    const chunk = join(bids, imagePath('bad'), '0', '1', '0', '0', '0');
    const intact = await readFile(chunk);
    const broken = Uint8Array.from(intact);
    broken.fill(0xa5, 20);
    await writeFile(chunk, broken);

    const output = join(folder.path, 'out');
    const words = [bids, output, 'participant', ...tinyFlags];
    const result = await spimquant(words);
    assert.equal(result.code, 1);
    const said = result.stdout + result.stderr;
    assert.match(said, /sub-bad/);
    assert.match(said, /bad-zarr/);
    assert.match(said, /sub-bad_sample-brain_acq-phantom_SPIM\.ome\.zarr/);
    assert.match(said, /0\/1\/0\/0\/0|1\/0\/0\/0/);
    const paths = [...(await tableDigests(output)).keys()];
    assert.ok(paths.some((path) => /^sub-good\/.*mergedsegstats\.tsv$/.test(path)), said.slice(-3000));
    assert.ok(!paths.some((path) => /^sub-bad\/.*mergedsegstats\.tsv$/.test(path)));

    await writeFile(chunk, intact);
    await succeed(words);
    assert.ok([...(await tableDigests(output)).keys()].some((path) => /^sub-bad\/.*mergedsegstats\.tsv$/.test(path)));
  });

  it('says at once, with exit code 2, what is wrong with the command line', async () => {
    for (const [words, expected] of [
      [[bids, join(folder.path, 'x'), 'participant', '--registration_lvl', '1'], /registration_level/],
      [[bids, join(folder.path, 'x'), 'participant', '--seg_method', 'otsu+k1i9'], /otsu/],
      [[join(folder.path, 'nowhere'), join(folder.path, 'x'), 'participant'], /nowhere/],
      [[bids, join(folder.path, 'x'), 'participant', '--template', 'phantom', '--participant-label', 'absent'], /absent/],
    ] as const) {
      const result = await spimquant(words);
      assert.equal(result.code, 2, `${words.join(' ')}: ${result.stderr}`);
      assert.match(result.stderr, expected);
      assert.doesNotMatch(result.stderr, /\n\s+at /);
    }
  });

  it('prints the plan and does nothing with -n', async () => {
    const output = join(folder.path, 'dry');
    const { stdout } = await succeed([bids, output, 'participant', ...tinyFlags, '-n']);
    assert.match(stdout, /mergedsegstats\.tsv/);
    assert.deepEqual([...(await tableDigests(output).catch(() => new Map<string, string>())).keys()], []);
  });
});
