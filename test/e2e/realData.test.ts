import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readNifti } from '../../runner/image/nifti.ts';
import { voxelCount } from '../../runner/kernels/volume.ts';
import { determinant } from '../../runner/kernels/geometry.ts';
import type { PhantomParticipant } from '../../runner/phantom/cohort.ts';
import { differingTables, filesBelow, readTsv, tableDigests } from '../../scripts/demo/results.ts';
import { startS3Server } from '../servers/s3/server.ts';
import { loopbackCredentials, temporaryFolder, writeDataset, type TemporaryFolder } from './support/phantoms.ts';
import { succeed } from './support/runs.ts';

/** A real participant that developers may have beside the checkout. It is not part of the repository. */
const realDataset = fileURLToPath(new URL('../../../shared/data/bids_lightsheet', import.meta.url));

/** Of the same make as the real one: coarse, anisotropic, 64-bit floats, stored I, A, L. */
const standIn: PhantomParticipant = {
  label: 'AS', columns: { treatment: 'control' }, ngff: '0.4', levels: 2, sidecar: false, voxelType: 'float64',
  subject: {
    seed: 91, stains: ['Abeta', 'YoPro'], orientation: 'IAL', size: [24, 34, 78], voxelSize: [0.416, 0.416, 0.154],
    shape: { deformation: 0.2, rotation: 4, scaling: 0.04, translation: 0.2 }, bias: 0.3, noise: 10,
    plaques: { CTX: 3, CB: 1 }, cells: {}, cellsOnPlaques: 0, objectVoxels: [12, 24],
  },
};

describe('a coarse anisotropic acquisition in 64-bit floats', function () {
  this.timeout(200_000);
  let folder: TemporaryFolder;
  let bids: string, output: string, label: string;
  const flags = ['--template', 'phantom', '--stains_for_seg', 'Abeta', '--registration_level', '0', '--segmentation_level', '0', '--correction_level', '0',
    '--correction_n4_iters', '20', '--min_object_voxels', '4', '--cores', 'all'];

  before(async () => {
    folder = await temporaryFolder();
    bids = realDataset;
    if (!existsSync(bids)) {
      bids = join(folder.path, 'bids');
      await writeDataset(bids, [standIn]);
    }
    label = (await readTsv(join(bids, 'participants.tsv')))[0].participant_id;
    output = join(folder.path, 'out');
    await succeed([bids, output, 'participant', ...flags]);
  });

  after(() => folder[Symbol.asyncDispose]());

  it('runs from end to end and lays the atlas over the brain', async () => {
    const parc = join(output, label, 'parc');
    const [name] = await filesBelow(parc, /seg-all_.*dseg\.nii\.gz$/);
    const labels = readNifti(await readFile(join(parc, name)), name);
    let labelled = 0;
    for (const value of labels.data) if (value > 0) labelled++;
    const volume = labelled * Math.abs(determinant(labels.affine));
    // A mouse brain has 400 to 500 mm3, the generated one about 310.
    assert.ok(volume > 200 && volume < 700, `${volume} mm3`);

    const micr = join(output, label, 'micr');
    const [maskName] = await filesBelow(micr, /stain-YoPro_level-0_desc-brain_mask\.nii\.gz$/);
    const mask = readNifti(await readFile(join(micr, maskName)), maskName);
    assert.equal(voxelCount(mask.size), voxelCount(labels.size));
    let both = 0, inMask = 0;
    mask.data.forEach((value, i) => {
      if (value > 0) inMask++;
      if (value > 0 && labels.data[i] > 0) both++;
    });
    const dice = (2 * both) / (inMask + labelled);
    assert.ok(dice > 0.75, `Dice of atlas and brain mask ${dice}`);
  });

  it('fills the region table with plausible numbers', async () => {
    const tabular = join(output, label, 'tabular');
    const [name] = await filesBelow(tabular, /seg-all_.*mergedsegstats\.tsv$/);
    const rows = await readTsv(join(tabular, name));
    assert.ok(rows.length >= 15);
    for (const row of rows.filter(({ index }) => index !== '0')) {
      const fraction = Number(row['Abeta+fieldfrac']);
      assert.ok(fraction >= 0 && fraction <= 100, JSON.stringify(row));
      assert.ok(Number(row['Abeta+volume']) > 0, JSON.stringify(row));
    }
    assert.ok(rows.reduce((sum, row) => sum + Number(row['Abeta+count'] || 0), 0) > 0);
  });

  it('writes a report', async () => {
    const [name] = await filesBelow(join(output, label), /report\.html$/);
    const report = await readFile(join(output, label, name), 'utf8');
    assert.match(report, /Abeta/);
    assert.match(report, /data:image\/png;base64|<svg/);
  });

  it('gives the same tables from a bucket', async () => {
    await using server = await startS3Server({ buckets: { lab: { folder: bids } } });
    const copy = join(folder.path, 'from-s3');
    await succeed(['s3://lab', copy, 'participant', ...flags, '--s3-endpoint', server.endpoint, '--s3-region', 'us-east-1'], { env: loopbackCredentials });
    assert.deepEqual(differingTables(await tableDigests(output), await tableDigests(copy)), []);
  });
});
