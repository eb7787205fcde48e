import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { throwIfCancelled } from '../storage/cancel.ts';

/** Larger files are read twice, for the checksum and for the copy, instead of being held in memory. */
const wholeFileBytes = 64 * 1024 * 1024;

/** 1 January 1980, the earliest that a zip can say: equal folders give equal files. */
const fixedDate = (1 << 5) | 1;

/** Says, as OME's single-file format has it, that all zarr.json come first. */
const jsonFirstComment = JSON.stringify({ ome: { version: '0.5', zipFile: { centralDirectory: { jsonFirst: true } } } });

interface WrittenEntry {
  readonly name: Buffer;
  readonly crc: number;
  readonly size: number;
  readonly offset: number;
}

/** Metadata first, from the root down; then everything else by name. Compares code units, so no locale matters. */
function entryOrder(a: string, b: string): number {
  const rank = (name: string): number => (/(^|\/)zarr\.json$/.test(name) ? name.split('/').length : Infinity);
  const [rankA, rankB] = [rank(a), rank(b)];
  if (rankA !== rankB) return rankA - rankB;
  return a < b ? -1 : a > b ? 1 : 0;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.spimquant-tmp-'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1).replaceAll('\\', '/'));
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** The zip64 field that holds sizes and, in the directory, the offset. */
function wideField(values: readonly number[]): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(1, 0);
  head.writeUInt16LE(8 * values.length, 2);
  return Buffer.concat([head, ...values.map(uint64)]);
}

const limit = 0xffffffff;

function header(signature: number, entry: WrittenEntry, extra: Buffer, directory: boolean): Buffer {
  const wideSize = entry.size >= limit;
  const wide = wideSize || (directory && entry.offset >= limit);
  const bytes = Buffer.alloc(directory ? 46 : 30);
  bytes.writeUInt32LE(signature, 0);
  let at = 4;
  if (directory) at = bytes.writeUInt16LE(wide ? 45 : 20, at);
  at = bytes.writeUInt16LE(wide ? 45 : 20, at);
  at = bytes.writeUInt16LE(0x0800, at); // names are UTF-8
  at = bytes.writeUInt16LE(0, at); // stored
  at = bytes.writeUInt16LE(0, at);
  at = bytes.writeUInt16LE(fixedDate, at);
  at = bytes.writeUInt32LE(entry.crc, at);
  at = bytes.writeUInt32LE(wideSize ? limit : entry.size, at);
  at = bytes.writeUInt32LE(wideSize ? limit : entry.size, at);
  at = bytes.writeUInt16LE(entry.name.length, at);
  bytes.writeUInt16LE(extra.length, at);
  if (directory) bytes.writeUInt32LE(Math.min(entry.offset, limit), 42);
  return Buffer.concat([bytes, entry.name, extra]);
}

function ending(count: number, directoryBytes: number, directoryOffset: number): Buffer {
  const comment = Buffer.from(jsonFirstComment);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, 0xffff), 8);
  end.writeUInt16LE(Math.min(count, 0xffff), 10);
  end.writeUInt32LE(Math.min(directoryBytes, limit), 12);
  end.writeUInt32LE(Math.min(directoryOffset, limit), 16);
  end.writeUInt16LE(comment.length, 20);
  if (count < 0xffff && directoryBytes < limit && directoryOffset < limit) return Buffer.concat([end, comment]);
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(45, 12);
  record.writeUInt16LE(45, 14);
  for (const [i, value] of [count, count, directoryBytes, directoryOffset].entries()) record.writeBigUInt64LE(BigInt(value), 24 + 8 * i);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(directoryOffset + directoryBytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, end, comment]);
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<number> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
  return bytes.length;
}

/**
 * Packs the files below a local folder into an uncompressed zip (`.ozx`, `.ome.zarr.zip`) at `target`, which appears
 * whole under its name. Entries stand in a fixed order, the zarr.json first, with fixed dates: equal folders give equal
 * files. zip64 is used where sizes need it. Memory is bounded, whatever the size.
 */
export async function packZip(folder: string, target: string, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
  const root = folder.replace(/[\\/]+$/, '');
  const names = (await filesBelow(root)).sort(entryOrder);
  const part = `${target}.part`;
  const file = await open(part, 'w');
  try {
    const entries: WrittenEntry[] = [];
    let offset = 0;
    for (const name of names) {
      throwIfCancelled(options.signal, target);
      const written = await writeEntry(file, join(root, name), name, offset, options.signal);
      entries.push(written.entry);
      offset = written.end;
    }
    const directory = Buffer.concat(entries.map((entry) => {
      const values = [...(entry.size >= limit ? [entry.size, entry.size] : []), ...(entry.offset >= limit ? [entry.offset] : [])];
      return header(0x02014b50, entry, values.length > 0 ? wideField(values) : Buffer.alloc(0), true);
    }));
    await writeAll(file, directory);
    await writeAll(file, ending(entries.length, directory.length, offset));
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(part, { force: true });
    throw error;
  }
  await file.close();
  await rename(part, target);
}

async function writeEntry(file: FileHandle, path: string, name: string, offset: number, signal: AbortSignal | undefined): Promise<{ readonly entry: WrittenEntry; readonly end: number }> {
  const { size } = await stat(path);
  let crc = 0;
  const parts: Buffer[] = [];
  for await (const part of createReadStream(path, { highWaterMark: 1024 * 1024, signal }) as AsyncIterable<Buffer>) {
    crc = crc32(part, crc);
    if (size <= wholeFileBytes) parts.push(part);
  }
  const entry: WrittenEntry = { name: Buffer.from(name), crc, size, offset };
  let end = offset + (await writeAll(file, header(0x04034b50, entry, size >= limit ? wideField([size, size]) : Buffer.alloc(0), false)));
  if (size <= wholeFileBytes) {
    end += await writeAll(file, Buffer.concat(parts));
  } else {
    for await (const part of createReadStream(path, { highWaterMark: 1024 * 1024, signal }) as AsyncIterable<Buffer>) end += await writeAll(file, part);
  }
  return { entry, end };
}
