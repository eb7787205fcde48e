import assert from 'node:assert/strict';
import { join } from 'node:path';
import { differingTables } from '../../scripts/demo/results.ts';
import { bucketDigests, bucketJson, folderDigests, startCloudLab, type CloudLab } from './support/cloudLab.ts';
import { tinyBrain, tinyFlags } from './support/phantoms.ts';
import { spimquant, succeed } from './support/runs.ts';

describe('a cohort on cloud machines', function () {
  this.timeout(600_000);
  let lab: CloudLab;
  const command = (output: string, ...more: readonly string[]): readonly string[] => ['s3://brains', `s3://results/${output}`, 'participant', ...tinyFlags, '--cloud', ...lab.flags, ...more];

  before(async () => {
    lab = await startCloudLab([tinyBrain('C1', 51, 'control'), tinyBrain('C2', 52, 'drug')]);
  });

  after(() => lab[Symbol.asyncDispose]());

  it('has the results of a run on this machine, byte for byte, and leaves no machine', async () => {
    const local = join(lab.folder.path, 'local');
    await succeed([lab.bids, local, 'participant', ...tinyFlags]);
    const { stdout, stderr } = await succeed(command('run'), { env: lab.env });
    const expected = await folderDigests(local);
    assert.ok(expected.size > 20);
    assert.deepEqual(differingTables(expected, await bucketDigests(lab.s3, 'run/')), [], stderr);
    assert.deepEqual(lab.coiled.vmsLeft(), []);
    assert.deepEqual(lab.coiled.vmsWithProcesses(), []);
    const [submitted] = lab.coiled.submissions();
    assert.equal(lab.coiled.submissions().length, 1);
    assert.deepEqual(lab.coiled.attempts(submitted.name), [1, 1]);
    const [end] = await bucketJson(lab.s3, /^run\/\.spimquant\/cloud\/runs\/[^/]+\/end\.json$/);
    assert.deepEqual([end.outcome, end.left, end.finished, end.failed], ['succeeded', [], 2, 0]);
    // Whoever looks at the journal or the bucket finds no credential.
    for (const text of [stdout, stderr, JSON.stringify(await bucketJson(lab.s3, /\.json$/))]) for (const secret of Object.entries(lab.env).filter(([name]) => /KEY|TOKEN/.test(name)).map(([, value]) => value)) assert.ok(secret === '' || !text.includes(secret));
  });

  it('starts no machine when everything is there already', async () => {
    const before = lab.coiled.submissions().length;
    const { stderr } = await succeed(command('run'), { env: lab.env });
    assert.equal(lab.coiled.submissions().length, before, stderr);
  });

  it('is refused, before anything is asked of Coiled, for data and outputs that machines cannot reach', async () => {
    for (const [words, expected] of [
      [[lab.bids, 's3://results/x', 'participant', '--cloud', ...lab.flags], /spimquant sync/],
      [['s3://brains', join(lab.folder.path, 'x'), 'participant', '--cloud', ...lab.flags], /spimquant sync/],
      [['s3://brains', 's3://results/x', 'participant', '--cloud', '--cloud_env', 'NOT_SET_HERE', ...lab.flags], /NOT_SET_HERE/],
    ] as const) {
      const before = lab.coiled.requests.length;
      const result = await spimquant(words, { env: lab.env });
      assert.equal(result.code, 2, result.stderr);
      assert.match(result.stderr, expected);
      assert.equal(lab.coiled.requests.length, before);
    }
  });
});
