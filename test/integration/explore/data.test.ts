import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExploreContext } from '../../../runner/explore/explore.types.ts';
import { info } from '../../../runner/explore/info.ts';
import { ls } from '../../../runner/explore/ls.ts';
import { validate } from '../../../runner/explore/validate.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { Block, Result, TableBlock } from '../../../runner/protocol/results.ts';
import { tinyBrain, writeDataset } from '../../e2e/support/phantoms.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import { AwsHome } from '../storage/awsHome.ts';

function tables(result: Result): readonly TableBlock[] {
  return result.blocks.filter((block): block is TableBlock => block.kind === 'table');
}

function facts(result: Result): Readonly<Record<string, string>> {
  return Object.fromEntries(result.blocks.flatMap((block: Block) => (block.kind === 'facts' ? block.facts.map(({ label, value }) => [label, value]) : [])));
}

function notices(result: Result): readonly string[] {
  return result.blocks.flatMap((block: Block) => (block.kind === 'notice' ? [`${block.level}: ${block.text}`] : []));
}

function commands(result: Result): readonly string[] {
  return result.blocks.flatMap((block: Block) => (block.kind === 'commands' ? block.commands.map(({ text }) => text) : []));
}

const image = (label: string): string => `sub-${label}/micr/sub-${label}_sample-brain_acq-phantom_SPIM.ome.zarr`;

