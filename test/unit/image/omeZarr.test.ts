import assert from 'node:assert/strict';
import { openOmeZarr } from '../../../runner/image/omeZarr.ts';
import type { OmeZarrImage, VoxelType } from '../../../runner/image/omeZarr.types.ts';
import type { Vec3 } from '../../../runner/kernels/geometry.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { ObjectStore, ReadOptions } from '../../../runner/storage/objectStore.ts';
import { CountingStore } from '../../../runner/storage/open.ts';
import { fixtureSize, fixtureStores, fixtureValue, storeWith } from '../../fixtures/zarr/stores.ts';

const stores = fixtureStores();
const [nx, ny, nz] = fixtureSize;
const key = 'image.ome.zarr';

function files(name: string): Map<string, Uint8Array> {
  const found = stores.get(name);
  assert.ok(found, name);
  return new Map(found);
}

async function open(name: string): Promise<OmeZarrImage> {
  return openOmeZarr(await storeWith(files(name)), key);
}

/** What a box of a fixture holds, every `step`-th voxel of it. */
function expected(type: VoxelType, channel: number, start: Vec3, size: Vec3, step: Vec3 = [1, 1, 1]): number[] {
  const values: number[] = [];
  for (let z = 0; z < size[2]; z++) for (let y = 0; y < size[1]; y++) for (let x = 0; x < size[0]; x++) {
    const [vx, vy, vz] = [(start[0] + x) * step[0], (start[1] + y) * step[1], (start[2] + z) * step[2]];
    values.push(fixtureValue(type, vx + nx * (vy + ny * (vz + nz * channel))));
  }
  return values;
}

function badZarr(...parts: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SpimquantError, String(error));
    assert.equal(error.code, 'bad-zarr', error.message);
    for (const part of parts) assert.ok(error.message.includes(part), `"${error.message}" does not say "${part}"`);
    assert.ok(error.hint);
    return true;
  };
}

/** A store in which reading some keys fails, or takes until the signal is aborted. */
function tampered(inner: ObjectStore, read: (key: string, options: ReadOptions) => Promise<Uint8Array | undefined> | undefined): ObjectStore {
  return {
    uri: inner.uri,
    stat: (k, o) => inner.stat(k, o),
    list: (f, o) => inner.list(f, o),
    read: (k, o = {}) => read(k, o) ?? inner.read(k, o),
    write: (k, d, o) => inner.write(k, d, o),
    writeFile: (k, p, o) => inner.writeFile(k, p, o),
    delete: (k) => inner.delete(k),
  };
}

describe('reading OME-Zarr written by zarr-python', () => {
  for (const name of stores.keys()) {
    it(`gives the same voxels: ${name}`, async () => {
      const image = await open(name);
      const type = image.info.voxelType;
      const view = image.level(0);
      for (const channel of [0, 1]) {
        assert.deepEqual([...(await image.read(view, channel, { start: [0, 0, 0], size: view.size }))], expected(type, channel, [0, 0, 0], view.size));
        assert.deepEqual([...(await image.read(view, channel, { start: [2, 1, 1], size: [4, 5, 3] }))], expected(type, channel, [2, 1, 1], [4, 5, 3]));
      }
      const deep = image.level(1);
      assert.deepEqual(deep.size, [4, 3, 3]);
      assert.deepEqual([...(await image.read(deep, 1, { start: [1, 0, 1], size: [3, 3, 2] }))], expected(type, 1, [1, 0, 1], [3, 3, 2], [2, 2, 2]));
    });
  }

  it('keeps types, widening half floats and 64-bit integers', async () => {
    for (const [type, kind] of [['uint16', Uint16Array], ['int8', Int8Array], ['bool', Uint8Array], ['float16', Float32Array], ['uint64', Float64Array], ['int32', Int32Array]] as const) {
      const image = await open(`v3 ${type}`);
      assert.ok((await image.read(image.level(0), 0, { start: [0, 0, 0], size: [1, 1, 1] })) instanceof kind, type);
    }
  });

  it('tells channels, unit, size, chunks and orientation', async () => {
    const v2 = await open('v2 <u2');
    assert.equal(v2.info.ngffVersion, '0.4');
    assert.equal(v2.info.zarrFormat, 2);
    const { info } = await open('v3 shards, index at end');
    assert.equal(info.ngffVersion, '0.5');
    assert.deepEqual(info.channels, [{ label: 'Abeta', color: '00FF00' }, { label: 'PI', color: 'FF0000' }]);
    assert.equal(info.unit, 'micrometer');
    assert.deepEqual(info.levels, [{ path: '0', size: [7, 6, 5], scale: [0.002, 0.002, 0.004], translation: [0.006, 0, 0.008], chunk: [5, 2, 1] }]);
    assert.equal(info.storedOrientation, 'LPI');
    assert.equal(v2.info.storedOrientation, 'LPI', 'the legacy attribute is written z, y, x');
    assert.equal(v2.channelIndex('PI'), 1);
    assert.throws(() => v2.channelIndex('Iba1'), (error: SpimquantError) => error.code === 'bad-option' && /Abeta, PI/.test(error.hint ?? ''));
  });
});

