import assert from 'node:assert/strict';
import { complete, dataItem } from '../../../../runner/command/assist/complete.ts';
import type { Completions } from '../../../../runner/command/assist/complete.ts';
import { completeOptions } from '../../../../runner/command/assist/completeOptions.ts';
import { hover, hoverOptions } from '../../../../runner/command/assist/hover.ts';
import { atlasesOf } from '../../../../runner/command/assist/meanings.ts';
import { diagnose } from '../../../../runner/command/assist/diagnose.ts';
import { offeredFlags } from '../../../../runner/command/flags.ts';
import { findTemplate, templateNames } from '../../../../runner/templates/registry.ts';

/** `|` is the cursor. */
function at(marked: string, options?: string): { readonly text: string; readonly found: Completions | undefined } {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  return { text, found: complete(text, offset, options === undefined ? {} : { options }) };
}

function labels(marked: string, options?: string): readonly string[] {
  return at(marked, options).found?.items.map((item) => item.label) ?? [];
}

function requests(marked: string): readonly string[] {
  return at(marked).found?.requests.map(({ kind, prefix, dataset }) => [kind, prefix, ...(dataset === undefined ? [] : [dataset])].join(' ')) ?? [];
}

/** The text after the item of that label is chosen. */
function choose(marked: string, label: string): string {
  const { text, found } = at(marked);
  const item = found?.items.find((each) => each.label === label);
  assert.ok(found !== undefined && item !== undefined, `${label} is not among ${found?.items.map((each) => each.label).join(', ') ?? 'nothing'}`);
  return text.slice(0, found.start) + item.insert + text.slice(found.end);
}

