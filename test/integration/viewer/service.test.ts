import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readNifti, writeNifti } from '../../../runner/image/nifti.ts';
import { openOmeZarr } from '../../../runner/image/omeZarr.ts';
import { invertAffine, transformPoint, type Affine } from '../../../runner/kernels/geometry.ts';
import { percentiles } from '../../../runner/kernels/percentile.ts';
import { imagePath } from '../../../runner/phantom/dataset.ts';
import { addPlaqueVolume, plaqueVolume } from '../../../runner/phantom/plaqueVolume.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { pieceValues } from '../../../runner/protocol/imageView.ts';
import type { PieceAddress, VoxelAxis } from '../../../runner/protocol/imageView.ts';
import { LocalStore } from '../../../runner/storage/local/localStore.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import type { ObjectStore, ReadOptions } from '../../../runner/storage/objectStore.ts';
import { ask, at, channelOf, expectedPiece, nothingSaid, serviceOn, writeBrain } from './support.ts';

const path = imagePath('01');
const image = at(path);

function fails(code: string, pattern: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof SpimquantError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(`${error.message} ${error.hint ?? ''}`, pattern);
    return true;
  };
}

describe('The viewer, on a brain in a folder', () => {
  let folder: string;
  let store: LocalStore;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-viewer-'));
    store = new LocalStore(folder);
    await writeBrain(store);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('tells how an image lies, and shows its middle at once', async () => {
    const { image: info, pieces, bytes } = await ask(serviceOn(store), 'image.open', { image, pixels: 64, channels: 2 });
    assert.deepEqual([info.kind, info.voxelType, info.pieceType, info.orientation, info.oriented, info.storedLevels], ['ome-zarr', 'uint16', 'uint16', 'IAL', true, 3]);
    assert.deepEqual(info.channels.map(({ label }) => label), ['YoPro', 'Abeta', 'Iba1']);
    assert.deepEqual(info.levels.map(({ size }) => size), [[66, 94, 80], [33, 47, 40], [16, 23, 20]]);
    // x runs to inferior, y to anterior, z to left.
    const [axial, coronal, sagittal] = info.planes;
    assert.deepEqual([axial.across, axial.up, axial.through, axial.flipAcross, axial.flipUp, axial.flipThrough], [2, 1, 0, true, false, true]);
    assert.deepEqual([coronal.through, sagittal.through], [1, 2]);
    // A voxel of level 0 and where it is at level 1: the middle of two is between them.
    assert.ok(Math.abs(info.levels[1].factor[0] - 0.5) < 1e-9 && Math.abs(info.levels[1].shift[0] + 0.25) < 1e-9, JSON.stringify(info.levels[1]));
    assert.deepEqual(pieces.map(({ axis, index, level, channels }) => [axis, index, level, channels]), [[0, 32, 0, [0, 1]], [1, 46, 0, [0, 1]], [2, 39, 0, [0, 1]]]);
    let from = 0;
    for (const piece of pieces) {
      for (const channel of piece.channels) {
        assert.deepEqual([...pieceValues(info.pieceType, bytes, from, piece.width * piece.height)], await expectedPiece(store, path, info, piece, channel));
        from += piece.width * piece.height;
      }
    }
    assert.equal(bytes.length, 2 * from);
  });

  it('takes orientation and stains from the dataset when that says them', async () => {
    const { image: info } = await ask(serviceOn(store), 'image.open', { image, pixels: 64, channels: 1 }, { said: { orientation: 'RAS', stains: ['a', 'b', 'c'] }, saidOver: {} });
    assert.deepEqual([info.orientation, info.channels.map(({ label }) => label), info.planes[0].through], ['RAS', ['a', 'b', 'c'], 2]);
    const odd = await ask(serviceOn(store), 'image.open', { image, pixels: 64, channels: 1 }, { said: { stains: ['a'] }, saidOver: {} });
    assert.deepEqual([odd.image.channels[0].label, odd.image.notices.length], ['YoPro', 1]);
  });

  it('cuts any plane, slab and channel as the image has it, in whichever order it is asked', async () => {
    const service = serviceOn(store);
    const { image: info } = await ask(service, 'image.open', { image, pixels: 64, channels: 1 });
    const pieces = ([0, 1, 2] as const).flatMap((axis: VoxelAxis) => [0, 1, 2].flatMap((level) => {
      const last = info.levels[level].size[axis] - 1;
      return [{ index: 0, slab: 1 }, { index: last, slab: 1 }, { index: last >> 1, slab: 4 }, { index: 1, slab: 9 }, { index: last >> 1, slab: 1000 }].map((which): PieceAddress => ({ level, axis, x: 0, y: 0, ...which }));
    }));
    await Promise.all(pieces.map(async (piece) => {
      const answer = await ask(service, 'image.piece', { image, piece, channels: [2, 0] });
      assert.deepEqual([...channelOf(answer, 0)], await expectedPiece(store, path, info, piece, 2), JSON.stringify(piece));
      assert.deepEqual([...channelOf(answer, 1)], await expectedPiece(store, path, info, piece, 0), JSON.stringify(piece));
    }));
  });

  it('answers single voxels, histograms, and whole channels', async () => {
    const service = serviceOn(store);
    const source = await openOmeZarr(store, path);
    const voxel = [40, 50, 30] as const;
    const { values } = await ask(service, 'image.voxel', { image, voxel, channels: [0, 1] });
    assert.equal(values.length, 2);
    for (const [i, value] of values.entries()) assert.equal(value, (await source.read(source.level(0), i, { start: voxel, size: [1, 1, 1] }))[0]);

    const all = await source.read(source.level(0), 1, { start: [0, 0, 0], size: [66, 94, 80] });
    const histogram = await ask(service, 'image.histogram', { image, channel: 1 });
    assert.deepEqual(histogram.percentiles, percentiles(all, [1, 50, 99, 99.8]));
    assert.deepEqual([histogram.minimum, histogram.maximum, histogram.level], [...percentiles(all, [0, 100]), 0]);
    const counted = histogram.counts.reduce((sum, n) => sum + n, 0);
    assert.ok(counted <= all.length && counted > 0.99 * all.length, `${counted} of ${all.length}`);

    const volume = await ask(service, 'image.volume', { image, channels: [1, 0], voxels: 100_000 });
    assert.equal(volume.level, 1);
    const first = readNifti(volume.bytes.subarray(0, volume.lengths[0]));
    assert.deepEqual(first.data, await source.read(source.level(1), 1, { start: [0, 0, 0], size: [33, 47, 40] }));
    first.affine.forEach((entry, i) => { assert.ok(Math.abs(entry - source.level(1, 'IAL').affine[i]) < 1e-5); });
    assert.equal(volume.bytes.length, volume.lengths[0] + volume.lengths[1]);
  });

  it('lays an image on another grid over it, at the nearest voxels', async () => {
    // A coarse volume with the number of each voxel, in RAS, that does not quite cover the brain.
    const size = [20, 24, 14] as const;
    const affine: Affine = [0.5, 0, 0, -12.3, 0, 0.5, 0, 0.1, 0, 0, 0.6, -9, 0, 0, 0, 1];
    const data = Int32Array.from({ length: 20 * 24 * 14 }, (_, i) => i + 1);
    await store.write('numbers.nii.gz', writeNifti({ data, size, affine }));
    const service = serviceOn(store);
    const { image: info } = await ask(service, 'image.open', { image, pixels: 64, channels: 1 });
    for (const axis of [0, 1, 2] as const) {
      const piece: PieceAddress = { level: 1, axis, index: 17, x: 0, y: 0, slab: 1 };
      const answer = await ask(service, 'image.piece', { image: at('numbers.nii.gz'), over: image, piece, channels: [0] });
      const shown = (await openOmeZarr(store, path)).level(1, info.orientation);
      const toVoxel = invertAffine(affine);
      const [lower, higher] = axis === 0 ? [1, 2] : axis === 1 ? [0, 2] : [0, 1];
      const values = channelOf(answer, 0);
      let covered = 0;
      for (let v = 0, i = 0; v < answer.height; v++) {
        for (let u = 0; u < answer.width; u++, i++) {
          const at3: [number, number, number] = [0, 0, 0];
          [at3[axis], at3[lower], at3[higher]] = [17, u, v];
          const there = transformPoint(toVoxel, transformPoint(shown.affine, at3));
          // Between two voxels either may be taken.
          if (there.some((place) => Math.abs(Math.abs(place - Math.round(place)) - 0.5) < 1e-6)) continue;
          const [x, y, z] = there.map(Math.round);
          const inside = x >= 0 && y >= 0 && z >= 0 && x < 20 && y < 24 && z < 14;
          assert.equal(values[i], inside ? 1 + x + 20 * (y + 24 * z) : 0);
          covered += Number(inside);
        }
      }
      assert.ok(covered > 100, `${covered}`);
    }
    // Nothing of it where it does not reach.
    const outside = await ask(service, 'image.piece', { image: at('numbers.nii.gz'), over: image, piece: { level: 0, axis: 0, index: 0, x: 0, y: 0, slab: 1 }, channels: [0] });
    assert.ok(channelOf(outside, 0).every((value) => value === 0));
  });

  it('looks up a turned overlay voxel by voxel', async () => {
    const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
    const affine: Affine = [0.4 * c, -0.4 * s, 0, -11, 0.4 * s, 0.4 * c, 0, 0, 0, 0, 0.4, -10, 0, 0, 0, 1];
    const data = Int32Array.from({ length: 30 * 30 * 30 }, (_, i) => i + 1);
    await store.write('turned.nii', writeNifti({ data, size: [30, 30, 30], affine }, { gzip: false }));
    const service = serviceOn(store);
    const { image: turned } = await ask(service, 'image.open', { image: at('turned.nii'), pixels: 64, channels: 1 });
    assert.ok(Math.abs(turned.obliqueness - (0.3 * 180) / Math.PI) < 0.1 && turned.notices.some((notice) => notice.includes('17°')), JSON.stringify(turned.notices));
    const answer = await ask(service, 'image.piece', { image: at('turned.nii'), over: image, piece: { level: 1, axis: 1, index: 20, x: 0, y: 0, slab: 1 }, channels: [0] });
    const shown = (await openOmeZarr(store, path)).level(1, 'IAL');
    const values = channelOf(answer, 0);
    let covered = 0;
    for (let v = 0, i = 0; v < answer.height; v++) {
      for (let u = 0; u < answer.width; u++, i++) {
        const [x, y, z] = transformPoint(invertAffine(affine), transformPoint(shown.affine, [u, 20, v])).map(Math.round);
        const inside = [x, y, z].every((place) => place >= 0 && place < 30);
        assert.equal(values[i], inside ? 1 + x + 30 * (y + 30 * z) : 0);
        covered += Number(inside);
      }
    }
    assert.ok(covered > 100);
  });

  it('shows NIfTI files of every kind: several volumes as channels, scaled values, and their own orientation', async () => {
    const affine: Affine = [-0.5, 0, 0, 3, 0, 0.5, 0, -2, 0, 0, 0.5, 1, 0, 0, 0, 1];
    const data = Uint8Array.from({ length: 5 * 6 * 7 }, (_, i) => i);
    await store.write('one.nii.gz', writeNifti({ data, size: [5, 6, 7], affine }));
    const service = serviceOn(store);
    const { image: info } = await ask(service, 'image.open', { image: at('one.nii.gz'), pixels: 10, channels: 4 });
    assert.deepEqual([info.kind, info.orientation, info.oriented, info.pieceType, info.levels[0].size], ['nifti', 'LAS', true, 'uint8', [5, 6, 7]]);
    const plane = await ask(service, 'image.piece', { image: at('one.nii.gz'), piece: { level: 0, axis: 2, index: 3, x: 0, y: 0, slab: 1 }, channels: [0] });
    assert.deepEqual([...channelOf(plane, 0)], [...data.subarray(90, 120)]);

    const series = writeNifti({ data: Int16Array.from({ length: 2 * 3 * 4 * 5 }, (_, i) => i - 7), size: [2, 3, 4 * 5], affine }, { gzip: false });
    const header = new DataView(series.buffer, series.byteOffset);
    header.setInt16(40, 4, true);
    [2, 3, 4, 5].forEach((n, i) => { header.setInt16(42 + 2 * i, n, true); });
    header.setFloat32(112, 2, true);
    header.setFloat32(116, 100, true);
    await store.write('sub-01_stain-Abeta_SPIM.nii', series);
    const many = await ask(service, 'image.open', { image: at('sub-01_stain-Abeta_SPIM.nii'), pixels: 10, channels: 1 });
    assert.deepEqual([many.image.channels.map(({ label }) => label), many.image.pieceType], [['Abeta 1', 'Abeta 2', 'Abeta 3', 'Abeta 4', 'Abeta 5'], 'float32']);
    const last = await ask(service, 'image.piece', { image: at('sub-01_stain-Abeta_SPIM.nii'), piece: { level: 0, axis: 0, index: 1, x: 0, y: 0, slab: 1 }, channels: [4] });
    assert.deepEqual([...channelOf(last, 0)], Array.from({ length: 12 }, (_, i) => 2 * (4 * 24 + 1 + 2 * i - 7) + 100));
  });

  it('refuses a NIfTI file that memory has no room for, by its header', async () => {
    const bytes = writeNifti({ data: new Uint16Array(8), size: [2, 2, 2], affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] }, { gzip: false });
    const header = new DataView(bytes.buffer, bytes.byteOffset);
    [2000, 2000, 100].forEach((n, i) => { header.setInt16(42 + 2 * i, n, true); });
    await store.write('huge.nii', bytes);
    await assert.rejects(ask(serviceOn(store), 'image.open', { image: at('huge.nii'), pixels: 64, channels: 1 }), fails('bad-option', /huge\.nii holds 800 MB .* OME-Zarr/));
  });

  it('says which chunk is damaged, shows the rest, and takes a missing chunk for its fill value', async () => {
    const other = await mkdtemp(join(tmpdir(), 'spimquant-viewer-'));
    try {
      const damaged = new LocalStore(other);
      await writeBrain(damaged);
      await damaged.write(`${path}/0/c/0/0/0/0`, 'this is no chunk');
      await damaged.delete(`${path}/0/c/0/0/0/1`);
      const service = serviceOn(damaged);
      const plane = (level: number, channel: number): Promise<unknown> => ask(service, 'image.piece', { image, piece: { level, axis: 2, index: 10 >> level, x: 0, y: 0, slab: 1 }, channels: [channel] });
      await assert.rejects(plane(0, 0), fails('bad-zarr', /0\/0\/0\/0/));
      await plane(0, 1);
      await plane(1, 0);
      await damaged.delete(`${path}/0/c/0/0/0/0`);
      const answer = await ask(service, 'image.piece', { image, piece: { level: 0, axis: 2, index: 10, x: 0, y: 0, slab: 1 }, channels: [0] });
      const values = channelOf(answer, 0);
      assert.ok(values.subarray(0, 60).every((value) => value === 0) && values[66 * 93] > 0);
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  it('notices when an image is written anew, and refuses pieces that it no longer has', async () => {
    const other = await mkdtemp(join(tmpdir(), 'spimquant-viewer-'));
    try {
      const changing = new LocalStore(other);
      await writeBrain(changing);
      const service = serviceOn(changing);
      const before = await ask(service, 'image.open', { image, pixels: 64, channels: 1 });
      await rm(join(other, path), { recursive: true });
      await rm(join(other, 'derivatives'), { recursive: true });
      await wait(20);
      await writeBrain(changing, { ngff: '0.4', levels: 2 }, 'RAS');
      const after = await ask(service, 'image.open', { image, pixels: 64, channels: 1 });
      assert.deepEqual([before.image.orientation, after.image.orientation, after.image.levels.length], ['IAL', 'RAS', 2]);
      assert.notDeepEqual(after.bytes, before.bytes);
      await assert.rejects(ask(service, 'image.piece', { image, piece: { level: 2, axis: 0, index: 0, x: 0, y: 0, slab: 1 }, channels: [0] }), fails('bad-option', /There is no piece/));
      await assert.rejects(ask(service, 'image.piece', { image, piece: { level: 0, axis: 0, index: 0, x: 0, y: 0, slab: 1 }, channels: [3] }), fails('bad-option', /There is no channel 3/));
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  it('says when there is nothing', async () => {
    await assert.rejects(ask(serviceOn(store), 'image.open', { image: at('nothing.ome.zarr'), pixels: 64, channels: 1 }), fails('not-found', /nothing\.ome\.zarr/));
    await assert.rejects(ask(serviceOn(store), 'image.open', { image: at('nothing.nii.gz'), pixels: 64, channels: 1 }), fails('not-found', /nothing\.nii\.gz/));
  });
});

/** A store that tells of its reads, and does not answer those that are held. */
class WatchedStore implements Pick<ObjectStore, 'uri' | 'read' | 'stat' | 'list'> {
  readonly uri: string;
  readonly reads: string[] = [];
  readonly aborted: string[] = [];
  hold: (key: string) => boolean = () => false;
  readonly #inner: ObjectStore;

  constructor(inner: ObjectStore) {
    this.#inner = inner;
    this.uri = inner.uri;
  }

  async read(key: string, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    this.reads.push(key);
    options.signal?.addEventListener('abort', () => this.aborted.push(key));
    if (this.hold(key)) {
      await new Promise((_resolve, reject) => { options.signal?.addEventListener('abort', () => { reject(new SpimquantError('cancelled', 'Cancelled.')); }); });
    }
    return this.#inner.read(key, options);
  }

  stat: ObjectStore['stat'] = (key, options) => this.#inner.stat(key, options);
  list: ObjectStore['list'] = (folder, options) => this.#inner.list(folder, options);

  /** Reads of voxels. */
  get chunks(): readonly string[] {
    return this.reads.filter((key) => /\/\d+\/\d+\/\d+\/\d+\/\d+$/.test(key));
  }
}

/** Answers as a bucket far away does: whatever was asked for at the same time is answered at the same time, a round trip later. */
class FarStore {
  readonly uri = 's3://bench';
  inner: ObjectStore;
  #rounds = 0;
  #round: Promise<void> | undefined;

  constructor(inner: ObjectStore) {
    this.inner = inner;
  }

  /** Round trips since it was asked last. */
  takeRounds(): number {
    const rounds = this.#rounds;
    this.#rounds = 0;
    return rounds;
  }

  /** Whoever asks before the program is idle joins. */
  #trip(): Promise<void> {
    this.#round ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#rounds += 1;
        this.#round = undefined;
        resolve();
      });
    });
    return this.#round;
  }

  read: ObjectStore['read'] = async (key, options) => {
    await this.#trip();
    return this.inner.read(key, options);
  };

  stat: ObjectStore['stat'] = async (key, options) => {
    await this.#trip();
    return this.inner.stat(key, options);
  };

  list: ObjectStore['list'] = (folder, options) => this.inner.list(folder, options);
}