describe('other layouts of stores', () => {
  it('opens the first series that bioformats2raw wrote', async () => {
    const objects = [...files('v2 <u2')].map(([name, bytes]) => [`0/${name}`, bytes] as const);
    const image = await openOmeZarr(await storeWith([...objects, ['.zattrs', '{"bioformats2raw.layout": 3}']]), key);
    assert.deepEqual([...(await image.read(image.level(0), 0, { start: [0, 0, 0], size: [3, 1, 1] }))], expected('uint16', 0, [0, 0, 0], [3, 1, 1]));
  });

  it('takes attributes from consolidated metadata when they are nowhere else', async () => {
    const objects = files('v2 <u2');
    const attributes = JSON.parse(new TextDecoder().decode(objects.get('.zattrs'))) as unknown;
    objects.delete('.zattrs');
    const consolidated = JSON.stringify({ zarr_consolidated_format: 1, metadata: { '.zattrs': attributes } });
    const image = await openOmeZarr(await storeWith([...objects, ['.zmetadata', consolidated]]), key);
    assert.equal(image.info.channels[0].label, 'Abeta');
  });

  it('reads axes in another order, with time, and names channels that have no label', async () => {
    const axes = ['t', 'x', 'c', 'y', 'z'].map((name) => ({ name, type: 'space' }));
    const group = { multiscales: [{ version: '0.4', axes, datasets: [{ path: 'a', coordinateTransformations: [{ type: 'scale', scale: [1, 1, 1, 1, 1] }] }] }] };
    const array = { zarr_format: 2, shape: [2, 3, 2, 2, 2], chunks: [1, 2, 2, 2, 2], dtype: '|u1', compressor: null, fill_value: 0, order: 'C', filters: null };
    const chunk = (from: number): Uint8Array => Uint8Array.from({ length: 16 }, (_, i) => from + i);
    const image = await openOmeZarr(await storeWith([['.zattrs', JSON.stringify(group)], ['a/.zarray', JSON.stringify(array)], ['a/0.0.0.0.0', chunk(0)], ['a/0.1.0.0.0', chunk(100)]]), key);
    assert.equal(image.info.timepoints, 2);
    assert.deepEqual(image.info.channels.map((channel) => channel.label), ['channel0', 'channel1']);
    assert.deepEqual(image.info.levels[0].size, [3, 2, 2]);
    // In a chunk the number of a voxel is 8 x + 4 c + 2 y + z.
    assert.deepEqual([...(await image.read(image.level(0), 1, { start: [0, 0, 0], size: [3, 2, 2] }))], [4, 12, 104, 6, 14, 106, 5, 13, 105, 7, 15, 107]);
  });
});

