import assert from 'node:assert/strict';
import { formatHelp } from '../../../runner/command/help.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import type { Parsed } from '../../../runner/command/parse.ts';
import { verbs } from '../../../runner/command/verbs.ts';
import type { ExploreCommand } from '../../../runner/protocol/options.ts';

type Of<V> = Extract<ExploreCommand, { verb: V }>;

function parse(text: string, config = ''): Parsed {
  return parseCommandText(text, { readFile: () => config });
}

const quietly = { json: false, quiet: false };
const noStorage = {};
const wholeImage = { filterSpim: [], sampleStaining: [], stains: [] };

describe('exploring verbs', () => {
  it('take what they look at as the word after them', () => {
    assert.deepEqual(parse('spimquant info s3://lab/bids --anonymous --json').command,
      { verb: 'info', uri: 's3://lab/bids', storage: { ...noStorage, anonymous: true }, show: { json: true, quiet: false } });
    assert.deepEqual(parse('ls "my data"').command, { verb: 'ls', uri: 'my data', options: { participantLabel: [] }, storage: noStorage, show: quietly });
    assert.deepEqual(parse('ls s3://lab --limit 1000 --after sub-0100').command, { verb: 'ls', uri: 's3://lab', options: { participantLabel: [], limit: 1000, after: 'sub-0100' }, storage: noStorage, show: quietly });
    assert.deepEqual(parse('validate d --participant-label sub-01 02').command, { verb: 'validate', uri: 'd', options: { participantLabel: ['01', '02'] }, storage: noStorage, show: quietly });
    assert.deepEqual(parse('logs last').command, { verb: 'logs', run: 'last', storage: noStorage, show: quietly });
    assert.deepEqual(parse('runs').command, { verb: 'runs', storage: noStorage, show: quietly });
    assert.deepEqual(parse('demo here').command, { verb: 'demo', folder: 'here', show: quietly });
    assert.deepEqual(parse('slice a').command, { verb: 'slice', uri: 'a', look: wholeImage, storage: noStorage, show: quietly });
  });

  it('doctor looks at a place, or without one at every service', () => {
    assert.deepEqual(parse('doctor').command, { verb: 'doctor', storage: noStorage, show: quietly });
    assert.deepEqual(parse('doctor --aws-profile lab gs://lab/bids --encryption kms').command, { verb: 'doctor', uri: 'gs://lab/bids', storage: { awsProfile: 'lab', encryption: 'kms' }, show: quietly });
  });

  it('segment has the thresholds of the pipeline', () => {
    const { command } = parse('segment a --participant-label sub-01 --stain Abeta --seg_method th900 otsu+k3i2 th900 --compare --level 2 --min_object_voxels 50 --save figs');
    assert.deepEqual(command, {
      verb: 'segment', uri: 'a', storage: noStorage, show: { ...quietly, save: 'figs' },
      look: { ...wholeImage, participant: '01', stains: ['Abeta'], level: 2 },
      options: {
        segMethod: [{ kind: 'threshold', name: 'th900', value: 900 }, { kind: 'otsu', name: 'otsu+k3i2', classes: 3, index: 2 }],
        segHistPercentileRange: [1, 99.5], segHistBinWidth: 1, correctionMethod: 'n4', compare: true, minObjectVoxels: 50,
      },
    });
    assert.equal((parse('segment a --no_correction').command as Of<'segment'>).options.correctionMethod, 'none');
  });

  it('know fractions and millimetres', () => {
    const look = (text: string): Of<'slice'>['look'] => (parse(`slice a ${text}`).command as Of<'slice'>).look;
    assert.deepEqual(look('--plane coronal --position 0.25').position, { kind: 'fraction', value: 0.25 });
    assert.deepEqual(look('--position -3.2mm').position, { kind: 'mm', value: -3.2 });
    assert.equal(look('--plane coronal').plane, 'coronal');
  });

  it('leave a folder of the same name to the levels', () => {
    const { command } = parse('results out participant');
    assert.equal(command.verb, 'participant');
    assert.equal((command as { bids?: string }).bids, 'results');
  });

  it('take of a configuration file what is theirs', () => {
    const config = 'seg_method: th5\ncores: 3\nregistration_level: 2\nstain: Abeta\n';
    assert.deepEqual((parse('segment a --config c.yaml', config).command as Of<'segment'>).options.segMethod.map((method) => method.name), ['th5']);
    assert.equal(parse('a b participant --config c.yaml', config).command.verb, 'participant');
  });

  const refusals: readonly (readonly [string, RegExp])[] = [
    ['segment', /Missing after segment: the image or dataset/],
    ['segment --stain Abeta bids', /Missing after segment: the image or dataset/],
    ['segment a b', /a word too many: b/],
    ['runs now then', /too many|a word too many: now/],
    ['doctor a b', /a word too many: b/],
    ['doctor ""', /empty word/],
    ['logs', /Missing after logs: the run/],
    ['info ""', /empty word/],
    ['segment a --cores 3', /--cores has no effect with segment/],
    ['slice a --seg_method th5', /--seg_method has no effect with slice/],
    ['slice a --stains_for_seg Abeta', /--stains_for_seg has no effect with slice\./],
    ['histogram a --stains X', /no flag --stains\. Did you mean --stain\?/],
    ['segment a -n', /--dry-run has no effect with segment/],
    ['segment a --stain Abeta Iba1', /one stain at a time/],
    ['segment a --participant-label 01 02', /one participant/],
    ['slice a --position 2', /from 0 to 1, or millimetres as in 3\.2mm; "2" is not/],
    ['slice a --plane frontal', /axial, coronal, sagittal|cannot be "frontal"/],
    ['segment a --no_correction --correction_method n4', /exclude each other/],
    ['segment a --seg_hist_percentile_range 99 1', /must rise/],
    ['a b participant --stain Abeta', /--stain has no effect at the participant level: it belongs to slice, histogram, segment, results\./],
    ['register a', /not offered yet/],
  ];
  for (const [text, message] of refusals) {
    it(`refuse ${JSON.stringify(text)}`, () => {
      assert.throws(() => parse(text), (error: Error) => message.test(error.message) || assert.fail(error.message));
    });
  }

  it('have a help of their own with their flags and an example', () => {
    for (const verb of verbs.filter((each) => each.offered && each.words !== undefined)) {
      const text = formatHelp(verb.name, { width: 100, color: false });
      assert.ok(text.startsWith(verb.usage), verb.name);
      assert.match(text, new RegExp(`Examples\n {2}spimquant ${verb.name}`), verb.name);
      assert.ok(!text.includes('--cores'), verb.name);
    }
    assert.match(formatHelp('segment', { width: 100, color: false }), /--compare/);
  });
});
