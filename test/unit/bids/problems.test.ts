import assert from 'node:assert/strict';
import type { SpimFile } from '../../../runner/bids/bids.types.ts';
import { Places, ProblemBook } from '../../../runner/bids/problemBook.ts';
import { duplicateProblems, imageProblems, registrationProblems, skippedProblem, UnusualImages } from '../../../runner/bids/problems.ts';
import type { CheckedImage, Problem } from '../../../runner/bids/problems.ts';
import type { ImageInfo, ImageLevel } from '../../../runner/image/omeZarr.types.ts';

type Triple = readonly [number, number, number];

function level(size: Triple, scale: Triple, chunk: Triple = [64, 64, 64]): ImageLevel {
  return { path: '0', size: [...size], scale: [...scale], translation: [0, 0, 0], chunk: [...chunk] };
}

const usual: readonly ImageLevel[] = [level([1000, 1200, 800], [0.004, 0.004, 0.004]), level([500, 600, 400], [0.008, 0.008, 0.008]), level([250, 300, 200], [0.016, 0.016, 0.016])];

function checked(change: { readonly info?: Partial<ImageInfo>; readonly image?: Partial<SpimFile> } = {}): CheckedImage {
  return {
    image: { path: 'sub-01/micr/sub-01_SPIM.ome.zarr', entities: { sub: '01' }, suffix: 'SPIM', extension: 'ome.zarr', ...change.image },
    info: {
      uri: '/d', ngffVersion: '0.4', zarrFormat: 2, voxelType: 'uint16', channels: [{ label: 'PI' }, { label: 'Abeta' }], timepoints: 1,
      levels: usual, storedOrientation: 'RAS', unit: 'micrometer', ...change.info,
    },
  };
}

function told(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ severity, what }) => `${severity}: ${what}`);
}

describe('what is wrong with an image', () => {
  it('is nothing when it is as usual', () => {
    assert.deepEqual(imageProblems(checked()), []);
    // Levels made by leaving out odd voxels at the end, and bricks that are no cubes, are usual too.
    assert.deepEqual(imageProblems(checked({ info: { levels: [level([1001, 1201, 801], [0.004, 0.004, 0.01]), level([500, 600, 801], [0.008, 0.008, 0.01])] } })), []);
  });

  for (const [what, info, pattern] of [
    ['the unit is wrong by a thousand', { levels: [level([100, 120, 80], [4, 4, 4])] }, /^warning: Voxels of 4000 × 4000 × 4000 µm are unusual/],
    ['the image is longer than a body', { levels: [level([1000, 10, 10], [0.4, 0.4, 0.4])] }, /^warning: The image is 400 mm long/],
    ['voxels are flat', { levels: [level([100, 100, 100], [0.001, 0.001, 0.02])] }, /^note: Voxels are far from cubes: 1 × 1 × 20 µm/],
    ['levels are in the wrong order', { levels: [usual[1], usual[0]] }, /^error: Level 1 is larger than level 0/],
    ['a level is a copy', { levels: [usual[0], usual[0]] }, /^warning: Level 1 is as large as level 0/],
    ['a level has the scale of another', { levels: [usual[0], level([500, 600, 400], [0.004, 0.004, 0.004])] }, /^error: Level 1 does not cover what level 0 covers/],
    ['there is no pyramid', { levels: [level([5000, 5000, 2000], [0.002, 0.002, 0.002])] }, /^warning: It has full resolution only/],
    ['chunks are huge', { levels: [level([1000, 1000, 1000], [0.002, 0.002, 0.002], [1000, 1000, 1000])] }, /^warning: Its chunks are 2\.0 GB each/],
    ['nobody says how it lies', { storedOrientation: undefined }, /^warning: Nothing says how the brain lies/],
    ['channels have numbers only', { channels: [{ label: 'channel0' }, { label: '1' }] }, /^warning: Nothing says which stains/],
    ['it is a film', { timepoints: 4 }, /^note: It has 4 time points/],
    ['channels share a name', { channels: [{ label: 'PI' }, { label: 'PI' }] }, /^error: Two channels are called PI/],
  ] as const) {
    it(`is told when ${what}`, () => {
      const problems = told(imageProblems(checked({ info })));
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0], pattern);
    });
  }

  it('takes the sidecar before the image, and holds it to the channels', () => {
    assert.deepEqual(imageProblems(checked({ info: { storedOrientation: undefined, channels: [{ label: '0' }] }, image: { sampleStaining: ['PI'], orientationXYZ: 'RAS' } })), []);
    assert.match(told(imageProblems(checked({ image: { sampleStaining: ['PI'] } }))).join(), /^error: The sidecar names 1 stains, but the image has 2 channels/);
  });
});

