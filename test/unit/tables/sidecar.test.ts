import assert from 'node:assert/strict';
import { describeColumn, tableSidecar } from '../../../runner/tables/sidecar.ts';
import type { Provenance } from '../../../runner/protocol/options.ts';

const provenance: Provenance = { Name: 'SPIMquant', Version: '0.1.0', Engine: 'embedded', Parameters: { seg_method: 'otsu+k3i2' }, Differences: ['Objects are not split at chunk borders.'] };

describe('JSON sidecars of tables', () => {
  it('describes every column of the participant tables', () => {
    for (const name of ['index', 'name', 'pos_x', 'template_z', 'nvoxels', 'stain', 'Abeta+fieldfrac', 'Iba1+density', 'coloc+overlapratio', 'coloc+template_coloc_y']) {
      const { LongName, Description } = describeColumn(name);
      assert.ok(LongName && Description, name);
    }
    assert.equal(describeColumn('Abeta+volume').LongName, 'Region volume (Abeta)');
    assert.equal(describeColumn('Abeta+volume').Units, 'mm^3');
  });

  it('describes statistics of a metric, with the unit only where it is kept', () => {
    const mean = describeColumn('Abeta+fieldfrac_mean_treated');
    assert.equal(mean.LongName, 'Mean of Field fraction (Abeta) (treated)');
    assert.equal(mean.Units, '%');
    assert.equal(describeColumn('Abeta+fieldfrac_tstat').Units, undefined);
    assert.match(describeColumn('Abeta+count_qval').Description ?? '', /Benjamini/);
    assert.equal(describeColumn('n_control').LongName, 'Participants (control)');
    assert.equal(describeColumn('Abeta+count_n_control').LongName, 'Participants (control)');
  });

  it('leaves unknown columns empty, also those called like a property of every object', () => {
    assert.deepEqual(describeColumn('genotype'), {});
    assert.deepEqual(describeColumn('constructor'), {});
    assert.deepEqual(describeColumn('Abeta+toString'), {});
  });

  it('has one key for each column, and says what made the table', () => {
    const sidecar = tableSidecar(['index', 'genotype'], provenance, { genotype: { Description: 'Genotype of the mouse.' } });
    assert.deepEqual(Object.keys(sidecar), ['index', 'genotype', 'GeneratedBy']);
    assert.deepEqual(sidecar.genotype, { Description: 'Genotype of the mouse.' });
    assert.deepEqual(JSON.parse(JSON.stringify(sidecar.GeneratedBy)), [provenance]);
  });
});