describe('what is damaged, missing or denied', () => {
  const whole = (image: OmeZarrImage): Promise<unknown> => image.read(image.level(0), 0, { start: [0, 0, 0], size: [7, 6, 5] });

  async function openTampered(name: string, change: (objects: Map<string, Uint8Array>) => void): Promise<OmeZarrImage> {
    const objects = files(name);
    change(objects);
    return openOmeZarr(await storeWith(objects), key);
  }

  function flip(objects: Map<string, Uint8Array>, chunk: string, at: number): void {
    const bytes = objects.get(chunk)?.slice();
    assert.ok(bytes);
    bytes[at < 0 ? bytes.length + at : at] ^= 0x10;
    objects.set(chunk, bytes);
  }

  it('reads a missing chunk as the fill value', async () => {
    const image = await openTampered('v3 uint16', (objects) => objects.delete('0/c/0/0/0/0'));
    const data = await image.read(image.level(0), 0, { start: [0, 0, 0], size: [7, 1, 1] });
    assert.deepEqual([...data], [0, 0, 0, 0, 0, 507, 607]);
  });

  it('reads missing chunks as NaN or as the bits that the fill value gives', async () => {
    for (const [fill, value] of [['NaN', NaN], ['-Infinity', -Infinity], ['0x3fc00000', 1.5], [2.5, 2.5]] as const) {
      const image = await openTampered('v3 float32', (objects) => {
        const raw = JSON.parse(new TextDecoder().decode(objects.get('0/zarr.json'))) as Record<string, unknown>;
        objects.set('0/zarr.json', new TextEncoder().encode(JSON.stringify({ ...raw, fill_value: fill })));
        objects.delete('0/c/0/0/0/1');
      });
      const data = await image.read(image.level(0), 0, { start: [4, 0, 0], size: [3, 1, 1] });
      assert.deepEqual([...data], [4 / 8 - 3, value, value]);
    }
  });

  it('reads absent shards and absent inner chunks as the fill value', async () => {
    const image = await openTampered('v3 shards, index at end', (objects) => objects.delete('0/c/0/0/0/0'));
    const data = await image.read(image.level(0), 0, { start: [0, 3, 1], size: [2, 2, 1] });
    assert.deepEqual([...data], [0, 0, ...expected('uint16', 0, [0, 4, 1], [2, 1, 1])]);
  });

  it('names store, array and chunk when a chunk is damaged', async () => {
    const cases: readonly (readonly [string, string, number])[] = [
      ['v3 crc32c', '0/c/0/0/0/0', -1], ['v3 crc32c', '0/c/0/0/0/0', 12], ['v2 gzip', '0/0/0/0/0', 20], ['v2 zstd', '0/0/0/0/0', 5], ['v2 lz4', '0/0/0/0/0', 0],
      ['v2 blosc lz4 1', '0/0/0/0/0', 4], ['v2 blosc zstd 1', '0/0/0/0/0', 1 + 16], ['v2 blosc zlib 2', '0/0/0/0/0', 12],
    ];
    for (const [name, chunk, at] of cases) {
      const image = await openTampered(name, (objects) => flip(objects, chunk, at));
      await assert.rejects(whole(image), badZarr('memory://test/image.ome.zarr/0', chunk.slice(2)), name);
    }
  });

  it('refuses chunks that are too short or too long', async () => {
    for (const change of [(bytes: Uint8Array) => bytes.subarray(0, -2), (bytes: Uint8Array) => new Uint8Array([...bytes, 0, 0])]) {
      const image = await openTampered('v2 none, dots', (objects) => objects.set('0/0.0.0.0', change(objects.get('0/0.0.0.0') ?? new Uint8Array())));
      await assert.rejects(whole(image), badZarr('0.0.0.0', 'bytes instead of 80'));
    }
  });

  it('checks the checksum of a shard index at its start and at its end', async () => {
    for (const [place, at] of [['start', 3], ['end', -8]] as const) {
      const image = await openTampered(`v3 shards, index at ${place}`, (objects) => flip(objects, '0/c/0/0/0/0', at));
      await assert.rejects(whole(image), badZarr('c/0/0/0/0', 'index', 'CRC-32C'));
    }
  });

  it('checks the checksum of an inner chunk', async () => {
    const image = await openTampered('v3 shards, checked inner chunks', (objects) => flip(objects, '0/c/0/0/0/0', 1));
    await assert.rejects(whole(image), badZarr('c/0/0/0/0', 'inner chunk', 'CRC-32C'));
  });

  it('refuses a shard that was cut off', async () => {
    const image = await openTampered('v3 shards, index at start', (objects) => objects.set('0/c/0/0/0/0', (objects.get('0/c/0/0/0/0') ?? new Uint8Array()).subarray(0, -5)));
    await assert.rejects(whole(image), badZarr('c/0/0/0/0', 'shorter'));
  });

  it('passes on that a chunk is denied instead of showing it blank', async () => {
    const inner = await storeWith(files('v3 uint16'));
    const denied = new SpimquantError('access-denied', 'Denied.');
    const image = await openOmeZarr(tampered(inner, (k) => (k.endsWith('c/0/0/0/1') ? Promise.reject(denied) : undefined)), key);
    await assert.rejects(whole(image), { code: 'access-denied' });
  });

  it('says what cannot be read, and where', async () => {
    const change = async (name: string, document: string, patch: Record<string, unknown>, ...parts: string[]): Promise<void> => {
      await assert.rejects(openTampered(name, (objects) => {
        const raw = JSON.parse(new TextDecoder().decode(objects.get(document))) as Record<string, unknown>;
        objects.set(document, new TextEncoder().encode(JSON.stringify({ ...raw, ...patch })));
      }), badZarr('memory://test/image.ome.zarr', ...parts));
    };
    await change('v2 <u2', '0/.zarray', { filters: [{ id: 'delta' }] }, '/0', 'delta');
    await change('v2 <u2', '0/.zarray', { compressor: { id: 'bz2' } }, 'bz2');
    await change('v2 <u2', '0/.zarray', { dtype: '|S4' }, '|S4');
    await change('v2 <u2', '0/.zarray', { chunks: [1, 2, 4] }, 'axes');
    await change('v3 uint16', '0/zarr.json', { data_type: 'complex64' }, 'complex64');
    await change('v3 uint16', '0/zarr.json', { codecs: [{ name: 'bytes' }, { name: 'packbits' }] }, 'packbits');
    await change('v3 uint16', '0/zarr.json', { chunk_grid: { name: 'rectilinear' } }, 'rectilinear');
    await change('v3 uint16', '0/zarr.json', { fill_value: 'blue' }, 'blue');
    await change('v3 uint16', 'zarr.json', { attributes: { ome: { version: '0.6', multiscales: [{}] } } }, '0.6');
    await change('v2 <u2', '.zattrs', { multiscales: [{ axes: [{ name: 'y' }, { name: 'x' }], datasets: [] }] }, 'y, x');
    await assert.rejects(openTampered('v2 <u2', (objects) => objects.set('.zattrs', new TextEncoder().encode('{"multi'))), badZarr('.zattrs', 'JSON'));
    await assert.rejects(openTampered('v3 uint16', (objects) => objects.delete('0/zarr.json')), badZarr('/0', 'missing'));
    await assert.rejects(openTampered('v3 uint16', (objects) => objects.delete('zarr.json')), badZarr('neither zarr.json nor .zattrs'));
    await assert.rejects(openOmeZarr(await storeWith([]), 'nothing.ome.zarr'), { code: 'not-found' });
  });

  it('takes boxes outside of the view for a mistake of the program', async () => {
    const image = await open('v3 uint16');
    await assert.rejects(image.read(image.level(0), 0, { start: [1, 0, 0], size: [7, 6, 5] }), RangeError);
    await assert.rejects(image.read(image.level(0), 2, { start: [0, 0, 0], size: [1, 1, 1] }), RangeError);
  });
});