describe('exploring a dataset', () => {
  let folder: string;
  let clean: string;
  const said: string[] = [];
  const context = (signal = new AbortController().signal): ExploreContext => ({ signal, env: {}, cwd: folder, progress: (message) => said.push(message), log: () => undefined });

  before(async function () {
    this.timeout(120_000);
    folder = await mkdtemp(join(tmpdir(), 'spimquant-explore-'));
    clean = join(folder, 'clean');
    await writeDataset(clean, [tinyBrain('01', 1, 'drug'), tinyBrain('02', 2, 'drug'), tinyBrain('03', 3, 'control'), tinyBrain('04', 4, 'control')]);
  });
  after(async () => rm(folder, { recursive: true, force: true }));
  beforeEach(() => said.splice(0));

  /** A copy of the clean dataset to spoil. */
  const copyOf = async (name: string): Promise<string> => {
    const copy = join(folder, name);
    await cp(clean, copy, { recursive: true });
    return copy;
  };
  const ask = (verb: typeof info, uri: string): Promise<Result> => verb({ uri, storage: {} }, 'as it was typed', context());

  describe('info', () => {
    it('tells what an image is: stains, orientation, levels', async () => {
      const result = await ask(info, join('clean', image('01')));
      assert.equal(result.title, 'sub-01_sample-brain_acq-phantom_SPIM.ome.zarr');
      assert.equal(result.command, 'as it was typed');
      const { Stains, Orientation, Voxels, Extent, Format, Place } = facts(result);
      assert.deepEqual({ Stains, Orientation, Voxels, Extent, Format, Place }, {
        Stains: 'YoPro, Abeta (image)', Orientation: 'RAS (image)', Voxels: 'uint16', Extent: '11.8 × 13.8 × 9.6 mm', Format: 'OME-Zarr 0.4, zarr 2', Place: join(clean, image('01')),
      });
      assert.deepEqual(tables(result)[0].rows.map((row) => row.slice(0, 3)), [[0, '74 × 86 × 60', '160'], [1, '37 × 43 × 30', '320']]);
      assert.deepEqual(commands(result), [`spimquant slice ${join(clean, image('01'))}`, `spimquant histogram ${join(clean, image('01'))}`]);
    });

    it('tells what a dataset is: participants, columns for comparisons, results', async () => {
      const result = await ask(info, 'clean');
      assert.equal(result.title, 'Phantom brains');
      const { Participants, Stains, Place } = facts(result);
      assert.deepEqual({ Participants, Stains, Place }, { Participants: '4', Stains: 'YoPro, Abeta (in sub-01)', Place: clean });
      assert.deepEqual(tables(result).map(({ title, rows }) => [title, rows]), [
        ['Columns of participants.tsv', [['treatment', 'control (2), drug (2)']]],
        ['Derivatives', [['truth', 'SPIMquant phantom', 0]]],
      ]);
      assert.deepEqual(notices(result), []);
      assert.ok(commands(result).includes(`spimquant plan ${clean} ${clean}/derivatives/spimquant participant`));
    });

    it('leads on to a comparison where results are there', async () => {
      const copy = await copyOf('done');
      await mkdir(join(copy, 'derivatives', 'mine'));
      await writeFile(join(copy, 'derivatives', 'mine', 'dataset_description.json'), JSON.stringify({ GeneratedBy: [{ Name: 'SPIMquant', Version: '0.1.0' }] }));
      assert.ok(commands(await ask(info, copy)).includes(`spimquant ${copy} ${copy}/derivatives/mine group --contrast_column treatment --contrast_values control drug`));
    });

    it('says what is none of both, or not there', async () => {
      const is = (code: string, pattern: RegExp) => (error: unknown): boolean => error instanceof SpimquantError && error.code === code && pattern.test(`${error.message} ${error.hint ?? ''}`);
      await assert.rejects(ask(info, '.'), is('bad-dataset', /neither an image nor a BIDS dataset.*spimquant ls \./));
      await assert.rejects(ask(info, 'nowhere'), is('not-found', /no dataset/));
      await assert.rejects(ask(info, 'clean/none.ome.zarr'), is('not-found', /no image/));
    });
  });

  describe('ls', () => {
    it('lists the images of a dataset by participant', async () => {
      const result = await ask(ls, 'clean');
      const [table] = tables(result);
      assert.equal(table.title, '4 images of 4 participants');
      assert.deepEqual(table.columns.map(({ label }) => label), ['Participant', 'Image', 'Stains', 'treatment']);
      assert.deepEqual(table.rows[0], ['sub-01', 'sample-brain acq-phantom', 'YoPro, Abeta', 'drug']);
      assert.equal(table.rows.length, 4);
      assert.deepEqual(notices(result), []);
    });

    it('lists any other folder, folders first, and not what is below', async () => {
      const result = await ask(ls, 'clean/derivatives/truth');
      assert.deepEqual(tables(result)[0].rows.map(([name]) => name), ['sub-01/', 'sub-02/', 'sub-03/', 'sub-04/', 'dataset_description.json', 'generated.json']);
      assert.match(tables(result)[0].title ?? '', /^4 folders, 2 files of \d\.\d kB$/);
    });

    it('says when there is nothing, or a file', async () => {
      for (const uri of ['nowhere', 'clean/participants.tsv', 'nothing.zarr']) {
        await assert.rejects(ask(ls, uri), (error) => error instanceof SpimquantError && error.code === 'not-found' && /a file cannot be listed/.test(error.hint ?? ''));
      }
    });
  });

  describe('validate', () => {
    it('finds nothing wrong with a clean dataset', async () => {
      const result = await ask(validate, 'clean');
      assert.deepEqual(facts(result), { Participants: '4', Images: '4 can be read', Problems: 'none' });
      assert.deepEqual(notices(result), ['info: No problems were found: it can be quantified.']);
      assert.deepEqual(tables(result), []);
      assert.ok(said.includes('Checked 4 of 4 participants'));
      assert.equal(commands(result).length, 1);
    });

    it('finds what is wrong with files, names, tables and images, the gravest first', async () => {
      const copy = await copyOf('spoilt');
      await writeFile(join(copy, 'dataset_description.json'), '{"Name": "Spoilt"}');
      await writeFile(join(copy, 'participants.tsv'), 'participant_id\nsub-01\nsub-02\nsub-03\nsub-9\n');
      await mkdir(join(copy, 'sub-0_5'));
      await mkdir(join(copy, 'sub-06'));
      // 01: another image of the same name; 02: a sidecar that is no JSON; 03: no metadata; 04: a level that does not fit, other stains.
      await cp(join(copy, image('01')), join(copy, image('01').replace('_SPIM', '_ce-x_SPIM')), { recursive: true });
      await writeFile(join(copy, image('02').replace('.ome.zarr', '.json')), '{');
      await rename(join(copy, image('03'), '.zattrs'), join(copy, image('03'), 'zattrs'));
      const attributes = join(copy, image('04'), '.zattrs');
      const text = await readFile(attributes, 'utf8');
      await writeFile(attributes, text.replaceAll('320', '500').replaceAll('0.32', '0.5').replace('Abeta', 'abeta'));
      await writeFile(join(copy, 'sub-04', 'micr', 'brain.ome.zarr'), '');
      const result = await ask(validate, copy);
      const [kinds, found] = tables(result);
      assert.deepEqual(kinds.rows.slice(0, 4), [['duplicates', 1, 0, 0, 1], ['image metadata', 1, 0, 0, 1], ['pyramid', 1, 0, 0, 1], ['sidecars', 1, 0, 0, 1]]);
      const rows = found.rows.map((row) => row.join(' | '));
      const expected = [
        /^error \| sub-02\/micr\/.*\.json \| It is not valid JSON.*Correct the JSON sidecar/,
        /^error \| sub-03\/micr\/.*neither zarr\.json nor \.zattrs/,
        /^error \| sub-04\/micr\/.*Level 1 does not cover what level 0 covers/,
        /^error \| sub-01_sample-brain_acq-phantom \| Several images have this name/,
        /^warning \| dataset_description\.json \| It does not say BIDSVersion/,
        /^warning \| sub-0_5 \| Left out: its name/,
        /^warning \| sub-04, sub-06 \| It has no row in participants\.tsv/,
        /^warning \| sub-04\/micr\/brain\.ome\.zarr \| .*Rename it/,
        /^warning \| sub-06 \| It has no lightsheet images/,
        /^warning \| sub-04\/micr\/.* \| Its stains are YoPro, abeta; most images have Abeta, YoPro/,
        /^note \| sub-9 \| It is in participants\.tsv, but has no folder/,
        /^note \| participants\.tsv \| It has no column but participant_id/,
      ];
      for (const pattern of expected) assert.ok(rows.some((row) => pattern.test(row)), `${pattern} in\n${rows.join('\n')}`);
      assert.equal(rows.length, expected.length, rows.join('\n'));
      const severities = found.rows.map(([severity]) => String(severity));
      assert.deepEqual(severities, [...severities].sort((a, b) => ['error', 'warning', 'note'].indexOf(a) - ['error', 'warning', 'note'].indexOf(b)));
      assert.match(notices(result)[0], /^error: /);
      assert.equal(facts(result).Problems, '4 errors, 7 warnings, 2 notes');
      assert.deepEqual(commands(result), []);
    });

    it('goes on past a participant that may not be read', async function () {
      const copy = await copyOf('closed');
      const home = new AwsHome();
      await using server = await startS3Server({ buckets: { lab: { folder: copy, deny: ({ query }) => query.prefix?.startsWith('sub-02') === true } } });
      await home.enter({ keys: defaultCredential });
      try {
        const result = await validate({ uri: 's3://lab', storage: { s3Endpoint: server.endpoint } }, '', context());
        assert.equal(facts(result).Images, '3 can be read');
        assert.deepEqual(tables(result)[0].rows.map(([severity, where]) => [severity, where]), [['error', 'sub-02']]);
      } finally {
        await home.leave();
      }
    });

    it('stops when it is cancelled, and at a network that is down', async () => {
      const home = new AwsHome();
      const stop = new AbortController();
      await using server = await startS3Server({ buckets: { lab: { folder: clean } } });
      await home.enter({ keys: defaultCredential });
      try {
        server.inject({ fault: { kind: 'hang' }, match: ({ query }) => query.prefix === 'sub-01/' });
        const checking = validate({ uri: 's3://lab', storage: { s3Endpoint: server.endpoint } }, '', { ...context(stop.signal), progress: (message) => { if (message.startsWith('Checked')) stop.abort(); } });
        await assert.rejects(checking, (error) => error instanceof SpimquantError && error.code === 'cancelled');
        server.inject({ fault: { kind: 'status', status: 403, code: 'ExpiredToken' }, match: ({ key }) => key.includes('sub-03'), times: 99 });
        await assert.rejects(validate({ uri: 's3://lab', storage: { s3Endpoint: server.endpoint } }, '', context()), (error) => error instanceof SpimquantError && error.code === 'auth-expired');
      } finally {
        await home.leave();
      }
    });
  });

  it('suggests commands that reach the place by the same flags', async () => {
    const home = new AwsHome();
    await using server = await startS3Server({ buckets: { lab: { folder: clean } } });
    await home.enter({ keys: defaultCredential });
    try {
      const storage = { s3Endpoint: server.endpoint, requesterPays: true };
      const result = await ls({ uri: 's3://lab', storage }, '', context());
      assert.equal(commands(result)[0], `spimquant info s3://lab/${image('01')} --s3-endpoint ${server.endpoint} --requester-pays`);
      const one = await info({ uri: `s3://lab/${image('01')}`, storage }, '', context());
      assert.equal(facts(one).Place, `s3://lab/${image('01')}`);
    } finally {
      await home.leave();
    }
  });
});