describe('The viewer, on an image that is made as it is read', () => {
  const volume = plaqueVolume({ seed: 3, size: [512, 512, 512], voxelSize: [0.005, 0.005, 0.005], chunk: [64, 64, 64], levels: 4, stain: 'Abeta' });
  const memory = new MemoryStore();
  before(() => { addPlaqueVolume(memory, 'big.ome.zarr', volume); });
  const big = at('big.ome.zarr');
  const watched = (): WatchedStore => new WatchedStore(memory);
  const piece = (index: number, change: Partial<PieceAddress> = {}): PieceAddress => ({ level: 0, axis: 2, index, x: 0, y: 0, slab: 1, ...change });

  it('begins with a level that few chunks hold', async () => {
    const store = watched();
    const { pieces } = await ask(serviceOn(store as unknown as ObjectStore), 'image.open', { image: big, pixels: 512, channels: 1 });
    assert.deepEqual(pieces.map(({ level }) => level), [2, 2, 2]);
    // Two along each axis, and the planes meet in the middle: as many as a bucket is asked for at once.
    assert.ok(store.chunks.length <= 8, `${store.chunks.length} chunks`);
  });

  it('decodes nothing again while it scrolls through a slab, and reads no chunk twice', async () => {
    const store = watched();
    const service = serviceOn(store as unknown as ObjectStore);
    await ask(service, 'image.piece', { image: big, piece: piece(0), channels: [0] });
    assert.equal(store.chunks.length, 64);
    for (let index = 1; index < 64; index++) {
      const { bytes } = await ask(service, 'image.piece', { image: big, piece: piece(index), channels: [0] });
      if (index === 33) assert.deepEqual(pieceValues('uint16', bytes), volume.readBlock(0, [0, 0, 33], [512, 512, 1]));
    }
    assert.equal(store.chunks.length, 64);
    await ask(service, 'image.piece', { image: big, piece: piece(64), channels: [0] });
    assert.equal(store.chunks.length, 128);
  });

  it('shares a read between windows, and aborts it when the last has gone', async () => {
    const store = watched();
    store.hold = (key) => key.includes('/0/0/0/');
    const service = serviceOn(store as unknown as ObjectStore);
    const [one, two] = [new AbortController(), new AbortController()];
    const first = ask(service, 'image.piece', { image: big, piece: piece(3), channels: [0] }, nothingSaid, one.signal);
    const second = ask(service, 'image.piece', { image: big, piece: piece(4), channels: [0] }, nothingSaid, two.signal);
    first.catch(() => undefined);
    second.catch(() => undefined);
    while (store.chunks.length === 0) await wait(2);
    await wait(20);
    const before = store.chunks.length;
    assert.equal(new Set(store.chunks).size, before);
    one.abort();
    await assert.rejects(first, fails('cancelled', /./));
    assert.deepEqual(store.aborted, []);
    two.abort();
    await assert.rejects(second, fails('cancelled', /./));
    while (store.aborted.length === 0) await wait(2);
    await wait(20);
    // What was not begun is not begun any more.
    assert.ok(store.chunks.length < 64, `${store.chunks.length} chunks`);
    // And it can be asked for again.
    store.hold = () => false;
    const { bytes } = await ask(service, 'image.piece', { image: big, piece: piece(3), channels: [0] });
    assert.deepEqual(pieceValues('uint16', bytes), volume.readBlock(0, [0, 0, 3], [512, 512, 1]));
  });

  it('keeps no more than it may, whatever is looked at', async () => {
    const store = watched();
    const kept = 24 * 2 ** 20;
    const service = serviceOn(store as unknown as ObjectStore, kept);
    for (const axis of [0, 1, 2] as const) {
      for (let index = 0; index < 512; index += 32) await ask(service, 'image.piece', { image: big, piece: piece(index, { axis }), channels: [0] });
    }
    // What was looked at first has been dropped, what was looked at last has not; and the bucket's parts have room only for some.
    const before = store.chunks.length;
    await ask(service, 'image.piece', { image: big, piece: piece(480), channels: [0] });
    assert.equal(store.chunks.length, before);
    await ask(service, 'image.piece', { image: big, piece: piece(0, { axis: 0 }), channels: [0] });
    assert.ok(store.chunks.length > before);
  });

  it('opens an image of a bucket in two round trips, in one when it was prepared or seen before, and never shows what was replaced', async () => {
    const far = new FarStore(memory);
    const service = serviceOn(far as unknown as ObjectStore);
    const open = { image: big, pixels: 512, channels: 1 };
    const first = await ask(service, 'image.open', open);
    assert.equal(far.takeRounds(), 2);
    const second = await ask(service, 'image.open', open);
    assert.equal(far.takeRounds(), 1);
    assert.deepEqual(second, first);

    const prepared = serviceOn(far as unknown as ObjectStore);
    await ask(prepared, 'image.prepare', { image: big });
    assert.equal(far.takeRounds(), 1);
    assert.deepEqual(await ask(prepared, 'image.open', open), first);
    assert.equal(far.takeRounds(), 1);

    const other = new MemoryStore('s3://bench');
    addPlaqueVolume(other, 'big.ome.zarr', plaqueVolume({ seed: 9, size: [256, 512, 512], voxelSize: [0.005, 0.005, 0.005], chunk: [64, 64, 64], levels: 3, stain: 'Iba1' }));
    far.inner = other;
    const replaced = await ask(prepared, 'image.open', open);
    assert.deepEqual([replaced.image.levels[0].size, replaced.image.channels[0].label], [[256, 512, 512], 'Iba1']);
    assert.deepEqual(replaced, await ask(serviceOn(other), 'image.open', open));
  });

  it('makes coarser levels of its own when an image has none', async () => {
    const flat = plaqueVolume({ seed: 4, size: [1600, 320, 64], voxelSize: [0.005, 0.005, 0.005], chunk: [64, 64, 64], levels: 1, stain: 'Abeta' });
    const one = new MemoryStore();
    addPlaqueVolume(one, 'flat.ome.zarr', flat);
    const service = serviceOn(one);
    const { image: info } = await ask(service, 'image.open', { image: at('flat.ome.zarr'), pixels: 256, channels: 1 });
    assert.deepEqual([info.storedLevels, info.levels.map(({ size }) => size)], [1, [[1600, 320, 64], [800, 160, 32], [400, 80, 16]]]);
    assert.ok(info.notices.some((notice) => notice.includes('only 1 level')));
    assert.ok(Math.abs(info.levels[2].factor[0] - 0.25) < 1e-9 && Math.abs(info.levels[2].shift[0]) < 1e-9);
    const answer = await ask(service, 'image.piece', { image: at('flat.ome.zarr'), piece: piece(5, { level: 2 }), channels: [0] });
    const plane = flat.readBlock(0, [0, 0, 20], [1600, 320, 1]);
    const values = channelOf(answer, 0);
    assert.deepEqual([answer.width, answer.height], [400, 80]);
    for (let y = 0; y < 80; y++) for (let x = 0; x < 400; x++) assert.equal(values[x + 400 * y], plane[4 * x + 1600 * 4 * y]);
  });
});
