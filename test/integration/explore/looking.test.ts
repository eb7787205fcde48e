import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExploreCache } from '../../../runner/explore/cache.ts';
import { explore } from '../../../runner/explore/explore.ts';
import type { ExploreContext } from '../../../runner/explore/explore.types.ts';
import type { PhantomParticipant } from '../../../runner/phantom/cohort.ts';
import { imagePath } from '../../../runner/phantom/dataset.ts';
import { phantomSubject } from '../../../runner/phantom/subject.ts';
import type { Result } from '../../../runner/protocol/results.ts';
import { tinyBrain, writeDataset } from '../../e2e/support/phantoms.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import { AwsHome } from '../storage/awsHome.ts';
import { decodePng } from '../../helpers/png.ts';
import { commandsOf, factsOf, fails, figuresOf, noticesOf, tablesOf } from './support.ts';

/** A brain with plaques that are large enough to be seen at half the resolution. */
function plaqueBrain(label: string, sidecar: boolean, orientation: string): PhantomParticipant {
  const { subject, ...rest } = tinyBrain(label, 31, 'drug');
  const along = (letter: string): number => ('RL'.includes(letter) ? 74 : 'AP'.includes(letter) ? 86 : 60);
  return {
    ...rest, sidecar, levels: 3,
    subject: { ...subject, orientation, size: [along(orientation[0]), along(orientation[1]), along(orientation[2])], plaques: { CTX: 4, CB: 1, TH: 1 }, objectVoxels: [150, 260] },
  };
}

const first = plaqueBrain('01', false, 'RAS');
const second = plaqueBrain('02', true, 'LPS');
const { truth, spec } = phantomSubject(first.subject);
const plaques = truth.objects.filter(({ stain }) => stain === 'Abeta');

