import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readNifti, readNiftiGrid, readVectorNifti, writeNifti, writeVectorNifti } from '../../../runner/image/nifti.ts';
import { affineFromQuaternion, quaternionFromAffine } from '../../../runner/image/niftiAffine.ts';
import type { Affine } from '../../../runner/kernels/geometry.ts';
import type { Volume, VoxelArray } from '../../../runner/kernels/volume.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';

const folder = new URL('../../fixtures/nifti/', import.meta.url);
const fixture = (name: string): Uint8Array => readFileSync(new URL(name, folder));
const expected = JSON.parse(new TextDecoder().decode(fixture('expected.json'))) as Record<string, { shape: number[]; affine: number[]; values: number[] }>;
const sheared: Affine = [0.02, -0.004, 0.001, -3.5, 0.003, 0.03, 0.002, 4.25, -0.001, 0.002, 0.04, 10, 0, 0, 0, 1];

function closeTo(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, wanted.length, what);
  for (let index = 0; index < wanted.length; index++) {
    assert.ok(Math.abs(actual[index] - wanted[index]) <= tolerance * Math.max(1, Math.abs(wanted[index])), `${what}[${index}]: ${actual[index]} and ${wanted[index]}`);
  }
}

function refused(action: () => unknown, pattern: RegExp): void {
  assert.throws(action, (error: unknown) => {
    assert.ok(error instanceof SpimquantError);
    assert.equal(error.code, 'bad-nifti');
    assert.match(error.message, pattern);
    return true;
  });
}

describe('NIfTI reading', () => {
  const scalars = readdirSync(folder).filter((name) => /\.nii(\.gz)?$/.test(name) && !name.startsWith('field'));
  for (const name of scalars) {
    it(`reads ${name} as nibabel does`, () => {
      const volume = readNifti(fixture(name), name);
      assert.deepEqual([...volume.size], expected[name].shape);
      closeTo(volume.affine, expected[name].affine, 1e-6, 'affine');
      closeTo(volume.data, expected[name].values, name === 'scaled.nii' ? 1e-6 : 0, 'values');
    });
  }

  it('keeps the stored type, and widens what is scaled or has 64 bits', () => {
    assert.ok(readNifti(fixture('uint16.nii')).data instanceof Uint16Array);
    assert.ok(readNifti(fixture('bigendian.nii.gz')).data instanceof Int16Array);
    assert.ok(readNifti(fixture('int64.nii')).data instanceof Float64Array);
    assert.ok(readNifti(fixture('scaled.nii')).data instanceof Float32Array);
  });

  it('converts micrometres to millimetres', () => {
    const bytes = Uint8Array.from(fixture('int16.nii'));
    bytes[123] = 3;
    closeTo(readNifti(bytes).affine.slice(0, 12), expected['int16.nii'].affine.slice(0, 12).map((value) => value / 1000), 1e-9, 'affine');
  });

  it('reads a displacement field with its components apart', () => {
    const field = readVectorNifti(fixture('field.nii.gz'));
    assert.deepEqual([...field.size], [3, 4, 2]);
    closeTo(field.data, expected['field.nii.gz'].values, 1e-7, 'vectors');
  });

  it('leaves the bytes it was given alone', () => {
    const bytes = Uint8Array.from(gunzipSync(fixture('bigendian.nii.gz')));
    const before = Uint8Array.from(bytes);
    readNifti(bytes).data.fill(0);
    assert.deepEqual(bytes, before);
  });

  it('reads the grid alone', () => {
    assert.deepEqual(readNiftiGrid(fixture('version2.nii.gz')).size, [3, 4, 2]);
  });

  it('says which file is broken and how', () => {
    refused(() => readNifti(fixture('int16.nii').subarray(0, 390), 'sub-01.nii'), /sub-01\.nii.*ends after 390 bytes/);
    refused(() => readNifti(fixture('int16.nii').subarray(0, 100), 'x.nii'), /ends after 100 bytes/);
    refused(() => readNifti(fixture('version2.nii.gz').subarray(0, 200), 'x.nii.gz'), /compressed content is broken/);
    refused(() => readNifti(new Uint8Array(400), 'x.nii'), /not those of a NIfTI header/);
    refused(() => readNifti(fixture('field.nii.gz'), 'warp.nii.gz'), /3 x 4 x 2 x 1 x 3/);
    refused(() => readVectorNifti(fixture('int16.nii'), 'brain.nii'), /three components/);
    const colours = Uint8Array.from(fixture('uint8.nii'));
    colours[70] = 128;
    refused(() => readNifti(colours, 'x.nii'), /RGB/);
    const endless = Uint8Array.from(fixture('uint8.nii'));
    new DataView(endless.buffer).setInt16(42, -5, true);
    refused(() => readNifti(endless, 'x.nii'), /-5 voxels/);
  });
});

