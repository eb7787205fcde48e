import assert from 'node:assert/strict';
import { classify, compareEntries } from '../../../runner/outputs/classify.ts';
import { groupPaths } from '../../../runner/pipeline/group/groupPaths.ts';
import { imagePaths, templatePaths } from '../../../runner/pipeline/paths.ts';
import { contrastLabel } from '../../../runner/pipeline/group/groupPaths.ts';

describe('Files of outputs', () => {
  const paths = imagePaths({ sub: '01', ses: '2', sample: 'brain' }, 'ABAv3');
  const is = (path: string): string => {
    const entry = classify(path, 1, 'v');
    return entry === undefined ? 'nothing' : `${entry.scope} | ${entry.kind} | ${entry.title}`;
  };

  it('are filed by whom and kind, and called by what they show', () => {
    assert.equal(is(paths.qc({ stain: 'Abeta', method: 'otsu+k3i2' }, 'segslices')), 'sub-01/ses-2 | figure | Segmentation, slices: Abeta, otsu+k3i2');
    assert.equal(is(paths.thresholds('Abeta', 0, 'otsu+k3i2')), 'sub-01/ses-2 | figure | Thresholds: Abeta, otsu+k3i2, level 0');
    assert.equal(is(paths.report()), 'sub-01/ses-2 | report | Report');
    assert.equal(is(paths.mergedSegStats('all', 'th900')), 'sub-01/ses-2 | table | Regions: atlas all, th900');
    assert.equal(is(paths.regionProps('th900')), 'sub-01/ses-2 | table | Objects: th900, in ABAv3');
    assert.equal(is(paths.fieldFractionInTemplate('Abeta', 2, 'th900')), 'sub-01/ses-2 | map | Field fraction: Abeta, th900, level 2, in ABAv3');
    assert.equal(is(paths.fieldFraction('Abeta', 2, 'th900')), 'sub-01/ses-2 | image | Field fraction: Abeta, th900, level 2');
    assert.equal(is(paths.featureMap('all', 'otsu+k3i2', 'Abeta+count')), 'sub-01/ses-2 | map | Count by region: Abeta: atlas all, otsu+k3i2, in ABAv3');
    assert.equal(is(paths.mask('Abeta', 0, 'th900', 'ozx')), 'sub-01/ses-2 | image | Mask: Abeta, th900, level 0');
    assert.equal(is(paths.toTemplate()), 'sub-01/ses-2 | image | Transform: subject to ABAv3');
    assert.equal(is(templatePaths('ABAv3').anat()), 'tpl-ABAv3 | image | Template');
    assert.equal(is(templatePaths('ABAv3').dseg('all')), 'tpl-ABAv3 | image | Atlas: atlas all');
    const group = groupPaths('1', { seg: 'all', template: 'ABAv3', method: 'otsu+k3i2' }, contrastLabel('time_point', ['late', 'early']));
    assert.equal(is(group.groupStats('tsv')), 'group/1 | table | Comparison of groups: time_point, late against early, atlas all, otsu+k3i2');
    assert.equal(is(group.allSubjects()), 'group/1 | table | Regions of all participants: atlas all, otsu+k3i2');
    assert.equal(is('group/1/report.html'), 'group/1 | report | Report');
    assert.equal(is('notes.txt'), ' | other | notes.txt');
  });

  it('are left out where they only describe others, or are hidden', () => {
    for (const path of ['sub-01/tabular/sub-01_mergedsegstats.json', 'sub-01/.tmp.png', 'sub-01/qc/sub-01_thing.bin']) assert.equal(is(path), 'nothing', path);
  });

  it('come in the order of a look: groups, participants, templates; reports and figures first', () => {
    const entries = [templatePaths('ABAv3').anat(), paths.mergedSegStats('all', 'm'), paths.report(), paths.qc({ stain: 'A' }, 'histogram'), paths.qc({ seg: 'all', method: 'm' }, 'roisummary'), 'group/1/report.html', 'notes.txt']
      .flatMap((path) => classify(path, 1, 'v') ?? []);
    assert.deepEqual([...entries].sort(compareEntries).map(({ suffix, path }) => (suffix === 'notes' ? path : suffix)), ['report', 'report', 'roisummary', 'histogram', 'mergedsegstats', 'anat', 'notes.txt']);
  });
});
