import assert from 'node:assert/strict';
import type { ParticipantRow } from '../../../runner/bids/bids.types.ts';
import { contrastOf, describeColumn } from '../../../runner/explore/info.ts';
import { commandText, placeInDataset } from '../../../runner/explore/target.ts';

describe('a column of participants.tsv', () => {
  it('is told by its values and how often they occur', () => {
    assert.equal(describeColumn(['drug', 'control', 'drug', 'other', undefined]), 'drug (2), control, other, 1 empty');
    assert.equal(describeColumn([undefined, undefined]), '2 empty');
    assert.equal(describeColumn(Array.from({ length: 12 }, (_, i) => `v${i < 10 ? '0' : ''}${i}`)), 'v00, v01, v02, v03, v04, v05, v06, v07 and 4 more');
  });

  it('of many numbers is told by where they go from and to', () => {
    assert.equal(describeColumn(['3', '12', '3']), '3 (2), 12');
    assert.equal(describeColumn(Array.from({ length: 30 }, (_, i) => String(i / 2))), '0 to 14.5');
  });

  it('is offered for a comparison when it makes two groups of two or more', () => {
    const table = (rows: readonly ParticipantRow[]): Parameters<typeof contrastOf>[0] => ({ columns: ['age', 'sex', 'group'], rows: new Map(rows.map((row, i) => [String(i), row])) });
    assert.deepEqual(contrastOf(table(['1', '2', '3', '4'].map((age, i) => ({ age, sex: i === 0 ? 'F' : 'M', group: i < 2 ? 'b' : 'a' })))), { column: 'group', values: ['a', 'b'] });
    assert.equal(contrastOf(table([{ group: 'a' }, { group: 'b' }])), undefined);
    assert.equal(contrastOf(undefined), undefined);
  });
});

describe('a place inside a dataset', () => {
  it('is known by the first participant folder above it', () => {
    assert.deepEqual(placeInDataset('s3://lab/bids/sub-01/ses-1/micr/sub-01_SPIM.ome.zarr'), { dataset: 's3://lab/bids', label: '01', path: 'sub-01/ses-1/micr/sub-01_SPIM.ome.zarr' });
    assert.deepEqual(placeInDataset('/sub-01/x.zarr'), { dataset: '/', label: '01', path: 'sub-01/x.zarr' });
    assert.equal(placeInDataset('/data/images/x.zarr'), undefined);
  });

  it('is reached by the same flags in commands that lead on', () => {
    assert.equal(commandText({ awsProfile: 'my lab', anonymous: false }, 'ls', 's3://lab/a b'), "spimquant ls 's3://lab/a b' --aws-profile 'my lab'");
  });
});
