import assert from 'node:assert/strict';
import { parseArgv, parseCommandText } from '../../../runner/command/parse.ts';
import type { Parsed } from '../../../runner/command/parse.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { Command, ParticipantOptions } from '../../../runner/protocol/options.ts';

type Run<V> = Extract<Command, { verb: V }>;

const files: Record<string, string> = {};
const context = { readFile: (path: string): string => {
  if (files[path] === undefined) throw new Error(`no ${path}`);
  return files[path];
} };

function parse(text: string): Parsed {
  return parseCommandText(text, context);
}

function participant(flags: string): Run<'participant'> {
  const { command } = parse(`spimquant bids out participant ${flags}`);
  assert.equal(command.verb, 'participant');
  return command;
}

function group(flags: string): Run<'group'> {
  const { command } = parse(`bids out group ${flags}`);
  assert.equal(command.verb, 'group');
  return command;
}

function refusal(text: string): SpimquantError {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof SpimquantError);
    assert.equal(error.code, 'bad-option');
    return error;
  }
  throw new assert.AssertionError({ message: `accepted: ${text}` });
}

describe('command language', () => {
  it('gives upstream defaults to what is not said', () => {
    const expected: ParticipantOptions = {
      participantLabel: [], excludeParticipantLabel: [], filterSpim: [], template: 'ABAv3', templateDir: undefined, atlasSegs: [],
      templateCrop: undefined, sampleStaining: [], ignoreStains: [],
      stainsForReg: ['PI', 'YOPRO', 'YoPro', 'YoPro1', 'AutoF', 'autof'],
      stainsForSeg: ['abeta', 'Abeta', 'BetaAmyloid', 'AlphaSynuclein', 'Iba1', 'NeuN', 'Olig2', 'ChAT', 'VAChT'],
      stainsForVessels: ['CD31', 'Lectin'], registrationLevel: 5, segmentationLevel: 0, noSegmentation: false, noVessels: false,
      correctionMethod: 'n4', correctionLevel: 6, correctionN4Iters: 200, correctionN4SplineSpacing: 2,
      segMethod: [{ kind: 'gmm', name: 'gmm+n3k1', components: 3, sigmas: 1 }], segHistPercentileRange: [1, 99.5], segHistBinWidth: 1,
      orientation: undefined, zarrStoreExt: 'ozx', zarrStoreChunks: [1, 256, 256, 256], minObjectVoxels: undefined, sloppy: false,
    };
    assert.deepEqual(participant('').options, expected);
    assert.deepEqual(participant('').execution, {
      cores: 'all', memoryBytes: undefined, pauseLimitMs: undefined, dryRun: false, forceAll: false, workDir: undefined, keepWork: false, json: false,
      quiet: false, forceOutput: false, unlock: false,
    });
  });

  it('takes the line of the documentation, with prompt, pixi run, continuation and comment', () => {
    const { command } = parse(`
      # quantify
      $ pixi run spimquant s3://lab/bids \\
          s3://lab/out participant \\
          --stains_for_seg Abeta --cores all   # every core
    `);
    assert.ok(command.verb === 'participant');
    assert.equal(command.bids, 's3://lab/bids');
    assert.equal(command.output, 's3://lab/out');
    assert.deepEqual(command.options.stainsForSeg, ['Abeta']);
    assert.equal(command.execution.cores, 'all');
  });

  it('reads quotes and escapes like a shell', () => {
    const { command } = parse(`'my data' "out \\"1\\"" participant --sample_staining a\\ b`);
    assert.ok(command.verb === 'participant');
    assert.equal(command.bids, 'my data');
    assert.equal(command.output, 'out "1"');
    assert.deepEqual(command.options.sampleStaining, ['a b']);
  });

  it('writes a line that reads back the same', () => {
    const first = parse(`'my data' "it's" participant --filter-spim 'acquisition:match=4x.*' -n`);
    const again = parse(first.text);
    assert.deepEqual(again.command, first.command);
  });

  const spellings: readonly (readonly [string, Partial<ParticipantOptions>])[] = [
    ['--registration_level 3', { registrationLevel: 3 }],
    ['--registration-level 3', { registrationLevel: 3 }],
    ['--registration-level=3', { registrationLevel: 3 }],
    ['--stains-for-seg Abeta Iba1 --sloppy', { stainsForSeg: ['Abeta', 'Iba1'], sloppy: true }],
    ['--participant_label 01 sub-02', { participantLabel: ['01', '02'] }],
    ['--exclude-participant-label sub-03', { excludeParticipantLabel: ['03'] }],
    ['--template_dir /t --template mine', { templateDir: '/t', template: 'mine' }],
    ['--template_crop left', { templateCrop: 'left' }],
    ['--min_object_voxels 5', { minObjectVoxels: 5 }],
    ['--orientation lpi', { orientation: 'LPI' }],
    ['--zarr-store-chunks 1 64 64 32 --zarr_store_ext ome.zarr', { zarrStoreChunks: [1, 64, 64, 32], zarrStoreExt: 'ome.zarr' }],
    ['--seg_hist_percentile_range 0 99.9', { segHistPercentileRange: [0, 99.9] }],
    ['--correction_method gaussian --correction-n4-iters 10', { correctionMethod: 'gaussian', correctionN4Iters: 10 }],
    ['--seg_method th5 --seg_method th7', { segMethod: [{ kind: 'threshold', name: 'th7', value: 7 }] }],
  ];
  for (const [flags, expected] of spellings) {
    it(`understands ${flags}`, () => {
      const { options } = participant(flags);
      assert.deepEqual({ ...options, ...expected }, options);
    });
  }

  it('takes segmentation methods apart', () => {
    assert.deepEqual(participant('--seg_method th500 otsu+k3i2 gmm+n2k1p5').options.segMethod, [
      { kind: 'threshold', name: 'th500', value: 500 },
      { kind: 'otsu', name: 'otsu+k3i2', classes: 3, index: 2 },
      { kind: 'gmm', name: 'gmm+n2k1p5', components: 2, sigmas: 1.5 },
    ]);
  });

  it('takes filters apart', () => {
    assert.deepEqual(participant('--filter-spim acquisition=4x session:none subject:match=0[12] staining:required run:optional').options.filterSpim, [
      { entity: 'acq', method: 'equals', value: '4x' },
      { entity: 'ses', method: 'none' },
      { entity: 'sub', method: 'match', value: '0[12]' },
      { entity: 'stain', method: 'required' },
      { entity: 'run', method: 'optional' },
    ]);
  });

  const executions: readonly (readonly [string, object])[] = [
    ['-n', { dryRun: true }], ['-np', { dryRun: true }], ['--dry-run', { dryRun: true }], ['--dryrun', { dryRun: true }],
    ['-c 4', { cores: 4 }], ['-c4', { cores: 4 }], ['-j 2', { cores: 2 }], ['--cores=3', { cores: 3 }], ['--cores all', { cores: 'all' }], ['--cores', { cores: 'all' }], ['-call', { cores: 'all' }], ['-nc2', { dryRun: true, cores: 2 }],
    ['--mem 8GB', { memoryBytes: 8e9 }], ['--mem 1.5GiB', { memoryBytes: 1.5 * 2 ** 30 }], ['--mem=500m', { memoryBytes: 5e8 }],
    ['--pause-limit 0', { pauseLimitMs: 0 }], ['--pause-limit 30m', { pauseLimitMs: 1_800_000 }], ['--pause_limit=1.5h', { pauseLimitMs: 5_400_000 }], ['--pause-limit 2d', { pauseLimitMs: 172_800_000 }], ['--pause-limit none', { pauseLimitMs: Infinity }],
    ['-F', { forceAll: true }], ['--forceall', { forceAll: true }],
    ['--notemp --work-dir /w --json --quiet --force-output --unlock', { keepWork: true, workDir: '/w', json: true, quiet: true, forceOutput: true, unlock: true }],
  ];
  for (const [flags, expected] of executions) {
    it(`understands ${flags}`, () => {
      const { execution } = participant(flags);
      assert.deepEqual({ ...execution, ...expected }, execution);
    });
  }

  it('leaves a folder after --cores alone', () => {
    const { command } = parse('--cores bids out participant');
    assert.ok(command.verb === 'participant');
    assert.equal(command.bids, 'bids');
  });

  it('reads the group level', () => {
    const { options } = group('--contrast_column genotype --contrast_values WT KO --test welch --label a1');
    assert.equal(options.contrastColumn, 'genotype');
    assert.deepEqual(options.contrastValues, ['WT', 'KO']);
    assert.equal(options.test, 'welch');
    assert.equal(options.label, 'a1');
    assert.equal(group('').options.label, '1');
    assert.equal(group('').options.test, 'student');
  });

  it('reads storage flags, and holds no secret', () => {
    assert.deepEqual(participant('--aws-profile lab --s3-endpoint http://127.0.0.1:9000 --s3_region eu-west-1 --requester-pays').storage, {
      awsProfile: 'lab', s3Endpoint: 'http://127.0.0.1:9000', s3Region: 'eu-west-1', requesterPays: true,
    });
    assert.match(refusal('a b participant --s3-endpoint http://me:secret@host').message, /without user name/);
    assert.match(refusal('a b participant --anonymous --aws-profile lab').message, /exclude each other/);
    assert.deepEqual(participant('--gcs-project p --gcs-credentials key.json --azure_endpoint http://127.0.0.1:1/acc --storage-class COLD --encryption kms --encryption-key k').storage, {
      gcsProject: 'p', gcsCredentials: 'key.json', azureEndpoint: 'http://127.0.0.1:1/acc', storageClass: 'COLD', encryption: 'kms', encryptionKey: 'k',
    });
    assert.match(refusal('a b participant --anonymous --gcs-credentials key.json').message, /exclude each other/);
    assert.match(refusal('a b participant --encryption-key k').message, /--encryption kms/);
  });

  it('plans with plan as with -n', () => {
    const { command } = parse('plan bids out group --contrast_column sex');
    assert.ok(command.verb === 'group' && command.execution.dryRun);
  });

  it('shows help and version wherever they are asked for', () => {
    assert.deepEqual(parseArgv([], context).command, { verb: 'help' });
    assert.deepEqual(parse('spimquant --help').command, { verb: 'help' });
    assert.deepEqual(parse('spimquant participant --help').command, { verb: 'help', topic: 'participant' });
    assert.deepEqual(parse('spimquant bids out group -h').command, { verb: 'help', topic: 'group' });
    assert.deepEqual(parse('spimquant help group').command, { verb: 'help', topic: 'group' });
    assert.deepEqual(parse('spimquant --version').command, { verb: 'version' });
  });

  it('reads the tune_n4 level with the options of participants', () => {
    const { command, notices } = parse('bids out tune_n4 --correction_level 4 --ignore_stains Iba1 --sloppy --participant-label 01');
    assert.ok(command.verb === 'tune_n4');
    assert.deepEqual([command.options.correctionLevel, command.options.ignoreStains, command.options.sloppy, command.options.participantLabel], [4, ['Iba1'], true, ['01']]);
    assert.deepEqual(notices, []);
  });

  it('says that tune_n4 chooses the settings of N4 itself', () => {
    assert.deepEqual(parse('bids out tune_n4 --correction_n4_iters 10 --seg_method th5').notices, [
      '--correction_n4_iters has no effect at the tune_n4 level.', '--seg_method has no effect at the tune_n4 level.',
    ]);
  });

  it('says that a harmless flag of upstream has no effect', () => {
    const { notices } = parse('a b participant --use-conda --dask_scheduler threads --rerun-incomplete --skip-bids-validation -p');
    assert.equal(notices.length, 5);
    assert.match(notices[1], /--dask_scheduler has no effect: .*--cores/);
  });

  it('says that a flag has no effect at this level', () => {
    assert.deepEqual(parse('a b group --registration_level 3').notices, ['--registration_level has no effect at the group level.']);
    assert.deepEqual(parse('a b participant --contrast_column x').notices, ['--contrast_column has no effect at the participant level.']);
  });

  const refusals: readonly (readonly [string, RegExp])[] = [
    ['a b participant --seg_metod th5', /no flag --seg_metod\. Did you mean --seg_method\?/],
    ['a b participant --stain-for-seg x', /Did you mean --stains_for_seg\?/],
    ['a b participant --zzzzzzzz', /There is no flag --zzzzzzzz\.$/],
    ['a b participant -x', /There is no flag -x/],
    ['a b participant -sloppy', /two dashes: --sloppy/],
    ['a b particpant', /"particpant" is none of them\. Did you mean participant\?/],
    ['a b tune_n5', /"tune_n5" is none of them\. Did you mean tune_n4\?/],
    ['tune_n4', /Missing before tune_n4: the dataset and the output/],
    ['a b participant all_imaris_crops', /word too many: all_imaris_crops/],
    ['a participant', /Missing before participant: the output/],
    ['participant', /Missing before participant: the dataset and the output/],
    ['./a ./b', /Missing: the level/],
    ['a', /no verb "a"/],
    ['plam a b participant', /must be participant or group|too many/],
    ['register s3://x', /not offered yet/],
    ['a b participant --registration_level five', /--registration_level must be a whole number from 0 to 30; "five" is not/],
    ['a b participant --registration_level -1', /from 0 to 30/],
    ['a b participant --registration_level', /needs a value \(LEVEL\), and has none/],
    ['a b participant --stains_for_seg', /needs at least one value/],
    ['a b participant --stains_for_seg --sloppy', /needs at least one value/],
    ['a b participant --seg_hist_percentile_range 1', /needs 2 values/],
    ['a b participant --seg_hist_percentile_range 99 1', /must rise/],
    ['a b participant --sloppy=yes', /takes no value/],
    ['a b participant --cores 0', /at least 1/],
    ['a b participant --cores zero', /--cores must be a number of cores/],
    ['a b participant --cores=many', /number of cores/],
    ['a b participant --mem lots', /8GB/],
    ['a b participant --template ABAv4', /Did you mean ABAv3\?/],
    ['a b participant --correction_method n5', /Did you mean n4\?/],
    ['a b participant --seg_method otsu', /otsu\+k<classes>/],
    ['a b participant --seg_method otsu+k3i4', /from 0 to 3/],
    ['a b participant --seg_method gmm+n0k1', /1 to 10 components/],
    ['a b participant --seg_method gmm+n3k1.5', /p5/],
    ['a b participant --seg_method otsu+k3i2+cleaned', /--min_object_voxels/],
    ['a b participant --filter-spim acq', /acq=VALUE/],
    ['a b participant --filter-spim acq:like=4x', /no method like/],
    ['a b participant --filter-spim acq:match=[', /not a regular expression/],
    ['a b participant --filter-spim acq:match', /needs a regular expression/],
    ['a b participant --orientation RLS', /three letters/],
    ['a b participant --participant-label sub_1', /letters and digits/],
    ['a b group --contrast_values WT KO', /needs --contrast_column/],
    ['a b group --contrast_column g --contrast_values WT WT', /two different groups/],
    ['a b group --group-stats-label "a b"', /letters, digits/],
    ['a b participant --forcerun segment', /known, but not offered here.*Snakemake/],
    ['a b participant --until segment', /it steers Snakemake/],
    ['a b participant --profile slurm', /Snakemake/],
    ['a b participant --register_to_mri', /MRI comes with a later version/],
    ['a b participant --patch_size 1 2 3', /later version/],
    ['a b group --group-stats-model metric~sex', /--contrast_column/],
    ['a b participant --segmentation_method th5', /it is called --seg_method/],
    ['a b participant "open', /never closed/],
    ['a b participant\na b group', /One command at a time: line 2/],
  ];
  for (const [text, message] of refusals) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.match(refusal(text).message, message);
    });
  }
});

