import assert from 'node:assert/strict';
import { fallbackColor, labelTsv, readLabelTable, unnamedRegions, writeItksnap, writeRegions } from '../../../runner/templates/labels.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';

const dsurqe = [
  'Structure,right label,left label,tissue type,hierarchy,ABI',
  'amygdala,51,151,GM,Cortical subplate,Amygdala',
  '"corpus callosum, body",8,8,WM,fiber tracts,corpus callosum',
  'thalamus,4,204,GM,Thalamus,Thalamus',
].join('\n');

describe('label tables', () => {
  it('read TSV tables, with colours in any spelling', () => {
    assert.deepEqual(readLabelTable('index\tname\tcolor\tabbreviation\n0\tbackground\t969696\t\n1\tA1/A2\t#0708AB\tA1\n007\t\tn/a\tx\n', 't.tsv'), [
      { index: 0, name: 'background', color: '#969696' },
      { index: 1, name: 'A1/A2', color: '#0708ab', abbreviation: 'A1' },
      { index: 7, name: 'Label_7', abbreviation: 'x' },
    ]);
  });

  it('give each side of DSURQE its own region, and the midline one', () => {
    assert.deepEqual(readLabelTable(dsurqe, 'map.csv'), [
      { index: 151, name: 'left amygdala' }, { index: 204, name: 'left thalamus' }, { index: 51, name: 'right amygdala' }, { index: 4, name: 'right thalamus' },
      { index: 8, name: 'corpus callosum, body' },
    ]);
    assert.equal(labelTsv(dsurqe, 'map.csv').split('\n')[1], '151\tleft amygdala\tCortical subplate\tGM\tleft Amygdala');
  });

  it('keep the further columns of a TSV', () => {
    assert.equal(labelTsv('name\tparent\tindex\nCortex\tbrain\t3\n', 't.tsv'), 'index\tname\tparent\n3\tCortex\tbrain\n');
  });

  it('can be written for ITK-SNAP and read back', () => {
    const regions = [{ index: 1, name: 'Cortex', color: '#ff8000' }, { index: 5, name: 'Pons, "left"', color: '#0a0b0c' }];
    const text = writeItksnap(regions);
    assert.match(text, /^0\t0\t0\t0\t0\t0\t0\t"Clear Label"$/m);
    assert.match(text, /^1\t255\t128\t0\t1\t1\t1\t"Cortex"$/m);
    assert.deepEqual(readLabelTable(text, 'x.txt').slice(1), [regions[0], { ...regions[1], name: 'Pons, \'left\'' }]);
    assert.deepEqual(readLabelTable(writeRegions(regions), 'x.tsv'), regions);
  });

  it('hide a background that the table has, and no other region', () => {
    const lines = writeItksnap([{ index: 0, name: 'background' }, { index: 1, name: 'Cortex' }]).split('\n').filter((line) => /^\d/.test(line));
    assert.deepEqual(lines.map((line) => line.split('\t').slice(4, 7).join('')), ['000', '111']);
  });

  it('colour regions without a colour from both ends of the colour map', () => {
    assert.equal(fallbackColor(0, 24), '#1f77b4');
    assert.equal(fallbackColor(23, 24), '#9edae5');
    assert.equal(fallbackColor(0, 1), '#1f77b4');
  });

  it('name the regions of an atlas without a table', () => {
    assert.deepEqual(unnamedRegions([3, 0, 3, 1]), [{ index: 1, name: 'Label_1' }, { index: 3, name: 'Label_3' }]);
  });

  it('say what is wrong with a table', () => {
    const refused = (text: string, pattern: RegExp): void => {
      assert.throws(() => readLabelTable(text, 'seg.tsv'), (error: unknown) => error instanceof SpimquantError && error.code === 'bad-template' && /seg\.tsv/.test(error.message) && pattern.test(error.message));
    };
    refused('id\tlabel\n1\tCortex\n', /no columns "index" and "name".*id, label/);
    refused('index\tname\n1\tCortex\n1\tPons\n', /index 1 stands in two rows/);
    refused('index\tname\n1.5\tCortex\n', /"1\.5" in row 2/);
  });
});