describe('NIfTI writing', () => {
  const arrays: VoxelArray[] = [
    Int8Array.of(-1, 2, 3, -128), Uint8Array.of(0, 1, 2, 255), Int16Array.of(-32768, 0, 1, 5), Uint16Array.of(1, 2, 3, 65535),
    Int32Array.of(-2147483648, 1, 2, 3), Uint32Array.of(0, 1, 2, 4294967295), Float32Array.of(0.5, NaN, -Infinity, 1e-20), Float64Array.of(Math.PI, 1, 2, NaN),
  ];
  for (const data of arrays) {
    it(`reads back ${data.constructor.name} unchanged`, () => {
      for (const gzip of [true, false]) {
        const back = readNifti(writeNifti({ data, size: [2, 1, 2], affine: sheared }, { gzip }));
        assert.deepEqual(back.data, data);
        assert.deepEqual([...back.size], [2, 1, 2]);
        closeTo(back.affine, sheared, 1e-7, 'affine');
      }
    });
  }

  it('writes equal bytes for equal images, without a time', () => {
    const volume: Volume = { data: Float32Array.of(1, 2), size: [2, 1, 1], affine: sheared };
    const first = writeNifti(volume);
    assert.deepEqual(first, writeNifti(volume));
    assert.deepEqual([...first.subarray(4, 8)], [0, 0, 0, 0]);
  });

  it('uses NIfTI-2 when an axis is longer than NIfTI-1 can say', () => {
    const bytes = writeNifti({ data: new Uint8Array(40000).fill(7), size: [40000, 1, 1], affine: sheared }, { gzip: false });
    assert.equal(new DataView(bytes.buffer).getInt32(0, true), 540);
    const back = readNifti(bytes);
    assert.deepEqual([...back.size], [40000, 1, 1]);
    assert.deepEqual(back.affine, sheared);
  });

  it('reads a displacement field back', () => {
    const data = Float32Array.from({ length: 24 }, (_, index) => index / 7);
    assert.deepEqual(readVectorNifti(writeVectorNifti({ data, size: [2, 2, 2], affine: sheared })).data, data);
  });

  it('gives an orthogonal affine a qform that says the same, for rotations by any angle and for mirror images', () => {
    const turns: Affine[] = [];
    for (const b of [0, 0.3, 1]) for (const c of [0, -0.4]) for (const d of [0, 0.5, -1]) {
      if (b * b + c * c + d * d > 1) continue;
      for (const qfac of [1, -1] as const) turns.push(affineFromQuaternion({ b, c, d, qfac }, [0.5, 1, 2], [1, 2, 3]));
    }
    assert.ok(turns.length >= 12);
    for (const turn of turns) {
      const q = quaternionFromAffine(turn);
      assert.ok(q);
      closeTo(affineFromQuaternion(q, [0.5, 1, 2], [1, 2, 3]), turn, 1e-7, 'affine');
    }
    assert.equal(quaternionFromAffine(sheared), undefined);
  });
});