describe('fetching', () => {
  it('reads a chunk once for reads at the same time and later ones', async () => {
    const counting = new CountingStore(await storeWith(files('v2 zstd')));
    const image = await openOmeZarr(counting, key);
    const before = counting.counts.reads;
    const box = { start: [0, 0, 0], size: [5, 4, 2] } as const;
    await Promise.all([1, 2, 3].map(() => image.read(image.level(0), 0, box)));
    await image.read(image.level(0), 0, box);
    assert.equal(counting.counts.reads - before, 1);
    assert.equal(image.bytesRead(), counting.counts.bytesRead);
  });

  it('fetches anew what a small cache cannot hold', async () => {
    const counting = new CountingStore(await storeWith(files('v2 zstd')));
    const image = await openOmeZarr(counting, key, { cacheBytes: 100 });
    const before = counting.counts.reads;
    for (const x of [0, 5, 0]) await image.read(image.level(0), 0, { start: [x, 0, 0], size: [1, 1, 1] });
    assert.equal(counting.counts.reads - before, 3);
  });

  it('reads an index once and joins inner chunks of a shard into one request', async () => {
    const counting = new CountingStore(await storeWith(files('v3 shards, index at end')));
    const image = await openOmeZarr(counting, key);
    const before = counting.counts.reads;
    await image.read(image.level(0), 0, { start: [0, 0, 0], size: [7, 4, 2] });
    assert.equal(counting.counts.reads - before, 2);
    await image.read(image.level(0), 0, { start: [0, 0, 0], size: [7, 4, 2] });
    assert.equal(counting.counts.reads - before, 2);
  });

  it('stops when its signal is aborted, and leaves others their chunk', async () => {
    const inner = await storeWith(files('v2 zstd'));
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => { release = resolve; });
    const aborted: boolean[] = [];
    const slow = tampered(inner, (k, options) => {
      if (!k.endsWith('0/0/0/0/0')) return undefined;
      options.signal?.addEventListener('abort', () => aborted.push(true));
      return gate.then(() => inner.read(k));
    });
    const image = await openOmeZarr(slow, key);
    const box = { start: [0, 0, 0], size: [2, 2, 2] } as const;
    const [first, second] = [new AbortController(), new AbortController()];
    const one = image.read(image.level(0), 0, box, first.signal);
    const two = image.read(image.level(0), 0, box, second.signal);
    first.abort();
    await assert.rejects(one, { code: 'cancelled' });
    assert.deepEqual(aborted, [], 'the other reader still waits for it');
    release();
    assert.equal((await two).length, 8);
    const third = new AbortController();
    third.abort();
    await assert.rejects(image.read(image.level(0), 1, box, third.signal), { code: 'cancelled' });
  });
});
