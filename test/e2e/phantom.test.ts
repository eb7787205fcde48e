import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { judgeParticipant, type Judgement } from '../../scripts/demo/judge.ts';
import { countsOf, filesBelow, readTsv } from '../../scripts/demo/results.ts';
import { scoreCounts } from '../../runner/phantom/score.ts';
import { phantomSubject } from '../../runner/phantom/subject.ts';
import { imagePaths } from '../../runner/pipeline/paths.ts';
import { otherBrain, otherBrainFlags, temporaryFolder, writeDataset, type TemporaryFolder } from './support/phantoms.ts';
import { succeed } from './support/runs.ts';

const methods = ['th900', 'otsu+k3i2'];

describe('a participant run on a phantom other than the demo\'s', function () {
  this.timeout(400_000);
  let folder: TemporaryFolder;
  let bids: string, output: string;
  const paths = imagePaths({ sub: otherBrain.label, sample: 'brain', acq: 'phantom' }, 'phantom');
  const judged = new Map<string, Judgement>();

  before(async () => {
    folder = await temporaryFolder();
    bids = join(folder.path, 'bids');
    output = join(folder.path, 'out');
    await writeDataset(bids, [otherBrain]);
    await succeed([bids, output, 'participant', ...otherBrainFlags, '--seg_method', ...methods, '--seg_hist_percentile_range', '1', '100']);
    for (const method of methods) judged.set(method, await judgeParticipant(otherBrain, output, method));
  });

  after(() => folder[Symbol.asyncDispose]());

  for (const method of methods) {
    it(`counts plaques per region within 5 % of the truth with ${method}`, () => {
      const plaques = judged.get(method)?.plaques;
      assert.ok(plaques && plaques.true > 40);
      assert.ok(plaques.error <= 0.05, JSON.stringify(plaques));
    });
  }

  it('warps the atlas onto the subject with a Dice of at least 0.90', () => {
    const overlap = judged.get('th900')?.overlap;
    assert.ok(overlap && overlap.overall >= 0.9, `Dice ${overlap?.overall}`);
  });

  it('sums up the coarse atlas to the same plaques', async () => {
    const coarse = await countsOf(join(output, paths.mergedSegStats('coarse', 'th900')), 'Abeta');
    assert.equal([...coarse.values()].reduce((a, b) => a + b, 0), judged.get('th900')?.plaques.found);
    assert.ok([...coarse.keys()].every((index) => index <= 6));
  });

  it('counts the cells of the second stain and their overlaps with plaques', async () => {
    const { truth } = phantomSubject(otherBrain.subject);
    const cells = scoreCounts(await countsOf(join(output, paths.mergedSegStats('all', 'th900')), 'Iba1'), truth.counts('Iba1'));
    assert.ok(cells.error <= 0.05, JSON.stringify(cells));
    const pairs = judged.get('th900')?.pairs;
    assert.ok(pairs && pairs.true > 15);
    assert.ok(Math.abs(pairs.found - pairs.true) <= 0.05 * pairs.true, JSON.stringify(pairs));
  });

  it('gives regions their true volume', async () => {
    const { truth, affine } = phantomSubject(otherBrain.subject);
    const labels = truth.labelsOn(otherBrain.subject.size, affine);
    const rows = await readTsv(join(output, paths.mergedSegStats('all', 'th900')));
    for (const index of [2, 102, 9, 109, 5, 105]) {
      const expected = labels.reduce((n, label) => n + (label === index ? 1 : 0), 0) * 0.08 ** 3;
      const found = Number(rows.find((row) => Number(row.index) === index)?.['Abeta+volume']);
      // A border that is off by a tenth of a millimetre changes these volumes by about a tenth.
      assert.ok(Math.abs(found / expected - 1) < 0.15, `region ${index}: ${found} mm3, true ${expected}`);
    }
  });

  it('writes a self-contained report and a sidecar with provenance beside every table', async () => {
    const report = await readFile(join(output, paths.report()), 'utf8');
    assert.doesNotMatch(report, /<(script|img|link)[^>]+(src|href)="(?!data:|#)/);
    assert.match(report, new RegExp(`sub-${otherBrain.label}`));
    for (const table of await filesBelow(output, /\.(tsv|parquet)$/)) {
      if (!table.startsWith('sub-')) continue;
      const sidecar = JSON.parse(await readFile(join(output, table.replace(/\.(tsv|parquet)$/, '.json')), 'utf8')) as Record<string, unknown>;
      assert.ok('GeneratedBy' in sidecar, table);
    }
  });
});
