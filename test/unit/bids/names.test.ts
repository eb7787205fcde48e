import assert from 'node:assert/strict';
import { bidsName, bidsPath, parseBidsName } from '../../../runner/bids/names.ts';
import { componentFilters } from '../../../runner/bids/filters.ts';
import type { EntityFilter } from '../../../runner/protocol/options.ts';

describe('BIDS names', () => {
  it('takes names apart and puts them together again', () => {
    for (const name of ['sub-AS36F2_sample-brain_acq-4x_SPIM.ome.zarr', 'sub-0001_ses-02_SPIM.ome.zarr.zip', 'sub-01_SPIM.ozx', 'tpl-ABAv3_desc-brain_mask.nii.gz', 'participants.tsv']) {
      const parsed = parseBidsName(name);
      assert.ok(parsed, name);
      assert.equal(bidsName(parsed), name);
    }
    assert.deepEqual(parseBidsName('sub-0001_sample-brain_SPIM.ome.zarr'), { entities: { sub: '0001', sample: 'brain' }, suffix: 'SPIM', extension: 'ome.zarr' });
  });

  it('does not take apart what is no BIDS name', () => {
    for (const name of ['brain scan.ome.zarr', 'sub-01_brain_SPIM.ome.zarr', 'sub-01_sub-02_SPIM.ome.zarr', '.ome.zarr', 'sub-_SPIM.ome.zarr']) {
      assert.equal(parseBidsName(name), undefined, name);
    }
  });

  it('orders entities as upstream does, whatever the order they are given in', () => {
    assert.equal(
      bidsPath({ datatype: 'seg', entities: { desc: 'otsu+k3i2', level: 0, stain: 'Abeta', sample: 'brain', sub: '01', acq: undefined }, suffix: 'mask', extension: 'ozx' }),
      'sub-01/seg/sub-01_sample-brain_stain-Abeta_level-0_desc-otsu+k3i2_mask.ozx',
    );
    assert.equal(bidsName({ entities: { from: 'subject', to: 'ABAv3', sub: '01' }, suffix: 'xfm', extension: '.nii.gz' }), 'sub-01_from-subject_to-ABAv3_xfm.nii.gz');
  });
});

describe('filters of images', () => {
  const keeps = (name: string, ...filters: EntityFilter[]): boolean => {
    const parsed = parseBidsName(name);
    assert.ok(parsed);
    return componentFilters(filters).every((filter) => filter.reject(parsed) === undefined);
  };

  it('keep OME-Zarr images of brains, and images that name no sample', () => {
    assert.ok(keeps('sub-01_sample-brain_SPIM.ome.zarr'));
    assert.ok(keeps('sub-01_SPIM.ozx'));
    assert.ok(!keeps('sub-01_sample-cord_SPIM.ome.zarr'));
    assert.ok(!keeps('sub-01_sample-brain_SPIM.ims'));
    assert.ok(!keeps('sub-01_sample-brain_PLI.ome.zarr'));
  });

  it('are replaced by a filter for the same entity', () => {
    assert.ok(keeps('sub-01_sample-cord_SPIM.ome.zarr', { entity: 'sample', method: 'equals', value: 'cord' }));
    assert.ok(!keeps('sub-01_sample-brain_SPIM.ome.zarr', { entity: 'extension', method: 'equals', value: '.ozx' }));
    assert.ok(keeps('sub-01_sample-cord_SPIM.ome.zarr', { entity: 'sample', method: 'optional' }));
  });

  it('compare, match from the start, search anywhere, require and forbid', () => {
    const acq = (method: EntityFilter['method'], value?: string): EntityFilter => ({ entity: 'acq', method, ...(value === undefined ? {} : { value }) });
    const name = 'sub-01_acq-prep4x_SPIM.ome.zarr';
    assert.ok(keeps(name, acq('equals', 'prep4x')) && !keeps(name, acq('equals', 'prep')));
    assert.ok(keeps(name, acq('match', 'pre|x')) && !keeps(name, acq('match', '4x')));
    assert.ok(keeps(name, acq('search', '4x$')) && !keeps(name, acq('search', '5x')));
    assert.ok(keeps(name, acq('required')) && !keeps('sub-01_SPIM.ome.zarr', acq('required')));
    assert.ok(!keeps(name, acq('none')) && keeps('sub-01_SPIM.ome.zarr', acq('none')));
  });
});
