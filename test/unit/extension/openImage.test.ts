import assert from 'node:assert/strict';
import { SpimquantError, reportError } from '../../../runner/protocol/errors.ts';
import { KeptStates } from '../../../extension/panels/keptStates.ts';
import { imageTitle, lookOf, overlayKindOf, readOpenImageRequest } from '../../../extension/viewer/openImage.ts';

describe('A request to open an image', () => {
  it('is checked, whoever has made it', () => {
    for (const wrong of [undefined, null, 7, {}, { uri: ' ' }, { uri: 3 }]) assert.equal(readOpenImageRequest(wrong), undefined);
    assert.deepEqual(readOpenImageRequest({ uri: 's3://b/x.ome.zarr', storage: { s3Region: 'eu-west-1', secret: 'x' }, level: '3', beside: 1, position: { voxel: [1, 2, 'z'] }, overlays: [7, { uri: 'm.nii', kind: 'mesh' }] }), {
      uri: 's3://b/x.ome.zarr', storage: { s3Region: 'eu-west-1' }, overlays: [{ uri: 'm.nii' }],
    });
  });

  it('says what overlays are by their names, and reaches them as the image', () => {
    assert.deepEqual(['a_seg-all_dseg.nii.gz', 'a_desc-th900_mask.ozx', 'a_fieldfrac.nii.gz', 'brain-mask.nii'].map(overlayKindOf), ['labels', 'mask', 'map', 'mask']);
    assert.equal(imageTitle('s3://b/sub-01/micr/sub-01_SPIM.ome.zarr/'), 'sub-01_SPIM');
    const look = lookOf({ uri: 'x', overlays: [{ uri: 's3://b/a_mask.nii.gz' }] }, { anonymous: true });
    assert.deepEqual(look?.overlays?.map(({ ref, kind, title, visible }) => [ref.storage, kind, title, visible]), [[{ anonymous: true }, 'mask', 'a_mask', true]]);
    assert.equal(lookOf({ uri: 'x', title: 'y' }, {}), undefined);
  });
});

describe('Views that are kept', () => {
  it('are those of the images that were looked at last, also before they are written', () => {
    const values = new Map<string, unknown>([['viewer.views', 'damaged']]);
    const kept = new KeptStates({ get: (key) => values.get(key), update: async (key, value) => { values.set(key, value); } }, 'viewer.views', 40);
    assert.equal(kept.of('a'), undefined);
    for (let i = 0; i < 60; i++) kept.keep(`image ${i}`, { zoom: i });
    kept.keep('image 59', { zoom: 100 });
    assert.deepEqual([kept.of('image 59'), kept.of('image 30'), kept.of('image 5')], [{ zoom: 100 }, { zoom: 30 }, undefined]);
    kept.dispose();
    assert.equal((values.get('viewer.views') as readonly unknown[]).length, 40);
    assert.deepEqual(kept.of('image 59'), { zoom: 100 });
  });
});

describe('Errors of parts that are loaded later', () => {
  it('are told as what they are, though their class is a copy', () => {
    class Copy extends Error {
      readonly code = 'not-found';
      readonly hint = 'Look elsewhere.';
      override readonly name = 'SpimquantError';
    }
    assert.deepEqual(reportError(new Copy('It is gone.')), { code: 'not-found', message: 'It is gone.', hint: 'Look elsewhere.' });
    assert.deepEqual(reportError(new SpimquantError('not-found', 'It is gone.')), { code: 'not-found', message: 'It is gone.' });
  });
});
