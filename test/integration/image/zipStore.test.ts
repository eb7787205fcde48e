import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { openOmeZarr } from '../../../runner/image/omeZarr.ts';
import { openZipStore } from '../../../runner/image/zipStore.ts';
import { packZip } from '../../../runner/image/zipWriter.ts';
import { LocalStore } from '../../../runner/storage/local/localStore.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import { CountingStore } from '../../../runner/storage/open.ts';
import { fixtureStores, fixtureValue } from '../../fixtures/zarr/stores.ts';

const stores = fixtureStores();

interface ZipOptions {
  readonly deflate?: boolean;
  /** Longer extra fields in local headers than in the directory, as some zip programs write. */
  readonly localExtra?: number;
  readonly zip64?: boolean;
  readonly prefix?: Uint8Array;
  readonly folder?: string;
}

/** A zip made here, field by field, independent of the product's writer. */
function makeZip(files: ReadonlyMap<string, Uint8Array>, options: ZipOptions = {}): Uint8Array {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of files) {
    const nameBytes = Buffer.from((options.folder ?? '') + name);
    const data = options.deflate ? deflateRawSync(content) : Buffer.from(content);
    const extra = Buffer.alloc(options.localExtra ?? 0);
    if (extra.length >= 4) {
      extra.writeUInt16LE(0x9999, 0);
      extra.writeUInt16LE(extra.length - 4, 2);
    }
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(options.deflate ? 8 : 0, 8);
    local.writeUInt32LE(crc32(content), 14);
    local.writeUInt32LE(data.length, 18);
    local.writeUInt32LE(content.length, 22);
    local.writeUInt16LE(nameBytes.length, 26);
    local.writeUInt16LE(extra.length, 28);
    const wide = Buffer.alloc(options.zip64 ? 28 : 0);
    if (options.zip64) {
      wide.writeUInt16LE(1, 0);
      wide.writeUInt16LE(24, 2);
      for (const [i, value] of [content.length, data.length, offset].entries()) wide.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
    }
    const row = Buffer.alloc(46);
    row.writeUInt32LE(0x02014b50, 0);
    row.writeUInt16LE(options.deflate ? 8 : 0, 10);
    row.writeUInt32LE(crc32(content), 16);
    row.writeUInt32LE(options.zip64 ? 0xffffffff : data.length, 20);
    row.writeUInt32LE(options.zip64 ? 0xffffffff : content.length, 24);
    row.writeUInt16LE(nameBytes.length, 28);
    row.writeUInt16LE(wide.length, 30);
    row.writeUInt32LE(options.zip64 ? 0xffffffff : offset, 42);
    central.push(row, nameBytes, wide);
    parts.push(local, nameBytes, extra, data);
    offset += 30 + nameBytes.length + extra.length + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(options.zip64 ? 0xffff : files.size, 10);
  end.writeUInt32LE(options.zip64 ? 0xffffffff : directory.length, 12);
  end.writeUInt32LE(options.zip64 ? 0xffffffff : offset, 16);
  const wideEnd = Buffer.alloc(options.zip64 ? 76 : 0);
  if (options.zip64) {
    wideEnd.writeUInt32LE(0x06064b50, 0);
    for (const [i, value] of [files.size, directory.length, offset].entries()) wideEnd.writeBigUInt64LE(BigInt(value), 32 + 8 * i);
    wideEnd.writeUInt32LE(0x07064b50, 56);
    wideEnd.writeBigUInt64LE(BigInt(offset + directory.length), 64);
  }
  return new Uint8Array(Buffer.concat([options.prefix ?? Buffer.alloc(0), ...parts, directory, wideEnd, end]));
}

function files(name: string): ReadonlyMap<string, Uint8Array> {
  const found = stores.get(name);
  assert.ok(found);
  return found;
}

async function zipped(name: string, bytes: Uint8Array): Promise<CountingStore> {
  const store = new MemoryStore('memory://zip');
  await store.write(name, bytes);
  return new CountingStore(store);
}

async function firstRow(store: CountingStore | LocalStore, key: string): Promise<number[]> {
  const image = await openOmeZarr(store, key);
  return [...(await image.read(image.level(0), 0, { start: [0, 0, 0], size: [7, 1, 1] }))];
}

const expectedRow = [0, 1, 2, 3, 4, 5, 6].map((n) => fixtureValue('uint16', n));