describe('what does not fit together', () => {
  const unusual = (images: readonly CheckedImage[]): readonly string[] => {
    const all = new UnusualImages();
    for (const image of images) all.add(image);
    return all.problems().map(({ problem, places }) => `${problem.severity}: ${problem.what} (${places.first.join(', ')}; ${places.count})`);
  };
  const other = (sub: string): CheckedImage => checked({ image: { path: sub, entities: { sub } } });

  it('is nothing when all images are alike', () => {
    assert.deepEqual(unusual([checked(), other('02')]), []);
    assert.deepEqual(registrationProblems(checked(), ['PI']), []);
    assert.deepEqual(duplicateProblems([checked(), other('02')]), []);
  });

  it('is told of the few that differ from the many', () => {
    const odd = checked({ image: { path: 'odd', entities: { sub: '04' }, sampleStaining: ['Iba1', 'Abeta'] }, info: { levels: [level([100, 100, 100], [0.008, 0.004, 0.004])] } });
    assert.deepEqual(unusual([odd, checked(), other('02'), other('03')]), [
      'warning: Its stains are Abeta, Iba1; most images have Abeta, PI. (odd; 1)', 'note: Its voxels are 8 × 4 × 4 µm; most images have 4 × 4 × 4. (odd; 1)',
    ]);
    assert.match(told(registrationProblems(odd, ['PI'])).join(), /^warning: None of its stains \(Iba1, Abeta\) is registered/);
  });

  it('is told of images with one name', () => {
    const problems = duplicateProblems([checked(), checked({ image: { path: 'sub-01/micr/sub-01_ce-x_SPIM.ome.zarr', entities: { sub: '01', ce: 'x' } } })]);
    assert.deepEqual(told(problems), ['error: Several images have this name: sub-01_SPIM.ome.zarr, sub-01_ce-x_SPIM.ome.zarr.']);
  });
});

describe('a book of problems', () => {
  const problem = (where: string, what = 'Odd.', severity: Problem['severity'] = 'warning'): Problem => ({ severity, kind: severity === 'error' ? 'access' : 'stains', where, what, mend: 'Mend it.' });

  it('tells the same problem once, with its first places and how many there are', () => {
    const book = new ProblemBook();
    for (const label of ['09', '03', '01', '07', '02']) book.add([problem(label), problem(`${label}b`)]);
    book.add([problem('x', 'Grave.', 'error')]);
    assert.deepEqual(book.problems.map(({ what, places }) => [what, places.first.join(' '), places.count]), [['Grave.', 'x', 1], ['Odd.', '01 01b 02', 10]]);
    assert.deepEqual(book.kinds, [
      { kind: 'access', counts: { error: 1, warning: 0, note: 0 }, participants: 1 }, { kind: 'stains', counts: { error: 0, warning: 10, note: 0 }, participants: 5 },
    ]);
    assert.deepEqual([book.count(), book.count('warning'), book.left], [11, 10, 0]);
  });

  it('holds no more than it can tell, and counts on', () => {
    const book = new ProblemBook();
    for (let i = 0; i < 5000; i++) book.add([problem(String(i), `Odd in its own way: ${i}.`)]);
    assert.deepEqual([book.problems.length, book.left, book.count()], [1000, 4000, 5000]);
    const places = new Places();
    for (let i = 0; i < 100_000; i++) places.add(String(i));
    assert.deepEqual([places.count, places.first], [100_000, ['0', '1', '10']]);
  });
});

describe('what was left out', () => {
  it('comes with what to do about it', () => {
    assert.deepEqual(skippedProblem('sub-01', 'it has no lightsheet images (micr/…)').severity, 'warning');
    assert.match(skippedProblem('a.ims', 'Imaris files have to be converted').mend, /Convert/);
    assert.deepEqual(skippedProblem('a/x.json', '/d/a/x.json is not valid JSON: oops'), { severity: 'error', kind: 'sidecars', where: 'a/x.json', what: 'It is not valid JSON: oops.', mend: 'Correct the JSON sidecar: runs stop at it.' });
  });
});
