import assert from 'node:assert/strict';
import { colocalise, equivalentRadius } from '../../../runner/kernels/colocalisation.ts';
import { countPoints, labelsAtPoints } from '../../../runner/kernels/pointGrid.ts';
import { NeighbourGrid } from '../../../runner/kernels/neighbours.ts';

/** Points scattered in a box, the same each time. */
function scatter(count: number): { x: number[]; y: number[]; z: number[] } {
  let state = 11;
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff;
  const axis = (): number[] => Array.from({ length: count }, () => next() * 4 - 1);
  return { x: axis(), y: axis(), z: axis() };
}

describe('neighbours', () => {
  it('are those that comparing with every point finds', () => {
    const points = scatter(400);
    const grid = new NeighbourGrid(points, 0.5);
    for (let i = 0; i < 50; i++) {
      const [x, y, z] = [points.x[i] + 0.1, points.y[i], points.z[i] - 0.2];
      const expected = points.x.map((_, k) => k).filter((k) => Math.hypot(points.x[k] - x, points.y[k] - y, points.z[k] - z) <= 0.5);
      assert.deepEqual(grid.within(x, y, z, 0.5), expected);
    }
  });

  it('of a place far outside are none', () => {
    assert.deepEqual(new NeighbourGrid(scatter(10), 1).within(100, 0, 0, 1), []);
  });
});

describe('colocalisation', () => {
  // Balls of radius 1 in cubes of 0.1: 4189 voxels.
  const ball = Math.round((4 / 3) * Math.PI * 1000);

  it('pairs an object with those of another stain within its radius, in the order of first appearance', () => {
    const pairs = colocalise(
      { stain: ['B', 'A', 'A', 'B'], voxels: [ball, ball, ball, ball], x: [0, 0.5, 1.2, 10], y: [0, 0, 0, 0], z: [0, 0, 0, 0] },
      0.001,
    );
    assert.equal(pairs.length, 1);
    assert.deepEqual([pairs[0].a, pairs[0].b, pairs[0].distance], [0, 1, 0.5]);
    assert.ok(Math.abs(pairs[0].overlapRatio - 0.75) < 1e-3);
  });

  it('takes the size of the voxels into account', () => {
    assert.ok(Math.abs(equivalentRadius(ball, 0.001) - 1) < 1e-4);
    assert.ok(Math.abs(equivalentRadius(ball, 0.008) - 2) < 1e-3);
  });

  it('finds nothing in one stain alone', () => {
    assert.deepEqual(colocalise({ stain: ['A', 'A'], voxels: [9, 9], x: [0, 0], y: [0, 0], z: [0, 0] }, 1), []);
  });
});

describe('points on a grid', () => {
  const affine = [-2, 0, 0, 10, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

  it('fall into the voxel whose centre is nearest, the lower one when two are', () => {
    const labels = { data: Uint8Array.from([1, 2, 3]), size: [3, 1, 1] as const, affine };
    const points = { x: [10, 9.1, 9, 8.9, 6, 11.5, 2], y: [0, 0, 0, 0, 0, 0, 0], z: [0, 0, 0, 0, 0, 0, 0] };
    assert.deepEqual([...labelsAtPoints(points, labels)], [1, 1, 1, 2, 3, 0, 0]);
  });

  it('are counted per voxel, those outside left out', () => {
    const counts = countPoints({ x: [10, 9.9, 6, 30], y: [0, 0.4, 0, 0], z: [0, 0, 0, 0] }, [3, 1, 1], affine);
    assert.deepEqual([...counts.data], [2, 0, 1]);
  });
});