describe('completion', () => {
  it('begins with the program and the verbs', () => {
    assert.ok(['spimquant', 'info', 'segment', 'plan'].every((word) => labels('|').includes(word)));
    assert.ok(!labels('spimquant |').includes('spimquant'));
    assert.ok(labels('spimquant |').includes('histogram'));
    assert.deepEqual(requests('spimquant s3://la|'), ['dataset s3://la']);
    assert.equal(choose('spimquant hi|', 'histogram'), 'spimquant histogram ');
    assert.equal(choose('spimquant hi| x', 'histogram'), 'spimquant histogram x');
  });

  it('asks for the output after the dataset, and offers the levels after both', () => {
    assert.deepEqual(requests('spimquant ./bids |'), ['output  ./bids']);
    assert.deepEqual(labels('spimquant ./bids ./out pa|'), ['participant', 'group', 'tune_n4']);
    assert.deepEqual(labels('spimquant ./bids ./out |').slice(0, 3), ['participant', 'group', 'tune_n4']);
    assert.ok(labels('spimquant par|', 'bids_dir: a\noutput_dir: b').includes('participant'));
  });

  it('offers the flags of the verb that are not given yet, with their usage', () => {
    const found = labels('spimquant a b group --contrast_column sex --|');
    assert.ok(found.includes('--contrast_values') && found.includes('--cores'));
    assert.ok(!found.includes('--contrast_column') && !found.includes('--registration_level') && !found.includes('--plane'));
    assert.ok(!labels('spimquant a b participant --| --sloppy').includes('--sloppy'));
    const item = at('spimquant a b participant --seg|').found?.items.find((each) => each.label === '--seg_method');
    assert.equal(item?.usage, 'METHOD ...');
    assert.match(item?.documentation ?? '', /Default: gmm\+n3k1/);
    assert.equal(choose('spimquant a b participant --seg-m|', '--seg_method'), 'spimquant a b participant --seg_method ');
    assert.equal(choose('spimquant a b participant --slo|', '--sloppy'), 'spimquant a b participant --sloppy');
  });

  it('compares flags in the spelling that was begun', () => {
    const filter = (text: string): string | undefined => at(text).found?.items.find((each) => each.label === '--stains_for_seg')?.filter;
    assert.equal(filter('a b participant --stains-f|'), '--stains-for-seg');
    assert.equal(filter('a b participant --stains_f|'), '--stains_for_seg');
  });

  it('offers values, those given left out, and flags behind a list', () => {
    const found = labels('a b participant --seg_method th500 |');
    assert.ok(found.includes('otsu+k3i2') && !found.includes('th500') && found.includes('--cores'));
    assert.deepEqual(labels('a b participant --seg_method otsu+k4|').slice(0, 3), ['otsu+k4i1', 'otsu+k4i2', 'otsu+k4i3']);
    assert.deepEqual(labels('a b participant --template_crop |'), ['left', 'right']);
    assert.deepEqual(labels('a b participant --correction_method=|'), ['n4', 'gaussian']);
    assert.equal(choose('a b participant --correction_method=ga|u -n', 'gaussian'), 'a b participant --correction_method=gaussian -n');
    assert.deepEqual(labels('a b participant --cores |').slice(0, 2), ['all', '1']);
    assert.deepEqual(labels('a b participant --template phantom --atlas_segs |').slice(0, 2), ['all', 'coarse']);
    assert.deepEqual(labels('a b participant --seg_hist_percentile_range 1 |'), ['99.5']);
    assert.match(at('a b participant --seg_method |').found?.items.find((item) => item.label === 'otsu+k3i2')?.detail ?? '', /3 classes.*highest of 2 thresholds/);
  });

  it('asks for what only the runner knows', () => {
    assert.deepEqual(requests('spimquant s3://lab/bids out participant --participant-label 01 0|'), ['participant 0 s3://lab/bids']);
    assert.deepEqual(requests("a 'my out' group --contrast_column g|"), ['column g a']);
    assert.deepEqual(requests('spimquant segment ./img --stain |'), ['stain  ./img']);
    assert.deepEqual(requests('spimquant logs |'), ['run ']);
    assert.deepEqual(requests('spimquant results |'), ['output ']);
    assert.deepEqual(requests('spimquant slice da|'), ['dataset da', 'image da']);
    assert.deepEqual(requests('a b participant --template_dir /da|'), ['path /da a']);
    const [request] = at('a b group --contrast_column sex --contrast_values M |').found?.requests ?? [];
    assert.equal(request.column, 'sex');
    assert.deepEqual(request.taken, ['M']);
  });

  it('works behind continuations, in quotes and in the middle of words', () => {
    assert.ok(labels('spimquant a b participant \\\n  --sto|').includes('--stains_for_seg'));
    assert.deepEqual(requests("spimquant '/my da|"), ['dataset /my da']);
    const { found, text } = at("spimquant '/my da|ta' out participant");
    assert.ok(found !== undefined);
    assert.equal(text.slice(found.start, found.end), "'/my data'");
    assert.deepEqual(labels('spimquant a b part|icipant -n'), ['participant', 'group', 'tune_n4']);
    assert.equal(choose('spimquant a b part|icipant -n', 'group'), 'spimquant a b group -n');
    const data = at('spimquant "/my |').found;
    assert.ok(data !== undefined);
    assert.equal(dataItem('/my data', 'dataset', data).insert, '"/my data" ');
    assert.equal(dataItem('/my data/', 'folder', data, { unfinished: true }).insert, '"/my data/');
    assert.equal(dataItem("it's", 'dataset', { ...data, quote: '' }).insert, "'it'\\''s' ");
  });

  it('offers nothing in comments', () => {
    assert.equal(at('spimquant a b participant # --se|').found, undefined);
    assert.equal(at('# |').found, undefined);
  });

  it('offers only what the parser takes', () => {
    for (const flag of offeredFlags) {
      const verb = flag.verbs?.includes('participant') ?? true ? 'a b participant' : flag.verbs?.includes('group') === true ? 'a b group' : flag.verbs?.includes('slice') === true ? 'slice a' : flag.verbs?.includes('sync') === true ? 'sync a b' : flag.verbs?.includes('ls') === true ? 'ls a' : 'segment a';
      for (const { insert } of at(`spimquant ${verb} --${flag.name} |`).found?.items.filter((item) => item.kind !== 'flag' && item.kind !== 'switch') ?? []) {
        const rest = typeof flag.arity === 'number' ? (flag.name === 'contrast_values' ? 'B' : flag.arity === 2 ? '99' : '1 1 1') : '';
        const text = `spimquant ${verb} --${flag.name} ${insert.endsWith('=') ? `${insert}x` : insert} ${rest} --template_dir t`.replace(verb.startsWith('a b') && !verb.includes('group') ? '' : ' --template_dir t', '');
        if (insert.trim() === 'snakemake' || insert === 'https://' || flag.name === 'help' || flag.name === 'version') continue;
        assert.deepEqual(diagnose(text).filter((each) => each.severity === 'error'), [], text);
      }
    }
  });
});

