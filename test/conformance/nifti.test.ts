import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeNifti, writeVectorNifti } from '../../runner/image/nifti.ts';
import { affineFromQuaternion } from '../../runner/image/niftiAffine.ts';
import type { Affine } from '../../runner/kernels/geometry.ts';
import type { VoxelArray } from '../../runner/kernels/volume.ts';

interface Read {
  readonly kind: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
  readonly affine: readonly number[];
  readonly qform: readonly number[] | null;
  readonly units: readonly string[];
  readonly intent: number;
}

const peer = fileURLToPath(new URL('niftiPeer.py', import.meta.url));

describe('NIfTI and nibabel', () => {
  let folder: string;
  before(() => { folder = mkdtempSync(join(tmpdir(), 'spimquant-conformance-')); });
  after(() => { rmSync(folder, { recursive: true, force: true }); });

  /** Writes the files and has nibabel read them. */
  const read = (files: Readonly<Record<string, Uint8Array>>): Read[] => {
    const program = process.env['SPIMQUANT_PYTHON'];
    assert.ok(program, 'These tests are run by test/conformance/run.ts.');
    const paths = Object.entries(files).map(([name, bytes]) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    });
    return JSON.parse(execFileSync(program, ['-W', 'ignore', peer, ...paths], { encoding: 'utf8', maxBuffer: 1 << 26 })) as Read[];
  };
  const near = (actual: readonly number[], wanted: readonly number[], tolerance: number): void => {
    assert.equal(actual.length, wanted.length);
    wanted.forEach((value, index) => { assert.ok(Math.abs(actual[index] - value) <= tolerance, `${index}: ${actual[index]} and ${value}`); });
  };

  const sheared: Affine = [0.02, -0.004, 0.001, -3.5, 0.003, 0.03, 0.002, 4.25, -0.001, 0.002, 0.04, 10, 0, 0, 0, 1];
  const mirrored = affineFromQuaternion({ b: 0.3, c: -0.2, d: 0.7, qfac: -1 }, [0.025, 0.05, 0.1], [1, -2, 3]);

  it('reads every type with its values and orientation', () => {
    const arrays: readonly (readonly [string, VoxelArray])[] = [
      ['int8', Int8Array.of(-128, 0, 1, 127, 5, 6)], ['uint8', Uint8Array.of(0, 1, 2, 255, 5, 6)], ['int16', Int16Array.of(-32768, 1, 2, 3, 4, 32767)],
      ['uint16', Uint16Array.of(0, 1, 2, 3, 4, 65535)], ['int32', Int32Array.of(-2147483648, 1, 2, 3, 4, 5)], ['uint32', Uint32Array.of(4294967295, 1, 2, 3, 4, 5)],
      ['float32', Float32Array.of(1.5, -2.25, 0, 1e-20, 4, 5)], ['float64', Float64Array.of(Math.PI, 1, 2, 3, 4, 5)],
    ];
    const files = Object.fromEntries(arrays.map(([dtype, data], index) =>
      [`${dtype}.nii${index % 2 === 0 ? '.gz' : ''}`, writeNifti({ data, size: [3, 1, 2], affine: sheared }, { gzip: index % 2 === 0 })]));
    read(files).forEach((image, index) => {
      const [dtype, data] = arrays[index];
      assert.deepEqual([image.kind, image.dtype, image.shape], ['Nifti1Image', dtype, [3, 1, 2]]);
      assert.deepEqual(image.values, [...data]);
      near(image.affine, sheared, 1e-6);
      assert.deepEqual(image.units, ['mm', 'sec']);
      assert.equal(image.qform, null);
    });
  });

  it('reads the same orientation from sform and qform', () => {
    const [image] = read({ 'q.nii.gz': writeNifti({ data: new Uint8Array(24), size: [2, 3, 4], affine: mirrored }) });
    near(image.affine, mirrored, 1e-6);
    assert.ok(image.qform);
    near(image.qform, mirrored, 1e-6);
  });

  it('reads NIfTI-2 for axes that NIfTI-1 cannot hold', () => {
    const [image] = read({ 'long.nii.gz': writeNifti({ data: new Uint16Array(70_000).fill(9), size: [1, 70_000, 1], affine: mirrored }) });
    assert.deepEqual([image.kind, image.shape, image.values[0]], ['Nifti2Image', [1, 70_000, 1], 9]);
    near(image.affine, mirrored, 1e-12);
  });

  it('reads displacement fields as vectors', () => {
    const data = Float32Array.from({ length: 3 * 24 }, (_, index) => index);
    const [image] = read({ 'warp.nii.gz': writeVectorNifti({ data, size: [2, 3, 4], affine: sheared }) });
    assert.deepEqual(image.shape, [2, 3, 4, 1, 3]);
    assert.deepEqual(image.values, [...data]);
    assert.equal(image.intent, 1007);
  });
});
