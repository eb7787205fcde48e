import assert from 'node:assert/strict';
import { labelRuns } from '../../../runner/kernels/components.ts';
import { measureComponents } from '../../../runner/kernels/componentStats.ts';
import { ComponentMerger, dropSmallInside, edgeVoxels, type BrickComponents } from '../../../runner/kernels/mergeComponents.ts';
import type { Vec3 } from '../../../runner/kernels/geometry.ts';
import { runsOfMask } from '../../../runner/kernels/runs.ts';

/** A repeatable sequence of numbers in [0, 1). */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Labels by flooding from each voxel in raster order: slow, and obviously right. */
function floodLabels(mask: Uint8Array, size: Vec3): Int32Array {
  const [nx, ny, nz] = size;
  const labels = new Int32Array(mask.length);
  let count = 0;
  for (let seed = 0; seed < mask.length; seed++) {
    if (mask[seed] === 0 || labels[seed] !== 0) continue;
    labels[seed] = ++count;
    const stack = [seed];
    while (stack.length > 0) {
      const voxel = stack.pop() as number;
      const x = voxel % nx;
      const y = Math.floor(voxel / nx) % ny;
      const z = Math.floor(voxel / (nx * ny));
      for (let k = Math.max(0, z - 1); k <= Math.min(nz - 1, z + 1); k++) {
        for (let j = Math.max(0, y - 1); j <= Math.min(ny - 1, y + 1); j++) {
          for (let i = Math.max(0, x - 1); i <= Math.min(nx - 1, x + 1); i++) {
            const other = i + nx * (j + ny * k);
            if (mask[other] !== 0 && labels[other] === 0) {
              labels[other] = count;
              stack.push(other);
            }
          }
        }
      }
    }
  }
  return labels;
}

/** The label of each voxel. */
function labelsOfMask(mask: Uint8Array, size: Vec3): Int32Array {
  const { runs, ofRun } = labelRuns(runsOfMask(mask, size));
  const labels = new Int32Array(mask.length);
  for (let row = 0; row < size[1] * size[2]; row++) {
    for (let run = runs.rows[row]; run < runs.rows[row + 1]; run++) labels.fill(ofRun[run], row * size[0] + runs.from[run], row * size[0] + runs.to[run]);
  }
  return labels;
}

function randomMask(size: Vec3, fill: number, seed: number): Uint8Array {
  const next = sequence(seed);
  return Uint8Array.from({ length: size[0] * size[1] * size[2] }, () => (next() < fill ? 100 : 0));
}

/** Labels and merges the mask brick by brick. */
function labelInBricks(mask: Uint8Array, size: Vec3, brick: Vec3, minVoxels: number): ReturnType<ComponentMerger['finish']> {
  const merger = new ComponentMerger(size);
  for (let z = 0; z < size[2]; z += brick[2]) {
    const layer: BrickComponents[] = [];
    for (let y = 0; y < size[1]; y += brick[1]) {
      for (let x = 0; x < size[0]; x += brick[0]) {
        const start: Vec3 = [x, y, z];
        const part: Vec3 = [Math.min(brick[0], size[0] - x), Math.min(brick[1], size[1] - y), Math.min(brick[2], size[2] - z)];
        const piece = new Uint8Array(part[0] * part[1] * part[2]);
        for (let k = 0; k < part[2]; k++) {
          for (let j = 0; j < part[1]; j++) {
            const from = x + size[0] * (y + j + size[1] * (z + k));
            piece.set(mask.subarray(from, from + part[0]), part[0] * (j + part[1] * k));
          }
        }
        const labels = labelRuns(runsOfMask(piece, part));
        const edges = edgeVoxels(labels, start, size);
        layer.push(dropSmallInside({ table: measureComponents(labels, start, size), edgeVoxels: edges.voxels, edgeRows: edges.rows }, minVoxels));
      }
    }
    merger.addLayer(layer);
  }
  return merger.finish(minVoxels);
}

describe('connected components', () => {
  for (const fill of [0.02, 0.1, 0.3, 0.9]) {
    it(`numbers objects as a flood from each voxel in raster order does (${fill * 100} % filled)`, () => {
      const size: Vec3 = [23, 17, 11];
      const mask = randomMask(size, fill, Math.round(fill * 1000));
      assert.deepEqual(labelsOfMask(mask, size), floodLabels(mask, size));
    });
  }

  it('joins voxels that only share a corner', () => {
    const mask = new Uint8Array(8);
    mask[0] = mask[7] = 1;
    assert.equal(labelRuns(runsOfMask(mask, [2, 2, 2])).count, 1);
  });

  it('finds nothing in an empty mask', () => {
    assert.equal(labelRuns(runsOfMask(new Uint8Array(60), [5, 4, 3])).count, 0);
  });
});

describe('objects across bricks', () => {
  const size: Vec3 = [29, 22, 18];
  for (const brick of [[8, 8, 8], [29, 22, 1], [1, 1, 1], [10, 22, 7]] as Vec3[]) {
    for (const fill of [0.03, 0.08, 0.4]) {
      it(`are the same as in one piece: bricks of ${brick.join('x')}, ${fill * 100} % filled`, () => {
        const mask = randomMask(size, fill, 7 + Math.round(fill * 100));
        const whole = measureComponents(labelRuns(runsOfMask(mask, size)), [0, 0, 0], size);
        assert.deepEqual(labelInBricks(mask, size, brick, 1), whole);
      });
    }
  }

  it('keeps an object that is large only as a whole, and drops one that stays small', () => {
    const mask = new Uint8Array(size[0] * size[1] * size[2]);
    for (let x = 2; x < 26; x++) mask[x + size[0] * (9 + size[1] * 9)] = 100;
    mask[0] = 100;
    const objects = labelInBricks(mask, size, [8, 8, 8], 20);
    assert.equal(objects.count, 1);
    assert.equal(objects.voxels[0], 24);
    assert.equal(objects.sumX[0] / objects.voxels[0], 13.5);
  });
});