describe('zipped images', () => {
  const variants: readonly (readonly [string, ZipOptions])[] = [
    ['stored', {}], ['deflated', { deflate: true }], ['long local headers', { localExtra: 200 }], ['zip64', { zip64: true }],
    ['something in front', { prefix: new Uint8Array(1000).fill(80) }], ['a folder around it', { folder: 'brain.ome.zarr/' }],
  ];
  for (const [title, options] of variants) {
    for (const name of ['v2 <u2', 'v3 shards, index at start', 'v3 shards, index at end']) {
      it(`are read: ${name}, ${title}`, async () => {
        for (const key of ['image.ozx', 'image.ome.zarr.zip']) {
          assert.deepEqual(await firstRow(await zipped(key, makeZip(files(name), options)), key), expectedRow);
        }
      });
    }
  }

  it('cost one request for the directory and one a chunk', async () => {
    const store = await zipped('image.ozx', makeZip(files('v2 <u2')));
    const zip = await openZipStore(store, 'image.ozx');
    assert.equal(store.counts.reads, 1);
    await zip.read('0/0/0/0/0');
    assert.equal(store.counts.reads, 2);
    assert.deepEqual(await zip.read('0/0/0/0/0', { range: { offset: 3, length: 5 } }), files('v2 <u2').get('0/0/0/0/0')?.slice(3, 8));
    assert.deepEqual(await zip.read('0/0/0/0/0', { range: { suffix: 4 } }), files('v2 <u2').get('0/0/0/0/0')?.slice(-4));
    assert.equal(store.counts.reads, 4, 'the header of an entry is read once');
    assert.equal(await zip.read('0/9/9/9/9'), undefined);
  });

  it('list and describe their entries, and cannot be written', async () => {
    const zip = await openZipStore(await zipped('image.ozx', makeZip(files('v2 <u2'))), 'image.ozx');
    const rows: string[] = [];
    for await (const entry of zip.list('')) rows.push(entry.key);
    assert.deepEqual(rows, ['.zattrs', '.zgroup', '0/']);
    assert.equal((await zip.stat('.zgroup'))?.size, files('v2 <u2').get('.zgroup')?.length);
    assert.equal(await zip.stat('0'), undefined);
    await assert.rejects(zip.write('a', 'b'), { code: 'bad-option' });
  });

  it('are refused when damaged, cut off or absent', async () => {
    const good = makeZip(files('v2 <u2'));
    const damaged = Buffer.from(good);
    damaged[damaged.indexOf('{"zarr') >= 0 ? damaged.indexOf('{"zarr') + 3 : 60] ^= 1;
    await assert.rejects(firstRow(await zipped('a.ozx', damaged), 'a.ozx'), { code: 'bad-zarr', message: /checksum/ });
    await assert.rejects(firstRow(await zipped('a.ozx', good.subarray(0, 3000)), 'a.ozx'), { code: 'bad-zarr', message: /cut off/ });
    await assert.rejects(firstRow(await zipped('a.ozx', good.subarray(500)), 'a.ozx'), { code: 'bad-zarr' });
    await assert.rejects(firstRow(await zipped('a.ozx', good), 'b.ozx'), { code: 'not-found' });
  });
});

describe('packing a folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-zip-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function lay(name: string, into: string, reverse = false): Promise<void> {
    const entries = [...files(name)];
    for (const [key, bytes] of reverse ? entries.reverse() : entries) {
      await mkdir(dirname(join(into, key)), { recursive: true });
      await writeFile(join(into, key), bytes);
    }
  }

  it('gives an image that is read again, the same bytes whatever the order of writing', async () => {
    await lay('v3 shards, index at end', join(folder, 'a'));
    await lay('v3 shards, index at end', join(folder, 'b'), true);
    await packZip(join(folder, 'a'), join(folder, 'a.ozx'));
    await packZip(join(folder, 'b/'), join(folder, 'b.ozx'));
    assert.deepEqual(await readFile(join(folder, 'a.ozx')), await readFile(join(folder, 'b.ozx')));
    assert.deepEqual(await firstRow(new LocalStore(folder), 'a.ozx'), expectedRow);
    const text = (await readFile(join(folder, 'a.ozx'))).toString('latin1');
    assert.equal(text.slice(30, 39), 'zarr.json', 'the metadata of the root come first');
    assert.match(text.slice(-120), /"jsonFirst":true/);
  });

  it('leaves nothing behind when cancelled', async () => {
    await lay('v2 <u2', join(folder, 'a'));
    const controller = new AbortController();
    controller.abort();
    await assert.rejects(packZip(join(folder, 'a'), join(folder, 'a.ozx'), { signal: controller.signal }), { code: 'cancelled' });
    await assert.rejects(readFile(join(folder, 'a.ozx')));
    await assert.rejects(readFile(join(folder, 'a.ozx.part')));
  });
});
