import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openOmeZarr } from '../../../runner/image/omeZarr.ts';
import { LocalStore } from '../../../runner/storage/local/localStore.ts';

const data = fileURLToPath(new URL('../../../../shared/data/bids_lightsheet', import.meta.url));

// The acquisition is not part of this repository: these tests exist only beside a copy of it.
(existsSync(data) ? describe : () => undefined)('a real acquisition', () => {
  it('opens with its channels, orientation and levels', async () => {
    const image = await openOmeZarr(new LocalStore(data), 'sub-AS36F2/micr/sub-AS36F2_sample-brain_acq-downsampled_SPIM.ome.zarr');
    assert.deepEqual(image.info.channels.map((channel) => channel.label), ['Abeta', 'CD31', 'YoPro']);
    assert.equal(image.info.storedOrientation, 'LAI');
    assert.deepEqual(image.info.levels.map((level) => level.size), [[24, 39, 37], [12, 19, 18]]);
    const view = image.level(1, image.info.storedOrientation);
    const voxels = await image.read(view, image.channelIndex('YoPro'), { start: [0, 0, 0], size: view.size });
    assert.ok(voxels instanceof Float64Array);
    assert.ok(voxels.every(Number.isFinite));
    // A brain fills the middle and is brighter there than at the border.
    const middle = voxels[6 + 12 * (9 + 19 * 9)];
    assert.ok(middle > 5 * voxels[0]);
  });
});
