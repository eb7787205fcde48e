import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { differingTables, filesBelow } from '../../scripts/demo/results.ts';
import { bucketDigests, bucketJson, folderDigests, imageWithEngine, startCloudLab, type CloudLab } from './support/cloudLab.ts';
import { tinyBrain, tinyFlags } from './support/phantoms.ts';
import { spimquant, succeed, watch, type WatchedRun } from './support/runs.ts';

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

  it('is worked on by the installed SPIMquant of an image, one participant on each machine', async () => {
    const { stderr } = await succeed(['s3://brains', 's3://results/python', 'participant', '--engine', 'snakemake', '--cloud', '--cloud_container', imageWithEngine, ...lab.flags], { env: lab.env });
    const keys = (await lab.s3.keys('results')).filter((key) => key.startsWith('python/') && !key.includes('/.spimquant/')).map((key) => key.slice('python/'.length));
    assert.deepEqual(keys.sort(), ['.snakebids', 'calls.txt', ...['C1', 'C2'].flatMap((label) => [`sub-${label}/micr/sub-${label}_SPIM.txt`, `sub-${label}/tabular/sub-${label}_counts.tsv`]), 'tpl-T/tpl-T_anat.txt'], stderr);
    assert.deepEqual(lab.coiled.vmsLeft(), []);
  });

  it('starts no machine when everything is there already', async () => {
    const before = lab.coiled.submissions().length;
    const { stderr } = await succeed(command('run'), { env: lab.env });
    assert.equal(lab.coiled.submissions().length, before, stderr);
  });

  it('is planned with its cost and what would be submitted, and nothing is sent for that', async () => {
    const before = lab.coiled.requests.length;
    const { stdout } = await succeed(command('planned', '-n', '--cloud_spot', 'spot', '--cloud_region', 'us-east-1'), { env: lab.env });
    assert.match(stdout, /2 to run, 0 up to date/);
    assert.match(stdout, /about \$\d/);
    assert.match(stdout, /m6i\.2xlarge or m5\.2xlarge/);
    assert.match(stdout, /Spot machines cost/);
    assert.match(stdout, /Coiled was not asked/);
    assert.equal(lab.coiled.requests.length, before);
    assert.deepEqual((await lab.s3.keys('results')).filter((key) => key.startsWith('planned')), []);
  });

  it('takes a dataset of this machine there and brings results here, with which group statistics are made here', async () => {
    const fetched = join(lab.folder.path, 'fetched');
    const words = [lab.bids, fetched, 'participant', ...tinyFlags, '--cloud', '--cloud_sync_input', 's3://uploads/bids', ...lab.flags];
    const said = ({ events }: WatchedRun): string => events.flatMap((event) => (event.type === 'run-log' ? [event.message] : [])).join('\n');
    const first = await watch(words, undefined, lab.env);
    assert.equal(first.code, 0, first.stderr);
    assert.match(said(first), /Copies the dataset first: \d+ files, .* to s3:\/\/uploads\/bids/);
    assert.match(said(first), /Fetched .*sub-C/);
    const local = join(lab.folder.path, 'local');
    assert.deepEqual(differingTables(await folderDigests(local), await folderDigests(fetched)), [], first.stderr);
    assert.deepEqual(lab.coiled.vmsLeft(), []);
    // What is missing here is fetched, and no machine is started for it.
    await rm(join(fetched, 'sub-C1'), { recursive: true });
    const before = lab.coiled.submissions().length;
    const again = await watch(words, undefined, lab.env);
    assert.equal(again.code, 0, again.stderr);
    assert.match(said(again), /Fetched what was missing: \d+ files/);
    assert.equal(lab.coiled.submissions().length, before);
    const group = ['group', '--template', 'phantom', '--atlas_segs', 'coarse', '--seg_method', 'th900', '--contrast_column', 'treatment', '--contrast_values', 'control', 'drug', '--cores', '2'];
    // A contrast needs two of each: the same results once more, as if of others.
    const cohort = join(lab.folder.path, 'cohort');
    await cp(lab.bids, cohort, { recursive: true });
    const lines = (await readFile(join(cohort, 'participants.tsv'), 'utf8')).trimEnd().split('\n');
    await writeFile(join(cohort, 'participants.tsv'), `${[...lines, ...lines.slice(1).map((line) => line.replace('sub-C', 'sub-D'))].join('\n')}\n`);
    for (const output of [local, fetched]) {
      for (const path of await filesBelow(output, /^sub-C/)) {
        const other = join(output, path.replaceAll('sub-C', 'sub-D'));
        await mkdir(dirname(other), { recursive: true });
        await cp(join(output, path), other);
      }
      await succeed([cohort, output, ...group]);
    }
    const tables = async (folder: string): Promise<readonly string[]> => Promise.all((await filesBelow(folder, /\.tsv$/)).filter((path) => path.startsWith('group/')).map(async (path) => `${path}\n${await readFile(join(folder, path), 'utf8')}`));
    const expected = await tables(local);
    assert.ok(expected.length > 0);
    assert.deepEqual(await tables(fetched), expected);
  });

  it('is refused, before anything is asked of Coiled, for data and outputs that machines cannot reach', async () => {
    for (const [words, expected] of [
      [[lab.bids, 's3://results/x', 'participant', '--cloud', ...lab.flags], /--cloud_sync_input s3:.*spimquant sync/],
      [[lab.bids, 's3://results/x', 'participant', '--cloud', '--cloud_sync_input', './here', ...lab.flags], /has to be an address in a bucket/],
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
