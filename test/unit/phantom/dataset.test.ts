import assert from 'node:assert/strict';
import { openOmeZarr } from '../../../runner/image/omeZarr.ts';
import type { PhantomParticipant } from '../../../runner/phantom/cohort.ts';
import { imagePath, truthPath, writePhantomDataset } from '../../../runner/phantom/dataset.ts';
import { phantomSubject } from '../../../runner/phantom/subject.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';

function participant(label: string, change: Partial<PhantomParticipant>): PhantomParticipant {
  return {
    label, columns: { treatment: 'control', age: '3' }, ngff: '0.4', levels: 2, sidecar: false,
    subject: {
      seed: 8, stains: ['YoPro', 'Abeta'], orientation: 'LPS', size: [36, 42, 70], voxelSize: [0.32, 0.32, 0.14],
      shape: { deformation: 0.1, rotation: 2, scaling: 0.02, translation: 0.1 }, bias: 0.2, noise: 5,
      plaques: { CTX: 1 }, cells: {}, cellsOnPlaques: 0, objectVoxels: [10, 20],
    },
    ...change,
  };
}

const cohort = [
  participant('a', {}), participant('b', { ngff: '0.5' }), participant('c', { sidecar: true }), participant('d', { voxelType: 'float64' }),
];

describe('phantom dataset', () => {
  const store = new MemoryStore();
  before(() => writePhantomDataset(store, cohort));
  const text = async (key: string): Promise<string> => new TextDecoder().decode(await store.read(key));

  for (const each of cohort) {
    it(`has images that read back voxel for voxel (NGFF ${each.ngff}, ${each.voxelType ?? 'uint16'}${each.sidecar ? ', with sidecar' : ''})`, async () => {
      const image = await openOmeZarr(store, imagePath(each.label));
      const { size, orientation } = each.subject;
      const view = image.level(0, orientation);
      assert.deepEqual(view.size, size);
      const subject = phantomSubject(each.subject);
      assert.deepEqual(view.affine.map((v) => v + 0), subject.affine.map((v) => v + 0));
      const read = await image.read(view, 1, { start: [0, 0, 66], size: [size[0], size[1], 1] });
      assert.deepEqual(Array.from(read), Array.from(subject.renderPlane(66)[1]));
      assert.equal(image.info.storedOrientation, each.sidecar ? undefined : 'LPS');
      const plane = await image.read(image.level(1, orientation), 0, { start: [4, 5, 6], size: [1, 1, 1] });
      const [even, odd] = [subject.renderPlane(12)[0], subject.renderPlane(13)[0]];
      const block = [0, 1].flatMap((y) => [0, 1].flatMap((x) => [even[8 + x + 36 * (10 + y)], odd[8 + x + 36 * (10 + y)]]));
      assert.equal(plane[0], Math.floor(block.reduce((a, b) => a + b, 0) / 8 + 0.5));
    });
  }

  it('lists its participants with their columns, and tells stains and orientation in the sidecar', async () => {
    assert.deepEqual((await text('participants.tsv')).split('\n').slice(0, 2), ['participant_id\ttreatment\tage', 'sub-a\tcontrol\t3']);
    const sidecar = JSON.parse(await text(imagePath('c').replace('.ome.zarr', '.json'))) as Record<string, unknown>;
    assert.deepEqual([sidecar.SampleStaining, sidecar.OrientationStringXYZ], [['YoPro', 'Abeta'], 'LPS']);
  });

  it('holds the truth of every participant', async () => {
    const truth = JSON.parse(await text(truthPath('b'))) as { Objects: unknown[]; Counts: Record<string, Record<string, number>> };
    const counted = Object.values(truth.Counts.Abeta).reduce((a, b) => a + b, 0);
    assert.equal(truth.Objects.length, counted);
    assert.ok(counted > 0);
  });

  it('is not made again when it is there', async () => {
    const labels: string[] = [];
    await writePhantomDataset(store, cohort, { onParticipant: (label) => { labels.push(label); } });
    assert.deepEqual(labels, []);
  });
});