describe('what is known of templates', () => {
  it('is what the registry says', () => {
    assert.deepEqual(Object.keys(atlasesOf).sort(), [...templateNames].sort());
    for (const [name, segs] of Object.entries(atlasesOf)) assert.deepEqual([...segs].sort(), findTemplate(name)?.atlases.map((atlas) => atlas.seg).sort(), name);
  });
});

describe('hover', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['|spimquant a b participant', 'spimquant', /lightsheet/],
    ['spimquant a b parti|cipant', 'participant', /every participant/],
    ['spimquant |a b participant', 'a', /The dataset/],
    ['spimquant a |b participant', 'b', /The output/],
    ['spimquant seg|ment img', 'segment', /Try a segmentation/],
    ['spimquant segment im|g', 'img', /The image or dataset/],
    ['a b participant --seg_m|ethod th5', '--seg_method', /th<value>.*Default.*gmm\+n3k1/s],
    ['a b participant --seg_method th5 otsu+|k3i2', 'otsu+k3i2', /highest of 2 thresholds/],
    ['a b participant --correction_method=|n4', 'n4', /bias field/],
    ['a b participant --correc|tion_method=n4', '--correction_method', /illumination/],
    ['a b participant --orientation R|AS', 'RAS', /x increases to the right/],
    ['a b participant -|n', '-n', /do nothing/],
    ['a b participant --use-con|da', '--use-conda', /without effect/],
    ['a b participant --fore|run --forcer|un x', '--forcerun', /not offered here/],
  ];
  for (const [marked, word, said] of cases) {
    it(`explains ${JSON.stringify(marked)}`, () => {
      const offset = marked.lastIndexOf('|');
      const text = marked.replaceAll('|', '');
      const found = hover(text, offset - (marked.slice(0, offset).split('|').length - 1));
      assert.ok(found !== undefined);
      assert.equal(text.slice(found.start, found.end), word);
      assert.match([found.code, ...found.paragraphs, ...found.facts.map(({ label, value }) => `${label} ${value}`)].join('\n'), said);
    });
  }

  it('has nothing to say about blanks and comments', () => {
    assert.equal(hover('a b participant  # x', 16), undefined);
    assert.equal(hover('a b participant # word', 18), undefined);
  });
});

describe('options cells', () => {
  const found = (marked: string): Completions | undefined => completeOptions(marked.replace('|', ''), marked.indexOf('|'));
  const names = (marked: string): readonly string[] => found(marked)?.items.map((item) => item.label) ?? [];

  it('complete names that are not given, and values', () => {
    assert.ok(names('|').includes('bids_dir') && names('|').includes('seg_method'));
    assert.ok(!names('seg_method: th5\nse|').includes('seg_method'));
    assert.equal(found('regis|')?.items.find((item) => item.label === 'registration_level')?.insert, 'registration_level: ');
    assert.deepEqual(names('sloppy: |'), ['true', 'false']);
    assert.deepEqual(names('analysis_level: p|'), ['participant', 'group', 'tune_n4']);
    assert.ok(names('seg_method: [th5, o|').includes('otsu+k3i2'));
    assert.ok(names('seg_method:\n  - |').includes('otsu+k3i2'));
    assert.deepEqual(found('bids_dir: s3://la|')?.requests.map(({ kind, prefix }) => `${kind} ${prefix}`), ['dataset s3://la']);
    assert.deepEqual(found('bids_dir: /d\nparticipant-label: [|')?.requests.map(({ kind, dataset }) => `${kind} ${dataset ?? ''}`), ['participant /d']);
    assert.equal(found('# se|'), undefined);
  });

  it('are explained', () => {
    assert.match(hoverOptions('seg_method: th5', 3)?.paragraphs.join() ?? '', /th<value>/);
    assert.match(hoverOptions('seg_method: [th5]', 14)?.paragraphs.join() ?? '', /Voxels of 5 and more/);
    assert.match(hoverOptions('bids_dir: x', 3)?.paragraphs.join() ?? '', /dataset/);
    assert.equal(hoverOptions('other: x', 3), undefined);
  });
});