describe('looking at an image', () => {
  let folder: string;
  let said: string[];
  const context = (more: Partial<ExploreContext> = {}): ExploreContext =>
    ({ signal: new AbortController().signal, env: {}, cwd: folder, progress: (message) => { said.push(message); }, log: () => undefined, clock: () => 1000, ...more });
  const ask = (text: string, more?: Partial<ExploreContext>): Promise<Result> => explore(text, context(more));
  const objectsIn = (result: Result): number => Number(/^\d+/.exec(factsOf(result).Objects)?.[0]);
  const shareIn = (result: Result): number => Number(/^[\d.]+/.exec(factsOf(result).Foreground)?.[0]) / 100;

  before(async function () {
    this.timeout(120_000);
    folder = await mkdtemp(join(tmpdir(), 'spimquant-looking-'));
    await writeDataset(join(folder, 'bids'), [first, second]);
  });
  after(async () => rm(folder, { recursive: true, force: true }));
  beforeEach(() => { said = []; });

  describe('segment', () => {
    it('finds every plaque at full resolution', async () => {
      const result = await ask('segment bids --participant-label 01 --stain Abeta --seg_method th1000 --min_object_voxels 60');
      assert.equal(objectsIn(result), plaques.length);
      assert.match(factsOf(result).Level, /^0 of 3 \(74 × 86 × 60 voxels of 160 µm\)/);
    });

    it('finds them at a coarse level too, and says that it is coarse', async () => {
      const result = await ask('segment bids --participant-label 01 --stain Abeta --seg_method th1000 --min_object_voxels 60 --level 1');
      assert.equal(objectsIn(result), plaques.length);
      assert.match(factsOf(result).Objects, /60 voxels at full resolution, 8 here/);
      assert.ok(noticesOf(result).some((text) => /coarse level/.test(text)));
    });

    it('tells the share of the tissue that plaques really take', async () => {
      const result = await ask('segment bids --participant-label 01 --stain Abeta --seg_method th1300');
      // A threshold half-way between tissue and plaque meets the surface of the balls.
      const volume = plaques.reduce((sum, { radius }) => sum + (4 / 3) * Math.PI * radius ** 3, 0);
      const { affine } = phantomSubject(first.subject);
      const tissue = truth.labelsOn(spec.size, affine).reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0) * spec.voxelSize[0] ** 3;
      assert.ok(Math.abs(shareIn(result) / (volume / tissue) - 1) < 0.2, `${shareIn(result)} and ${volume / tissue}`);
    });

    it('compares methods in the order in which they are named', async () => {
      const result = await ask('segment bids --stain Abeta --compare --seg_method otsu+k3i2 th1000 gmm+n3k2 gmm+n3k1');
      const [table] = tablesOf(result);
      assert.deepEqual(table.rows.map(([method]) => method), ['otsu+k3i2', 'th1000', 'gmm+n3k2', 'gmm+n3k1']);
      const threshold = (row: number): number => Number(table.rows[row][1]);
      assert.equal(threshold(1), 1000);
      assert.ok(threshold(2) > threshold(3), 'two standard deviations lie above one');
      const byThreshold = [...table.rows].sort((a, b) => Number(a[1]) - Number(b[1])).map(([, , share]) => Number(share));
      assert.deepEqual(byThreshold, [...byThreshold].sort((a, b) => b - a), 'the higher the threshold the less foreground');
      assert.ok(noticesOf(result).some((text) => /the first is shown, sub-01/.test(text)));
    });

    it('compares a set of its own when none is named', async () => {
      const [table] = tablesOf(await ask('segment bids --stain Abeta --compare'));
      assert.equal(table.rows.length, 4);
    });

    it('says which stain it takes, and leads on to the run', async () => {
      const result = await ask('segment bids --seg_method th900');
      assert.ok(noticesOf(result).some((text) => /No stain is named: Abeta is shown/.test(text)));
      assert.ok(commandsOf(result).some((text) => /participant --participant-label 01 --stains_for_seg Abeta --seg_method th900$/.test(text)));
    });

    it('says when illumination is left as it is', async () => {
      const result = await ask('segment bids --stain Abeta --seg_method th900 --no_correction');
      assert.ok(noticesOf(result).some((text) => /^warn: Illumination/.test(text)));
    });

    it('knows a stain by the sidecar, and an image by its path', async () => {
      const result = await ask(`segment bids/${imagePath('02')} --stain Abeta --seg_method th1000 --min_object_voxels 60`);
      assert.equal(objectsIn(result), plaques.length);
      assert.equal(factsOf(result).Participant, 'sub-02');
      assert.ok(!noticesOf(result).some((text) => /oriented/.test(text)));
    });

    it('shows the slice beside its outline, small enough for a notebook', async () => {
      const result = await ask('segment bids --stain Abeta --compare');
      const [slices, histogram] = figuresOf(result);
      assert.deepEqual([...Buffer.from(slices.data, 'base64').subarray(1, 4)], [...Buffer.from('PNG')]);
      assert.match(histogram.data, /^<svg/);
      assert.ok(JSON.stringify(result).length < 600_000);
    });

    it('keeps the mask apart from the slice: its pixels are where the slice is bright', async () => {
      const result = await ask('segment bids --participant-label 01 --stain Abeta --seg_method th1000 --min_object_voxels 60 --no_correction --level 0');
      const block = result.blocks.find((each) => each.kind === 'slices');
      assert.ok(block?.kind === 'slices');
      const [{ width, height, slices, at, pixel, plane }] = block.stacks;
      assert.deepEqual([plane, width, height, pixel], ['coronal', 74, 60, 0.16]);
      assert.ok(slices.length > 1);
      assert.deepEqual(slices.map(({ mm }) => mm), slices.map(({ mm }) => mm).sort((a, b) => a - b));
      const [{ low, high }] = block.channels;
      for (const { channels, overlays } of slices) {
        const gray = decodePng(Buffer.from(channels[0], 'base64'));
        const mask = decodePng(Buffer.from(overlays[0], 'base64'));
        assert.deepEqual([gray.width, gray.height, gray.channels, mask.channels], [width, height, 1, 1]);
        // Values at the top of the range are all above the threshold where the range does not reach it.
        const cut = Math.min(high, 1000);
        gray.pixels.forEach((byte, i) => {
          const value = low + (byte / 255) * (high - low);
          const step = (high - low) / 100;
          if (mask.pixels[i] > 0) assert.ok(value >= cut - step, `${value} is below the threshold`);
          else assert.ok(value <= 1000 + step, `${value} is above the threshold`);
        });
      }
      assert.ok(decodePng(Buffer.from(slices[at].overlays[0], 'base64')).pixels.some((part) => part === 1), 'no plaque in the brightest slice');
      assert.deepEqual(result.views, [{ kind: 'image', uri: factsOf(result).Image }]);
    });

    it('has an overlay with threshold and counts for each method that is compared', async () => {
      const result = await ask('segment bids --stain Abeta --compare --seg_method th1000 th1200');
      const block = result.blocks.find((each) => each.kind === 'slices');
      assert.ok(block?.kind === 'slices');
      const [table] = tablesOf(result);
      assert.equal(block.layout, 'grid');
      assert.deepEqual(block.overlays.map(({ label, choice }) => [label, choice]), [['th1000', { flag: '--seg_method', value: 'th1000' }], ['th1200', { flag: '--seg_method', value: 'th1200' }]]);
      block.overlays.forEach(({ facts }, i) => {
        const known = Object.fromEntries((facts ?? []).map(({ label, value }) => [label, value]));
        assert.deepEqual([Number(known.Threshold), Number(known.Objects), Number(known['Left out'])], [table.rows[i][1], table.rows[i][3], table.rows[i][4]]);
      });
    });

    it('refuses a stain, a level and a participant that are not there', async () => {
      await assert.rejects(ask('segment bids --stain Abet'), fails('bad-option', /no stain Abet in .*Did you mean Abeta/));
      await assert.rejects(ask('segment bids --participant-label 03'), fails('not-found', /no participant 03/));
      await assert.rejects(ask('segment nowhere'), fails('not-found', /nowhere/));
    });
  });

  it('a second look reads nothing, with another threshold as well', async () => {
    const home = new AwsHome();
    await using server = await startS3Server({ buckets: { lab: { folder: join(folder, 'bids') } } });
    await home.enter({ keys: defaultCredential });
    try {
      const cache = new ExploreCache();
      const text = (method: string): string => `segment s3://lab --stain Abeta --seg_method ${method} --min_object_voxels 60 --s3-endpoint ${server.endpoint}`;
      const atFirst = await ask(text('th1000'), { cache });
      const gets = (): number => server.requests.filter(({ method, key }) => method === 'GET' && key !== '').length;
      const before = gets();
      assert.ok(before > 0);
      const again = await ask(text('th1200'), { cache });
      assert.equal(gets(), before);
      assert.ok(!said.slice(said.lastIndexOf('Opening the image')).some((message) => message.startsWith('Reading')));
      assert.equal(objectsIn(again), objectsIn(atFirst));
      const local = await ask('segment bids --stain Abeta --seg_method th1000 --min_object_voxels 60');
      assert.equal(factsOf(local).Foreground, factsOf(atFirst).Foreground);
      assert.equal(factsOf(local).Objects, factsOf(atFirst).Objects);
    } finally {
      await home.leave();
    }
  });

  for (const step of ['Reading', 'Evening out', 'Segmenting']) {
    it(`stops when cancelled while it says "${step} …"`, async () => {
      const abort = new AbortController();
      let after = 0;
      const asked = ask('segment bids --stain Abeta --compare', {
        signal: abort.signal,
        progress: (message) => {
          if (abort.signal.aborted) after++;
          if (message.startsWith(step)) abort.abort();
        },
      });
      await assert.rejects(asked, (error: Error) => error.name === 'AbortError' || (error as { code?: string }).code === 'cancelled');
      assert.ok(after <= 1, `${after} more steps`);
    });
  }

  it('histogram tells percentiles of every stain, and marks thresholds', async () => {
    const result = await ask('histogram bids --seg_method th1000 otsu+k2i1');
    const [percentiles, thresholds] = tablesOf(result);
    assert.deepEqual(percentiles.rows.map(([stain]) => stain), ['YoPro', 'Abeta']);
    for (const row of percentiles.rows) {
      const values = row.slice(1).map(Number);
      assert.deepEqual(values, [...values].sort((a, b) => a - b));
    }
    assert.deepEqual(thresholds.rows.map((row) => row.slice(0, 2)), [['YoPro', 'th1000'], ['YoPro', 'otsu+k2i1'], ['Abeta', 'th1000'], ['Abeta', 'otsu+k2i1']]);
    assert.match(figuresOf(result)[1].alt, /th1000 1000/);
  });

  it('slice shows all stains together and each, where it was asked to', async () => {
    const result = await ask('slice bids --position 0.25');
    assert.equal(figuresOf(result).length, 3);
    assert.match(factsOf(result).Planes, /axial at 2\.\d\d mm, coronal at 3\.\d\d mm, sagittal at 2\.\d\d mm/);
    const one = await ask('slice bids --stain Abeta --plane coronal --position 3mm');
    assert.equal(figuresOf(one).length, 1);
    assert.match(factsOf(one).Planes, /^coronal at [23]\.\d\d mm$/);
    await assert.rejects(ask('slice bids --plane coronal --position 99mm'), fails('bad-option', /no coronal plane at 99 mm: the image goes from/));
  });

  it('a position in millimetres is the same place however an image is stored', async () => {
    // The second brain is stored from right to left and from front to back: its millimetres run below 0.
    const stored = await ask('slice bids --participant-label 02 --plane sagittal --position 0.25');
    const other = await ask('slice bids --participant-label 01 --plane sagittal --position 0.25');
    const at = (result: Result): number => Number(/at (-?[\d.]+) mm/.exec(factsOf(result).Planes)?.[1]);
    assert.ok(at(stored) < 0 && at(other) > 0);
    const extent = 73 * 0.16;
    assert.ok(Math.abs(at(stored) + extent - at(other)) < 0.33, `${at(stored)} ${at(other)}`);
  });

  it('a run is refused, its plan is not', async () => {
    await assert.rejects(ask('bids out participant --template phantom'), fails('bad-option', /This is a run/));
    const result = await ask('plan bids out participant --template phantom --registration_level 0');
    assert.match(factsOf(result).Steps, /^\d+ to run, 0 up to date$/);
    assert.equal(factsOf(result).Output, join(folder, 'out'));
    assert.ok(tablesOf(result)[1].rows.some(([scope, , why]) => scope === 'sub-01' && why === 'not done yet'));
  });
});