describe('configuration files', () => {
  it('give options by name, and the command line wins', () => {
    files['c.yaml'] = 'seg-method: [th5, otsu+k3i2]\nregistration_level: 2\nstains_for_seg: Abeta\nsloppy: true\ncores: 3\nmem: 2GB\nwork_dir: null\n';
    const { options, execution } = participant('--config c.yaml --registration_level 4');
    assert.deepEqual(options.segMethod.map(({ name }) => name), ['th5', 'otsu+k3i2']);
    assert.equal(options.registrationLevel, 4);
    assert.deepEqual(options.stainsForSeg, ['Abeta']);
    assert.equal(options.sloppy, true);
    assert.equal(execution.cores, 3);
    assert.equal(execution.memoryBytes, 2e9);
  });

  it('can turn a switch off', () => {
    files['c.yaml'] = 'sloppy: false\n';
    assert.equal(participant('--config c.yaml').options.sloppy, false);
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ['seg_metod: th5', /c\.yaml: there is no option "seg_metod"\. Did you mean seg_method\?/],
    ['registration_level: deep', /registration_level must be a whole number/],
    ['sloppy: 3', /sloppy is true or false/],
    ['seg_method: {a: 1}', /neither text nor a number/],
    ['forcerun: x', /not offered here/],
    ['help: true', /cannot stand in a configuration file/],
    ['- a\n- b', /"name: value" lines/],
    ['a: [', /not valid YAML/],
  ];
  for (const [text, message] of wrong) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      files['c.yaml'] = text;
      assert.match(refusal('a b participant --config c.yaml').message, message);
    });
  }

  it('says when there is no such file', () => {
    assert.match(refusal('a b participant --config absent.yaml').message, /cannot be read: absent\.yaml/);
  });
});
