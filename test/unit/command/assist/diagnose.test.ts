import assert from 'node:assert/strict';
import { diagnose, diagnoseOptions } from '../../../../runner/command/assist/diagnose.ts';
import type { Diagnosis } from '../../../../runner/command/assist/diagnose.ts';
import { parseCommandText } from '../../../../runner/command/parse.ts';
import { SpimquantError } from '../../../../runner/protocol/errors.ts';

const noFile = { readFile: (path: string): string => { throw new Error(`no ${path}`); } };

function refusal(text: string): string | undefined {
  try {
    parseCommandText(text, noFile);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof SpimquantError, String(error));
    return error.message;
  }
}

function errors(text: string): readonly Diagnosis[] {
  return diagnose(text, noFile).filter((each) => each.severity === 'error');
}

/** Numbers that look random and are the same every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const valid = [
  `spimquant s3://lab/bids s3://lab/out participant --stains_for_seg Abeta Iba1 --cores all`,
  `$ pixi run spimquant ./bids './my out' participant \\\n  --participant-label 01 sub-02 \\\n  --seg_method th500 otsu+k3i2 --seg_hist_percentile_range 1 99 -nc2 # try`,
  `bids out group --contrast_column genotype --contrast_values WT KO --test welch --label a1`,
  `spimquant bids out tune_n4 --correction_level=4 --sloppy --template DSURQE`,
  `spimquant segment image.ome.zarr --stain Abeta --level 3 --seg_method th500 gmm+n2k1p5 --compare`,
  `spimquant slice "a b" --plane axial --position 3.2mm --orientation lpi`,
  `spimquant plan a b participant --filter-spim acquisition=4x session:none --mem 8GB --zarr-store-chunks 1 64 64 64`,
  `spimquant ls s3://bucket --anonymous --requester-pays`,
  `spimquant results out --participant-label 01`,
  `spimquant logs last`,
  `spimquant help group`,
  `spimquant a b participant --aws-profile lab --s3-endpoint http://127.0.0.1:9000 --config c.yaml`,
];

const pieces = [
  '--seg_metod', '--zzz', '-x', '-sloppy', '--cloud', '--anonymous', '--aws-profile', '--', '-', '""', "'", '"', '\\', '\n', '\\ \n', ' \\\n', '#', '=', '--sloppy=yes', '--cores', '0', '-5', 'participant', 'group', 'extra',
  '--forcerun', '--use-conda', '--segmentation_method', '--contrast_values', '--seg_hist_percentile_range 9 1', '--template ABAv4', '--level', '--stain', '--help', '--version', 'plan', 'sync',
];

function mutate(text: string, random: (below: number) => number): string {
  const words = text.split(' ');
  const at = random(words.length);
  switch (random(7)) {
    case 0: return words.filter((_, index) => index !== at).join(' ');
    case 1: return words.toSpliced(at, 0, words[random(words.length)]).join(' ');
    case 2: return words.toSpliced(at, 0, pieces[random(pieces.length)]).join(' ');
    case 3: return words.with(at, pieces[random(pieces.length)]).join(' ');
    case 4: { const cut = random(text.length); return text.slice(0, cut) + text.slice(cut + 1); }
    case 5: { const cut = random(text.length); return `${text.slice(0, cut)}${pieces[random(pieces.length)]}${text.slice(cut)}`; }
    default: return text.slice(0, random(text.length));
  }
}

describe('diagnostics of a command', () => {
  it('agree with the parser, whatever is typed', function () {
    this.timeout(60_000);
    const random = numbers(7);
    let refused = 0;
    let accepted = 0;
    for (let round = 0; round < 2000; round++) {
      let text = valid[round % valid.length];
      for (let times = random(3); times >= 0; times--) text = mutate(text, random);
      const message = refusal(text);
      const found = errors(text);
      if (message === 'There is no command.') {
        assert.deepEqual(found, [], JSON.stringify(text));
        continue;
      }
      assert.equal(found.at(0)?.message, message, JSON.stringify(text));
      for (const { start, end } of diagnose(text, noFile)) assert.ok(start >= 0 && start < end && end <= text.length, `${JSON.stringify(text)}: ${start} to ${end}`);
      if (message === undefined) accepted++;
      else refused++;
    }
    assert.ok(refused > 400 && accepted > 200, `${refused} refused, ${accepted} accepted`);
  });

  const places: readonly (readonly [string, string, string | undefined])[] = [
    ['a b participant --seg_metod th5', '--seg_metod', 'a b participant --seg_method th5'],
    ['a b participant --seg_metod=th5', '--seg_metod', 'a b participant --seg_method=th5'],
    ['a b participant --segmentation_method th5', '--segmentation_method', 'a b participant --seg_method th5'],
    ['a b participant -sloppy', '-sloppy', 'a b participant --sloppy'],
    ['a b particpant --cores 1', 'particpant', 'a b participant --cores 1'],
    ['spimquant hstogram', 'hstogram', 'spimquant histogram'],
    ['a b participant --template ABAv4', 'ABAv4', 'a b participant --template ABAv3'],
    ['a b participant --template=ABAv4 -n', 'ABAv4', 'a b participant --template=ABAv3 -n'],
    ['a b participant --registration_level five', 'five', undefined],
    ['a b participant --seg_method th5 otsu --sloppy', 'otsu', undefined],
    ['a b participant --registration_level', '--registration_level', undefined],
    ['a b participant x y', 'x y', undefined],
    ['a b participant --sloppy=yes', 'yes', undefined],
    ['a b participant --anonymous --aws-profile lab', '--anonymous', undefined],
    ['a participant', 'participant', undefined],
    ['./a ./b', './b', undefined],
    ['a b participant "open\n --x', '"open', 'a b participant "open"\n --x'],
    ['a b participant\n  --sloppy', '--sloppy', 'a b participant \\\n  --sloppy'],
    ['a b participant \\  \n  --sloppy', '\\  ', 'a b participant \\\n  --sloppy'],
    ['register a', 'register', undefined],
    ['sync a', 'a', undefined],
    ["'a b' out partcipant", 'partcipant', "'a b' out participant"],
  ];
  for (const [text, marked, mended] of places) {
    it(`mark what is wrong in ${JSON.stringify(text)}`, () => {
      const [first] = errors(text);
      assert.equal(text.slice(first.start, first.end), marked);
      const { fix } = first;
      assert.equal(fix === undefined ? undefined : text.slice(0, fix.start) + fix.text + text.slice(fix.end), mended);
    });
  }

  it('tell several things at once', () => {
    const found = errors('a b participant --seg_metod th5 --registration_level five --template ABAv4 --mem lots');
    assert.deepEqual(found.map((each) => each.message.split(' ')[each.message.startsWith('There') ? 4 : 0]), ['--seg_metod.', '--registration_level', '--mem']);
  });

  it('tell of flags without effect and of repeated flags, without calling them errors', () => {
    const text = 'a b group --registration_level 3 --use-conda --cores 1 --cores 2';
    const found = diagnose(text);
    assert.deepEqual(found.map(({ start, end, severity }) => [text.slice(start, end), severity]), [
      ['--use-conda', 'information'], ['--registration_level', 'information'], ['--cores 1', 'warning'],
    ]);
  });

  it('leave an empty cell and comments alone', () => {
    assert.deepEqual(diagnose(''), []);
    assert.deepEqual(diagnose('# not yet\n\n'), []);
  });

  it('know what the options of the notebook give', () => {
    const options = 'bids_dir: a\noutput_dir: b\nanonymous: true\ncontrast_values: [x, x]\ncontrast_column: c\n';
    assert.deepEqual(diagnose('spimquant participant', { options }), []);
    assert.notDeepEqual(diagnose('spimquant participant', {}), []);
    const [problem] = diagnose('spimquant group --label z', { options });
    assert.match(problem.message, /two different groups/);
    assert.equal(problem.hint, 'It comes from the options of this notebook.');
    assert.equal('spimquant group --label z'.slice(problem.start, problem.end), 'group');
  });

  it('do not guess what a configuration file says', () => {
    assert.deepEqual(diagnose('spimquant --config c.yaml --cores 2'), []);
    assert.deepEqual(errors('spimquant --config c.yaml').map((each) => each.message), ['The configuration file cannot be read: c.yaml']);
  });
});

describe('diagnostics of an options cell', () => {
  const cases: readonly (readonly [string, string, RegExp, string?])[] = [
    ['sloppy: true\nseg_metod: th5', 'seg_metod', /^There is no option "seg_metod"\. Did you mean seg_method\?$/, 'sloppy: true\nseg_method: th5'],
    ['segmentation_method: th5', 'segmentation_method', /it is called --seg_method/, 'seg_method: th5'],
    ['registration_level: deep # x', 'deep', /^registration_level must be a whole number/],
    ['seg_method: [th5, "otsu"]', '"otsu"', /^seg_method must be th/],
    ['seg_method:\n  - th5\n  - th', 'th', /^seg_method must be th/],
    ['sloppy: maybe', 'maybe', /^sloppy is true or false/],
    ['template: {a: 1}', 'template', /neither text nor a number/],
    ['sloppy: true\nsloppy: false', 'sloppy', /given twice/],
    ['analysis_level: partcipant', 'partcipant', /Did you mean participant\?/, 'analysis_level: participant'],
    ['help: true', 'help', /cannot stand/],
    ['- a', '- a', /"name: value" lines/],
    ['a: [\nb', 'b', /not valid YAML/],
    ['forcerun: x', 'forcerun', /not offered here/],
    ['template: ABAv4', 'ABAv4', /Did you mean ABAv3/, 'template: ABAv3'],
  ];
  for (const [yaml, marked, message, mended] of cases) {
    it(`mark what is wrong in ${JSON.stringify(yaml)}`, () => {
      const [first] = diagnoseOptions(yaml);
      assert.match(first.message, message);
      assert.equal(yaml.slice(first.start, first.end), marked);
      if (mended !== undefined) {
        const { fix } = first;
        assert.ok(fix !== undefined);
        assert.equal(yaml.slice(0, fix.start) + fix.text + yaml.slice(fix.end), mended);
      }
    });
  }

  it('find nothing in good options', () => {
    assert.deepEqual(diagnoseOptions('# defaults\nbids_dir: s3://lab/bids\noutput_dir: out\nparticipant-label: [001, sub-02]\nwork_dir: ~\ncores: all\n'), []);
    assert.deepEqual(diagnoseOptions(''), []);
  });
});
